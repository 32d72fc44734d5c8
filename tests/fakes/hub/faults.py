"""Trouble on demand: what goes wrong with the next listing requests."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong once: with the next listing request, or with the `at`-th (counted from 1)."""

    kind: Literal["status", "drop", "truncate", "redirect"]
    status: int = 200
    retry_after: int | None = None
    location: str | None = None
    rate_headers: bool = True
    at: int | None = None

    @classmethod
    def answer(
        cls, status: int, *, retry_after: int | None = None, rate_headers: bool = True, at: int | None = None
    ) -> "Fault":
        """An error status; a 429 leaves the quota as it is, as the Hub's other limiters do."""
        return cls("status", status, retry_after=retry_after, rate_headers=rate_headers, at=at)

    @classmethod
    def drop(cls, *, at: int | None = None) -> "Fault":
        """The connection closes and nothing was said."""
        return cls("drop", at=at)

    @classmethod
    def truncate(cls, *, at: int | None = None) -> "Fault":
        """A good answer that breaks off half-way through its body."""
        return cls("truncate", at=at)

    @classmethod
    def redirect(cls, location: str | None = None, *, at: int | None = None) -> "Fault":
        """A 307; without a location, back to the same address."""
        return cls("redirect", 307, location=location, at=at)


class Script:
    """The faults still to come."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._lock = threading.Lock()
        self._pending = list(faults)
        self._requests = 0

    def extend(self, faults: Iterable[Fault]) -> None:
        with self._lock:
            self._pending.extend(faults)

    def next(self) -> Fault | None:
        """Count a listing request, and take the fault meant for it."""
        with self._lock:
            self._requests += 1
            due = [fault for fault in self._pending if fault.at == self._requests]
            due += [fault for fault in self._pending if fault.at is None]
            if not due:
                return None
            self._pending.remove(due[0])
            return due[0]

    def __len__(self) -> int:
        return len(self._pending)

"""Trouble on demand: what goes wrong with the next requests."""

import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Literal

Route = Literal["listing", "model", "tree", "resolve", "cdn"]
"""`/api/models`, `/api/models/{id}`, `/api/models/{id}/tree/{rev}`, `/{id}/resolve/{rev}/{path}` (and the
`/api/resolve-cache` it leads to), or the other host where large files lie."""

Ending = Literal["whole", "drop", "truncate", "reset", "reset midway", "stall"]
"""How an answer fares on the wire."""

_OF_BODIES = {"wrong", "cut", "hold", "truncate", "reset midway"}
HTML = "text/html; charset=utf-8"
_BANNER = b"<!DOCTYPE html><html><head><title>Hugging Face</title></head><body>One moment...</body></html>"


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong once: with a route's next request, or with its `at`-th (counted from 1).

    On the routes of files, what goes wrong with a body waits for a request that is given a file's bytes: no
    HEAD, and no redirect.
    """

    kind: Literal["status", "redirect", "slow", "garbage", "short", "rows", "wrong", "cut", "hold"] | Ending
    route: Route = "listing"
    at: int | None = None
    status: int = 200
    retry_after: int | str | None = None
    rate_headers: bool = True
    location: str | None = None
    seconds: float = 0.0
    body: bytes = b""
    content_type: str = HTML
    shown: int | None = None
    extra: tuple[object, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    after_bytes: int | None = None

    @property
    def ending(self) -> Ending:
        match self.kind:
            case "drop" | "truncate" | "reset" | "reset midway" | "stall" as ending:
                return ending
        return "whole"

    @property
    def is_believable(self) -> bool:
        """Whether it leads astray with the headers of a good answer."""
        return self.kind == "redirect" and self.route == "resolve" and self.location is not None

    def suits(self, method: str, status: int, *, has_file: bool) -> bool:
        """Whether it can strike an answer: not every one has the rows of a page, or the bytes of a file."""
        if self.kind in {"short", "rows"}:
            return status == HTTPStatus.OK
        if self.route in {"resolve", "cdn"} and self.kind in _OF_BODIES:
            return has_file and method == "GET"
        return True

    @classmethod
    def answer(
        cls,
        status: int,
        *,
        retry_after: int | str | None = None,
        rate_headers: bool = True,
        route: Route = "listing",
        at: int | None = None,
    ) -> "Fault":
        """An error status; a 429 leaves the quota as it is, as the Hub's other limiters do."""
        return cls("status", route, at, status, retry_after, rate_headers)

    @classmethod
    def says(
        cls,
        status: int,
        body: bytes,
        headers: Mapping[str, str] | None = None,
        *,
        route: Route = "listing",
        at: int | None = None,
    ) -> "Fault":
        """An error status in words of one's own."""
        told = tuple((headers or {}).items())
        return cls("status", route, at, status, body=body, content_type="text/plain", headers=told)

    @classmethod
    def drop(cls, *, route: Route = "listing", at: int | None = None) -> "Fault":
        """The connection closes and nothing was said."""
        return cls("drop", route, at)

    @classmethod
    def reset(cls, *, midway: bool = False, route: Route = "listing", at: int | None = None) -> "Fault":
        """The connection is reset: before any byte, or half-way through the body of a good answer."""
        return cls("reset midway" if midway else "reset", route, at)

    @classmethod
    def truncate(cls, *, route: Route = "listing", at: int | None = None) -> "Fault":
        """A good answer that breaks off half-way through its body."""
        return cls("truncate", route, at)

    @classmethod
    def slow(cls, seconds: float, *, route: Route = "listing", at: int | None = None) -> "Fault":
        """A good answer that comes so much later, by the Hub's own `sleep`."""
        return cls("slow", route, at, seconds=seconds)

    @classmethod
    def stall(cls, *, route: Route = "listing", at: int | None = None) -> "Fault":
        """No answer, over an open connection, until the client hangs up or the Hub stops."""
        return cls("stall", route, at)

    @classmethod
    def redirect(
        cls, location: str | None = None, *, route: Route = "listing", at: int | None = None
    ) -> "Fault":
        """A 307; without a location, back to the same address.

        On the route `resolve` all else is as in the good answer, so that a client may believe it.
        """
        return cls("redirect", route, at, status=307, location=location)

    @classmethod
    def wrong_byte(cls, *, route: Route = "cdn", at: int | None = None) -> "Fault":
        """A file with one bit of its body wrong, in the middle."""
        return cls("wrong", route, at)

    @classmethod
    def short_file(cls, *, route: Route = "cdn", at: int | None = None) -> "Fault":
        """The first half of what was asked for, framed as if that were all there is."""
        return cls("cut", route, at)

    @classmethod
    def hold(cls, after_bytes: int = 0, *, route: Route = "cdn", at: int | None = None) -> "Fault":
        """A body that stops after so many bytes until the Hub's `release()`, or the client's end."""
        return cls("hold", route, at, after_bytes=after_bytes)

    @classmethod
    def garbage(
        cls,
        body: bytes = _BANNER,
        content_type: str = HTML,
        *,
        route: Route = "listing",
        at: int | None = None,
    ) -> "Fault":
        """A 200 with this for a body, and no link: a page of HTML, `{}`, whatever is no list of models."""
        return cls("garbage", route, at, body=body, content_type=content_type)

    @classmethod
    def short(cls, shown: int, *, at: int | None = None) -> "Fault":
        """A page of no more than so many rows whose link leads on to the rest: nothing is lost."""
        return cls("short", at=at, shown=shown)

    @classmethod
    def empty(cls, *, at: int | None = None) -> "Fault":
        """A page of no rows whose link leads on to the rows it might have shown."""
        return cls.short(0, at=at)

    @classmethod
    def rows(cls, rows: Iterable[object], *, at: int | None = None) -> "Fault":
        """A good page with these, as they are, after its own rows."""
        return cls("rows", at=at, extra=tuple(rows))


class Script:
    """The faults still to come."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._lock = threading.Lock()
        self._pending = list(faults)
        self._requests: Counter[Route] = Counter()

    def extend(self, faults: Iterable[Fault]) -> None:
        with self._lock:
            self._pending.extend(faults)

    def clear(self) -> None:
        with self._lock:
            self._pending.clear()

    def put_back(self, fault: Fault) -> None:
        """Let it strike at the first request that it suits."""
        self.extend([replace(fault, at=None)])

    def next(self, route: Route) -> Fault | None:
        """Count a request to this route, and take the fault meant for it."""
        with self._lock:
            self._requests[route] += 1
            ours = [fault for fault in self._pending if fault.route == route]
            due = [fault for fault in ours if fault.at == self._requests[route]]
            due += [fault for fault in ours if fault.at is None]
            if not due:
                return None
            self._pending.remove(due[0])
            return due[0]

    def __len__(self) -> int:
        return len(self._pending)

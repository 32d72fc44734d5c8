"""Verifications that run in the background of a service: an answer waits for none of them."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from queue import SimpleQueue
from threading import Event, Lock, Thread
from typing import Literal, TypeAlias

from api.handoff.cache.records import Name, Snapshot
from api.handoff.cache.verifying import Verified, verify
from indexer.errors import Busy

logger = logging.getLogger(__name__)

REMEMBERED = 1_000
"""Results that are kept, the newest; a restart forgets all."""
WAITING = 100
"""Verifications that wait at once."""

Standing: TypeAlias = Literal["waiting", "reading", "right", "wrong", "failed"]


@dataclass(frozen=True, slots=True)
class Verification:
    """How far the reading of a revision is, or what it found."""

    state: Standing
    total_bytes: int
    done_bytes: int = 0
    found: Verified | None = None
    ended_at: datetime | None = None


class Verifications:
    """Reads one revision after another in a thread of its own.

    Args:
        now: the clock.

    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._lock = Lock()
        self._known: dict[Name, Verification] = {}
        self._queue: SimpleQueue[Snapshot | None] = SimpleQueue()
        self._closing = Event()
        self._thread: Thread | None = None

    def known(self) -> dict[Name, Verification]:
        """Give every verification that is remembered."""
        with self._lock:
            return dict(self._known)

    def begin(self, snapshot: Snapshot) -> Verification:
        """Verify a revision, or go on if that is under way; raises Busy when too many wait."""
        with self._lock:
            before = self._known.get(snapshot.name)
            if before is not None and before.state in {"waiting", "reading"}:
                return before
            if sum(one.state == "waiting" for one in self._known.values()) >= WAITING:
                raise Busy(f"{WAITING} revisions wait to be verified; try again later.")
            begun = Verification("waiting", snapshot.bytes)
            self._set(snapshot.name, begun)
            if self._thread is None:
                self._thread = Thread(target=self._run, name="verifying", daemon=True)
                self._thread.start()
        self._queue.put(snapshot)
        return begun

    def close(self) -> None:
        """Break off what is being read, and end the thread."""
        self._closing.set()
        self._queue.put(None)
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while (snapshot := self._queue.get()) is not None and not self._closing.is_set():
            try:
                self._verify(snapshot)
            except _ClosingError:
                return
            except Exception:
                logger.exception("verification failed model=%s commit=%s", *snapshot.name)
                self._change(snapshot.name, state="failed")

    def _verify(self, snapshot: Snapshot) -> None:
        def progress(done: int, _of: int) -> None:
            if self._closing.is_set():
                raise _ClosingError
            self._change(snapshot.name, done_bytes=done)

        self._change(snapshot.name, state="reading")
        found = verify(snapshot, progress)
        state: Standing = "right" if found.is_right else "wrong"
        self._change(snapshot.name, state=state, found=found, done_bytes=found.bytes)
        logger.info("verified model=%s commit=%s state=%s", *snapshot.name, state)

    def _change(self, name: Name, **changes: object) -> None:
        with self._lock:
            changed = replace(self._known[name], **changes)  # type: ignore[arg-type]
            if changed.state in {"right", "wrong", "failed"}:
                changed = replace(changed, ended_at=self._now())
            self._known[name] = changed

    def _set(self, name: Name, one: Verification) -> None:
        """Remember one, as the newest; forget the oldest that ended."""
        self._known.pop(name, None)
        self._known[name] = one
        if len(self._known) > REMEMBERED:
            ended = (key for key, old in self._known.items() if old.ended_at is not None)
            self._known.pop(next(ended, name))


class _ClosingError(Exception):
    """The service ends."""

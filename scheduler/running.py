"""Running what is due: children are started, watched, ended at their time limit, and told of."""

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from indexer.catalog.store import utc_now
from indexer.errors import EXIT_DONE, EXIT_TRY_LATER
from indexer.planned import Plan, Planned
from indexer.runs import Run
from scheduler.attempts import Attempt, begun, ended, history_of
from scheduler.jobs import SYNC, Job
from scheduler.launcher import STOP_SECONDS, Child, Launcher
from scheduler.timetable import Entry, Known, Timetable, startable

logger = logging.getLogger(__name__)

LOOK_SECONDS = 0.2
"""How often the children are looked at."""
READ_SECONDS = 30.0
"""How often, at the latest, what others ran is looked at."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Where the time comes from."""

    now: Callable[[], datetime] = utc_now
    ticks: Callable[[], float] = time.monotonic
    """Seconds that never go back."""
    sleep: Callable[[float], object] = time.sleep


@dataclass(slots=True)
class _Running:
    job: Job
    child: Child
    until: float
    is_asked: bool = False


class Runner:
    """Keeps to a timetable.

    Args:
        timetable: what there is to run.
        launcher: starts the children.
        known: reads what is on record, and how far the catalog is.
        plan: takes what is next, when that changes.
        clock: the time.
        is_followed: tells whether the index follows the catalog anyway; else it does after each crawl.
        is_single: whether each job runs once at most.

    """

    def __init__(  # noqa: PLR0913
        self,
        timetable: Timetable,
        launcher: Launcher,
        known: Callable[[], Known],
        plan: Callable[[Plan], object],
        clock: Clock,
        *,
        is_followed: Callable[[], bool] = lambda: True,
        is_single: bool = False,
    ) -> None:
        self._timetable = timetable
        self._launcher = launcher
        self._known = known
        self._plan = plan
        self._clock = clock
        self._is_followed = is_followed
        self._is_single = is_single
        self._running: dict[str, _Running] = {}
        self._attempts: dict[str, tuple[Attempt, ...]] = {}
        self._planned: tuple[Planned, ...] = ()
        self._read_at: tuple[datetime, float] | None = None
        self._next_at: datetime | None = None
        self._has_to_sync = False
        self.codes: dict[str, int] = {}
        """How each job ended that did, by name."""

    @property
    def children(self) -> list[Child]:
        """What runs."""
        return [one.child for one in self._running.values()]

    def look(self) -> None:
        """Look after what runs, and start what is due."""
        for one in list(self._running.values()):
            code = one.child.poll()
            if code is not None:
                self._end(one, code)
            elif self._clock.ticks() >= one.until:
                self._hurry(one)
        if self._is_time_to_read():
            self._start_due()

    # -- starting ----------------------------------------------------------------------------

    def _is_time_to_read(self) -> bool:
        if self._read_at is None:
            return True
        now, (then, ticks) = self._clock.now(), self._read_at
        is_due = self._next_at is not None and now >= self._next_at
        # A clock that was set back makes everything due that lies ahead of it.
        return is_due or now < then or self._clock.ticks() - ticks >= READ_SECONDS

    def _start_due(self) -> None:
        known, now = self._known(), self._clock.now()
        for job in startable(self._wanted(self._entries(known, now)), now):
            self._start(job, known, now)
        if self._has_to_sync and SYNC.name not in self._running:
            self._has_to_sync = False
            if not self._is_followed():
                self._start(SYNC, known, now)
        entries = self._entries(known, now)
        self._read_at = (now, self._clock.ticks())
        self._next_at = min(
            (e.due_at for e in entries if e.due_at is not None and e.due_at > now), default=None
        )
        self._tell(entries, now)

    def _wanted(self, entries: Iterable[Entry]) -> Iterable[Entry]:
        if not self._is_single:
            return entries
        return [one for one in entries if one.is_running or one.job.name not in self.codes]

    def _start(self, job: Job, known: Known, now: datetime) -> None:
        child = self._launcher.start(job.room, job.arguments, name=job.name)
        record, attempts = known.histories.get(job.name, ()), self._attempts.get(job.name, ())
        self._attempts[job.name] = begun(record, attempts, child.process, now)
        until = self._clock.ticks() + job.limit.total_seconds()
        self._running[job.name] = _Running(job, child, until)
        logger.info("%s started process=%d", job.name, child.process)

    def _entries(self, known: Known, now: datetime) -> tuple[Entry, ...]:
        histories: Mapping[str, tuple[Run, ...]] = known.histories
        ours = {
            name: history_of(histories.get(name, ()), attempts) for name, attempts in self._attempts.items()
        }
        return self._timetable.entries(replace(known, histories={**histories, **ours}), now)

    def _tell(self, entries: Iterable[Entry], now: datetime) -> None:
        planned = planned_of(entries)
        if planned != self._planned:
            self._planned = planned
            self._plan(Plan(now, planned))

    # -- ending ------------------------------------------------------------------------------

    def _end(self, one: _Running, code: int) -> None:
        name = one.job.name
        del self._running[name]
        self._attempts[name] = ended(self._attempts[name], code, self._clock.now())
        self.codes[name] = code
        self._has_to_sync = self._has_to_sync or one.job.is_crawl
        self._read_at = None
        if code == EXIT_DONE:
            logger.info("%s done", name)
        elif code == EXIT_TRY_LATER:
            logger.info("%s goes on later", name)
        else:
            logger.warning("%s failed code=%d; it is tried again", name, code)

    def _hurry(self, one: _Running) -> None:
        one.until = self._clock.ticks() + STOP_SECONDS
        if not one.is_asked:
            one.is_asked = True
            logger.warning("%s has taken longer than %s and is asked to end", one.job.name, one.job.limit)
            one.child.ask()
        else:
            logger.warning("%s did not end when it was asked to, and is killed", one.job.name)
            one.child.kill()


def planned_of(entries: Iterable[Entry]) -> tuple[Planned, ...]:
    """Give entries of a timetable as others read them."""
    return tuple(
        Planned(
            entry.job.name,
            "off" if entry.job.trigger is None else str(entry.job.trigger),
            entry.due_at,
            entry.is_running,
            entry.waits_for,
        )
        for entry in entries
    )


def end_all(children: Iterable[Child], clock: Clock) -> None:
    """Ask all children to end, wait, and kill those that do not."""
    left = [child for child in children if child.poll() is None]
    for child in left:
        child.ask()
    until = clock.ticks() + STOP_SECONDS
    while left and clock.ticks() < until:
        clock.sleep(LOOK_SECONDS / 10)
        left = [child for child in left if child.poll() is None]
    for child in left:
        child.kill()
    while any(child.poll() is None for child in left):
        clock.sleep(LOOK_SECONDS / 10)

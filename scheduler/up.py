"""`hubdex up` and `hubdex schedule`: jobs at their times and the index that follows, watched until stopped.

`up` has the page as well, which is what people came for: when it ends, everything ends. Whatever else fails
leaves the rest alone.
"""

import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial

from indexer.errors import EXIT_DONE, EXIT_FAILED, EXIT_TRY_LATER
from indexer.planned import SCHEDULE_LOCK, write_plan
from indexer.process import StopRequest, exclusive, holder_of
from scheduler.config import ScheduleConfig
from scheduler.jobs import jobs_of
from scheduler.launcher import STOP_SECONDS, Child, Launcher, ProcessLauncher, tethered
from scheduler.running import LOOK_SECONDS, Clock, Runner, end_all
from scheduler.seeing import Sight
from scheduler.timetable import Timetable

logger = logging.getLogger(__name__)

SYNC_LOCK = "index sync"
"""Held by whoever writes the index."""
PAGE_SECONDS = 20.0
"""The rest begins when the page says where it is, and after so long at the latest."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds before the index is followed again when that ended."""


def up(config: ScheduleConfig) -> int:
    """Run everything until SIGTERM or Ctrl-C; gives the exit code."""
    with _alone(config, "hubdex up") as (launcher, stop):
        return Supervisor(config, launcher, stop, has_page=True).run()


def schedule(config: ScheduleConfig) -> int:
    """Run everything but the page until SIGTERM or Ctrl-C; gives the exit code."""
    with _alone(config, "hubdex schedule") as (launcher, stop):
        return Supervisor(config, launcher, stop, has_page=False).run()


def schedule_once(config: ScheduleConfig) -> int:
    """Run what is due now, each job once at most, and end; gives the exit code: the worst of all."""
    with _alone(config, "hubdex schedule --once") as (launcher, stop):
        return run_once(config, launcher, stop)


def run_once(
    config: ScheduleConfig, launcher: Launcher, stop: StopRequest, clock: Clock | None = None
) -> int:
    """Run what is due now; gives the exit code."""
    clock = clock or Clock()

    def is_followed() -> bool:
        return holder_of(config.lock_folder, SYNC_LOCK) is not None

    runner = _runner(config, launcher, clock, is_followed=is_followed, is_single=True)
    try:
        runner.look()
        while runner.children and not stop.is_set():
            stop.wait(LOOK_SECONDS)
            runner.look()
    finally:
        end_all(runner.children, clock)
    codes = set(runner.codes.values()) - {EXIT_DONE}
    if codes - {EXIT_TRY_LATER}:
        return EXIT_FAILED
    return EXIT_TRY_LATER if codes or stop.is_set() else EXIT_DONE


class Supervisor:
    """Watches the children of one scheduler.

    Args:
        config: where the catalog lies, and what runs when.
        launcher: starts the children.
        stop: set when everything is to end.
        has_page: whether the page is served too.
        clock: the time.

    """

    def __init__(
        self,
        config: ScheduleConfig,
        launcher: Launcher,
        stop: StopRequest,
        *,
        has_page: bool,
        clock: Clock | None = None,
    ) -> None:
        self._launcher = launcher
        self._stop = stop
        self._clock = clock or Clock()
        self._has_page = has_page
        self._runner = _runner(config, launcher, self._clock)
        self._follower = Follower(
            launcher, lambda: holder_of(config.lock_folder, SYNC_LOCK) is not None, self._clock.ticks
        )

    def run(self) -> int:
        """Start the children and watch them; gives the exit code."""
        page = self._launcher.start("api", []) if self._has_page else None
        try:
            return self._watch(page)
        finally:
            others = (page, self._follower.child)
            end_all([*self._runner.children, *(one for one in others if one is not None)], self._clock)

    def _watch(self, page: Child | None) -> int:
        # A page that is set up wrongly, or finds its port taken, is told before anything else begins.
        begins = self._clock.ticks() + PAGE_SECONDS
        is_begun = page is None
        while not self._stop.is_set():
            code = None if page is None else page.poll()
            if code is not None:
                return code or EXIT_FAILED
            is_begun = is_begun or page is None or page.has_spoken or self._clock.ticks() >= begins
            if is_begun:
                self._follower.look()
                self._runner.look()
            self._stop.wait(LOOK_SECONDS)
        return EXIT_DONE


class Follower:
    """Keeps one process that follows the catalog with the index, unless somebody else's does.

    Args:
        launcher: starts it.
        is_followed: tells whether the index is being written already.
        ticks: a clock in seconds that never goes back.

    """

    def __init__(
        self, launcher: Launcher, is_followed: Callable[[], bool], ticks: Callable[[], float]
    ) -> None:
        self._launcher = launcher
        self._is_followed = is_followed
        self._ticks = ticks
        self._pause = FIRST_PAUSE
        self._starts_at = self._started_at = ticks()
        self.child: Child | None = None

    def look(self) -> None:
        """Look after it."""
        now = self._ticks()
        if self.child is not None:
            code = self.child.poll()
            if code is None:
                return
            self.child = None
            self._pause = FIRST_PAUSE if now - self._started_at > LONGEST_PAUSE else self._pause
            logger.warning("index sync ended code=%d, starting it again in %.0f seconds", code, self._pause)
            self._starts_at, self._pause = now + self._pause, min(2 * self._pause, LONGEST_PAUSE)
        if now < self._starts_at:
            return
        if self._is_followed():
            self._starts_at = now + STOP_SECONDS
            return
        self._started_at = now
        self.child = self._launcher.start("indexer", ["sync", "--follow"], name="index-sync", quiet=True)


def timetable_of(config: ScheduleConfig, begun_at: datetime | None = None) -> Timetable:
    """Give the timetable that the settings ask for; what failed before `begun_at` is tried again soon."""
    seed = f"{socket.gethostname()} {config.home.absolute()}"
    return Timetable(jobs_of(config), seed, timedelta(seconds=config.schedule_jitter), begun_at)


def _runner(
    config: ScheduleConfig,
    launcher: Launcher,
    clock: Clock,
    *,
    is_followed: Callable[[], bool] = lambda: True,
    is_single: bool = False,
) -> Runner:
    return Runner(
        timetable_of(config, None if is_single else clock.now()),
        launcher,
        Sight(config),
        partial(write_plan, config),
        clock,
        is_followed=is_followed,
        is_single=is_single,
    )


@contextmanager
def _alone(config: ScheduleConfig, command: str) -> Iterator[tuple[Launcher, StopRequest]]:
    """Be the only scheduler of a home; what a killed one left running has a moment to end.

    Raises:
        Busy: another one runs.

    """
    stop, clock = StopRequest().listen(), Clock()
    with exclusive(config.lock_folder, SCHEDULE_LOCK, command):
        until = clock.ticks() + STOP_SECONDS

        def wait() -> bool:
            return not stop.wait(LOOK_SECONDS) and clock.ticks() < until

        with tethered(config.lock_folder, wait) as held:
            yield ProcessLauncher(held), stop

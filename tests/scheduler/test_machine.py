"""A scheduler that is killed at any point, on a machine whose clock, crawls and people do what they like."""

from datetime import timedelta
from itertools import pairwise
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from indexer.runs import Run
from scheduler.config import ScheduleConfig
from tests.scheduler.world import Fate, World

JOBS = ("crawl-head", "crawl-recent", "crawl-full", "crawl-counters", "crawl-files", "index-upkeep")
LATEST = {"crawl-recent": 2.5, "crawl-full": 25, "crawl-counters": 8, "crawl-files": 3}
"""Hours within which each has to be done."""
HOUR, STEP = 3_600.0, 30.0


FATES = st.builds(
    Fate,
    seconds=st.sampled_from([1.0, 60.0, 2 * HOUR]),
    code=st.sampled_from([0, 75, 1, -9]),
    hangs=st.sampled_from([False, False, False, True]),
    is_deaf=st.booleans(),
    writes=st.booleans(),
)


class Nights(RuleBasedStateMachine):
    """What may happen, and what has to hold all the same."""

    def __init__(self) -> None:
        super().__init__()
        config = ScheduleConfig(home=Path("/nowhere"), schedule_zone="Europe/Berlin")
        self.world = World(config)
        self.runner = self.world.runner()
        self.excuses = 0

    @rule(minutes=st.integers(10, 90))
    def time_passes(self, minutes: int) -> None:
        self.world.run(self.runner, minutes * 60.0, STEP)

    @rule(is_orphan_asked=st.booleans())
    def scheduler_is_killed(self, is_orphan_asked: bool) -> None:  # noqa: FBT001
        for one in self.world.processes:
            if one.ended is None and one.is_ours and is_orphan_asked:
                one.ask()
        self.runner = self.world.runner()
        self.excuses += 1

    @rule(hours=st.integers(-2_000, 2_000))
    def clock_is_set(self, hours: int) -> None:
        self.world.now += timedelta(hours=hours)
        self.excuses += 1

    @initialize(is_filled=st.booleans(), fate=FATES)
    def begin(self, *, is_filled: bool, fate: Fate) -> None:
        self.world.fates.update(dict.fromkeys(JOBS, fate))
        if is_filled:
            self.world.fill()
            self.world.now += timedelta(days=2)

    @rule(names=st.sets(st.sampled_from(JOBS), min_size=3), fate=FATES)
    def fate_of(self, names: set[str], fate: Fate) -> None:
        self.world.fates.update(dict.fromkeys(names, fate))

    @rule(name=st.sampled_from(JOBS))
    def somebody_starts(self, name: str) -> None:
        self.world.begin(name, is_ours=False)
        self.excuses += 1

    @rule(draw=st.integers(0, 10))
    def one_is_killed(self, draw: int) -> None:
        alive = [one for one in self.world.processes if one.ended is None]
        if alive:
            alive[draw % len(alive)].kill()
            self.excuses += 1

    @rule()
    def catalog_is_lost(self) -> None:
        self.world.marks.clear()
        self.excuses += 1

    @invariant()
    def time_passes_after_whatever_it_was(self) -> None:
        self.world.run(self.runner, 20 * 60.0, STEP)

    @invariant()
    def one_crawl_runs_and_one_waits(self) -> None:
        assert len(self.world.crawling()) <= 2
        assert sum(not one.waits for one in self.world.crawling()) <= 1

    @invariant()
    def nothing_runs_in_a_loop(self) -> None:
        for name in JOBS:
            ticks = [ticks for one, _, ticks in self.world.started if one == name]
            close = sum(after - before < 60 for before, after in pairwise(ticks))
            # A run that brought something may be followed at once by the next.
            got_on = sum(run.figures.get("answers_200", 0) > 0 for run in self._runs(name))
            assert close <= self.excuses + got_on

    def _runs(self, name: str) -> list[Run]:
        ledger = self.world.ledgers.get(name)
        return list(ledger.runs) if ledger else []

    def teardown(self) -> None:
        """When all is well again, everything is done within its period."""
        self.world.fates.clear()
        for one in self.world.processes:
            if not one.is_ours and one.ended is None:
                one.kill()
        self.world.run(self.runner, 27 * HOUR, STEP * 4)
        for name, hours in {
            "crawl-recent": 2.5,
            "crawl-full": 25,
            "crawl-counters": 8,
            "crawl-files": 3,
        }.items():
            done = [run.ended_at for run in self.world.ledgers[name].runs if run.outcome == "done"]
            newest = max(at for at in done if at is not None and at <= self.world.now)
            assert self.world.now - newest < timedelta(hours=hours), name


TestNights = Nights.TestCase
TestNights.settings = settings(max_examples=20, stateful_step_count=10, deadline=None)

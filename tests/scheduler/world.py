"""A machine of pretended processes: its clock, what its processes write down, and whoever else starts some.

The crawls keep the rules of the real ones: one at a time, a lower one makes room for a higher one at its next
page and ends with 75; any other is refused with 75 and leaves no record.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from crawler.passes import rank_of
from indexer.planned import Plan
from indexer.records import TREES, Checkpoint
from indexer.runs import Ledger, Outcome, Run
from scheduler.config import ScheduleConfig
from scheduler.jobs import jobs_of
from scheduler.running import Clock, Runner
from scheduler.timetable import Known, Timetable

BEGIN = datetime(2026, 11, 21, 12, tzinfo=UTC)
PASSES = {
    "head": ("head", "trending"),
    "recent": ("recent", "created"),
    "full": ("full", "sweep"),
    "counters": ("counters", "likes"),
    "files": (TREES,),
}
PAGE_SECONDS = 5.0


@dataclass
class Fate:
    """How runs of a job go from now on."""

    seconds: float = 60.0
    code: int = 0
    """What it ends with, when it is let."""
    hangs: bool = False
    is_deaf: bool = False
    """Whether it does not hear SIGTERM."""
    writes: bool = True
    """Whether it can write down what it does."""


@dataclass
class Process:
    """One pretended process."""

    world: "World"
    name: str
    process: int
    ends_at: float
    code: int = 0
    is_ours: bool = True
    ended: int | None = None
    waits: bool = False
    has_spoken: bool = True
    asked_at: float | None = None

    @property
    def crawl(self) -> str:
        return self.name.removeprefix("crawl-") if self.name.startswith("crawl-") else ""

    @property
    def fate(self) -> Fate:
        return self.world.fates.setdefault(self.name, Fate())

    def poll(self) -> int | None:
        self.world.settle()
        return self.ended

    def ask(self) -> None:
        if not self.fate.is_deaf:
            self.asked_at = self.world.ticks

    def kill(self) -> None:
        if self.ended is None:
            self.end(-9, None)

    def end(self, code: int, outcome: Outcome | None) -> None:
        """End it; with no outcome nothing more is written down."""
        self.ended = code
        self.world.write_end(self, outcome)


@dataclass
class World:
    """The machine."""

    config: ScheduleConfig
    now: datetime = BEGIN
    ticks: float = 0.0
    fates: dict[str, Fate] = field(default_factory=dict)
    processes: list[Process] = field(default_factory=list)
    ledgers: dict[str, Ledger] = field(default_factory=dict)
    marks: dict[str, Checkpoint] = field(default_factory=dict)
    started: list[tuple[str, datetime, float]] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)

    # -- what the scheduler sees -------------------------------------------------------------

    def runner(self, *, is_single: bool = False) -> Runner:
        timetable = Timetable(jobs_of(self.config), "here", timedelta(seconds=self.config.schedule_jitter))
        clock = Clock(lambda: self.now, lambda: self.ticks, self.pass_time)
        return Runner(
            timetable,
            self,
            self.known,
            self.plans.append,
            clock,
            is_followed=lambda: not is_single,
            is_single=is_single,
        )

    def known(self) -> Known:
        self.settle()
        return Known(tuple(self.marks.values()), {name: one.runs for name, one in self.ledgers.items()})

    def start(self, room: str, arguments: Sequence[str], *, name: str = "", quiet: bool = False) -> Process:
        assert not quiet
        assert room in {"crawler", "indexer", "api"}
        assert name.endswith(arguments[0]) or room == "api"
        self.started.append((name, self.now, self.ticks))
        return self.begin(name)

    # -- what happens ------------------------------------------------------------------------

    def begin(self, name: str, *, is_ours: bool = True) -> Process:
        """Start a process, as the scheduler, cron or a person does."""
        self.settle()
        fate = self.fates.setdefault(name, Fate())
        one = Process(self, name, 1_000 + len(self.processes), 0.0, fate.code, is_ours)
        running = self.crawling()
        self.processes.append(one)
        if one.crawl and running:
            if len(running) > 1 or rank_of(one.crawl) >= rank_of(running[0].crawl):
                one.ended = 75
                return one
            one.waits = True
        else:
            self.go(one)
        return one

    def go(self, one: Process) -> None:
        one.waits = False
        one.ends_at = self.ticks + one.fate.seconds
        ledger = self.ledgers.get(one.name, Ledger(one.name))
        if one.fate.writes:
            runs = (Run(self.now, process=one.process), *ledger.runs)
            self.ledgers[one.name] = replace(ledger, runs=runs[:50])
        for name in PASSES.get(one.crawl, ())[:1]:
            mark = self.marks.get(name)
            last = mark.last_finished_at if mark else None
            self.marks[name] = Checkpoint(name, "next", self.now, last_finished_at=last)

    def crawling(self) -> list[Process]:
        return [one for one in self.processes if one.crawl and one.ended is None]

    def settle(self) -> None:
        """Let everything happen that has happened by now."""
        for one in [one for one in self.processes if one.ended is None]:
            if one.asked_at is not None and (one.waits or self.ticks >= one.asked_at + PAGE_SECONDS):
                one.end(75, "stopped")
            elif one.waits:
                if self.crawling() == [one]:
                    self.go(one)
            elif self.is_wanted(one):
                one.end(75, "later")
            elif not one.fate.hangs and self.ticks >= one.ends_at:
                one.end(one.code, {0: "done", 75: "later"}.get(one.code, "failed"))  # type: ignore[arg-type]

    def is_wanted(self, one: Process) -> bool:
        return bool(one.crawl) and not one.fate.hangs and any(other.waits for other in self.crawling())

    def write_end(self, one: Process, outcome: Outcome | None) -> None:
        ledger = self.ledgers.get(one.name)
        gave_way = outcome == "later" and one.code == 0
        if outcome == "done":
            names = PASSES.get(one.crawl, ())
            began = self.marks[names[0]].started_at if names and names[0] in self.marks else self.now
            for name in names:
                self.marks[name] = Checkpoint(name, None, began, 0, 0, None, self.now, self.now)
        if ledger is None or not ledger.runs or ledger.runs[0].process != one.process or not one.fate.writes:
            if ledger is not None and ledger.runs[0].process == one.process:  # its end is not written down
                self.ledgers[one.name] = ledger.ended("killed", None)
            return
        if outcome in {"done", "stopped"} or gave_way:
            newest = replace(ledger.runs[0], figures={"answers_200": 3})
            ledger = replace(ledger, runs=(newest, *ledger.runs[1:]))
        self.ledgers[one.name] = ledger.ended(outcome or "killed", self.now if outcome else None)

    def pass_time(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.ticks += seconds
        self.settle()

    def run(self, runner: Runner, seconds: float, step: float = 10.0) -> None:
        """Let time pass while a scheduler looks now and then."""
        until = self.ticks + seconds
        while self.ticks < until:
            runner.look()
            self.pass_time(step)
        runner.look()

    def fill(self) -> None:
        """Let the whole Hub be known, all of it just now."""
        for crawl, passes in PASSES.items():
            for name in passes:
                self.marks[name] = Checkpoint(
                    name, None, self.now, finished_at=self.now, last_finished_at=self.now
                )
            done = Run(self.now, "done", self.now, figures={"answers_200": 3}, process=1)
            self.ledgers[f"crawl-{crawl}"] = Ledger(f"crawl-{crawl}", (done,))
        self.ledgers["index-upkeep"] = Ledger("index-upkeep", (done,))

    def names(self) -> list[str]:
        return [name for name, _, _ in self.started]

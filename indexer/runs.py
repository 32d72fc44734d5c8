"""What ran, when, and how it ended: a small file for each thing that runs, for everybody to read.

Whoever runs something writes its file, whatever started it: a scheduler, cron or a person. A run must not
fail for its record: what cannot be written is not told.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, TypeAlias, get_args

from pydantic import TypeAdapter, ValidationError

from indexer.catalog.store import utc_now
from indexer.config import HomeConfig
from indexer.errors import EXIT_TRY_LATER, Busy, HubdexError, SettingsError
from indexer.process import exclusive, holder_of

Outcome: TypeAlias = Literal["running", "done", "later", "stopped", "failed", "killed"]
"""`later`: it goes on next time; `stopped`: it was told to; `killed`: it ended without a word."""

RUNS_KEPT = 50
"""Runs of each thing, the newest."""
NOTE_SECONDS = 5.0
"""While it goes on, its figures are written down this often."""
MAX_MESSAGE = 500
ENDED = "ended_"
"""Begins the totals that tell how many runs ended how, e.g. `ended_failed`."""
SECONDS = "seconds"
"""The total of how long all of them took."""
MAX_BYTES = 500_000


@dataclass(frozen=True, slots=True)
class Run:
    """One run."""

    started_at: datetime
    outcome: Outcome = "running"
    ended_at: datetime | None = None
    message: str = ""
    """What was done, or what went wrong, in a sentence."""
    figures: Mapping[str, float] = field(default_factory=dict)
    """Counted by what ran, by name."""
    process: int = 0
    word: str = ""
    """Of the error that ended it; empty: none did, or one that nobody foresaw."""

    @property
    def seconds(self) -> float | None:
        """How long it took, never below 0; `None`: it goes on, or nobody saw it end."""
        return None if self.ended_at is None else max(0.0, (self.ended_at - self.started_at).total_seconds())


@dataclass(frozen=True, slots=True)
class Ledger:
    """The runs of one thing."""

    name: str
    runs: tuple[Run, ...] = ()
    """The newest first; only that one can be running."""
    totals: Mapping[str, float] = field(default_factory=dict)
    """The figures of all runs that ever ended, those not kept any more too, and how many ended how."""

    @property
    def newest(self) -> Run | None:
        """The run that goes on, or the last one."""
        return self.runs[0] if self.runs else None

    @property
    def last(self) -> Run | None:
        """The newest run that has ended."""
        return next((run for run in self.runs if run.outcome != "running"), None)

    @property
    def finished_at(self) -> datetime | None:
        """When a run was last done."""
        return next((run.ended_at for run in self.runs if run.outcome == "done"), None)

    def counted(self) -> dict[str, float]:
        """Give the figures of all runs, of the one that goes on too."""
        newest = self.newest
        return _sum(self.totals, newest.figures if newest and newest.outcome == "running" else {})

    def ended(self, outcome: Outcome, at: datetime | None, message: str = "", word: str = "") -> "Ledger":
        """Give what it is when the newest run has ended."""
        newest = self.runs[0]
        done = replace(newest, outcome=outcome, ended_at=at, message=message[:MAX_MESSAGE], word=word)
        figures = {**newest.figures, f"{ENDED}{outcome}": 1, SECONDS: done.seconds or 0}
        return replace(self, runs=(done, *self.runs[1:]), totals=_sum(self.totals, figures))

    def outcomes(self) -> dict[str, int]:
        """Give how many runs ever ended how, by outcome."""
        counts = {outcome: int(self.totals.get(f"{ENDED}{outcome}", 0)) for outcome in get_args(Outcome)}
        return {outcome: count for outcome, count in counts.items() if count}


_LEDGER = TypeAdapter(Ledger)


class Runs:
    """The records of a home.

    Args:
        config: names the home.
        now: the clock.
        ticks: a clock in seconds that never goes back.

    """

    def __init__(
        self,
        config: HomeConfig,
        now: Callable[[], datetime] = utc_now,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder = config.runs_folder
        self._locks = config.lock_folder
        self._now = now
        self._ticks = ticks

    def ledgers(self) -> list[Ledger]:
        """Give what has run, by name; what cannot be read is left out."""
        found = [self.ledger(path.stem) for path in sorted(self._folder.glob("*.json"))]
        return [one for one in found if one.runs]

    def ledger(self, name: str) -> Ledger:
        """Give the runs of one thing; a run that ended without a word was killed."""
        ledger = self._read(name)
        newest = ledger.newest
        if newest and newest.outcome == "running" and holder_of(self._locks, _lock(name)) is None:
            # It may have ended between the two looks.
            ledger = self._read(name)
            if ledger.runs[:1] == (newest,):
                return ledger.ended("killed", None)
        return ledger

    @contextmanager
    def running(self, name: str) -> "Iterator[RunWriter]":
        """Keep a record of what runs here until it has ended, also by an error; gives what it is told with.

        Args:
            name: a word of its own for what runs; the same thing runs once at a time, else only the
                first is told of.

        """
        with ExitStack() as held:
            is_told = True
            try:
                held.enter_context(exclusive(self._locks, _lock(name)))
            except (Busy, SettingsError):
                is_told = False
            if is_told:
                yield from self._told(name)
            else:
                yield RunWriter(None, self._ticks)

    def _told(self, name: str) -> "Iterator[RunWriter]":
        before = self._read(name)
        if before.newest and before.newest.outcome == "running":  # the lock is ours, so it is not
            before = before.ended("killed", None)
        begun = Run(self._now(), process=os.getpid())
        writer = RunWriter(self, self._ticks, replace(before, runs=(begun, *before.runs[: RUNS_KEPT - 1])))
        self.write(writer.ledger)
        try:
            yield writer
        except HubdexError as error:
            is_later = error.exit_code == EXIT_TRY_LATER
            self._end(writer, "later" if is_later else "failed", str(error), error.word)
            raise
        except (KeyboardInterrupt, SystemExit):
            self._end(writer, "stopped")
            raise
        except BaseException as error:
            self._end(writer, "failed", f"Something went wrong inside ({type(error).__name__}).")
            raise
        self._end(writer, writer.outcome, writer.message)

    def _end(self, writer: "RunWriter", outcome: Outcome, message: str = "", word: str = "") -> None:
        self.write(writer.ledger.ended(outcome, self._now(), message, word))

    def write(self, ledger: Ledger) -> None:
        """Write the runs of one thing, whole."""
        path = self._folder / f"{ledger.name}.json"
        temporary = path.with_suffix(".new")
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(_LEDGER.dump_json(ledger))
            temporary.replace(path)

    def _read(self, name: str) -> Ledger:
        try:
            with (self._folder / f"{name}.json").open("rb") as opened:
                ledger = _LEDGER.validate_json(opened.read(MAX_BYTES))
        except (OSError, ValidationError):
            return Ledger(name)
        return replace(ledger, name=name)


class RunWriter:
    """What a run is told with."""

    def __init__(self, runs: Runs | None, ticks: Callable[[], float], ledger: Ledger | None = None) -> None:
        self._runs = runs
        self._ticks = ticks
        self._noted_at: float | None = None
        self.ledger = ledger or Ledger("")
        self.outcome: Outcome = "done"
        """How it ends, unless an error ends it."""
        self.message = ""

    def note(self, figures: Mapping[str, float], *, at_once: bool = False) -> None:
        """Tell what has been counted so far; written down now and then, and at the end."""
        if self._runs is None:
            return
        newest = replace(self.ledger.runs[0], figures=dict(figures))
        self.ledger = replace(self.ledger, runs=(newest, *self.ledger.runs[1:]))
        now = self._ticks()
        if at_once or self._noted_at is None or now - self._noted_at >= NOTE_SECONDS:
            self._noted_at = now
            self._runs.write(self.ledger)

    def end(self, outcome: Outcome, message: str = "") -> None:
        """Tell how it ends."""
        self.outcome, self.message = outcome, message


def _lock(name: str) -> str:
    return f"run {name}"


def _sum(one: Mapping[str, float], other: Mapping[str, float]) -> dict[str, float]:
    return {name: one.get(name, 0) + other.get(name, 0) for name in {**one, **other}}

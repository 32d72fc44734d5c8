"""What is due, in which order, and when each job is due next; pure.

Nothing is remembered between two looks: it all follows from what ran and how it ended, whoever started it,
and from how far the catalog has come. So a job that was missed is caught up once, however often it was
missed, and a scheduler that was killed begins where it was. A time that lies ahead of the clock tells that
the clock was set back; it counts for nothing, and the job is due.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import takewhile

from indexer.records import Checkpoint
from indexer.runs import Outcome, Run
from scheduler.jobs import Job, Stage, stage_of
from scheduler.triggers import Once, jitter

PAUSE = timedelta(seconds=60)
"""Before another try at what came to nothing; each further one doubles."""
LONGEST_LATER = timedelta(minutes=15)
"""The Hub cannot be reached, or another process holds what is needed: nothing is wrong here."""
LONGEST_FAILED = timedelta(hours=1)

_FAULTS: frozenset[Outcome] = frozenset({"failed", "killed"})
_SHARE = 10
"""A job is never put off by more than this part of the time between two runs."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the timetable is made from."""

    checkpoints: tuple[Checkpoint, ...] = ()
    histories: Mapping[str, tuple[Run, ...]] = field(default_factory=dict)
    """The runs of each job, the newest first."""


@dataclass(frozen=True, slots=True)
class Entry:
    """When one job runs."""

    job: Job
    due_at: datetime | None
    """`None`: nobody can tell; it runs, waits for something else, or is off."""
    newest: Run | None = None
    waits_for: str = ""
    """Why it is not due at any time, as the end of a sentence."""

    @property
    def is_running(self) -> bool:
        """Whether it runs now, whoever started it."""
        return self.newest is not None and self.newest.outcome == "running"


@dataclass(frozen=True, slots=True)
class Timetable:
    """Works out when jobs are due.

    Args:
        jobs: all there are.
        seed: what tells this home from others; jitter is drawn with it.
        most_jitter: how much later than at its time a job may begin.

    """

    jobs: tuple[Job, ...]
    seed: str = ""
    most_jitter: timedelta = timedelta(0)
    begun_at: datetime | None = None
    """When somebody started the scheduler: what failed before may be mended, and is tried again soon."""

    def entries(self, known: Known, now: datetime) -> tuple[Entry, ...]:
        """Give when each job is due, in the order of rank."""
        stage = stage_of(known.checkpoints)
        marks = {mark.name: mark for mark in known.checkpoints}
        ordered = sorted(self.jobs, key=lambda job: job.rank)
        return tuple(
            self._entry(job, stage, marks, known.histories.get(job.name, ()), now) for job in ordered
        )

    def _entry(
        self,
        job: Job,
        stage: Stage,
        marks: Mapping[str, Checkpoint],
        history: Sequence[Run],
        now: datetime,
    ) -> Entry:
        newest = history[0] if history else None
        if newest is not None and newest.outcome == "running":
            return Entry(job, None, newest)
        if job.trigger is None:
            return Entry(job, None, newest, "it is off")
        if stage not in job.stages:
            return Entry(job, None, newest, _reason(job, stage))
        return Entry(job, self._due_at(job, marks, history, now), newest)

    def _due_at(
        self, job: Job, marks: Mapping[str, Checkpoint], history: Sequence[Run], now: datetime
    ) -> datetime | None:
        goes_on = any(name in marks and marks[name].is_under_way for name in job.resumes)
        is_done = not goes_on and (not history or history[0].outcome == "done")
        last = _last_done(job, marks, history, now) if is_done else None
        if last is None:
            return _tried_again_at(history, now, self.begun_at)
        time = None if job.trigger is None else job.trigger.after(last)
        return None if time is None else time + self._jitter(job, time, last)

    def _jitter(self, job: Job, time: datetime, last: datetime) -> timedelta:
        return jitter(job.name, self.seed, time, min(self.most_jitter, (time - last) / _SHARE))


def startable(entries: Iterable[Entry], now: datetime) -> tuple[Job, ...]:
    """Give the jobs to start now, the most urgent first.

    One crawl runs at a time; a second one is started only when it is of a higher rank: it then waits for the
    first one, which makes room. What is no crawl runs beside.
    """
    entries = tuple(entries)
    due = [entry.job for entry in entries if entry.due_at is not None and entry.due_at <= now]
    crawling = [entry.job.rank for entry in entries if entry.is_running and entry.job.is_crawl]
    crawls = [job for job in due if job.is_crawl][:1]
    if len(crawling) > 1 or (crawls and crawling and crawls[0].rank >= crawling[0]):
        crawls = []
    return (*crawls, *(job for job in due if not job.is_crawl))


def _reason(job: Job, stage: Stage) -> str:
    if isinstance(job.trigger, Once):
        return "it has done its work"
    if Stage.WHOLE in job.stages and Stage.POPULAR not in job.stages:
        return "the whole Hub has to be read first"
    return "the popular models have to be read first" if stage is Stage.EMPTY else ""


def _last_done(
    job: Job, marks: Mapping[str, Checkpoint], history: Sequence[Run], now: datetime
) -> datetime | None:
    """Give when what was last done began, by its record or by the catalog; `None`: it has to run."""
    times = [run.started_at for run in history if run.outcome == "done"]
    if job.ends_with is not None:
        mark = marks.get(job.ends_with)
        if mark is None or mark.last_finished_at is None:
            return None  # another catalog than the one of the records
        begun = mark.last_finished_at if mark.is_under_way else mark.started_at
        # What was broken off and gone on with is as old as its beginning, not as the run that ended it.
        times = [begun] if job.resumes else [*times, begun]
    return max((time for time in times if time <= now), default=None)


def _tried_again_at(history: Sequence[Run], now: datetime, begun_at: datetime | None) -> datetime:
    """Give when to go on with what is not done: at once where it got on, else after a pause."""
    if not history:
        return now
    newest = history[0]
    streak = max(1, len(list(takewhile(_came_to_nothing, history))))
    is_fault = newest.outcome in _FAULTS
    if not is_fault and _got_on(newest):
        return now
    longest = LONGEST_FAILED if is_fault else LONGEST_LATER
    ended = newest.ended_at or newest.started_at
    if begun_at is not None and ended < begun_at:
        longest = PAUSE
    again = ended + min(PAUSE * 2 ** min(streak - 1, 10), longest)
    return now if ended > now else again


def _came_to_nothing(run: Run) -> bool:
    return run.outcome in _FAULTS or (run.outcome != "done" and not _got_on(run))


def _got_on(run: Run) -> bool:
    """Tell whether a run has brought anything (the Hub answered it), or was told to stop before it could."""
    return run.outcome == "stopped" or run.figures.get("answers_200", 0) > 0

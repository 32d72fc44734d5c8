"""What this scheduler itself started: counted also where the child could not write it down.

A child that is refused (another one runs), whose disk is full or that is killed leaves no record, or one
without an end. It must not be started again and again for that.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from indexer.errors import EXIT_DONE, EXIT_TRY_LATER
from indexer.runs import Outcome, Run

KEPT = 20
"""Attempts that are remembered: enough for the longest pause."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A child of ours."""

    run: Run
    after: int | None
    """The process that was the newest of its history when it began; `None`: there was none."""


def outcome_of(code: int) -> Outcome:
    """Tell how a child ended, by its exit code; a negative one is the signal that ended it."""
    if code == EXIT_DONE:
        return "done"
    if code == EXIT_TRY_LATER:
        return "later"
    return "killed" if code < 0 else "failed"


def history_of(record: Sequence[Run], attempts: Sequence[Attempt]) -> tuple[Run, ...]:
    """Give what ran, the newest first: what is on record, and attempts that are not.

    Their order is that of events, not of times: clocks are set.

    Args:
        record: the runs on record, the newest first.
        attempts: our own, the oldest first.

    """
    history = list(record)
    for attempt in attempts:
        at = _place_of(history, attempt.run.process)
        if at is None:
            history.insert(_place_for(history, attempt), attempt.run)
        elif history[at].outcome in {"running", "killed"} and attempt.run.outcome != "running":
            ended = attempt.run
            history[at] = replace(history[at], outcome=ended.outcome, ended_at=ended.ended_at)
    return tuple(history)


def begun(
    record: Sequence[Run], attempts: Sequence[Attempt], process: int, now: datetime
) -> tuple[Attempt, ...]:
    """Give the attempts when another one begins."""
    history = history_of(record, attempts)
    one = Attempt(Run(now, process=process), history[0].process if history else None)
    if len(attempts) < KEPT:
        return (*attempts, one)
    oldest, second, *others = attempts
    return (replace(second, after=oldest.after), *others, one)


def ended(attempts: Sequence[Attempt], code: int, now: datetime) -> tuple[Attempt, ...]:
    """Give the attempts when the newest one has ended with this exit code."""
    *others, newest = attempts
    run = replace(newest.run, outcome=outcome_of(code), ended_at=now)
    return (*others, replace(newest, run=run))


def _place_of(history: Sequence[Run], process: int | None) -> int | None:
    return next((at for at, one in enumerate(history) if one.process == process), None)


def _place_for(history: Sequence[Run], attempt: Attempt) -> int:
    """Give where an attempt belongs: right before what was the newest when it began."""
    if attempt.after is None:
        return len(history)
    return _place_of(history, attempt.after) or 0

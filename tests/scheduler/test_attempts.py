"""Our own attempts beside what is on record."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.runs import Outcome, Run
from scheduler.attempts import KEPT, Attempt, begun, ended, history_of, outcome_of

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def record(process: int, outcome: Outcome = "done") -> Run:
    return Run(NOW, outcome, NOW, process=process)


def processes(history: tuple[Run, ...]) -> list[int]:
    return [run.process for run in history]


@pytest.mark.parametrize(("code", "outcome"), [(0, "done"), (75, "later"), (1, "failed"), (-9, "killed")])
def test_an_exit_code_is_an_outcome(code: int, outcome: str) -> None:
    assert outcome_of(code) == outcome


@given(st.lists(st.sampled_from(["ours", "ours, on record", "somebody's"]), max_size=KEPT))
def test_the_order_is_that_of_events(events: list[str]) -> None:
    runs: tuple[Run, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    for process, event in enumerate(events, 1):
        # The clock runs backwards all the time.
        now = NOW - timedelta(hours=process)
        if event != "somebody's":
            attempts = ended(begun(runs, attempts, process, now), "later", now)
        if event != "ours":
            runs = (Run(now, "later", now, process=process), *runs)

    assert processes(history_of(runs, attempts)) == list(range(len(events), 0, -1))


def test_old_attempts_are_forgotten_and_the_order_stays() -> None:
    runs, attempts = (record(1),), ()
    for process in range(2, KEPT * 2):
        attempts = begun(runs, attempts, process, NOW)  # type: ignore[assignment]

    assert len(attempts) == KEPT
    assert processes(history_of(runs, attempts)) == [*range(KEPT * 2 - 1, KEPT - 1, -1), 1]


@pytest.mark.parametrize(
    ("on_record", "ours", "expected"),
    [
        ("killed", "failed", "failed"),  # its disk was full at the end
        ("running", "done", "done"),
        ("stopped", "failed", "failed"),  # it took too long
        ("stopped", "later", "stopped"),
        ("done", "failed", "done"),
        ("running", "running", "running"),
    ],
)
def test_who_knows_better(on_record: Outcome, ours: Outcome, expected: str) -> None:
    attempt = Attempt(Run(NOW, ours, process=7), None)
    assert history_of([record(7, on_record)], [attempt])[0].outcome == expected

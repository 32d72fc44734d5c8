"""What ran is written down by whatever ran, and a record is never the reason why something fails."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.config import HomeConfig
from indexer.errors import BadRequest, HubdexError, UpstreamUnavailable
from indexer.runs import RUNS_KEPT, Ledger, Run, Runs

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def runs_of(
    home: Path, moments: list[datetime] | None = None, ticks: Callable[[], float] | None = None
) -> Runs:
    clock = iter(moments or [])
    return Runs(HomeConfig(home=home), now=lambda: next(clock, NOW), ticks=ticks or (lambda: 0.0))


def test_a_run_is_told_while_it_goes_on_and_when_it_has_ended(tmp_path: Path) -> None:
    runs = runs_of(tmp_path, [NOW, NOW + timedelta(minutes=1)])
    with runs.running("full") as run:
        run.note({"pages": 3})
        run.end("later", "It gave way.")
        going_on = runs.ledger("full")
    ended = runs.ledger("full")

    assert going_on.runs == (Run(NOW, "running", figures={"pages": 3}, process=os.getpid()),)
    assert going_on.counted() == {"pages": 3}
    assert ended.newest == Run(
        NOW, "later", NOW + timedelta(minutes=1), "It gave way.", {"pages": 3}, os.getpid()
    )
    assert ended.totals == ended.counted() == {"pages": 3, "ended_later": 1, "seconds": 60}
    assert ended.outcomes() == {"later": 1}
    assert (ended.last, ended.finished_at) == (ended.newest, None)
    assert runs.ledgers() == [ended]


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (UpstreamUnavailable("The Hub is away."), "later"),
        (HubdexError("It failed."), "failed"),
        (BadRequest("No."), "failed"),
        (KeyboardInterrupt(), "stopped"),
        (ZeroDivisionError("secret"), "failed"),
    ],
)
def test_an_error_ends_a_run(tmp_path: Path, error: BaseException, outcome: str) -> None:
    runs = runs_of(tmp_path)
    with pytest.raises(type(error)), runs.running("full"):
        raise error

    newest = runs.ledger("full").newest
    assert newest is not None
    assert newest.outcome == outcome
    assert "secret" not in newest.message
    is_ours = isinstance(error, HubdexError)
    assert newest.message == (str(error) if is_ours else newest.message)
    assert newest.word == (error.word if isinstance(error, HubdexError) else "")
    assert runs.ledger("full").outcomes() == {outcome: 1}


def test_what_was_killed_is_called_so_and_counted_once(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from indexer.config import HomeConfig; from indexer.runs import Runs\n"
        f"with Runs(HomeConfig(home=Path({str(tmp_path)!r}))).running('full') as run:\n"
        "    run.note({'pages': 7}); print('on', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        runs = runs_of(tmp_path)
        going_on = runs.ledger("full").newest
        child.send_signal(signal.SIGKILL)
        child.wait()

    killed = runs.ledger("full")
    with runs.running("full"):
        pass
    then = runs.ledger("full")

    assert going_on is not None
    assert going_on.outcome == "running"
    assert [run.outcome for run in killed.runs] == ["killed"]
    assert killed.counted() == {"pages": 7, "ended_killed": 1, "seconds": 0}
    assert killed.last is killed.newest
    assert [run.outcome for run in then.runs] == ["done", "killed"]
    assert then.totals == {"pages": 7, "ended_killed": 1, "ended_done": 1, "seconds": 0}
    assert then.outcomes() == {"killed": 1, "done": 1}


def test_of_two_at_once_only_the_first_is_told(tmp_path: Path) -> None:
    runs = runs_of(tmp_path)
    with runs.running("full") as first, runs.running("full") as second:
        second.note({"pages": 1})
        first.note({"pages": 2})
    assert runs.ledger("full").totals == {"pages": 2, "ended_done": 1, "seconds": 0}


def test_a_folder_that_cannot_be_written_to_keeps_nothing_and_stops_nobody(tmp_path: Path) -> None:
    runs = runs_of(tmp_path)
    (tmp_path / "runs").write_text("in the way")
    with runs.running("full") as run:
        run.note({"pages": 1})
    assert runs.ledgers() == []


@pytest.mark.parametrize("garbage", [b"", b"{", b"[]", b'{"name":"full","runs":[{}]}', b"\xff" * 10])
def test_garbage_is_as_if_nothing_had_run(tmp_path: Path, garbage: bytes) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "full.json").write_bytes(garbage)
    runs = runs_of(tmp_path)
    assert runs.ledger("full") == Ledger("full")
    with runs.running("full"):
        pass
    assert len(runs.ledger("full").runs) == 1


def test_figures_are_written_now_and_then(tmp_path: Path) -> None:
    ticks = iter([0.0, 1.0, 6.0])
    runs = runs_of(tmp_path, ticks=lambda: next(ticks))
    seen = []
    with runs.running("full") as run:
        for pages in (1, 2, 3):
            run.note({"pages": pages})
            seen.append(runs.ledger("full").counted()["pages"])
    assert seen == [1, 1, 3]


def test_a_record_half_written_leaves_the_one_before(
    tmp_path: Path,
) -> None:
    runs = runs_of(tmp_path)
    with runs.running("full") as run:
        run.note({"pages": 1})
    before = runs.ledger("full")
    half = tmp_path / "runs" / "full.new"
    half.write_bytes(b'{"name":')  # killed while it was written

    assert runs.ledgers() == [before]
    with runs.running("full"):
        pass
    assert runs.ledger("full").runs[1:] == before.runs
    assert not half.exists()


@settings(deadline=None)  # it writes files
@given(figures=st.lists(st.dictionaries(st.sampled_from("abc"), st.integers(0, 10**12)), max_size=60))
def test_totals_are_those_of_all_runs_and_few_are_kept(
    tmp_path_factory: pytest.TempPathFactory, figures: list[dict[str, float]]
) -> None:
    runs = runs_of(tmp_path_factory.mktemp("home"))
    for one in figures:
        with runs.running("full") as run:
            run.note(one)
    ledger = runs.ledger("full")
    assert len(ledger.runs) == min(len(figures), RUNS_KEPT)
    assert ledger.outcomes() == ({"done": len(figures)} if figures else {})
    assert {name: value for name, value in ledger.totals.items() if value and name in "abc"} == {
        name: total for name in "abc" if (total := sum(one.get(name, 0) for one in figures))
    }

"""What is called stale: older than twice the time between two crawls; never without a reason to look."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.config import HomeConfig
from indexer.engines.contract import IndexState
from indexer.freshness import Periods, periods_of, read_periods, staleness
from indexer.planned import SCHEDULE_LOCK, Plan, Planned, write_plan
from indexer.process import exclusive
from indexer.records import CatalogState, Checkpoint

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OFF = Periods(None, None)


def mark(name: str, hours_ago: float, *, ended: bool = True) -> Checkpoint:
    at = NOW - hours_ago * HOUR
    return Checkpoint(
        name, None if ended else "u", at, 1, 1, at, at if ended else None, at if ended else None
    )


def catalog(*marks: Checkpoint) -> CatalogState:
    return CatalogState("uuid", 12, models=3, removed=0, set_aside=0, checkpoints=marks)


def index(serial: int, hours_ago: float) -> IndexState:
    return IndexState("uuid", serial, serial, 3, NOW - hours_ago * HOUR)


FULL, RECENT = mark("full", 20), mark("created", 1)


@pytest.mark.parametrize(
    ("marks", "synced", "periods", "said"),
    [
        ((FULL, RECENT), index(12, 0), Periods(), None),
        ((FULL, mark("created", 2)), index(12, 0), Periods(), None),
        ((FULL, mark("created", 2.1)), index(12, 0), Periods(), "read 2 hours ago, and should be every hour"),
        ((mark("full", 1.5),), index(12, 0), Periods(), None),  # a whole pass has read what is new as well
        ((mark("full", 48), RECENT), index(12, 0), Periods(), None),
        ((mark("full", 49), RECENT), index(12, 0), Periods(), "whole Hub was last read 2 days ago"),
        ((FULL, mark("created", 100)), index(12, 0), Periods(recent=DAY), None),
        ((FULL, mark("created", 100)), index(12, 0), Periods(recent=6 * HOUR), "should be every 6 hours"),
        ((FULL, mark("created", 100)), index(12, 0), Periods(recent=None), None),
        ((mark("full", 100), RECENT), index(12, 0), Periods(full=None), None),
        ((mark("full", 100), mark("created", 100)), index(1, 100), OFF, None),
        ((mark("full", 100), RECENT), index(12, 0), Periods(full=7 * DAY), None),
        # The first pass: as old as the newest page.
        ((mark("head", 1), mark("full", 1, ended=False)), index(12, 0), Periods(), None),
        ((mark("head", 9), mark("full", 3, ended=False)), index(12, 0), Periods(), "for 3 hours"),
        ((mark("head", 9),), index(12, 0), Periods(recent=None), None),
        ((), None, Periods(), None),  # nothing was ever read
        ((FULL, RECENT), None, Periods(), None),
        # The index lags.
        ((FULL, RECENT), index(11, 1), Periods(), None),
        ((FULL, RECENT), index(11, 5), Periods(), "index was last brought up to date 5 hours ago"),
        ((FULL, RECENT), index(12, 5), Periods(), None),
        # The clock was set back: by a moment, and by more than that.
        ((FULL, mark("created", -0.01)), index(12, 0), Periods(), None),
        ((mark("full", -9), mark("created", -9)), index(12, 0), Periods(), "clock, which was set back"),
        ((mark("full", 20), mark("created", -9)), index(12, 0), Periods(), "last read 20 hours ago"),
        ((mark("full", 1), mark("created", -9)), index(12, 0), Periods(), None),
    ],
)  # fmt: skip
def test_what_is_stale(
    marks: tuple[Checkpoint, ...], synced: IndexState | None, periods: Periods, said: str | None
) -> None:
    found = staleness(catalog(*marks), synced, periods, NOW)

    if said is None:
        assert found is None
    else:
        assert found is not None
        assert said in found.message
        assert "hubdex status" in found.message
        assert found.message.endswith(".")
        assert (found.since is None) == ("set back" in said)


@given(hours=st.floats(-100_000, 100_000), period=st.integers(1, 10_000))
def test_what_is_stale_stays_so_until_something_is_read(hours: float, period: int) -> None:
    state, periods = catalog(mark("full", hours)), Periods(period * HOUR, period * HOUR)
    found = staleness(state, None, periods, NOW)
    later = staleness(state, None, periods, NOW + HOUR)
    if found is not None and found.since is not None:
        assert found.since + 2 * period * HOUR < NOW
        assert later is not None


@pytest.mark.parametrize(
    ("words", "period"),
    [
        ("03:30", DAY),
        ("at 03:30", DAY),
        ("every 20h", 20 * HOUR),
        ("Every  90 m", 1.5 * HOUR),
        ("every 2d", 2 * DAY),
        ("off", None),
        ("", DAY),
        ("30 3 * * *", DAY),
        ("30 */6 * * *", 6 * HOUR),
        ("0 3,15 * * *", DAY),
        ("*/10 * * * *", HOUR / 6),
        ("15 * * * *", HOUR),
        ("0 3 * * 1-5", 7 * DAY),
        ("0 3 1 * *", 31 * DAY),
        ("0 3 1 */3 *", 366 * DAY),
        ("*/0 */0 * * *", DAY),
        ("every 0h", DAY),
        ("nonsense", DAY),
    ],
)
def test_how_often_is_read_from_words(words: str, period: timedelta | None) -> None:
    assert periods_of({"full": words}) == Periods(full=period)


@given(words=st.text(max_size=120))
def test_no_words_break_it(words: str) -> None:
    periods = periods_of({"full": words, "recent": words})
    assert periods.full is None or timedelta(0) < periods.full <= 9_999 * DAY


def test_a_plan_goes_before_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUBDEX_SCHEDULE_RECENT", "every 6h")
    monkeypatch.setenv("HUBDEX_SCHEDULE_FULL", "off")
    config = HomeConfig(home=tmp_path)
    plan = Plan(NOW, (Planned("crawl-full", "at 04:00", NOW), Planned("crawl-recent", "every 2h")))
    with exclusive(config.lock_folder, SCHEDULE_LOCK):
        write_plan(config, plan)
        planned = read_periods(config)
    left = read_periods(config)

    assert planned == Periods(DAY, 2 * HOUR)
    assert left == Periods(None, 6 * HOUR)

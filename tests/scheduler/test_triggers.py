"""When something falls due: words, nights with an hour too many or too few, jitter."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from scheduler.jobs import bound
from scheduler.triggers import Cron, Every, Trigger, jitter, read_timing

ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC", "America/Havana")
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def trigger_of(words: str, zone: str = "UTC") -> Trigger:
    timing = read_timing(words)
    assert isinstance(timing, Cron | Every)
    trigger = bound(timing, ZoneInfo(zone))
    assert trigger is not None
    return trigger


def times(trigger: Trigger, begin: datetime, end: datetime) -> list[datetime]:
    found: list[datetime] = []
    moment: datetime | None = trigger.after(begin)
    while moment is not None and moment < end:
        found.append(moment)
        moment = trigger.after(moment)
    return found


@pytest.mark.parametrize(
    ("words", "read"),
    [
        ("every 6h", Every(6 * HOUR)),
        ("Every  90 m", Every(1.5 * HOUR)),
        ("every 2d", Every(2 * DAY)),
        ("off", None),
        ("OFF", None),
        ("3:05", Cron(("5 3 * * *",), "at 03:05")),
        ("30 3 * * *", Cron(("30 3 * * *",), "30 3 * * *")),
        ("0 4 * * 0", Cron(("0 4 * * sun",), "0 4 * * 0")),
        ("0 4 * * 7", Cron(("0 4 * * sun",), "0 4 * * 7")),
        ("0 4 * * 1-5", Cron(("0 4 * * mon,tue,wed,thu,fri",), "0 4 * * 1-5")),
        ("0 4 * * Mon-Fri/2", Cron(("0 4 * * mon,wed,fri",), "0 4 * * mon-fri/2")),
        ("0 4 * * */3", Cron(("0 4 * * sun,wed,sat",), "0 4 * * */3")),
        ("0 4 * * 5-7", Cron(("0 4 * * sun,fri,sat",), "0 4 * * 5-7")),
        ("0 4 * * fri-sun", Cron(("0 4 * * sun,fri,sat",), "0 4 * * fri-sun")),
        ("0 4 1 * 1", Cron(("0 4 1 * *", "0 4 * * mon"), "0 4 1 * 1")),
    ],
)
def test_words_are_read(words: str, read: object) -> None:
    assert read_timing(words) == read


@pytest.mark.parametrize(
    "words",
    [
        "",
        "nightly",
        "24:00",
        "3:60",
        "every",
        "every 0h",
        "every 6",
        "every 400d",
        "every -1h",
        "* * * *",
        "* * * * * *",
        "60 3 * * *",
        "0 3 * * 8",
        "0 3 * * fri-mon",
        "0 3 * * 1-",
        "0 3 31 2 *",
        "*/0 * * * *",
        "0 3 * * mon;rm",
        "0 3 last * x",
        "0 " * 60,
    ],
)
def test_other_words_are_refused(words: str) -> None:
    with pytest.raises(ValueError, match=r"must|names|is longer|is no"):
        read_timing(words)


@given(st.text(max_size=40) | st.lists(st.sampled_from([*"0123456789*/,-:", "mon", " "])).map("".join))
def test_any_words_are_read_or_refused(words: str) -> None:
    try:
        timing = read_timing(words)
    except ValueError:
        return
    assert timing is None or isinstance(timing, Cron | Every)


@pytest.mark.parametrize(
    ("zone", "words", "begin", "expected"),
    [
        # 2027-03-28 there is no 02:30 in Berlin: it is as much later as is left out.
        ("Europe/Berlin", "02:30", "2027-03-27T12:00+00:00", ["03-28T01:30", "03-29T00:30"]),
        # 2026-10-25 there are two: 00:30 and 01:30 UTC.
        ("Europe/Berlin", "02:30", "2026-10-24T12:00+00:00", ["10-25T00:30", "10-26T01:30"]),
        ("America/New_York", "02:30", "2027-03-14T00:00+00:00", ["03-14T07:30", "03-15T06:30"]),
        ("America/New_York", "01:30", "2026-11-01T00:00+00:00", ["11-01T05:30", "11-02T06:30"]),
        ("Australia/Lord_Howe", "02:15", "2026-10-03T00:00+00:00", ["10-03T15:45", "10-04T15:15"]),
        ("Australia/Lord_Howe", "01:45", "2027-04-03T00:00+00:00", ["04-03T14:45", "04-04T15:15"]),
        ("UTC", "02:30", "2026-10-24T12:00+00:00", ["10-25T02:30", "10-26T02:30"]),
        ("Europe/Berlin", "0 * * * *", "2026-10-25T00:00+00:00", ["10-25T01:00", "10-25T02:00"]),
        ("Europe/Berlin", "0 * * * *", "2027-03-28T00:00+00:00", ["03-28T01:00", "03-28T02:00"]),
    ],
)
def test_nights_of_a_change(zone: str, words: str, begin: str, expected: list[str]) -> None:
    start = datetime.fromisoformat(begin)
    found = times(trigger_of(words, zone), start, start + 3 * DAY)

    assert [f"{time.astimezone(UTC):%m-%dT%H:%M}" for time in found[:2]] == expected


@settings(deadline=None, max_examples=40)
@given(
    st.sampled_from(ZONES),
    st.integers(0, 23),
    st.integers(0, 59),
    st.datetimes(datetime(2024, 1, 1), datetime(2027, 12, 1)),  # noqa: DTZ001
)
@example("Europe/Berlin", 2, 30, datetime(2026, 10, 20))  # noqa: DTZ001
@example("Australia/Lord_Howe", 1, 45, datetime(2027, 4, 1))  # noqa: DTZ001
@example("America/Havana", 0, 30, datetime(2026, 10, 30))  # noqa: DTZ001
def test_a_time_of_day_comes_once_each_day(zone: str, hour: int, minute: int, naive: datetime) -> None:
    begin = naive.replace(tzinfo=UTC)
    found = times(trigger_of(f"{hour}:{minute:02}", zone), begin, begin + 120 * DAY)
    dates = [time.astimezone(ZoneInfo(zone)).date() for time in found]

    assert dates == [dates[0] + timedelta(days=day) for day in range(len(dates))]
    assert len(dates) in {119, 120, 121}
    for time, after in pairwise(found):
        assert DAY - HOUR <= after - time <= DAY + HOUR


@settings(deadline=None)
@given(
    st.sampled_from(ZONES),
    st.sampled_from(["30 2 * * *", "*/20 * * * *", "15 1,2 * * *", "0 3 1 * mon", "45 */2 * * *"]),
    st.datetimes(datetime(2026, 9, 1), datetime(2027, 5, 1)),  # noqa: DTZ001
    st.floats(0, 0.999),
)
def test_the_next_time_is_the_same_however_often_one_looks(
    zone: str, words: str, naive: datetime, share: float
) -> None:
    trigger, begin = trigger_of(words, zone), naive.replace(tzinfo=UTC)
    time = trigger.after(begin)

    assert time is not None
    assert time > begin
    assert trigger.after(begin + (time - begin) * share) == time


def test_a_period_counts_from_a_moment_whatever_clocks_show() -> None:
    begin = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert trigger_of("every 6h", "Europe/Berlin").after(begin) == begin + 6 * HOUR
    assert [str(trigger_of(words)) for words in ("every 90m", "every 24h", "every 48h")] == [
        "every 90m",
        "every 1d",
        "every 2d",
    ]


def test_jitter_is_the_same_at_each_look_and_another_each_day() -> None:
    begin, most = datetime(2026, 11, 21, 3, 30, tzinfo=UTC), timedelta(seconds=120)
    drawn = [jitter("crawl-full", "home", begin + day * DAY, most) for day in range(30)]

    assert drawn == [jitter("crawl-full", "home", begin + day * DAY, most) for day in range(30)]
    assert len(set(drawn)) == 30
    assert all(timedelta(0) <= one < most for one in drawn)
    assert jitter("crawl-full", "another home", begin, most) != drawn[0]
    assert jitter("crawl-recent", "home", begin, most) != drawn[0]
    assert jitter("crawl-full", "home", begin, timedelta(0)) == timedelta(0)

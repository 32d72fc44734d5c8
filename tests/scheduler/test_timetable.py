"""What is due, and when it is due next."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.records import TREES, Checkpoint
from indexer.runs import Outcome, Run
from scheduler.config import ScheduleConfig
from scheduler.jobs import jobs_of
from scheduler.timetable import Entry, Known, Timetable, startable

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
CONFIG = ScheduleConfig(home=Path("/nowhere"), schedule_zone="UTC")
TABLE = Timetable(jobs_of(CONFIG))


def finished(*names: str, ago: timedelta = MINUTE) -> list[Checkpoint]:
    then = NOW - ago
    return [Checkpoint(name, None, then, finished_at=then, last_finished_at=then) for name in names]


def under_way(name: str, ago: timedelta | None = None) -> Checkpoint:
    return Checkpoint(name, "next", NOW, last_finished_at=NOW - ago if ago else None)


def run(outcome: Outcome, ago: timedelta, seconds: float = 30, answers: int = 0, process: int = 1) -> Run:
    started = NOW - ago - timedelta(seconds=seconds)
    ended = None if outcome == "running" else started + timedelta(seconds=seconds)
    return Run(started, outcome, ended, figures={"answers_200": answers}, process=process)


HEAD = finished("head", "trending")
FULL = [*HEAD, *finished("full", "sweep")]
RECENT = [*FULL, *finished("recent", "created")]
COUNTED = [*RECENT, *finished("counters", "likes")]
ALL = [*COUNTED, *finished(TREES)]
KEPT = {"index-upkeep": (run("done", MINUTE),)}


def entry(name: str, known: Known, now: datetime = NOW, table: Timetable = TABLE) -> Entry:
    return next(one for one in table.entries(known, now) if one.job.name == name)


def first(checkpoints: list[Checkpoint], **runs: tuple[Run, ...]) -> list[str]:
    histories = KEPT | {name.replace("_", "-"): history for name, history in runs.items()}
    entries = TABLE.entries(Known(tuple(checkpoints), histories), NOW)
    return [job.name for job in startable(entries, NOW)]


@pytest.mark.parametrize(
    ("checkpoints", "expected"),
    [
        ([], ["crawl-head"]),
        ([under_way("head")], ["crawl-head"]),
        (finished("head"), ["crawl-head"]),  # the trending models are still to come
        (HEAD, ["crawl-full"]),
        ([under_way("full")], ["crawl-full"]),  # somebody began with it
        ([*HEAD, under_way("full")], ["crawl-full"]),
        (FULL, ["crawl-recent"]),
        ([*RECENT, under_way("full", DAY)], ["crawl-full"]),
        ([*RECENT, *finished("full"), under_way("sweep")], ["crawl-full"]),
        ([*FULL, *finished("recent"), under_way("created")], ["crawl-recent"]),
        ([*COUNTED, *finished("created", ago=HOUR)], ["crawl-recent"]),
        (RECENT, ["crawl-counters"]),
        ([*ALL, *finished("likes", ago=6 * HOUR)], ["crawl-counters"]),
        (COUNTED, ["crawl-files"]),
        ([*COUNTED, under_way(TREES, MINUTE)], ["crawl-files"]),
        (ALL, []),
        ([*ALL, *finished(TREES, ago=HOUR)], ["crawl-files"]),
        ([*ALL, *finished("full", ago=9 * HOUR)], ["crawl-full"]),  # 03:30 is 8.5 hours ago
        ([*ALL, *finished("full", ago=8 * HOUR)], []),
        ([*ALL, *finished("full", ago=-DAY)], ["crawl-full"]),  # the clock was set back
    ],
)
def test_what_the_catalog_says_is_due(checkpoints: list[Checkpoint], expected: list[str]) -> None:
    assert first(checkpoints) == expected


def test_what_is_no_crawl_runs_beside() -> None:
    entries = TABLE.entries(Known(tuple(FULL)), NOW)
    assert [job.name for job in startable(entries, NOW)] == ["crawl-recent", "index-upkeep"]


def test_a_crawl_that_runs_is_waited_for_unless_the_other_is_of_a_higher_rank() -> None:
    late = [*ALL, *finished("created", ago=2 * HOUR), *finished("likes", ago=DAY)]

    assert first(late, crawl_full=(run("running", MINUTE),)) == ["crawl-recent"]
    assert first(late, crawl_recent=(run("running", MINUTE),)) == []
    assert first(late, crawl_head=(run("running", MINUTE),)) == []
    both = (run("running", MINUTE),)
    assert first([*late, *finished("created")], crawl_full=both, crawl_files=both) == []


def test_the_runs_of_a_person_count() -> None:
    known = Known(tuple(ALL), {"crawl-counters": (run("done", timedelta(0), 60),)})
    assert entry("crawl-counters", known).due_at == NOW - MINUTE + 6 * HOUR


def test_what_is_off_is_never_due_and_what_waits_says_why() -> None:
    table = Timetable(jobs_of(CONFIG.model_copy(update={"schedule_full": None})))
    entries = {one.job.name: one for one in table.entries(Known(), NOW)}

    assert all(one.due_at is None for one in entries.values())
    assert entries["crawl-full"].waits_for == "it is off"
    assert entries["crawl-recent"].waits_for == "the whole Hub has to be read first"
    assert entry("crawl-full", Known()).waits_for == "the popular models have to be read first"
    assert entry("crawl-head", Known(tuple(ALL))).waits_for == "it has done its work"


@pytest.mark.parametrize(
    ("history", "pause"),
    [
        ((run("later", MINUTE, answers=5),), None),  # it made room, and has got on
        ((run("stopped", MINUTE),), None),  # a scheduler that is started anew goes on at once
        ((run("later", timedelta(0)),), MINUTE),
        ((run("later", timedelta(0)),) * 2, 2 * MINUTE),
        ((run("later", timedelta(0)),) * 3, 4 * MINUTE),
        ((run("later", timedelta(0)),) * 50, 15 * MINUTE),
        ((run("failed", timedelta(0), answers=5),) * 50, HOUR),
        ((run("failed", timedelta(0), answers=5),), MINUTE),
        ((run("killed", timedelta(0)),) * 3, 4 * MINUTE),
        ((run("later", timedelta(0)), run("done", HOUR), run("later", HOUR)), MINUTE),
        ((run("later", timedelta(0)), run("later", HOUR, answers=5), run("later", HOUR)), MINUTE),
        ((run("done", timedelta(0)),), MINUTE),  # it says so, but the catalog does not
    ],
)
def test_what_came_to_nothing_is_tried_again(history: tuple[Run, ...], pause: timedelta | None) -> None:
    known = Known((*ALL, under_way("full", DAY)), {"crawl-full": history})
    assert entry("crawl-full", known).due_at == (NOW if pause is None else NOW + pause)


def test_whoever_mends_something_and_starts_again_does_not_wait_an_hour() -> None:
    known = Known((*ALL, under_way("full", DAY)), {"crawl-full": (run("failed", MINUTE),) * 50})
    since_then = replace(TABLE, begun_at=NOW - MINUTE / 2)
    long_before = replace(TABLE, begun_at=NOW - DAY)

    due = [
        next(one.due_at for one in table.entries(known, NOW) if one.job.name == "crawl-full")
        for table in (since_then, long_before)
    ]

    assert due == [NOW, NOW - MINUTE + HOUR]


def test_a_pass_that_was_broken_off_and_gone_on_with_is_as_old_as_its_beginning() -> None:
    marks = (*ALL, *finished("full", ago=DAY))
    known = Known(marks, {"crawl-full": (run("done", HOUR, 60),)})  # it began yesterday, before 03:30
    assert entry("crawl-full", known).due_at == datetime(2026, 11, 21, 3, 30, tzinfo=UTC)


def test_a_night_that_was_missed_is_caught_up_once() -> None:
    ran = Known((*ALL, *finished("full", ago=5 * DAY)), {})
    assert entry("crawl-full", ran).due_at == datetime(2026, 11, 17, 3, 30, tzinfo=UTC)

    caught_up = Known(tuple(ALL), {"crawl-full": (run("done", timedelta(0)), run("done", 5 * DAY))})
    assert entry("crawl-full", caught_up).due_at == datetime(2026, 11, 22, 3, 30, tzinfo=UTC)


def test_jitter_puts_off_by_a_little() -> None:
    table = Timetable(TABLE.jobs, "here", timedelta(seconds=120))
    known = Known(tuple(ALL), KEPT)
    for name in ("crawl-full", "crawl-recent"):
        plain, late = entry(name, known).due_at, entry(name, known, table=table).due_at
        assert plain is not None
        assert late is not None
        assert timedelta(0) < late - plain < 2 * MINUTE


MOMENTS = st.integers(-100 * 24 * 60, 100 * 24 * 60).map(lambda minutes: NOW + minutes * MINUTE)
OUTCOMES = st.sampled_from(["done", "later", "stopped", "failed", "killed"])
RUNS = st.builds(
    lambda start, outcome, length, answers: Run(
        start,
        outcome,
        None if outcome == "killed" else start + length * MINUTE,
        figures={"answers_200": answers},
    ),
    MOMENTS,
    OUTCOMES,
    st.integers(0, 600),
    st.integers(0, 1),
)
TIMES = st.sampled_from(["02:30", "every 1h", "30 1 * * *", "0 */6 * * *", "every 20h", "0 3 * * sun"])
ZONES = st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"])


@settings(deadline=None, max_examples=200)
@given(st.lists(RUNS, max_size=6), MOMENTS, MOMENTS | st.none(), TIMES, ZONES, st.floats(0, 120))
def test_no_clock_makes_it_wait_longer_than_a_period_and_nothing_runs_in_a_loop(
    history: list[Run], now: datetime, finish: datetime | None, words: str, zone: str, jitter: float
) -> None:
    config = ScheduleConfig.model_validate(
        {"home": "/nowhere", "schedule_full": words, "schedule_zone": zone, "schedule_jitter": jitter}
    )
    table = Timetable(jobs_of(config), "here", timedelta(seconds=jitter))
    mark = [Checkpoint("full", None, NOW, finished_at=finish, last_finished_at=finish)] if finish else HEAD
    period = {"every 1h": HOUR, "every 20h": 20 * HOUR, "0 3 * * sun": 7 * DAY}.get(words, DAY)
    due_at = entry("crawl-full", Known(tuple(mark), {"crawl-full": tuple(history)}), now, table).due_at

    assert due_at is not None
    assert due_at <= now + period * 1.1 + HOUR + timedelta(seconds=jitter)
    ran = Run(now, "done", now + MINUTE, figures={"answers_200": 1})
    after = now + 2 * MINUTE
    done = Checkpoint("full", None, now, finished_at=after - MINUTE, last_finished_at=after - MINUTE)
    again = entry("crawl-full", Known((done,), {"crawl-full": (ran, *history)}), after, table).due_at
    assert again is not None
    assert again <= now + period * 1.1 + HOUR + timedelta(seconds=jitter)
    assert again > now + MINUTE
    failed = Run(now, "failed", now + MINUTE)
    tried = entry("crawl-full", Known(tuple(mark), {"crawl-full": (failed, *history)}), after, table).due_at
    assert tried is not None
    assert now + 2 * MINUTE <= tried <= now + MINUTE + HOUR

"""Which crawl is due."""

from datetime import UTC, datetime, timedelta

import pytest

from indexer.records import Checkpoint
from scheduler.plan import COUNTERS_EVERY, FULL_EVERY, RECENT_EVERY, due_crawl

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def ended(*names: str, ago: timedelta = MINUTE) -> list[Checkpoint]:
    then = NOW - ago
    return [Checkpoint(name, None, then, finished_at=then, last_finished_at=then) for name in names]


def under_way(name: str, last: timedelta | None = None) -> list[Checkpoint]:
    return [Checkpoint(name, "https://hub/next", NOW, last_finished_at=NOW - last if last else None)]


HEAD = ended("head", "trending")
FULL = [*HEAD, *ended("full", "sweep")]
RECENT = [*FULL, *ended("recent", "created")]


@pytest.mark.parametrize(
    ("checkpoints", "expected"),
    [
        ([], "head"),
        (under_way("head"), "head"),
        (ended("head"), "head"),  # the trending models are still to come
        (HEAD, "full"),
        ([*HEAD, *under_way("full")], "full"),
        ([*ended("trending", ago=RECENT_EVERY * 9), *under_way("full")], "full"),
        ([*HEAD, *under_way("full", MINUTE)], "full"),
        ([*HEAD, *ended("full"), *under_way("sweep")], "full"),
        (FULL, "recent"),
        ([*FULL, *ended("recent"), *under_way("created")], "recent"),
        ([*FULL, *ended("created", ago=RECENT_EVERY)], "recent"),
        (RECENT, "counters"),
        ([*RECENT, *ended("likes", ago=COUNTERS_EVERY)], "counters"),
        ([*RECENT, *ended("likes")], None),
        ([*RECENT, *ended("likes"), *ended("full", ago=FULL_EVERY)], "full"),
        ([*RECENT, *ended("likes"), *ended("full", ago=-FULL_EVERY)], "full"),  # the clock was set back
    ],
)
def test_the_due_crawl(checkpoints: list[Checkpoint], expected: str | None) -> None:
    assert due_crawl(checkpoints, NOW) == expected

"""Which crawl is due."""

from datetime import UTC, datetime, timedelta

import pytest

from indexer.records import TREES, Checkpoint
from scheduler.plan import (
    COUNTERS_EVERY,
    FILES_BUDGET,
    FILES_EVERY,
    FULL_EVERY,
    RECENT_EVERY,
    arguments_of,
    due_crawl,
)

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
COUNTED = [*RECENT, *ended("likes")]


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
        (COUNTED, "files"),
        ([*COUNTED, *under_way(TREES)], "files"),
        ([*COUNTED, *under_way(TREES, MINUTE)], "files"),
        ([*COUNTED, *ended(TREES)], None),
        ([*COUNTED, *ended(TREES, ago=FILES_EVERY)], "files"),
        ([*COUNTED, *under_way(TREES), *ended("created", ago=RECENT_EVERY)], "recent"),
        ([*COUNTED, *ended("full", ago=FULL_EVERY)], "full"),
        ([*COUNTED, *ended("full", ago=-FULL_EVERY)], "full"),  # the clock was set back
    ],
)
def test_the_due_crawl(checkpoints: list[Checkpoint], expected: str | None) -> None:
    assert due_crawl(checkpoints, NOW) == expected


def test_a_crawl_of_files_is_cut_into_pieces() -> None:
    assert arguments_of("files") == ["files", "--budget", str(FILES_BUDGET)]
    assert arguments_of("full") == ["full"]

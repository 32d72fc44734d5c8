"""Which crawl is due."""

from datetime import UTC, datetime, timedelta

import pytest

from indexer.records import Checkpoint
from scheduler.plan import FULL_EVERY, HEAD_EVERY, due_pass

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def ended(name: str, ago: timedelta) -> Checkpoint:
    return Checkpoint(name, None, NOW - ago, finished_at=NOW - ago, last_finished_at=NOW - ago)


def under_way(name: str, last: timedelta | None = None) -> Checkpoint:
    return Checkpoint(name, "https://hub/next", NOW, last_finished_at=NOW - last if last else None)


@pytest.mark.parametrize(
    ("checkpoints", "expected"),
    [
        ([], "head"),
        ([under_way("head")], "head"),
        ([ended("head", MINUTE)], "full"),
        ([ended("head", MINUTE), under_way("full")], "full"),
        ([ended("head", HEAD_EVERY * 9), under_way("full")], "full"),
        ([ended("head", MINUTE), ended("full", MINUTE)], None),
        ([ended("head", HEAD_EVERY + MINUTE), ended("full", MINUTE)], "head"),
        ([ended("head", MINUTE), ended("full", FULL_EVERY + MINUTE)], "full"),
        ([ended("head", MINUTE), under_way("full", MINUTE)], "full"),
    ],
)
def test_the_due_pass(checkpoints: list[Checkpoint], expected: str | None) -> None:
    assert due_pass(checkpoints, NOW) == expected

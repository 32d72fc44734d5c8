"""What a scheduler will run next, as others read it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from indexer.config import HomeConfig
from indexer.planned import SCHEDULE_LOCK, Plan, Planned, read_plan, write_plan
from indexer.process import exclusive

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
PLAN = Plan(NOW, (Planned("crawl-full", "at 03:30", NOW), Planned("crawl-head", "once", waits_for="Done.")))


@pytest.fixture
def config(tmp_path: Path) -> HomeConfig:
    return HomeConfig(home=tmp_path)


def test_a_plan_is_there_as_long_as_its_scheduler_runs(config: HomeConfig) -> None:
    with exclusive(config.lock_folder, SCHEDULE_LOCK):
        assert read_plan(config) is None
        write_plan(config, PLAN)
        assert read_plan(config) == PLAN
    assert read_plan(config) is None


@pytest.mark.parametrize("garbage", [b"", b"{", b"[]", b'{"written_at":"x"}', b"\xff"])
def test_garbage_is_no_plan(config: HomeConfig, garbage: bytes) -> None:
    with exclusive(config.lock_folder, SCHEDULE_LOCK):
        config.plan_path.write_bytes(garbage)
        assert read_plan(config) is None


def test_where_it_cannot_be_written_nothing_is_told(tmp_path: Path) -> None:
    config = HomeConfig(home=tmp_path / "file")
    (tmp_path / "file").write_text("in the way")
    write_plan(config, PLAN)
    assert read_plan(config) is None

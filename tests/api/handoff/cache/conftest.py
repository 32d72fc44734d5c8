from collections.abc import Iterator
from pathlib import Path

import pytest

from api.config import ApiConfig
from api.handoff.jobs.store import JobStore


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    folder = tmp_path / "hub"
    folder.mkdir()
    return folder


@pytest.fixture
def config(tmp_path: Path, cache: Path) -> ApiConfig:
    return ApiConfig(home=tmp_path / "home", hub_cache=cache)


@pytest.fixture
def store(config: ApiConfig) -> Iterator[JobStore]:
    with JobStore(config.jobs_url) as opened:
        yield opened

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.forking import Forks
from tests.journeys.replaying import Replayed, replay


@pytest.fixture(scope="module")
def forks() -> Iterator[Forks]:
    """Commands in forked children."""
    with Forks() as forks:
        yield forks


@pytest.fixture(scope="session")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replayed]:
    """All real models, crawled and indexed once, where this machine has them."""
    folder = Path(os.environ.get("HUBDEX_TEST_DATA") or "/nonexistent")
    if not (folder / "models.jsonl.gz").is_file():
        pytest.skip("no real data: set HUBDEX_TEST_DATA to a folder with models.jsonl.gz")
    with replay(folder, tmp_path_factory.mktemp("real")) as replayed:
        yield replayed

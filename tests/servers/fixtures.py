"""Fixtures that bring a real Meilisearch server; `tests/conftest.py` has them loaded for every test."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.servers.meilisearch import MeiliServer, NoMeilisearchError, find_binary


@pytest.fixture(scope="session")
def meilisearch_binary() -> Path:
    """The server's file; without one the test is skipped, in continuous integration it fails."""
    try:
        return find_binary()
    except NoMeilisearchError as error:
        if os.environ.get("CI"):
            pytest.fail(str(error))
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def meilisearch(meilisearch_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MeiliServer]:
    """A running server without keys, which all tests of a process share: it is not to be stopped."""
    with MeiliServer(tmp_path_factory.mktemp("meilisearch")) as server:
        yield server


@pytest.fixture
def start_meilisearch(meilisearch_binary: Path) -> Iterator[Callable[..., MeiliServer]]:
    """Give what starts a server of the test's own (with `MeiliServer`'s arguments) and ends it behind it."""
    with ExitStack() as servers:

        def start(folder: Path, **options: Any) -> MeiliServer:
            return servers.enter_context(MeiliServer(folder, **options))

        yield start

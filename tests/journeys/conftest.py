from collections.abc import Iterator

import pytest

from tests.journeys.forking import Forks


@pytest.fixture(scope="module")
def forks() -> Iterator[Forks]:
    """Commands in forked children."""
    with Forks() as forks:
        yield forks

"""Tests of what both engines have in common: `pytestmark = pytest.mark.usefixtures("each_engine")`."""

from collections.abc import Iterator

import pytest

from tests.indexer.engines import Embedded, Engine, Meili, using


@pytest.fixture(
    scope="module", params=["embedded", pytest.param("meilisearch", marks=pytest.mark.meilisearch)]
)
def each_engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    if request.param == "embedded":
        with using(Embedded()) as engine:
            yield engine
        return
    yield request.getfixturevalue("meili")


@pytest.fixture(scope="module")
def meili(request: pytest.FixtureRequest) -> Iterator[Meili]:
    """The server as the engine of this module's tests; its indexes are removed behind them."""
    server = Meili(request.getfixturevalue("meilisearch").url)
    with using(server):
        yield server
    server.clear()

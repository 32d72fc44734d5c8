"""What people type is answered as the table says, over a shelf of some two thousand models."""

from collections.abc import Iterator

import pytest

from tests.indexer.house import House
from tests.indexer.relevance import WISHES, Asked, Wish, shelf

pytestmark = pytest.mark.usefixtures("each_engine")


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    house = House(tmp_path_factory.mktemp("shelf"), shelf())
    yield Asked(house.ask, frozenset(one.lower() for one in house.ids))
    house.catalog.close()


@pytest.mark.parametrize("wish", WISHES, ids=lambda wish: wish.text)
def test_what_is_typed_is_answered(asked: Asked, wish: Wish) -> None:
    assert list(asked.complaints(wish)) == []


def test_the_table_asks_for_what_the_shelf_has(asked: Asked) -> None:
    wanted = {repo_id.lower() for wish in WISHES for repo_id in wish.lists}

    assert wanted - set(asked.held) == set()
    assert len({wish.text for wish in WISHES}) == len(WISHES) >= 150

"""What people type is answered as the table says, over all real models."""

import pytest

from indexer.query import parse_query
from indexer.search import SearchPage
from tests.indexer.relevance import WISHES, Asked, Wish
from tests.journeys.replaying import Replayed

pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module")
def asked(replayed: Replayed) -> Asked:
    def ask(text: str, limit: int, offset: int) -> SearchPage:
        return replayed.search.answer(parse_query(text, limit=limit, offset=offset))

    return Asked(ask, frozenset(repo_id.lower() for repo_id in replayed.listed))


@pytest.mark.parametrize("wish", WISHES, ids=lambda wish: wish.text)
def test_what_is_typed_is_answered(asked: Asked, wish: Wish) -> None:
    assert list(asked.complaints(wish)) == []

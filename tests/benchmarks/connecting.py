"""What a connection that is kept is worth: the same searches through the official client, without one."""

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from meilisearch import Client

from indexer.engines.meilisearch.asking import Asker, Question
from indexer.engines.meilisearch.fields import MODELS, PREFIX
from indexer.engines.meilisearch.lookups import equal
from indexer.engines.terms import NAME
from indexer.grams import GRAM
from indexer.text import compact
from tests.benchmarks.figures import Figure, spread
from tests.benchmarks.sides import Side

SEARCHES = 500
PATIENCE_SECONDS = 10.0


def connections(side: Side, names: Sequence[str]) -> Iterator[Figure]:
    """Ask one search a request, in turns by the one way and by the other."""
    assert side.server is not None
    client, asker = Client(side.server.url), Asker(side.server.url, None)
    kept: list[tuple[float, str]] = []
    opened: list[tuple[float, str]] = []
    for question in _questions(names):
        opened.append((_took(partial(client.multi_search, [question.body()])), question.filter))
        deadline = time.monotonic() + PATIENCE_SECONDS
        kept.append((_took(partial(asker.ask, [question], deadline)), question.filter))
    yield spread("one search: a connection each, the official client", opened)
    yield spread("one search: a connection that is kept", kept)


def _questions(names: Sequence[str]) -> list[Question]:
    """Give searches for beginnings of the names, shorter and longer ones; few names give some again."""
    tokens = [compact(name.rpartition("/")[2])[: 1 + at % GRAM] for at, name in enumerate(names)]
    filters = [equal(NAME.grams, [token]) for token in tokens if token]
    return [Question(f"{PREFIX}-{MODELS}", filters[at % len(filters)], limit=20) for at in range(SEARCHES)]


def _took(ask: Callable[[], object]) -> float:
    began = time.perf_counter()
    ask()
    return (time.perf_counter() - began) * 1000

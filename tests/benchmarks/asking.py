"""Asking the product's own search, in this process."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from indexer.catalog.store import Catalog
from indexer.engines.embedded.reader import EmbeddedReader
from indexer.filters import Facet
from indexer.search import Search
from tests.benchmarks.figures import Timings
from tests.benchmarks.questions import Question

WARM = "warm"
"""Asked first: an index is opened by the first search."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that was answered: hits and total come in one answer, with facets or without."""

    question: Question
    took_ms: float
    """As the answer itself says."""
    total: int


def database_of(home: Path) -> str:
    return f"sqlite:///{home / 'catalog.db'}"


@contextmanager
def opened(home: Path) -> Iterator[Search]:
    """Open a home for searching; nothing is remembered yet."""
    with Catalog(database_of(home), read_only=True) as catalog:
        yield Search(catalog, EmbeddedReader(home / "index"))


def ask(search: Search, question: Question, facets: Sequence[Facet] = ()) -> Asked:
    page = search.answer(question.query(facets))
    return Asked(question, page.took_ms, page.total)


def ask_all(search: Search, questions: Iterable[Question], facets: Sequence[Facet] = ()) -> list[Asked]:
    return [ask(search, question, facets) for question in questions]


def timings_of(asked: Iterable[Asked]) -> Timings:
    return [(one.took_ms, one.question.text) for one in asked]

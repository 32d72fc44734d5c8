"""Clients that type at the same time: threads that share one reader, as in the product's service."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from indexer.errors import EngineError
from indexer.filters import Facet
from indexer.search import Search
from tests.benchmarks.figures import Timings
from tests.benchmarks.questions import Question


@dataclass(frozen=True, slots=True)
class Answered:
    """What one question was answered."""

    question: Question
    took_ms: float
    """As the answer itself says."""
    total: int
    is_exact: bool
    ids: tuple[str, ...]


@dataclass(slots=True)
class Asked:
    """What became of questions."""

    answered: list[Answered] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    """What was asked, and why there was no answer."""
    seconds: float = 0.0

    def ask(self, search: Search, question: Question, facets: Sequence[Facet] = ()) -> None:
        """Ask one more question."""
        try:
            page = search.answer(question.query(facets))
        except EngineError as error:
            self.failed.append((question.text, str(error)))
            return
        ids = tuple(hit.model.record.repo_id for hit in page.hits)
        self.answered.append(Answered(question, page.took_ms, page.total, page.total_exact, ids))

    def timings(self) -> Timings:
        return [(one.took_ms, one.question.text) for one in self.answered]

    def failure(self) -> str:
        """Say what failed first; empty when nothing did."""
        return "" if not self.failed else "first `{}`: {}".format(*self.failed[0])


def ask_at_once(
    search: Search, questions: Sequence[Question], clients: int, facets: Sequence[Facet] = ()
) -> Asked:
    """Let clients ask at the same time, each its part."""

    def ask(part: Sequence[Question]) -> Asked:
        asked = Asked()
        for question in part:
            asked.ask(search, question, facets)
        return asked

    began = time.perf_counter()
    with ThreadPoolExecutor(clients) as threads:
        parts = list(threads.map(ask, [questions[at::clients] for at in range(clients)]))
    seconds = time.perf_counter() - began
    answered = [one for part in parts for one in part.answered]
    return Asked(answered, [one for part in parts for one in part.failed], seconds)

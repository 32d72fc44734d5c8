"""The read side of the shared engine: one server, or several that hold the same."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from itertools import count
from typing import TypeVar

from indexer.engines.contract import HeldIndex, IndexState, OwnerSelection, Selection
from indexer.engines.meilisearch.asking import Answer, Asker, Question
from indexer.engines.meilisearch.fields import PREFIX
from indexer.engines.meilisearch.lookups import FilterTerms
from indexer.engines.meilisearch.owners import OwnerSearching
from indexer.engines.meilisearch.replica import Replica
from indexer.engines.meilisearch.searching import Searching
from indexer.engines.meilisearch.variants import SearchingByVariants, SearchingVariants
from indexer.errors import EngineError, EngineUnavailable
from indexer.query import SearchQuery

ANSWER_SECONDS = 0.9
"""An answer that takes longer is none: somebody is typing."""
SHARE = 0.5
"""Of the time that is left, each of several servers gets so much, and the last all."""
LOOK_SECONDS = 2.0
"""Servers that were not asked for so long are looked at, beside the answer."""

T = TypeVar("T")


class MeiliReader:
    """Answers from the servers; safe to share between threads.

    Several servers are copies of one another. Those are asked in turn that answer and, as far as is
    known, follow as far as any.

    Args:
        askers: the servers.
        hold: holds the index of one of them still, to be compared.
        prefix: what the names of the indexes begin with.
        answer_seconds: an answer that takes longer is given up.

    """

    def __init__(
        self,
        askers: Sequence[Asker],
        hold: Callable[[IndexState], HeldIndex],
        prefix: str = PREFIX,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self._replicas = [Replica(asker, prefix) for asker in askers]
        self._hold = hold
        self._answer_seconds = answer_seconds
        self._turn = count()
        self._looking = ThreadPoolExecutor(len(self._replicas), "looking at search servers")

    def state(self) -> IndexState:
        """Give how far the indexes follow.

        Raises:
            EngineUnavailable: there is none yet, or no server answers.

        """
        return self._from_one(lambda replica, deadline: replica.ask([], deadline)[1])

    def search(self, query: SearchQuery) -> Selection:
        """Select a page of models or variants, best first.

        Raises:
            BadRequest: the page is out of reach.
            EngineUnavailable: there is no index yet, or no server answers.
            EngineError: the index cannot be read.

        """
        asked = replace(query, text="")
        return self._from_one(lambda replica, deadline: _search(replica, asked, deadline))

    def owners(self, prefix: str, limit: int) -> OwnerSelection:
        """Select owners whose compact text begins with a prefix, best first; raises what `search` does."""
        return self._from_one(lambda replica, deadline: _owners(replica, prefix, limit, deadline))

    def hold(self) -> HeldIndex:
        """Hold the newest state still; raises what `state` does."""
        return self._hold(self.state())

    def _from_one(self, ask: Callable[[Replica, float], T]) -> T:
        """Ask the servers one after the other until one answers."""
        now = time.monotonic()
        self._look_at_others(now)
        end = now + self._answer_seconds
        chosen = self._in_order()
        error: EngineError = EngineUnavailable("No search server is set.")
        for at, replica in enumerate(chosen, 1):
            if replica.trouble is not None:
                error = replica.trouble
                continue
            last = at == len(chosen) or all(one.trouble for one in chosen[at:])
            now = time.monotonic()
            deadline = now + (end - now) * (1.0 if last else SHARE)
            try:
                return ask(replica, deadline)
            except EngineUnavailable as unavailable:
                replica.avoid(unavailable)
                error = unavailable
            except EngineError as failed:
                error = failed
        raise error

    def _in_order(self) -> list[Replica]:
        """Give the servers: those that follow the furthest in turn, then the others."""
        if len(self._replicas) == 1:
            return self._replicas
        turn = next(self._turn) % len(self._replicas)
        rotated = [*self._replicas[turn:], *self._replicas[:turn]]
        return sorted(rotated, key=_behind)

    def _look_at_others(self, now: float) -> None:
        """Ask servers how they are that nobody asked for a while; nobody waits for that."""
        if len(self._replicas) == 1:
            return
        for replica in self._replicas:
            if now - replica.looked_at > LOOK_SECONDS and replica.trouble is None:
                replica.looked_at = now
                self._looking.submit(_look, replica)


def _behind(replica: Replica) -> tuple[int, int, int]:
    state = replica.known
    return (1, 0, 0) if state is None else (0, -state.serial, -state.counters_serial)


def _look(replica: Replica) -> None:
    with suppress(EngineUnavailable):
        replica.ask([], time.monotonic() + ANSWER_SECONDS)


class _Moved(Exception):
    """The indexes have come further between two requests of one search: it begins again."""


def _terms(replica: Replica, index: str, deadline: float) -> FilterTerms:
    known = replica.frequencies_of(index)  # others when the indexes have moved

    def ask(questions: Sequence[Question]) -> list[Answer]:
        answers, _ = replica.ask(questions, deadline)
        if replica.frequencies_of(index) is not known:
            raise _Moved
        return answers

    return FilterTerms(index, ask, known)


def _search(replica: Replica, query: SearchQuery, deadline: float) -> Selection:
    while True:
        searching, terms = _searching(replica, query, deadline)
        answers, state = replica.ask(searching.first(), deadline)
        with suppress(_Moved):
            if terms.is_of(replica.frequencies_of(terms.index)):
                return searching.run(answers, state)


def _searching(replica: Replica, query: SearchQuery, deadline: float) -> tuple[Searching, FilterTerms]:
    if not query.is_of_variants:
        terms = _terms(replica, replica.models_index, deadline)
        return Searching(terms, query), terms
    terms = _terms(replica, replica.variants_index, deadline)
    if query.kind == "model":
        return SearchingByVariants(terms, query), terms
    return SearchingVariants(terms, query), terms


def _owners(replica: Replica, prefix: str, limit: int, deadline: float) -> OwnerSelection:
    while True:
        terms = _terms(replica, replica.models_index, deadline)
        _, state = replica.ask([], deadline)
        with suppress(_Moved):
            if terms.is_of(replica.frequencies_of(terms.index)):
                found = OwnerSearching(terms.index, terms, prefix, limit).run()
                return OwnerSelection(found, state)

"""Owners by how their names begin, from one commit of the embedded index.

What a broad beginning shows first is found among few models, as in a search: owners of famous models
come before those of known ones, and those before all others. So nothing has to be made ready, and
many models that hardly anybody downloads do not make an owner a great one.
"""

from collections.abc import Collection, Iterator
from functools import partial
from itertools import islice
from math import inf

import tantivy

from indexer.engines.chosen import Chosen
from indexer.engines.contract import SelectedOwner
from indexer.engines.embedded.lookups import Query
from indexer.engines.owners import Weighed, first_owners
from indexer.engines.selecting import Selector
from indexer.engines.terms import (
    AUTHOR,
    DOWNLOADS,
    EXACT,
    NUMBER,
    OWNER,
    OWNER_PREFIX,
    OWNER_PREFIX_GRAM,
    TIERS,
)
from indexer.query import SearchQuery

FETCHED = (40, 1_000)
"""Owners that are weighed: first so many, then more when all of these are equally popular."""
SPREAD = 3
"""So many times as many are weighed in each segment, because an owner's models are spread over all."""


class OwnerSearching:
    """One search for owners on one commit of an index.

    Args:
        searcher: the commit.
        selector: the one for this commit.
        prefix: what the owner's compact text begins with.
        limit: owners that are wanted.

    """

    def __init__(
        self, searcher: tantivy.Searcher, selector: Selector[Query], prefix: str, limit: int
    ) -> None:
        self._searcher = searcher
        self._selector = selector
        self._prefix = prefix
        self._limit = limit
        self._found: dict[str, int] = {}
        """Owners, best first, and the number of a model of each."""

    def run(self) -> tuple[SelectedOwner, ...]:
        """Select owners, best first.

        Those that are called exactly so come first. The others stand by the best tier that a model of
        theirs is in, then by the downloads of their models in it, taken together, then by name.
        """
        for models, most in self._wanted():
            for narrowed in self._tiers(models):
                if len(self._found) >= self._limit or self._models_at_most() >= most:
                    break
                self._add(narrowed)
        found = dict(islice(self._found.items(), self._limit))
        counts = self._counts(found)
        return tuple(SelectedOwner(number, counts[owner]) for owner, number in found.items())

    def _wanted(self) -> Iterator[tuple[Chosen[Query], float]]:
        """Select the models of owners called just so, then of all that begin so; at most so many each."""
        count, prefix = self._searcher.doc_freq, self._prefix
        steps: list[tuple[SearchQuery, float]] = []
        if prefix:
            called = SearchQuery(owner=prefix, owner_only=True)
            steps.append((called, count(OWNER.wholes, EXACT + prefix)))
        is_counted = 0 < len(prefix) <= OWNER_PREFIX_GRAM
        steps.append((SearchQuery(owner=prefix), count(OWNER_PREFIX, prefix) if is_counted else inf))
        for query, most in steps:
            models = self._selector.everything(query)
            if models is not None:
                yield models, most

    def _tiers(self, models: Chosen[Query]) -> Iterator[Chosen[Query]]:
        for tier, _ in TIERS:
            popular = self._selector.in_tier(models, tier)
            if popular is not None:
                yield popular
        yield models

    def _models_at_most(self) -> int:
        """Count the models of the owners found so far, with those that are deleted but still stored."""
        return sum(self._searcher.doc_freq(AUTHOR, owner) for owner in self._found)

    def _add(self, models: Chosen[Query]) -> None:
        """Find the owners of these models."""
        weigh = partial(self._weighed, models)
        for owner, number in first_owners(weigh, FETCHED, self._limit, self._prefix):
            self._found.setdefault(owner, number)

    def _weighed(self, models: Chosen[Query], size: int) -> list[Weighed]:
        """Give owners of these models, the heaviest first, with a model of each."""
        told = {"weight": {"sum": {"field": DOWNLOADS}}, "number": {"max": {"field": NUMBER}}}
        terms = {"field": AUTHOR, "size": size, "segment_size": SPREAD * size, "order": {"weight": "desc"}}
        counted = self._searcher.aggregate(
            models.query(self._selector.terms), {"owners": {"terms": terms, "aggs": told}}
        )
        return sorted(
            (-float(one["weight"]["value"]), str(one["key"]), int(one["number"]["value"]))
            for one in counted["owners"]["buckets"]
        )

    def _counts(self, owners: Collection[str]) -> dict[str, int]:
        """Count the models of each of these owners."""
        if not owners:
            return {}
        known = (self._selector.terms.term(AUTHOR, one) for one in owners)
        models = self._selector.terms.any_of([one for one in known if one is not None])
        counted = self._searcher.aggregate(
            models, {"owners": {"terms": {"field": AUTHOR, "size": len(owners)}}}
        )
        return {str(one["key"]): int(one["doc_count"]) for one in counted["owners"]["buckets"]}

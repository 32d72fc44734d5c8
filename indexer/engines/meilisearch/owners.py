"""Owners by how their names begin, from one server.

The server gives each owner with its most downloaded model; what the models of those are downloaded, taken
together, is added up here, of a few hundred models at most: the order of the embedded engine but where
many owners of many models are about as popular.
"""

from collections.abc import Sequence
from functools import partial
from itertools import islice

from indexer.engines.chosen import Chosen
from indexer.engines.contract import SelectedOwner
from indexer.engines.meilisearch.asking import Question
from indexer.engines.meilisearch.lookups import Filter, FilterTerms, equal
from indexer.engines.owners import Weighed, first_owners
from indexer.engines.selecting import Selector
from indexer.engines.terms import AUTHOR, DOWNLOADS, NUMBER, TIER, TIERS
from indexer.query import SearchQuery

FETCHED = (30, 1_000)
"""Owners that are weighed: first so many, then more when all of these are equally popular."""
ADDED_UP = 300
"""Models whose downloads are added up at most, the most downloaded first: getting each takes 40 µs."""


class OwnerSearching:
    """One search for owners.

    Args:
        index: the index's name.
        terms: its look-ups.
        prefix: what the owner's compact text begins with.
        limit: owners that are wanted.

    """

    def __init__(self, index: str, terms: FilterTerms, prefix: str, limit: int) -> None:
        self._index = index
        self._terms = terms
        self._selector: Selector[Filter] = Selector(terms, terms.nears)
        self._prefix = prefix
        self._limit = limit
        self._found: dict[str, int] = {}
        """Owners, best first, and the number of a model of each."""

    def run(self) -> tuple[SelectedOwner, ...]:
        """Select owners, best first.

        Those that are called exactly so come first. The others stand by the best tier that a model of
        theirs is in, then by the downloads of their models in it, taken together, then by name.
        """
        called = SearchQuery(owner=self._prefix, owner_only=True) if self._prefix else None
        for query in filter(None, (called, SearchQuery(owner=self._prefix))):
            models = self._selector.everything(query)
            for tier in [] if models is None else self._tiers(models, query):
                if len(self._found) < self._limit:
                    self._add(tier)
        found = dict(islice(self._found.items(), self._limit))
        counts = self._counts(list(found))
        return tuple(SelectedOwner(number, counts.get(owner, 0)) for owner, number in found.items())

    def _tiers(self, models: Chosen[Filter], query: SearchQuery) -> list[Filter]:
        """Give the models by tiers, the best first; all at once where they are one owner's, or nobody's."""
        everything = models.query(self._terms)
        if query.owner_only:
            [answer] = self._terms.ask([Question(self._index, everything, 2, distinct=AUTHOR)])
            if len(answer.hits) < 2:
                return [everything][: len(answer.hits)]
        tiers = [models.narrowed([equal(TIER, [name])]).query(self._terms) for name, _ in TIERS]
        return [*tiers, everything]

    def _add(self, models: Filter) -> None:
        """Find the owners of these models."""
        weigh = partial(self._weighed, models)
        for owner, number in first_owners(weigh, FETCHED, self._limit, self._prefix):
            self._found.setdefault(owner, number)

    def _weighed(self, models: Filter, size: int) -> list[Weighed]:
        """Give owners of these models, the heaviest first, with a model of each."""
        order, fields = (f"{DOWNLOADS}:desc",), (AUTHOR, NUMBER, DOWNLOADS)
        best = Question(self._index, models, size, sort=order, fields=fields, distinct=AUTHOR)
        numbers: dict[str, int] = {}
        [answer] = self._terms.ask([best])
        for hit in answer.hits:
            for owner in _owners_in(hit):
                numbers.setdefault(owner, int(str(hit[NUMBER])))
        if not numbers:
            return []
        theirs = self._terms.all_of([models, equal(AUTHOR, list(numbers))])
        [answer] = self._terms.ask([Question(self._index, theirs, ADDED_UP, sort=order, fields=fields)])
        weights = dict.fromkeys(numbers, 0)
        for hit in answer.hits:
            for owner in _owners_in(hit):
                weights[owner] = weights.get(owner, 0) - int(str(hit[DOWNLOADS]))
        return sorted((weights[owner], owner, number) for owner, number in numbers.items())

    def _counts(self, owners: Sequence[str]) -> dict[str, int]:
        """Count the models of each of these owners."""
        questions = [Question(self._index, equal(AUTHOR, [owner])) for owner in owners]
        answers = self._terms.ask(questions) if questions else []
        return {owner: answer.total for owner, answer in zip(owners, answers, strict=True)}


def _owners_in(hit: object) -> list[str]:
    stored = hit.get(AUTHOR) if isinstance(hit, dict) else None
    return [str(owner) for owner in stored] if isinstance(stored, list) else []

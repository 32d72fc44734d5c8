"""What the hits of a search are: documents, or the models whose variants were found."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol, TypeAlias

import tantivy

from indexer.engines.chosen import Chosen
from indexer.engines.contract import FacetCounts, Selected
from indexer.engines.embedded.filtering import (
    count_facets,
    count_facets_of_models,
    count_models,
    estimate_facets,
)
from indexer.engines.embedded.lookups import Query
from indexer.engines.paging import COUNTED, WALKED
from indexer.engines.selecting import Selector
from indexer.engines.terms import CODE, DOWNLOADS, NUMBER, ORDERS, POPULARITY, SAMPLE, SAMPLED, TIERS
from indexer.filters import Facet
from indexer.query import SearchQuery
from indexer.ranking import FAMILY, Step

Steps: TypeAlias = Sequence[tuple[Step | None, Chosen[Query]]]
"""The steps of the order, first to last; each may repeat hits of those before it."""

SPREAD = 4
"""So many variants are looked at for each model that is wanted; then so many times as many."""


class Total(NamedTuple):
    """How much was found."""

    hits: int
    documents: int
    is_exact: bool = True
    """Whether the hits were counted one by one."""


class Hits(Protocol):
    """What the hits of a search are."""

    def total(self, chosen: Chosen[Query]) -> Total:
        """Count the hits among these documents."""
        ...

    def models(self, chosen: Chosen[Query], total: Total) -> int:
        """Count the models of these hits, as well as it takes to tell a family by it."""
        ...

    def all(self, chosen: Chosen[Query], total: Total) -> list[Selected]:
        """Give all hits, few of them, in the order of the query's sort."""
        ...

    def page(self, steps: Steps, total: int) -> tuple[Selected, ...]:
        """Walk the steps, skipping `offset` hits, until the page is full or nothing is left."""
        ...

    def facets(
        self, chosen: Chosen[Query], facets: Sequence[Facet], total: Total
    ) -> tuple[FacetCounts, bool]:
        """Count the hits by the values of these fields; and tell whether they were counted one by one."""
        ...


class Looking:
    """Looks documents of one commit of an index up.

    Args:
        searcher: the commit.
        selector: the one for this commit.
        query: what is asked.

    """

    def __init__(self, searcher: tantivy.Searcher, selector: Selector[Query], query: SearchQuery) -> None:
        self.searcher = searcher
        self._selector = selector
        self._order = query.sort if query.sort in ORDERS else POPULARITY
        self._codes = query.kind == "variant"

    def query(self, chosen: Chosen[Query]) -> Query:
        """Give Tantivy's query for these documents."""
        return chosen.query(self._selector.terms)

    def count(self, chosen: Chosen[Query]) -> int:
        """Count documents."""
        # Counting by aggregation scores nothing: two thirds of the time of a search that counts.
        documents = {"documents": {"value_count": {"field": POPULARITY}}}
        return int(self.searcher.aggregate(self.query(chosen), documents)["documents"]["value"])

    def first(self, chosen: Chosen[Query], limit: int, offset: int = 0) -> list[tuple[int, int]]:
        """Give the first documents in the order that is asked for: numbers, and codes where they are wanted.

        Those that are equal in it come as they lie, the variants of a model beside one another.
        """
        result = self.searcher.search(
            self.query(chosen), limit, count=False, order_by_field=self._order, offset=offset
        )
        addresses = [address for _, address in result.hits]
        numbers = self._values(NUMBER, addresses)
        codes = self._values(CODE, addresses) if self._codes else [0] * len(numbers)
        return list(zip(numbers, codes, strict=True))

    def tiers(self, chosen: Chosen[Query]) -> Iterator[Chosen[Query]]:
        """Give the popular ones of some documents, then all: each has those before it in front."""
        for tier, _ in TIERS if self._order in {POPULARITY, DOWNLOADS} else ():
            popular = self._selector.in_tier(chosen, tier)
            if popular is not None:
                yield popular
        yield chosen

    def sample(self, chosen: Chosen[Query]) -> Chosen[Query] | None:
        """Give those of the documents that are in the sample, one model of `SAMPLED`."""
        return self._selector.in_tier(chosen, SAMPLE)

    def _values(self, field: str, addresses: list[tantivy.DocAddress]) -> list[int]:
        values = self.searcher.fast_field_values(field, addresses) if addresses else []
        return [int(value) for value in values if value is not None]


class DocumentHits:
    """Each document that is found is a hit.

    Args:
        looking: looks them up.
        query: what is asked.

    """

    def __init__(self, looking: Looking, query: SearchQuery) -> None:
        self._looking = looking
        self._query = query

    def total(self, chosen: Chosen[Query]) -> Total:
        """Count the documents."""
        count = self._looking.count(chosen)
        return Total(count, count)

    def models(self, chosen: Chosen[Query], total: Total) -> int:
        """Count the models; no model has so many variants that very many were of no family."""
        if self._query.kind == "model" or not FAMILY < total.documents <= COUNTED:
            return total.documents
        return count_models(self._looking.searcher, self._looking.query(chosen))

    def all(self, chosen: Chosen[Query], total: Total) -> list[Selected]:
        """Give all documents."""
        found = self._looking.first(chosen, total.documents) if total.documents else []
        return [Selected(number, None, code) for number, code in found]

    def page(self, steps: Steps, total: int) -> tuple[Selected, ...]:
        """Walk the steps, skipping those that lie before the page."""
        selected: list[Selected] = []
        before: list[Query] = []
        skip, want = self._query.offset, min(self._query.limit, max(0, total - self._query.offset))
        for step, chosen in steps:
            if len(selected) >= want:
                break
            own = chosen.without(before)
            before.append(self._looking.query(chosen))
            if skip and (here := self._looking.count(own)) <= skip:
                skip -= here
                continue
            found = self._of_step(own, want - len(selected), skip)
            skip = 0
            selected += [Selected(number, step, code) for number, code in found]
        return tuple(selected)

    def facets(
        self, chosen: Chosen[Query], facets: Sequence[Facet], total: Total
    ) -> tuple[FacetCounts, bool]:
        """Count the documents; of very many they are estimated from a sample."""
        searcher, query = self._looking.searcher, self._looking.query
        sample = self._looking.sample(chosen) if total.documents > COUNTED else None
        if sample is None:
            return count_facets(searcher, query(chosen), facets), True
        return count_facets(searcher, query(sample), facets, times=SAMPLED), False

    def _of_step(self, chosen: Chosen[Query], limit: int, offset: int) -> list[tuple[int, int]]:
        """Give the first of a step; the popular ones of a tier are all before those outside it."""
        found: list[tuple[int, int]] = []
        for narrowed in self._looking.tiers(chosen):
            found = self._looking.first(narrowed, limit, offset)
            if len(found) == limit:
                break
        return found


class ModelHits:
    """Each model is a hit once, however many of its variants are found; it stands where its first does.

    Args:
        looking: looks variants up.
        query: what is asked.

    """

    def __init__(self, looking: Looking, query: SearchQuery) -> None:
        self._looking = looking
        self._query = query

    def total(self, chosen: Chosen[Query]) -> Total:
        """Count the models of few variants; of more, estimate them, of very many from a sample."""
        documents = self._looking.count(chosen)
        if documents <= WALKED:
            return Total(len(self._models(chosen, documents)), documents)
        sample = self._looking.sample(chosen) if documents > COUNTED else None
        searcher, query = self._looking.searcher, self._looking.query
        if sample is None:
            return Total(count_models(searcher, query(chosen)), documents, is_exact=False)
        return Total(SAMPLED * count_models(searcher, query(sample)), documents, is_exact=False)

    def models(self, chosen: Chosen[Query], total: Total) -> int:  # noqa: ARG002  they were counted
        """Give how many models there are."""
        return total.hits

    def all(self, chosen: Chosen[Query], total: Total) -> list[Selected]:
        """Give all models."""
        return [Selected(number) for number in self._models(chosen, total.documents)]

    def page(self, steps: Steps, total: int) -> tuple[Selected, ...]:  # noqa: ARG002  an estimate ends no page
        """Walk the steps from the first model on: what was found once is no hit again."""
        found: dict[int, Step | None] = {}
        end = self._query.offset + self._query.limit
        for step, chosen in steps:
            if len(found) >= end:
                break
            found |= dict.fromkeys(self._of_step(chosen, found, end - len(found)), step)
        page = list(found.items())[self._query.offset : end]
        return tuple(Selected(number, step) for number, step in page)

    def facets(
        self, chosen: Chosen[Query], facets: Sequence[Facet], total: Total
    ) -> tuple[FacetCounts, bool]:
        """Count the models of few variants; of more they are estimated, of very many from a sample."""
        searcher, query = self._looking.searcher, self._looking.query
        if total.documents <= WALKED:
            counts = count_facets_of_models(searcher, query(chosen), facets, max(1, total.documents))
            return counts, True
        sample = self._looking.sample(chosen) if total.documents > COUNTED else None
        if sample is None:
            return estimate_facets(searcher, query(chosen), facets), False
        return estimate_facets(searcher, query(sample), facets, times=SAMPLED), False

    def _models(self, chosen: Chosen[Query], documents: int) -> list[int]:
        found = self._looking.first(chosen, documents) if documents else []
        return list(dict.fromkeys(number for number, _ in found))

    def _of_step(self, chosen: Chosen[Query], before: Mapping[int, Step | None], limit: int) -> Sequence[int]:
        """Give the first models of a step that are in none before it."""
        new: list[int] = []
        for narrowed in self._looking.tiers(chosen):
            documents = SPREAD * (limit + len(before))
            while True:
                found = self._looking.first(narrowed, documents)
                new = [number for number in dict.fromkeys(one for one, _ in found) if number not in before]
                if len(new) >= limit:
                    return new[:limit]
                if len(found) < documents:
                    break
                documents *= SPREAD
        return new

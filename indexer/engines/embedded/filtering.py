"""From filters to Tantivy queries, and from a query to counts of the values that were found."""

from collections.abc import Sequence

import tantivy

from indexer.engines.chosen import Chosen
from indexer.engines.contract import FacetCounts
from indexer.engines.terms import NEEDS, NUMBER, QUANTS, RANGES, TAGS
from indexer.filters import FACET_VALUES, Facet, Filters
from indexer.measures import MOST

_MUST, _SHOULD = tantivy.Occur.Must, tantivy.Occur.Should


class Filtering:
    """Narrows queries to what filters let through.

    Args:
        schema: the index's.
        filters: what is asked for.

    """

    def __init__(self, schema: tantivy.Schema, filters: Filters) -> None:
        self._schema = schema
        self._clauses = [self._any_of(facet, values) for facet, values in filters.any_of]
        self._clauses += [self._token(TAGS, tag) for tag in filters.tags]
        for measure, bounds in filters.ranges:
            self._clauses.append(self._range(RANGES[measure], bounds.least or 0, bounds.most))
        if filters.fits is not None:
            self._clauses.append(self._range(NEEDS[filters.context_place], 0, filters.fits.total))

    def narrowed(self, chosen: Chosen[tantivy.Query]) -> Chosen[tantivy.Query]:
        """Give those of the models that the filters let through."""
        return chosen.narrowed(self._clauses)

    def _any_of(self, facet: Facet, values: Sequence[str]) -> tantivy.Query:
        field = QUANTS if facet == "quant" else facet
        return tantivy.Query.boolean_query([(_SHOULD, self._token(field, value)) for value in values])

    def _token(self, field: str, token: str) -> tantivy.Query:
        return tantivy.Query.term_query(self._schema, field, token, "basic")

    def _range(self, field: str, least: int, most: int | None) -> tantivy.Query:
        most = MOST if most is None else min(most, MOST)
        if least > most:
            return tantivy.Query.empty_query()
        return tantivy.Query.range_query(self._schema, field, tantivy.FieldType.Unsigned, least, most)


def count_facets(
    searcher: tantivy.Searcher, query: tantivy.Query, facets: Sequence[Facet], times: int = 1
) -> FacetCounts:
    """Count the documents a query selects by the values of these fields; each stands for so many."""
    asked = {facet: {"terms": {"field": facet, "size": FACET_VALUES}} for facet in facets}
    counted = searcher.aggregate(query, asked)
    return {
        facet: tuple((str(one["key"]), int(one["doc_count"]) * times) for one in counted[facet]["buckets"])
        for facet in facets
    }


def count_models(searcher: tantivy.Searcher, query: tantivy.Query) -> int:
    """Estimate of how many models a query selects variants: some one in a hundred too many or too few."""
    models = {"models": {"cardinality": {"field": NUMBER}}}
    return int(searcher.aggregate(query, models)["models"]["value"])


def estimate_facets(
    searcher: tantivy.Searcher, query: tantivy.Query, facets: Sequence[Facet], times: int = 1
) -> FacetCounts:
    """Estimate how many models of the selected variants have the values of these fields."""
    models = {"models": {"cardinality": {"field": NUMBER}}}
    terms = {"size": FACET_VALUES, "order": {"models": "desc"}}
    asked = {facet: {"terms": {"field": facet, **terms}, "aggs": models} for facet in facets}
    counted = searcher.aggregate(query, asked)
    return {
        facet: tuple(
            (str(one["key"]), int(one["models"]["value"]) * times) for one in counted[facet]["buckets"]
        )
        for facet in facets
    }


def count_facets_of_models(
    searcher: tantivy.Searcher, query: tantivy.Query, facets: Sequence[Facet], variants: int
) -> FacetCounts:
    """Count the models of the selected variants, few of them, by the values of these fields.

    Args:
        searcher: of the index of variants.
        query: what selects them.
        facets: the fields.
        variants: how many there are.

    """
    models = {"models": {"terms": {"field": NUMBER, "size": variants}}}
    asked = {facet: {"terms": {"field": facet, "size": variants}, "aggs": models} for facet in facets}
    counted = searcher.aggregate(query, asked)
    facet_counts: dict[Facet, tuple[tuple[str, int], ...]] = {}
    for facet in facets:
        values = [(str(one["key"]), len(one["models"]["buckets"])) for one in counted[facet]["buckets"]]
        values.sort(key=lambda value: -value[1])
        facet_counts[facet] = tuple(values[:FACET_VALUES])
    return facet_counts

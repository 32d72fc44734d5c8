"""From filters to Tantivy queries, and from a query to counts of the values that were found."""

from collections.abc import Sequence

import tantivy

from indexer.documents import MAX_PARAMS
from indexer.engines.chosen import Chosen
from indexer.engines.contract import FacetCounts
from indexer.engines.terms import PARAMS, TAGS
from indexer.filters import FACET_VALUES, Facet, Filters
from indexer.measures import Bounds

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
        params = filters.bounds_of("params")
        if params != Bounds():
            self._clauses.append(self._range(params.least or 0, params.most))

    def narrowed(self, chosen: Chosen[tantivy.Query]) -> Chosen[tantivy.Query]:
        """Give those of the models that the filters let through."""
        return chosen.narrowed(self._clauses)

    def _any_of(self, facet: Facet, values: Sequence[str]) -> tantivy.Query:
        return tantivy.Query.boolean_query([(_SHOULD, self._token(facet, value)) for value in values])

    def _token(self, field: str, token: str) -> tantivy.Query:
        return tantivy.Query.term_query(self._schema, field, token, "basic")

    def _range(self, least: int, most: int | None) -> tantivy.Query:
        most = MAX_PARAMS if most is None else min(most, MAX_PARAMS)
        if least > most:
            return tantivy.Query.empty_query()
        return tantivy.Query.range_query(self._schema, PARAMS, tantivy.FieldType.Unsigned, least, most)


def count_facets(
    searcher: tantivy.Searcher, query: tantivy.Query, facets: Sequence[Facet], times: int = 1
) -> FacetCounts:
    """Count the models a query selects by the values of these fields; each stands for so many."""
    if not facets:
        return {}
    asked = {facet: {"terms": {"field": facet, "size": FACET_VALUES}} for facet in facets}
    counted = searcher.aggregate(query, asked)
    return {
        facet: tuple((str(one["key"]), int(one["doc_count"]) * times) for one in counted[facet]["buckets"])
        for facet in facets
    }

"""Tantivy's look-ups: tokens of one commit of an index, and how they are put together."""

from collections.abc import Iterable, Mapping, Sequence

import tantivy

from indexer.engines.embedded.schema import HEAD_GRAM
from indexer.engines.terms import Lookup

Query = tantivy.Query
"""Tantivy's own query type."""
REMEMBERED = 200_000
"""Tokens remembered, with how many models have them."""

_MUST, _MUST_NOT, _SHOULD = tantivy.Occur.Must, tantivy.Occur.MustNot, tantivy.Occur.Should


class TantivyTerms:
    """The look-ups of one commit of an index.

    Args:
        schema: the index's.
        searcher: the commit.

    """

    head_gram = HEAD_GRAM
    most_cases = 4

    def __init__(self, schema: tantivy.Schema, searcher: tantivy.Searcher) -> None:
        self.schema = schema
        self._searcher = searcher
        self._terms: dict[Lookup, Query | None] = {}
        self._frequencies: dict[Lookup, int] = {}

    @property
    def models(self) -> int:
        """Give how many models there are."""
        return self._searcher.num_docs

    def term(self, field: str, token: str) -> Query | None:
        """Select the models that have a token."""
        key = (field, token)
        if key not in self._terms:
            if len(self._terms) >= REMEMBERED:
                self._terms.clear()
            found = self.frequency(field, token) > 0
            self._terms[key] = Query.term_query(self.schema, field, token, "basic") if found else None
        return self._terms[key]

    def frequency(self, field: str, token: str) -> int:
        """Count the models that have a token, with those that are deleted but still stored."""
        key = (field, token)
        if key not in self._frequencies:
            if len(self._frequencies) >= REMEMBERED:
                self._frequencies.clear()
            self._frequencies[key] = self._searcher.doc_freq(field, token)
        return self._frequencies[key]

    def commoner(self, asked: Sequence[tuple[Iterable[Lookup], int]]) -> list[Mapping[Lookup, int]]:
        """Give those of the look-ups that more models have; hardly any of them is asked for twice."""
        count = self._searcher.doc_freq
        return [
            {lookup: models for lookup in lookups if (models := count(*lookup)) > than}
            for lookups, than in asked
        ]

    def any_of(self, some: Sequence[Query]) -> Query:
        """Select what one of these selects."""
        return Query.boolean_query([(_SHOULD, query) for query in some])

    def all_of(self, musts: Sequence[Query], nots: Sequence[Query] = ()) -> Query:
        """Select what all of some select, and none of others."""
        clauses = [(_MUST, one) for one in musts or (Query.all_query(),)]
        if len(clauses) == 1 and not nots:
            return clauses[0][1]
        return Query.boolean_query([*clauses, *((_MUST_NOT, one) for one in nots)])

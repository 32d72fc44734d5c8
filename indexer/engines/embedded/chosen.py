"""What a search selects, as one list of conditions.

Tantivy looks conditions of one list up together, the rarest first. A list within a list has to find its
own next model before the rarest is asked, which can lie far away: for the popular few of a broad query
that took ten times as long.
"""

from collections.abc import Iterable
from typing import NamedTuple

import tantivy

Query = tantivy.Query
"""Tantivy's own query type."""


class Chosen(NamedTuple):
    """Models that all of some queries select, and none of others."""

    musts: tuple[Query, ...] = ()
    nots: tuple[Query, ...] = ()

    def narrowed(self, musts: Iterable[Query]) -> "Chosen":
        """Give those of the models that these queries select too."""
        return Chosen((*self.musts, *musts), self.nots)

    def without(self, others: Iterable["Chosen"]) -> "Chosen":
        """Give those of the models that none of the others selects."""
        return Chosen(self.musts, (*self.nots, *(other.query() for other in others)))

    def query(self) -> Query:
        """Give all conditions as one query."""
        musts = self.musts or (Query.all_query(),)
        if len(musts) == 1 and not self.nots:
            return musts[0]
        clauses = [(tantivy.Occur.Must, one) for one in musts]
        return Query.boolean_query([*clauses, *((tantivy.Occur.MustNot, one) for one in self.nots)])

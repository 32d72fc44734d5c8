"""What a search selects, as one list of conditions.

Tantivy looks conditions of one list up together, the rarest first. A list within a list has to find its
own next model before the rarest is asked, which can lie far away: for the popular few of a broad query
that took ten times as long.
"""

from collections.abc import Iterable
from typing import Generic, NamedTuple

from indexer.engines.terms import Q, Terms


class Chosen(NamedTuple, Generic[Q]):
    """Models that all of some queries select, and none of others."""

    musts: tuple[Q, ...] = ()
    nots: tuple[Q, ...] = ()

    def narrowed(self, musts: Iterable[Q]) -> "Chosen[Q]":
        """Give those of the models that these queries select too."""
        return Chosen((*self.musts, *musts), self.nots)

    def without(self, others: Iterable[Q]) -> "Chosen[Q]":
        """Give those of the models that none of the others selects."""
        return Chosen(self.musts, (*self.nots, *others))

    def query(self, terms: Terms[Q]) -> Q:
        """Give all conditions as one query."""
        if len(self.musts) == 1 and not self.nots:
            return self.musts[0]
        return terms.all_of(self.musts, self.nots)

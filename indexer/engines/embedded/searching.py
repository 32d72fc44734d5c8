"""How one query is answered from one commit of the embedded index."""

from collections.abc import Sequence
from dataclasses import replace

import tantivy

from indexer.engines.chosen import Chosen
from indexer.engines.contract import IndexState, Selected, Selection
from indexer.engines.embedded.filtering import Filtering, count_facets
from indexer.engines.embedded.lookups import Query
from indexer.engines.paging import CHECKED, COUNTED, FEW, TYPOS_BELOW
from indexer.engines.selecting import Selector
from indexer.engines.terms import DOWNLOADS, NUMBER, ORDERS, POPULARITY, SAMPLE, SAMPLED, TIERS
from indexer.query import SearchQuery
from indexer.ranking import Step


class Searching:
    """One search on one commit of an index.

    Args:
        schema: the index's.
        searcher: the commit.
        selector: the one for this commit; it is worth keeping between searches.
        state: how far the commit follows.
        query: what is asked.

    """

    def __init__(
        self,
        schema: tantivy.Schema,
        searcher: tantivy.Searcher,
        selector: Selector[Query],
        state: IndexState,
        query: SearchQuery,
    ) -> None:
        self._searcher = searcher
        self._selector = selector
        self._state = state
        self._query = query
        self._filtering = Filtering(schema, query.filters)
        self._order = query.sort if query.sort in ORDERS else POPULARITY

    def run(self) -> Selection:
        """Select a page of models, best first."""
        named = self._selector.everything(self._query)
        if named is None:
            return self._forgiven((), None)
        everything = self._filtering.narrowed(named)
        exact = self._selector.counts_exactly(self._query)
        few = FEW if exact else CHECKED
        total = self._count(everything)
        if total <= few:
            numbers = self._numbers(everything, total, 0) if total else []
            if total < TYPOS_BELOW:
                return self._forgiven(numbers, everything)
            return self._unordered(numbers, everything)
        page = self._page(self._steps(everything, total), total)
        return self._with_facets(Selection(page, total, exact, self._state), everything)

    def with_facets(self, selection: Selection) -> Selection:
        """Add the facets that are asked for to an answer that was made ready without them."""
        named = self._selector.everything(self._query) if self._query.facets else None
        return selection if named is None else self._with_facets(selection, self._filtering.narrowed(named))

    def _steps(
        self, everything: Chosen[Query] | None, total: int = 0
    ) -> list[tuple[Step | None, Chosen[Query]]]:
        """Give the steps of the order; in any order but that of relevance there is one."""
        if self._query.sort != "relevance":
            return [] if everything is None else [(None, everything)]
        return [
            (step, self._filtering.narrowed(one)) for step, one in self._selector.steps(self._query, total)
        ]

    def _with_facets(self, selection: Selection, chosen: Chosen[Query] | None) -> Selection:
        """Add the facets that are asked for; of very many models they are estimated from a sample."""
        asked = self._query.facets
        if chosen is None or not asked:
            return selection
        sample = self._selector.in_tier(chosen, SAMPLE) if selection.total > COUNTED else None
        if sample is None:
            return replace(
                selection, facets=count_facets(self._searcher, chosen.query(self._selector.terms), asked)
            )
        facets = count_facets(self._searcher, sample.query(self._selector.terms), asked, times=SAMPLED)
        return replace(selection, facets=facets, facets_exact=False)

    def _unordered(self, numbers: Sequence[int], everything: Chosen[Query] | None) -> Selection:
        """Hand few models over whole: their names tell their order, and whether they match at all."""
        selected = tuple(Selected(number) for number in numbers)
        selection = Selection(selected, len(numbers), total_exact=True, state=self._state, ordered=False)
        return self._with_facets(selection, everything)

    def _forgiven(self, numbers: Sequence[int], everything: Chosen[Query] | None) -> Selection:
        """Look for a slip of the finger, unless the very model that was named is there."""
        steps = self._selector.steps(self._query)
        named = bool(steps) and steps[0][0] is Step.EXACT_ID and self._count(steps[0][1]) > 0
        meant = [] if named else self._selector.typos(self._query)
        typos = [self._filtering.narrowed(one) for one in meant]
        total = self._count(typos[-1]) if typos else 0
        if total <= len(numbers):
            return self._unordered(numbers, everything)
        page = self._page([*self._steps(everything), *((Step.TYPO, one) for one in typos)], total)
        return self._with_facets(Selection(page, total, total_exact=False, state=self._state), typos[-1])

    def _page(self, steps: Sequence[tuple[Step | None, Chosen[Query]]], total: int) -> tuple[Selected, ...]:
        """Walk the steps, skipping `offset` models, until the page is full or nothing is left."""
        selected: list[Selected] = []
        before: list[Query] = []
        skip, want = self._query.offset, min(self._query.limit, max(0, total - self._query.offset))
        for step, chosen in steps:
            if len(selected) >= want:
                break
            own = chosen.without(before)
            before.append(self._query_of(chosen))
            if skip and (here := self._count(own)) <= skip:
                skip -= here
                continue
            numbers = self._step_numbers(own, want - len(selected), skip)
            skip = 0
            selected += [Selected(number, step) for number in numbers]
        return tuple(selected)

    def _step_numbers(self, chosen: Chosen[Query], limit: int, offset: int) -> list[int]:
        """Give the first models of a step; the popular ones of a tier are all before those outside it."""
        for tier, _ in TIERS if self._order in {POPULARITY, DOWNLOADS} else ():
            popular = self._selector.in_tier(chosen, tier)
            if popular is not None:
                numbers = self._numbers(popular, limit, offset)
                if len(numbers) == limit:
                    return numbers
        return self._numbers(chosen, limit, offset)

    def _numbers(self, chosen: Chosen[Query], limit: int, offset: int) -> list[int]:
        result = self._searcher.search(
            self._query_of(chosen), limit, count=False, order_by_field=self._order, offset=offset
        )
        addresses = [address for _, address in result.hits]
        values = self._searcher.fast_field_values(NUMBER, addresses) if addresses else []
        return [int(value) for value in values if value is not None]

    def _count(self, chosen: Chosen[Query]) -> int:
        # Counting by aggregation scores nothing: two thirds of the time of a search that counts.
        models = {"models": {"value_count": {"field": POPULARITY}}}
        return int(self._searcher.aggregate(self._query_of(chosen), models)["models"]["value"])

    def _query_of(self, chosen: Chosen[Query]) -> Query:
        return chosen.query(self._selector.terms)

"""How one query is answered from one commit of the embedded index."""

from collections.abc import Sequence
from dataclasses import replace

import tantivy

from indexer.engines.chosen import Chosen
from indexer.engines.contract import IndexState, Selected, Selection
from indexer.engines.embedded.filtering import Filtering
from indexer.engines.embedded.hits import DocumentHits, Hits, Looking, ModelHits, Total
from indexer.engines.embedded.lookups import Query
from indexer.engines.paging import CHECKED, FEW, TYPOS_BELOW, require_reachable
from indexer.engines.selecting import Selector
from indexer.query import SearchQuery
from indexer.ranking import Step


class Searching:
    """One search on one commit of an index.

    Args:
        schema: the index's.
        searcher: the commit: of the index of variants where it takes them to answer, else of models.
        selector: the one for this commit; it is worth keeping between searches.
        state: how far the commit follows.
        query: what is asked.

    Raises:
        BadRequest: the page is out of reach.

    """

    def __init__(
        self,
        schema: tantivy.Schema,
        searcher: tantivy.Searcher,
        selector: Selector[Query],
        state: IndexState,
        query: SearchQuery,
    ) -> None:
        require_reachable(query)
        self._selector = selector
        self._state = state
        self._query = query
        self._filtering = Filtering(schema, query.filters)
        self._looking = Looking(searcher, selector, query)
        gathers = query.kind == "model" and query.is_of_variants
        self._hits: Hits = (ModelHits if gathers else DocumentHits)(self._looking, query)

    def run(self) -> Selection:
        """Select a page of hits, best first."""
        named = self._selector.everything(self._query)
        if named is None:
            return self._forgiven((), None, Total(0, 0))
        everything = self._filtering.narrowed(named)
        exact = self._selector.counts_exactly(self._query)
        few = FEW if exact else CHECKED
        total = self._hits.total(everything)
        if total.hits <= few and total.is_exact:
            selected = self._hits.all(everything, total)
            if total.hits < TYPOS_BELOW:
                return self._forgiven(selected, everything, total)
            return self._unordered(selected, everything, total)
        page = self._hits.page(self._steps(everything, total), total.hits)
        selection = Selection(page, total.hits, exact and total.is_exact, self._state)
        return self._with_facets(selection, everything, total)

    def with_facets(self, selection: Selection) -> Selection:
        """Add the facets that are asked for to an answer that was made ready without them."""
        named = self._selector.everything(self._query) if self._query.facets else None
        if named is None:
            return selection
        total = Total(selection.total, selection.total)
        return self._with_facets(selection, self._filtering.narrowed(named), total)

    def _steps(
        self, everything: Chosen[Query] | None, total: Total | None = None
    ) -> list[tuple[Step | None, Chosen[Query]]]:
        """Give the steps of the order; in any order but that of relevance there is one."""
        if self._query.sort != "relevance":
            return [] if everything is None else [(None, everything)]
        models = self._hits.models(everything, total) if everything is not None and total else 0
        steps = self._selector.steps(self._query, models)
        return [(step, self._filtering.narrowed(one)) for step, one in steps]

    def _with_facets(self, selection: Selection, chosen: Chosen[Query] | None, total: Total) -> Selection:
        """Add the facets that are asked for."""
        asked = self._query.facets
        if chosen is None or not asked:
            return selection
        facets, exact = self._hits.facets(chosen, asked, total)
        return replace(selection, facets=facets, facets_exact=exact)

    def _unordered(
        self, selected: Sequence[Selected], everything: Chosen[Query] | None, total: Total
    ) -> Selection:
        """Hand few hits over whole: their names tell their order, and whether they match at all."""
        selection = Selection(
            tuple(selected), len(selected), total_exact=True, state=self._state, ordered=False
        )
        return self._with_facets(selection, everything, total)

    def _forgiven(
        self, selected: Sequence[Selected], everything: Chosen[Query] | None, total: Total
    ) -> Selection:
        """Look for a slip of the finger, unless the very model that was named is there."""
        steps = self._selector.steps(self._query)
        named = bool(steps) and steps[0][0] is Step.EXACT_ID and self._looking.count(steps[0][1]) > 0
        meant = [] if named else self._selector.typos(self._query)
        typos = [self._filtering.narrowed(one) for one in meant]
        guessed = self._hits.total(typos[-1]) if typos else Total(0, 0)
        if guessed.hits <= len(selected):
            return self._unordered(selected, everything, total)
        steps_of = [*self._steps(everything), *((Step.TYPO, one) for one in typos)]
        page = self._hits.page(steps_of, guessed.hits)
        selection = Selection(page, guessed.hits, total_exact=False, state=self._state)
        return self._with_facets(selection, typos[-1], guessed)

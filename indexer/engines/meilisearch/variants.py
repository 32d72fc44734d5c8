"""How variants are searched on a server, and models by their variants.

Variants are documents like models. Models are found among them by `distinct`: each once, with the best of
its variants that match. What that counts is right only where all of it is walked, which takes 5 µs for
each model: the models of very many variants are estimated from the sample (measured with 1.21; 40,000
models of 480,000 variants take 70 ms, the first twenty of them 2 ms).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from indexer.engines.chosen import Chosen
from indexer.engines.contract import Selected, Selection
from indexer.engines.meilisearch.asking import Answer, Question
from indexer.engines.meilisearch.lookups import Filter, FilterTerms, equal
from indexer.engines.meilisearch.searching import GLANCE, Searching, StepOf
from indexer.engines.paging import require_reachable
from indexer.engines.terms import CODE, NUMBER, SAMPLE
from indexer.filters import Facet
from indexer.query import SearchQuery
from indexer.ranking import FAMILY

COUNTED_VARIANTS = 10_000
"""The models of more variants than this are estimated, and so are their facets."""
_OWN: tuple[Facet, ...] = ("format", "quant")
"""Facets in which variants of one model differ."""


class SearchingVariants(Searching):
    """One search for variants.

    Args:
        terms: the look-ups of their index.
        query: what is asked.
        models: the index of models: that of a name tells whether it is a family's.

    """

    def __init__(self, terms: FilterTerms, query: SearchQuery, models: str) -> None:
        super().__init__(terms, query)
        self._models = models

    def _steps(self, everything: Chosen[Filter] | None, total: int = 0) -> list[StepOf]:
        if total > FAMILY and self._query.sort == "relevance":
            named = self._selector.everything(self._query)
            text = "" if named is None else named.query(self._terms)
            total = self._ask([Question(self._models, text)])[0].total
        return super()._steps(everything, total)

    def _question(self, chosen: Chosen[Filter] | None, limit: int) -> Question:
        return replace(super()._question(chosen, limit), fields=(NUMBER, CODE))


class SearchingByVariants(Searching):
    """One search for models, each found by those of its variants that match.

    Args:
        terms: the look-ups of the index of variants.
        query: what is asked.

    Raises:
        BadRequest: the page is out of reach.

    """

    def __init__(self, terms: FilterTerms, query: SearchQuery) -> None:
        require_reachable(query)
        super().__init__(terms, query)
        self._estimates = False

    def _question(self, chosen: Chosen[Filter] | None, limit: int) -> Question:
        return replace(super()._question(chosen, limit), distinct=NUMBER)

    def _counting(self, chosen: Chosen[Filter], facets: Sequence[Facet] = ()) -> Question:
        return replace(self._question(chosen, 0), is_counted=True, facets=tuple(facets))

    def _count(self, chosen: Chosen[Filter]) -> int:
        [answer] = self._ask([self._question(chosen, GLANCE)])
        return self._total(chosen, answer)[0]

    def _total(self, chosen: Chosen[Filter] | None, answer: Answer) -> tuple[int, bool]:
        if len(answer.hits) < GLANCE or chosen is None:
            return len(answer.hits), True
        self._estimates = answer.total > COUNTED_VARIANTS
        if not self._estimates:
            return self._ask([self._counting(chosen)])[0].total, True
        return max(self._estimate(chosen), self._few + 1), False

    def _estimate(self, chosen: Chosen[Filter]) -> int:
        """Estimate the models of very many variants: those of the sample have as many each."""
        sample = self._selector.in_tier(chosen, SAMPLE) or chosen
        plain = [replace(self._question(one, 0), distinct="") for one in (chosen, sample)]
        everything, sampled, models = self._ask([*plain, self._counting(sample)])
        return round(everything.total * models.total / max(1, sampled.total))

    def _later_page(self, steps: Sequence[StepOf], want: int) -> tuple[Selected, ...]:
        """Skip the pages before it step by step: only a step that ends before the page is counted."""
        skip, selected = self._query.offset, list[Selected]()
        for step, chosen in steps:
            if not want:
                break
            [answer] = self._ask([replace(self._question(chosen, want), offset=skip)])
            selected += self._selected(step, answer)
            want -= len(answer.hits)
            if answer.hits:
                skip = 0
            elif skip:
                skip -= self._ask([self._counting(chosen)])[0].total
        return tuple(selected)

    def _is_estimated(self, selection: Selection) -> bool:  # noqa: ARG002
        return self._estimates

    def _facets(self, chosen: Chosen[Filter]) -> Mapping[str, Mapping[str, int]]:
        """Count models: where their variants differ, for each of the values that most variants have.

        An estimate leaves it at counting variants there: few models have two of one label.
        """
        own = tuple(facet for facet in self._query.facets if facet in _OWN)
        shared = [facet for facet in self._query.facets if facet not in _OWN]
        plain = replace(self._question(chosen, 0), distinct="", facets=own)
        counted, of_variants = self._ask([self._counting(chosen, shared), plain])
        if self._estimates:
            return {**counted.facets, **of_variants.facets}
        values = [(facet, value) for facet in own for value in of_variants.facets[facet]]
        having = [chosen.narrowed([equal(facet, [value])]) for facet, value in values]
        answers = self._ask([self._counting(one) for one in having]) if having else []
        found: dict[str, dict[str, int]] = {facet: {} for facet in own}
        for (facet, value), answer in zip(values, answers, strict=True):
            found[facet][value] = answer.total
        return {**counted.facets, **found}

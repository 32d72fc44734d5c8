"""How variants are searched on a server, and models by their variants.

Variants are documents like models. Models are found among them by `distinct`: each once, with the best of
its variants that match. What that counts is right only where all of it is walked, which takes 5 µs for
each model: the models of very many variants are estimated from the sample (measured with 1.21; 40,000
models of 480,000 variants take 70 ms, the first twenty of them 2 ms).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from indexer.engines.chosen import Chosen
from indexer.engines.contract import Selected, Selection
from indexer.engines.meilisearch.asking import Answer, Question
from indexer.engines.meilisearch.fields import TWICE
from indexer.engines.meilisearch.lookups import Filter, FilterTerms, equal
from indexer.engines.meilisearch.searching import GLANCE, Searching, StepOf
from indexer.engines.paging import require_reachable
from indexer.engines.terms import CODE, NUMBER, SAMPLE
from indexer.filters import Facet
from indexer.query import SearchQuery
from indexer.ranking import FAMILY

COUNTED_VARIANTS = 10_000
"""The models of more variants than this are estimated, and so are their facets."""
FORMAT: Facet = "format"
QUANT: Facet = "quant"
"""In these, variants of one model differ."""


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
        questions = [self._plain(chosen), self._plain(sample), self._counting(sample)]
        everything, sampled, models = self._ask(questions)
        return round(everything.total * models.total / max(1, sampled.total))

    def _wanted(self, total: int) -> int:
        return self._query.limit if self._estimates else super()._wanted(total)  # an estimate ends no page

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
        """Count models, each once for every value that some of its variants that match have."""
        asked = self._query.facets
        shared = [facet for facet in asked if facet not in (FORMAT, QUANT)]
        counted, by_format = self._ask([self._counting(chosen, shared), self._plain(chosen, FORMAT)])
        counts = dict(counted.facets)
        if FORMAT in asked:
            formats = by_format.facets[FORMAT]
            one_for_all = dict.fromkeys(formats, counted.total) if len(formats) == 1 else None
            counts[FORMAT] = one_for_all or self._by_value(chosen, FORMAT, formats)
        if QUANT in asked:
            counts[QUANT] = self._by_quant(chosen)
        return counts

    def _by_quant(self, chosen: Chosen[Filter]) -> Mapping[str, int]:
        """Count models by quant: most have one variant of each, and need not be told apart."""
        twice = equal(TWICE, [QUANT])
        others = chosen.narrowed([twice])
        once, more = self._ask([self._plain(chosen.without([twice]), QUANT), self._plain(others, QUANT)])
        return Counter(once.facets[QUANT]) + Counter(self._by_value(others, QUANT, more.facets[QUANT]))

    def _by_value(self, chosen: Chosen[Filter], facet: Facet, values: Iterable[str]) -> dict[str, int]:
        """Count the models of these variants by values of one field."""
        having = {value: chosen.narrowed([equal(facet, [value])]) for value in values}
        answers = self._ask([self._counting(one) for one in having.values()]) if having else []
        return {value: answer.total for value, answer in zip(having, answers, strict=True)}

    def _plain(self, chosen: Chosen[Filter], *facets: Facet) -> Question:
        """Ask about variants, however many a model has."""
        return replace(self._question(chosen, 0), distinct="", facets=facets)

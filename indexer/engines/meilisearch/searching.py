"""How one query is answered from a server, in as few requests as can be."""

from collections.abc import Sequence
from dataclasses import replace

from indexer.engines.chosen import Chosen
from indexer.engines.contract import IndexState, Selected, Selection
from indexer.engines.meilisearch.asking import Answer, Question
from indexer.engines.meilisearch.fields import ORDERS
from indexer.engines.meilisearch.filtering import conditions_of, facet_counts
from indexer.engines.meilisearch.lookups import Filter, FilterTerms
from indexer.engines.paging import CHECKED, COUNTED, FEW, TYPOS_BELOW
from indexer.engines.selecting import Selector
from indexer.engines.terms import SAMPLE, SAMPLED
from indexer.query import SearchQuery
from indexer.ranking import Step

AT_ONCE = 3
"""Steps that are asked for in one request: one of the first nearly always fills the page."""


class Searching:
    """One search in one index on a server.

    Args:
        index: the index's name.
        terms: its look-ups.
        query: what is asked.

    """

    def __init__(self, index: str, terms: FilterTerms, query: SearchQuery) -> None:
        self._index = index
        self._terms = terms
        self._query = query
        self._selector: Selector[Filter] = Selector(terms)
        self._conditions = conditions_of(query.filters)
        self._sort = (f"{query.sort}:desc",) if query.sort in ORDERS else ()
        self._exact = self._selector.counts_exactly(query)
        self._everything: Chosen[Filter] | None = None
        self._uncounted = terms.unknown(self._selector.decisive(query))

    def first(self) -> list[Question]:
        """Give the questions that are to be asked first: what there is, and what decides the order."""
        everything = self._selector.everything(self._query)
        self._everything = None if everything is None else everything.narrowed(self._conditions)
        found = [] if everything is None else [self._question(self._everything, self._few)]
        return [*found, *self._terms.counting(self._uncounted)]

    def run(self, answers: Sequence[Answer], state: IndexState) -> Selection:
        """Give the selection, from the answers to what `first` gave."""
        everything, found = self._everything, answers[: 0 if self._everything is None else 1]
        self._terms.learn(self._uncounted, answers[len(found) :])
        total = found[0].total if found else 0
        if total <= self._few:
            numbers = found[0].numbers() if found else []
            if total < TYPOS_BELOW:
                return self._forgiven(numbers, everything, state)
            return self._unordered(numbers, everything, state)
        page = self._page(self._steps(everything, total), total)
        return self._with_facets(Selection(page, total, self._exact, state), everything)

    @property
    def _few(self) -> int:
        return FEW if self._exact else CHECKED

    def _steps(
        self, everything: Chosen[Filter] | None, total: int = 0
    ) -> list[tuple[Step | None, Chosen[Filter]]]:
        """Give the steps of the order; in any order but that of relevance there is one."""
        if self._query.sort != "relevance":
            return [] if everything is None else [(None, everything)]
        steps = self._selector.steps(self._query, total)
        return [(step, one.narrowed(self._conditions)) for step, one in steps]

    def _unordered(
        self, numbers: Sequence[int], everything: Chosen[Filter] | None, state: IndexState
    ) -> Selection:
        """Hand few models over whole: their names tell their order, and whether they match at all."""
        selected = tuple(Selected(number) for number in numbers)
        selection = Selection(selected, len(numbers), total_exact=True, state=state, ordered=False)
        return self._with_facets(selection, everything)

    def _forgiven(
        self, numbers: Sequence[int], everything: Chosen[Filter] | None, state: IndexState
    ) -> Selection:
        """Look for a slip of the finger, unless the very model that was named is there."""
        steps = self._selector.steps(self._query)
        named = bool(steps) and steps[0][0] is Step.EXACT_ID and self._count(steps[0][1]) > 0
        meant = [] if named else self._selector.typos(self._query)
        typos = [one.narrowed(self._conditions) for one in meant]
        total = self._count(typos[-1]) if typos else 0
        if total <= len(numbers):
            return self._unordered(numbers, everything, state)
        page = self._page([*self._steps(everything), *((Step.TYPO, one) for one in typos)], total)
        return self._with_facets(Selection(page, total, total_exact=False, state=state), typos[-1])

    def _page(self, steps: Sequence[tuple[Step | None, Chosen[Filter]]], total: int) -> tuple[Selected, ...]:
        """Walk the steps, skipping `offset` models, until the page is full or nothing is left."""
        before: list[Filter] = []
        own: list[tuple[Step | None, Chosen[Filter]]] = []
        for step, chosen in steps:
            own.append((step, chosen.without(before)))
            before.append(chosen.query(self._terms))
        want = min(self._query.limit, max(0, total - self._query.offset))
        if self._query.offset:
            return self._later_page(own, want)
        selected: list[Selected] = []
        for at in range(0, len(own), AT_ONCE):
            if len(selected) >= want:
                break
            group = own[at : at + AT_ONCE]
            answers = self._ask([self._question(one, want - len(selected)) for _, one in group])
            for (step, _), answer in zip(group, answers, strict=True):
                selected += [Selected(number, step) for number in answer.numbers()]
        return tuple(selected[:want])

    def _later_page(
        self, steps: Sequence[tuple[Step | None, Chosen[Filter]]], want: int
    ) -> tuple[Selected, ...]:
        """Count the steps, then ask for just those models of them that are on the page."""
        counted = self._ask([self._question(one, 0) for _, one in steps])
        skip, wanted, questions = self._query.offset, [], []
        for (step, chosen), answer in zip(steps, counted, strict=True):
            take = min(max(0, answer.total - skip), want)
            if take:
                wanted.append(step)
                questions.append(replace(self._question(chosen, take), offset=skip))
            skip, want = max(0, skip - answer.total), want - take
        answers = self._ask(questions) if questions else []
        return tuple(
            Selected(number, step)
            for step, answer in zip(wanted, answers, strict=True)
            for number in answer.numbers()
        )

    def _with_facets(self, selection: Selection, chosen: Chosen[Filter] | None) -> Selection:
        """Add the facets that are asked for; of very many models they are estimated from a sample."""
        facets = self._query.facets
        if chosen is None or not facets:
            return selection
        sampled = selection.total > COUNTED
        counted = self._selector.in_tier(chosen, SAMPLE) if sampled else chosen
        if counted is None:
            counted, sampled = chosen, False
        [answer] = self._ask([replace(self._question(counted, 0), facets=facets)])
        counts = facet_counts(facets, answer.facets, SAMPLED if sampled else 1)
        return replace(selection, facets=counts, facets_exact=not sampled)

    def _count(self, chosen: Chosen[Filter]) -> int:
        return self._ask([self._question(chosen, 0)])[0].total

    def _question(self, chosen: Chosen[Filter] | None, limit: int) -> Question:
        text = "" if chosen is None else chosen.query(self._terms)
        return Question(self._index, text, limit, sort=self._sort)

    def _ask(self, questions: Sequence[Question]) -> list[Answer]:
        return self._terms.ask(questions)

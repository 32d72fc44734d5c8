"""How a search for models is answered from a server, in as few requests as can be."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from indexer.engines.chosen import Chosen
from indexer.engines.contract import IndexState, Selected, Selection
from indexer.engines.meilisearch.asking import Answer, Question
from indexer.engines.meilisearch.filtering import conditions_of, facet_counts
from indexer.engines.meilisearch.lookups import Filter, FilterTerms
from indexer.engines.paging import CHECKED, COUNTED, FEW, TYPOS_BELOW
from indexer.engines.selecting import Selector
from indexer.engines.terms import CODE, NUMBER, ORDERS, SAMPLE, SAMPLED
from indexer.query import SearchQuery
from indexer.ranking import Step

GLANCE = 20
"""Models that are asked for before it is known how many there are: getting one takes as long as a look-up."""
BROAD = {Step.WORDS, Step.PREFIXES, Step.INSIDE, Step.TAG, Step.KEYWORD, Step.TYPO, None}
"""Steps that can fill a page; the others hold a few models at most."""

StepOf: TypeAlias = tuple[Step | None, Chosen[Filter]]
"""A step of the order, and the models in it."""


class Searching:
    """One search for models in one index on a server.

    Args:
        terms: the index's look-ups.
        query: what is asked.

    """

    def __init__(self, terms: FilterTerms, query: SearchQuery) -> None:
        self._terms = terms
        self._query = query
        self._selector: Selector[Filter] = Selector(terms, terms.nears)
        self._conditions = conditions_of(query.filters)
        self._sort = (f"{query.sort}:desc",) if query.sort in ORDERS else ()
        self._exact = self._selector.counts_exactly(query)
        self._everything: Chosen[Filter] | None = None
        self._named: Chosen[Filter] | None = None
        self._asked: list[Question] = []
        self._uncounted = terms.unknown(self._selector.decisive(query))

    def first(self) -> list[Question]:
        """Give the questions that are to be asked first: what there is, and what decides the order."""
        everything = self._selector.everything(self._query)
        if everything is not None:
            self._everything = everything.narrowed(self._conditions)
            self._asked.append(self._question(self._everything, GLANCE))
            self._named = self._exact_step()
            self._asked += [self._question(self._named, 0)] if self._named else []
        return [*self._asked, *self._terms.counting(self._uncounted)]

    def run(self, answers: Sequence[Answer], state: IndexState) -> Selection:
        """Give the selection, from the answers to what `first` gave."""
        found = answers[: len(self._asked)]
        self._terms.learn(self._uncounted, answers[len(found) :])
        everything = self._everything
        total, is_exact = self._total(everything, found[0]) if found else (0, True)
        if total > self._few:
            page = self._first_page(found[0]) or self._page(self._steps(everything, total), total)
            return self._with_facets(Selection(page, total, self._exact and is_exact, state), everything)
        selected = self._selected(None, found[0]) if found else []
        if total > len(selected):
            # All at once: what is fed meanwhile can change the order between two requests.
            selected = self._selected(None, self._ask([replace(self._asked[0], limit=self._few)])[0])
        if total < TYPOS_BELOW and not (self._named and found[1].total):
            return self._forgiven(selected, everything, state)
        return self._unordered(selected, everything, state)

    def _exact_step(self) -> Chosen[Filter] | None:
        """Give the step of the very model that is named: where it is, nothing else can be meant."""
        step, chosen = next(iter(self._selector.steps(self._query)), (None, None))
        return chosen if step is Step.EXACT_ID else None

    def _first_page(self, answer: Answer) -> tuple[Selected, ...]:
        """Give the page if it was answered already: in some orders there is one step, that of everything."""
        query, end = self._query, self._query.offset + self._query.limit
        if end > GLANCE or (query.sort == "relevance" and (query.wanted or query.owner)):
            return ()
        step = Step.INSIDE if query.sort == "relevance" else None
        return tuple(self._selected(step, answer)[query.offset : end])

    @property
    def _few(self) -> int:
        return FEW if self._exact else CHECKED

    def _steps(self, everything: Chosen[Filter] | None, total: int = 0) -> list[StepOf]:
        """Give the steps of the order; in any order but that of relevance there is one."""
        if self._query.sort != "relevance":
            return [] if everything is None else [(None, everything)]
        steps = self._selector.steps(self._query, total)
        return [(step, one.narrowed(self._conditions)) for step, one in steps]

    def _unordered(
        self, selected: Sequence[Selected], everything: Chosen[Filter] | None, state: IndexState
    ) -> Selection:
        """Hand few models over whole: their names tell their order, and whether they match at all."""
        selection = Selection(tuple(selected), len(selected), total_exact=True, state=state, ordered=False)
        return self._with_facets(selection, everything)

    def _forgiven(
        self, selected: Sequence[Selected], everything: Chosen[Filter] | None, state: IndexState
    ) -> Selection:
        """Look for a slip of the finger."""
        typos = [one.narrowed(self._conditions) for one in self._selector.typos(self._query)]
        total = self._count(typos[-1]) if typos else 0
        if total <= len(selected):
            return self._unordered(selected, everything, state)
        page = self._page([*self._steps(everything), *((Step.TYPO, one) for one in typos)], total)
        return self._with_facets(Selection(page, total, total_exact=False, state=state), typos[-1])

    def _page(self, steps: Sequence[StepOf], total: int) -> tuple[Selected, ...]:
        """Walk the steps, skipping `offset` models, until the page is full or nothing is left."""
        before: list[Filter] = []
        own: list[StepOf] = []
        for step, chosen in steps:
            own.append((step, chosen.without(before)))
            before.append(chosen.query(self._terms))
        want = self._wanted(total)
        return self._later_page(own, want) if self._query.offset else self._walk(own, want)

    def _wanted(self, total: int) -> int:
        """Give how many there can be on the page."""
        return min(self._query.limit, max(0, total - self._query.offset))

    def _walk(self, steps: Sequence[StepOf], want: int) -> tuple[Selected, ...]:
        """Give so many of the best."""
        selected: list[Selected] = []
        for group in _groups(steps):
            if len(selected) >= want:
                break
            answers = self._ask([self._question(one, want - len(selected)) for _, one in group])
            for (step, _), answer in zip(group, answers, strict=True):
                selected += self._selected(step, answer)
        return tuple(selected[:want])

    def _later_page(self, steps: Sequence[StepOf], want: int) -> tuple[Selected, ...]:
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
        pairs = zip(wanted, answers, strict=True)
        return tuple([one for step, answer in pairs for one in self._selected(step, answer)])

    def _with_facets(self, selection: Selection, chosen: Chosen[Filter] | None) -> Selection:
        """Add the facets that are asked for; of very many models they are estimated from a sample."""
        if chosen is None or not self._query.facets:
            return selection
        sample = self._selector.in_tier(chosen, SAMPLE) if self._is_estimated(selection) else None
        counts = facet_counts(self._query.facets, self._facets(sample or chosen), SAMPLED if sample else 1)
        return replace(selection, facets=counts, facets_exact=sample is None)

    def _is_estimated(self, selection: Selection) -> bool:
        return selection.total > COUNTED

    def _facets(self, chosen: Chosen[Filter]) -> Mapping[str, Mapping[str, int]]:
        """Count the values of the fields that are asked for."""
        [answer] = self._ask([replace(self._question(chosen, 0), facets=self._query.facets)])
        return answer.facets

    def _total(self, chosen: Chosen[Filter] | None, answer: Answer) -> tuple[int, bool]:  # noqa: ARG002
        """Give how many there are, and whether it is exact; `answer` has the first of them."""
        return answer.total, True

    def _count(self, chosen: Chosen[Filter]) -> int:
        return self._ask([self._question(chosen, 0)])[0].total

    def _question(self, chosen: Chosen[Filter] | None, limit: int) -> Question:
        text = "" if chosen is None else chosen.query(self._terms)
        return Question(self._terms.index, text, limit, sort=self._sort)

    def _selected(self, step: Step | None, answer: Answer) -> list[Selected]:
        return [Selected(int(str(hit[NUMBER])), step, int(str(hit.get(CODE, 0)))) for hit in answer.hits]

    def _ask(self, questions: Sequence[Question]) -> list[Answer]:
        return self._terms.ask(questions)


def _groups(steps: Sequence[StepOf]) -> Iterator[list[StepOf]]:
    """Cut steps into what is asked for at once: up to one that can fill the page, then two such each."""
    group: list[StepOf] = []
    most = 1
    for step in steps:
        group.append(step)
        if sum(one in BROAD for one, _ in group) == most:
            yield group
            group, most = [], 2
    if group:
        yield group

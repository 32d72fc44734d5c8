"""From a query to Tantivy queries: what is selected, and in which steps it is ordered."""

from collections.abc import Sequence
from itertools import product

import tantivy

from indexer.engines.contract import Step
from indexer.engines.embedded.schema import EXACT, NAME, OWNER, OWNER_PREFIX, OWNER_PREFIX_GRAM, Part
from indexer.grams import INSIDE_GRAM, START_GRAM, Term
from indexer.query import SearchQuery, Wanted

FUZZY_LENGTH = 4
"""A shorter word has too many neighbours to guess a typo."""

_MUST, _SHOULD, _MUST_NOT = tantivy.Occur.Must, tantivy.Occur.Should, tantivy.Occur.MustNot
Query = tantivy.Query
"""Tantivy's own query type."""


class Selector:
    """Turns queries into Tantivy's, for one schema."""

    def __init__(self, schema: tantivy.Schema) -> None:
        self._schema = schema

    def everything(self, query: SearchQuery) -> Query:
        """Select every model the query asks for."""
        terms = [self._matching(wanted) for wanted in query.wanted]
        return self._all([*self._bounds(query), *terms], query.excluded)

    def steps(self, query: SearchQuery) -> list[tuple[Step, Query]]:
        """Give the steps of the order, first to last; each may repeat models of those before it.

        Where an owner is asked for, all models of that very owner come before those of longer names.
        """
        steps: list[tuple[Step, Query]] = []
        if query.exact_id:
            owner, name = query.exact_id
            exact = [self._token(OWNER.wholes, EXACT + owner), self._token(NAME.wholes, EXACT + name)]
            steps.append((Step.EXACT_ID, self._all(exact, query.excluded)))
        owners: list[list[Query]] = [[]]
        if query.owner and not query.owner_only:
            owners = [[self._token(OWNER.wholes, EXACT + query.owner)], []]
        for bound, (step, terms) in product(owners, self._kinds(query)):
            steps.append((step, self._all([*bound, *self._bounds(query), *terms], query.excluded)))
        return steps

    def _kinds(self, query: SearchQuery) -> list[tuple[Step, list[Query]]]:
        """Give the ways the wanted terms can match, the best first."""
        named = [self._token(NAME.wholes, EXACT + query.exact_name)] if query.exact_name else []
        kinds = [
            (Step.EXACT_NAME, named),
            (Step.WORDS, [self._whole(wanted) for wanted in query.wanted]),
            (Step.PREFIXES, [self._starting(wanted) for wanted in query.wanted]),
        ]
        everything = (Step.INSIDE, [self._matching(wanted) for wanted in query.wanted])
        return [*(kind for kind in kinds if kind[1]), everything]

    def counts_exactly(self, query: SearchQuery) -> bool:
        """Say whether every term is one look-up: a longer one is only as good as its pieces."""
        terms = [*(wanted.term for wanted in query.wanted), *query.excluded]
        return all(_is_one_lookup(term) for term in terms) and len(query.owner or "") <= OWNER_PREFIX_GRAM

    def typos(self, query: SearchQuery) -> Query | None:
        """Select what one slip of the finger would have found, or `None` when no word allows one."""
        if not any(_may_be_mistyped(wanted.term) for wanted in query.wanted):
            return None
        terms = [self._any_of([self._matching(wanted), *self._near(wanted)]) for wanted in query.wanted]
        return self._all([*self._bounds(query), *terms], query.excluded)

    def without(self, query: Query, others: Sequence[Query]) -> Query:
        """Select what a query selects and none of the others does."""
        if not others:
            return query
        return Query.boolean_query([(_MUST, query), *((_MUST_NOT, other) for other in others)])

    # -- one wanted term ---------------------------------------------------------------------

    def _matching(self, wanted: Wanted) -> Query:
        return self._any_of([self._match_in(wanted.term, part) for part in _parts(wanted)])

    def _starting(self, wanted: Wanted) -> Query:
        term = wanted.term
        return self._any_of([self._start_in(form, part) for part in _parts(wanted) for form in term.forms])

    def _whole(self, wanted: Wanted) -> Query:
        term = wanted.term
        return self._any_of(
            [self._token(part.wholes, form) for part in _parts(wanted) for form in term.forms]
        )

    def _near(self, wanted: Wanted) -> list[Query]:
        if not _may_be_mistyped(wanted.term):
            return []
        text = wanted.term.text
        return [Query.fuzzy_term_query(self._schema, part.wholes, text, 1, True) for part in _parts(wanted)]

    def _match_in(self, term: Term, part: Part) -> Query:
        starts = [self._start_in(form, part) for form in term.forms]
        if term.starts_with_digit:
            return self._any_of(starts)
        return self._any_of([*starts, self._pieces(term.forms[0], part)])

    def _start_in(self, form: str, part: Part) -> Query:
        head = self._token(part.starts, form[:START_GRAM])
        if len(form) <= START_GRAM:
            return head
        # A longer form goes on inside the word, or into a word that starts somewhere in it.
        flat = form.replace(".", "")
        crossing = [self._token(part.starts, _tail(form[at:])) for at in range(1, len(form))]
        return self._all([head, self._any_of([self._pieces(flat[1:], part), *crossing])])

    def _pieces(self, text: str, part: Part) -> Query:
        """Look a text inside a word up by its pieces, overlapping in all but one character."""
        last = max(0, len(text) - INSIDE_GRAM)
        pieces = [text[at : at + INSIDE_GRAM] for at in range(last + 1)]
        return self._all([self._token(part.insides, piece) for piece in pieces])

    # -- bounds and plumbing -----------------------------------------------------------------

    def _bounds(self, query: SearchQuery) -> list[Query]:
        if not query.owner:
            return []
        exactly = self._token(OWNER.wholes, EXACT + query.owner)
        if query.owner_only:
            named = [self._token(OWNER.wholes, EXACT), self._token(NAME.wholes, EXACT + query.owner)]
            return [self._any_of([exactly, self._all(named)])]
        prefix = self._token(OWNER_PREFIX, query.owner[:OWNER_PREFIX_GRAM])
        if len(query.owner) <= OWNER_PREFIX_GRAM:
            return [prefix]
        return [self._any_of([exactly, self._all([prefix, self._pieces(query.owner[1:], OWNER)])])]

    def _token(self, field: str, token: str) -> Query:
        return Query.term_query(self._schema, field, token, "basic")

    def _any_of(self, queries: Sequence[Query]) -> Query:
        if len(queries) == 1:
            return queries[0]
        return Query.boolean_query([(_SHOULD, query) for query in queries])

    def _all(self, queries: Sequence[Query], excluded: Sequence[Term] = ()) -> Query:
        clauses = [(_MUST, query) for query in queries or [Query.all_query()]]
        clauses += [(_MUST_NOT, self._matching(Wanted(term))) for term in excluded]
        return clauses[0][1] if len(clauses) == 1 else Query.boolean_query(clauses)


def _parts(wanted: Wanted) -> tuple[Part, ...]:
    return (NAME,) if wanted.scope == "name" else (NAME, OWNER)


def _tail(text: str) -> str:
    """Give what the start of a later word must begin with; a number there may have a point anywhere."""
    return text[:1] if not text[0].isalpha() else text[:START_GRAM]


def _is_one_lookup(term: Term) -> bool:
    longest = max(map(len, term.forms))
    return longest <= (START_GRAM if term.starts_with_digit else INSIDE_GRAM)


def _may_be_mistyped(term: Term) -> bool:
    return len(term.text) >= FUZZY_LENGTH and term.text.isalpha()

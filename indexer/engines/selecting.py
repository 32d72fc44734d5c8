"""From a query to an engine's look-ups: what is selected, and in which steps it is ordered."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from math import prod
from typing import Generic, TypeAlias

from indexer.engines.chosen import Chosen
from indexer.engines.terms import (
    EXACT,
    KEYWORDS,
    NAME,
    OWNER,
    OWNER_PREFIX,
    OWNER_PREFIX_GRAM,
    TIER,
    TIERS,
    Lookup,
    Part,
    Q,
    Terms,
)
from indexer.grams import GRAM, Term
from indexer.query import SearchQuery, Wanted
from indexer.ranking import FAMILY, Step, is_tag
from indexer.slips import slips_of

COMMONER = 10
"""A word that was meant is so many times as common as what was typed; none is as much commoner still."""
BEGUN = 5
"""Letters of a word still being typed, at least, to see through a slip in it."""
REMEMBERED_SLIPS = 10_000
WORD = 0.05
"""What a smaller share of the models that match have as a whole word is the beginning of one (`qwe`)."""
BROAD = 0.1
"""A term that a greater share of the models has leads to no few cases."""


Nears: TypeAlias = dict[Wanted | str, list[Lookup]]
"""What may have been meant by terms and owners, in an index at one commit."""


class Selector(Generic[Q]):
    """Turns queries into an engine's, for one commit of an index.

    A look-up that is known to find nothing is `None` and left out, and with it whatever needs it:
    while a name is being typed, most of what could match does not occur.

    Args:
        terms: the engine's look-ups.
        nears: what is known already of slips, for the same commit; more is added to it.

    """

    def __init__(self, terms: Terms[Q], nears: Nears | None = None) -> None:
        self.terms = terms
        self._nears: Nears = {} if nears is None else nears

    def everything(self, query: SearchQuery) -> Chosen[Q] | None:
        """Select every model the query asks for."""
        return self._choose([*self._bounds(query), *self._matching_all(query, keywords=True)], query)

    def steps(self, query: SearchQuery, total: int = 0) -> list[tuple[Step, Chosen[Q]]]:
        """Give the steps of the order, first to last; each may repeat models of those before it.

        Where an owner is asked for, all models of that very owner come before those of longer names.
        Where the total is a family's, only what many download is known by its name, and what is hardly
        ever a word by itself is one that is still being typed.
        """
        bounds, everything = self._bounds(query), self._matching_all(query)
        kinds = self._kinds(query, everything, family=total > FAMILY)
        steps: list[tuple[Step, Chosen[Q] | None]] = []
        if query.exact_id:
            owner, name = query.exact_id
            exact = [self.terms.term(OWNER.wholes, EXACT + owner), self.terms.term(NAME.wholes, EXACT + name)]
            # 17b is not 1.7b, though compact
            steps.append((Step.EXACT_ID, self._choose([*exact, *bounds, *everything], query)))
        owners: list[list[Q | None]] = [[]]
        if query.owner and not query.owner_only:
            owners = [[self.terms.term(OWNER.wholes, EXACT + query.owner)], []]
        for bound, (step, terms) in product(owners, kinds):
            steps.append((step, self._choose([*bound, *bounds, *terms], query)))
        return [(step, selected) for step, selected in steps if selected is not None]

    def _kinds(
        self, query: SearchQuery, everything: list[Q | None], *, family: bool
    ) -> list[tuple[Step, list[Q | None]]]:
        """Give the ways the wanted terms can match, the best first; `everything` is any way, by the id."""
        kinds = []
        if query.exact_name:
            named = self.terms.term(NAME.wholes, EXACT + query.exact_name)
            famous = [self.terms.term(TIER, TIERS[0][0])] if family else []
            kinds.append((Step.EXACT_NAME, [named, *famous, *everything]))
        if query.wanted and not (family and any(map(self._is_being_typed, query.wanted))):
            kinds.append((Step.WORDS, self._each(query, [self._whole(wanted) for wanted in query.wanted])))
        if query.wanted:
            kinds.append(
                (Step.PREFIXES, self._each(query, [self._starting(wanted) for wanted in query.wanted]))
            )
        kinds.append((Step.INSIDE, everything))
        if any(self._keyword(wanted) for wanted in query.wanted):
            anyhow = self._matching_all(query, keywords=True)
            if query.exact_name and is_tag(query):
                kinds.append((Step.TAG, [self.terms.term(KEYWORDS, query.exact_name), *anyhow]))
            kinds.append((Step.KEYWORD, anyhow))
        return kinds

    def counts_exactly(self, query: SearchQuery) -> bool:
        """Say whether every term is one look-up: a longer one is only as good as its pieces."""
        terms = [*(wanted.term for wanted in query.wanted), *query.excluded]
        return all(_is_one_lookup(term) for term in terms) and len(query.owner or "") <= OWNER_PREFIX_GRAM

    def decisive(self, query: SearchQuery) -> list[Lookup]:
        """Give the look-ups whose frequencies can decide what `steps` gives."""
        lookups = [(OWNER_PREFIX, query.owner[:OWNER_PREFIX_GRAM])] if query.owner else []
        for wanted in query.wanted:
            form = wanted.term.forms[0]
            for part in _parts(wanted):
                lookups += [(part.wholes, form), (part.grams, form[:GRAM])]
        return list(dict.fromkeys(lookups))

    def typos(self, query: SearchQuery) -> list[Chosen[Q]]:
        """Select what one slip of the finger would have found: by ids, then by other terms' keywords too."""
        meant = self._meant(query)
        owners = [self._begun(*lookup) for lookup in meant.get(query.owner or "", ())]
        near = [[self._begun(*lookup) for lookup in meant[wanted]] for wanted in query.wanted]
        if not owners and not any(near):
            return []
        bounds = [self._any_of([*self._bounds(query), *owners])] if query.owner else []
        selected = []
        for keywords in (False, True):
            typed = [self._matching(wanted, keywords=keywords) for wanted in query.wanted]
            terms = [self._any_of([*ways, *words]) for ways, words in zip(typed, near, strict=True)]
            selected.append(self._choose([*bounds, *terms], query))
        return [one for one in selected if one is not None]

    def in_tier(self, chosen: Chosen[Q], tier: str) -> Chosen[Q] | None:
        """Give those of the models that are in a tier: more popular than all others."""
        token = self.terms.term(TIER, tier)
        return None if token is None else chosen.narrowed([token])

    # -- the wanted terms --------------------------------------------------------------------

    def _each(self, query: SearchQuery, ways: Sequence[Sequence[Q | None]]) -> list[Q | None]:
        """Select by every wanted term, each of which can match in several ways.

        A rare term beside a common one is looked up case by case (one in the owner and the other in
        the name, and so on): Tantivy skips through two lists, but hardly through the union of two.
        """
        if len(ways) > 1 and prod(map(len, ways)) <= self.terms.most_cases:
            rarest = min(self._models_with(wanted) + self._named_by(wanted) for wanted in query.wanted)
            if rarest <= BROAD * self.terms.models:
                return [self._any_of([self._all(case) for case in product(*ways)])]
        return [self._any_of(one) for one in ways]

    def _matching_all(self, query: SearchQuery, *, keywords: bool = False) -> list[Q | None]:
        return self._each(query, [self._matching(wanted, keywords=keywords) for wanted in query.wanted])

    def _matching(self, wanted: Wanted, *, keywords: bool = False) -> list[Q]:
        """Give the ways a term can match: in the one part or the other, in this form or that."""
        ways = [self._match_in(form, part) for part, form in _places(wanted)]
        return _known([*ways, self._keyword(wanted)] if keywords else ways)

    def _keyword(self, wanted: Wanted) -> Q | None:
        return self.terms.term(KEYWORDS, wanted.term.keyword) if wanted.scope == "any" else None

    def _starting(self, wanted: Wanted) -> list[Q]:
        """Give the ways a term can match from the start of a word."""
        return _known(self._start_in(wanted.term.forms[0], part) for part in _parts(wanted))

    def _whole(self, wanted: Wanted) -> list[Q]:
        """Give the ways a term can match as whole words."""
        return _known(self.terms.term(part.wholes, wanted.term.forms[0]) for part in _parts(wanted))

    def _certain(self, wanted: Wanted) -> list[Q]:
        """Give ways in which a term matches for certain; all of them, where it is one look-up.

        What is left out by mistake is lost; what is left in is checked against its name.
        """
        if _is_one_lookup(wanted.term):
            return self._matching(wanted, keywords=True)
        wholes = [self.terms.term(part.wholes, form) for part, form in _places(wanted)]
        return _known([*wholes, self._keyword(wanted)])

    def _is_being_typed(self, wanted: Wanted) -> bool:
        form = wanted.term.forms[0]
        words = sum(self.terms.frequency(part.wholes, form) for part in _parts(wanted))
        return words < WORD * self._models_with(wanted)

    def _models_with(self, wanted: Wanted) -> int:
        """Count, roughly and from above, the models with a term as it begins."""
        text = wanted.term.forms[0][:GRAM]
        return sum(self.terms.frequency(part.grams, text) for part in _parts(wanted))

    def _named_by(self, wanted: Wanted) -> int:
        """Count the models with a term among their keywords."""
        return self.terms.frequency(KEYWORDS, wanted.term.keyword) if wanted.scope == "any" else 0

    def _meant(self, query: SearchQuery) -> Nears:
        """Give what may have been meant by the owner and by each term, as look-ups.

        Looking some hundred words up takes longer than all else of a search, and what stands before the
        last word stays the same while that is typed: it is looked up once. What was meant is had by much
        more models than what was typed.
        """
        owner = query.owner if query.owner and not query.owner_only else None
        keys: list[Wanted | str] = [one for one in (owner, *query.wanted) if one is not None]
        new = [key for key in keys if key not in self._nears]
        found = self.terms.commoner([(self._near(key), self._typed(key) * COMMONER) for key in new])
        if len(self._nears) + len(new) > REMEMBERED_SLIPS:
            known = {key: self._nears[key] for key in keys if key not in new}
            self._nears.clear()
            self._nears.update(known)
        self._nears.update(zip(new, map(_commonest, found), strict=True))
        return {key: self._nears[key] for key in keys}

    def _near(self, key: Wanted | str) -> Iterable[Lookup]:
        """Give the words one slip away from a term or an owner."""
        if isinstance(key, Wanted):
            return _slips(key)
        return ((OWNER.wholes, EXACT + slip) for slip in slips_of(key))

    def _typed(self, key: Wanted | str) -> int:
        """Count, roughly, the models with a term or an owner as it was typed."""
        if isinstance(key, Wanted):
            return self._models_with(key)
        return self.terms.frequency(OWNER_PREFIX, key[:OWNER_PREFIX_GRAM])

    def _begun(self, field: str, word: str) -> Q | None:
        """Select by a word, or by the beginning of one: `mistry` is none of chemistry."""
        heads = [
            self.terms.term(part.heads, word[: self.terms.head_gram])
            for part in (NAME, OWNER)
            if field == part.grams
        ]
        return self._all([self.terms.term(field, word), *heads])

    def _match_in(self, form: str, part: Part) -> Q | None:
        head = self.terms.term(part.grams, form[:GRAM])
        if head is None or len(form) <= GRAM:
            return head
        if form[0].isdigit():
            return head  # it may begin inside a word and hold points: left to the check against the name
        return self._all([head, self._any_of([self._pieces(form, part), *self._crossings(form, part)])])

    def _start_in(self, form: str, part: Part) -> Q | None:
        head = self.terms.term(part.heads, form[: self.terms.head_gram])
        return head if len(form) <= self.terms.head_gram else self._all([head, self._match_in(form, part)])

    def _crossings(self, form: str, part: Part) -> list[Q | None]:
        """Look a long form up as a whole word and the beginning of what follows it."""
        return [
            self._all(
                [self.terms.term(part.wholes, form[:at]), self.terms.term(part.grams, _tail(form[at:]))]
            )
            for at in range(1, len(form))
        ]

    def _pieces(self, text: str, part: Part) -> Q | None:
        """Look a text inside a word up by its later pieces; none of them begins with a digit."""
        pieces = (text[at : at + GRAM] for at in range(1, len(text) - GRAM + 1) if text[at].isalpha())
        return self._all([self.terms.term(part.grams, piece) for piece in pieces])

    # -- bounds and plumbing -----------------------------------------------------------------

    def _bounds(self, query: SearchQuery) -> list[Q | None]:
        if not query.owner:
            return []
        exactly = self.terms.term(OWNER.wholes, EXACT + query.owner)
        if query.owner_only:
            named = [self.terms.term(OWNER.wholes, EXACT), self.terms.term(NAME.wholes, EXACT + query.owner)]
            return [self._any_of([exactly, self._all(named)])]
        prefix = self.terms.term(OWNER_PREFIX, query.owner[:OWNER_PREFIX_GRAM])
        if len(query.owner) <= OWNER_PREFIX_GRAM:
            return [prefix]
        return [self._any_of([exactly, self._all([prefix, self._pieces(query.owner, OWNER)])])]

    def _any_of(self, queries: Sequence[Q | None]) -> Q | None:
        some = _known(queries)
        if len(some) <= 1:
            return some[0] if some else None
        return self.terms.any_of(some)

    def _all(self, queries: Sequence[Q | None]) -> Q | None:
        some = _known(queries)
        return Chosen(tuple(some)).query(self.terms) if len(some) == len(queries) else None

    def _choose(self, queries: Sequence[Q | None], query: SearchQuery) -> Chosen[Q] | None:
        """Choose what all queries select, without what was excluded."""
        some = _known(queries)
        if len(some) < len(queries):
            return None
        excluded = [one for term in query.excluded for one in self._certain(Wanted(term))]
        return Chosen(tuple(some), tuple(excluded))


def _parts(wanted: Wanted) -> tuple[Part, ...]:
    return (NAME,) if wanted.scope == "name" else (NAME, OWNER)


def _places(wanted: Wanted) -> Iterator[tuple[Part, str]]:
    return product(_parts(wanted), wanted.term.forms)


def _slips(wanted: Wanted) -> Iterator[Lookup]:
    typed = wanted.term.forms[-1]
    for part, slip in product(_parts(wanted), slips_of(typed)):
        begins = BEGUN <= len(slip) <= GRAM and not typed.startswith(slip)
        yield part.grams if begins else part.wholes, slip


def _commonest(words: Mapping[Lookup, int]) -> list[Lookup]:
    """Leave out what is hardly ever meant."""
    least = max(words.values(), default=0) / COMMONER
    return [lookup for lookup, models in words.items() if models >= least]


def _known(queries: Iterable[Q | None]) -> list[Q]:
    return [query for query in queries if query is not None]


def _tail(text: str) -> str:
    """Give what the start of a later word must begin with; a number there may have a point anywhere."""
    return text[:1] if not text[0].isalpha() else text[:GRAM]


def _is_one_lookup(term: Term) -> bool:
    return max(map(len, term.forms)) <= GRAM

"""The order of hits, as a definition over the text; pure.

Engines select; where they select few models this decides, and where they select many they order by
the same steps from what they have stored. Both give the same answer (a property test holds them to it).
"""

from collections.abc import Callable, Container, Iterable
from enum import IntEnum
from functools import lru_cache
from typing import TypeAlias

from indexer.grams import Cut, Term, cut
from indexer.query import SearchQuery, Wanted


class Step(IntEnum):
    """Why a hit stands where it stands; popularity orders within a step."""

    EXACT_ID = 1
    EXACT_NAME = 2
    WORDS = 3
    PREFIXES = 4
    INSIDE = 5
    TAG = 6
    KEYWORD = 7
    TYPO = 8


FAMILY = 300
"""More models than this answer to the name of a family (`llama`), not of a model. Anybody can call a model
just that, so there the exact name counts only for models that very many download."""

Rank: TypeAlias = tuple[int, Step]
"""Where a hit stands. The first number is 1 where an owner was asked for and this one's name is longer."""


def rank_of(query: SearchQuery, repo_id: str, keywords: Callable[[], Iterable[str]] = tuple) -> Rank | None:
    """Give where a model stands among the answers to a query, or `None` when it is none of them.

    Args:
        query: what is asked.
        repo_id: the model's.
        keywords: gives the model's keywords; asked for only where they decide.

    """
    owner_text, _, name_text = repo_id.rpartition("/")
    owner, name = _cut(owner_text), _cut(name_text)
    if not _owner_fits(query, owner, name):
        return None
    classes = [_wanted_class(wanted, owner, name) for wanted in query.wanted]
    known: Container[str] = ()
    if query.excluded or None in classes:
        known = frozenset(keywords())
        excluded = (Wanted(term) for term in query.excluded)
        if any(_wanted_class(one, owner, name) or _is_keyword(one, known) for one in excluded):
            return None
        missing = (one for one, found in zip(query.wanted, classes, strict=True) if found is None)
        if not all(_is_keyword(one, known) for one in missing):
            return None
    longer = int(bool(query.owner) and not query.owner_only and owner.compact != query.owner)
    if None in classes:
        return (longer, Step.TAG if is_tag(query) and query.exact_name in known else Step.KEYWORD)
    if query.exact_id == (owner.compact, name.compact):
        return (0, Step.EXACT_ID)
    if query.exact_name and query.exact_name == name.compact:
        return (longer, Step.EXACT_NAME)
    return (longer, max((one for one in classes if one), default=Step.INSIDE))


_cut = lru_cache(maxsize=16_384)(cut)
"""While a name is typed, the same few models come up key after key."""


def _owner_fits(query: SearchQuery, owner: Cut, name: Cut) -> bool:
    if query.owner_only:
        return query.owner == (owner.compact or name.compact)
    return owner.compact.startswith(query.owner or "")


def _wanted_class(wanted: Wanted, owner: Cut, name: Cut) -> Step | None:
    parts = (name,) if wanted.scope == "name" else (name, owner)
    return min((found for part in parts if (found := _class_of(wanted.term, part))), default=None)


def is_tag(query: SearchQuery) -> bool:
    """Tell whether all that is asked could be one tag, which then says it better than others do."""
    return len(query.wanted) > 1 and query.exact_name is not None


def _is_keyword(wanted: Wanted, keywords: Container[str]) -> bool:
    return wanted.scope == "any" and wanted.term.keyword in keywords


def _class_of(term: Term, part: Cut) -> Step | None:
    """Give how a term matches a part of an id: a whole word, its beginning, or inside it."""
    forms = term.forms
    if forms[0] in part.wholes:
        return Step.WORDS
    if any(start.startswith(forms[0]) for start in part.starts):
        return Step.PREFIXES
    if any(start.startswith(forms[-1]) for start in part.starts):
        return Step.INSIDE  # a number without its point: 1.5 is v1-5, but rather 1.5B than 15B
    if term.is_found_inside and any(inside.startswith(forms[0]) for word in part.insides for inside in word):
        return Step.INSIDE
    return None

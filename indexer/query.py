"""How a query is read: from what was typed to what is searched; pure."""

from dataclasses import dataclass
from typing import Literal

from indexer.errors import BadRequest
from indexer.grams import Term, terms_of
from indexer.pasted import Pasted, read_pasted
from indexer.text import compact

MAX_TEXT = 300
"""Characters of a query; a longer one is refused."""
MAX_TERMS = 16
"""Terms of a query; a longer one is refused."""
MAX_LIMIT = 100
"""Hits in one answer."""
MAX_DEPTH = 10_000
"""Hits that can be paged through (offset and limit together)."""

Scope = Literal["any", "name"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A term and where it is looked for."""

    term: Term
    scope: Scope = "any"


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """A query as it was understood."""

    text: str = ""
    """What was typed."""
    wanted: tuple[Wanted, ...] = ()
    """Every one must match."""
    excluded: tuple[Term, ...] = ()
    """None may match, in owner or name."""
    owner: str | None = None
    """The owner must begin with this (compact text)."""
    owner_only: bool = False
    """The owner must be exactly `owner`: an owner's address was pasted."""
    exact_id: tuple[str, str] | None = None
    """Owner and name (compact) of the model that comes first, if there is one."""
    exact_name: str | None = None
    """Name (compact) of the models that come next."""
    limit: int = 20
    offset: int = 0


def parse_query(text: str, *, limit: int = 20, offset: int = 0) -> SearchQuery:
    """Read a query.

    `owner/rest` binds the left side to the owner and the rest to the name, `/rest` is name only, `-term`
    excludes, a pasted link or command finds what it names; everything else is terms.

    Raises:
        BadRequest: it is too long, has too many terms, or asks for a page out of reach.

    """
    if len(text) > MAX_TEXT:
        raise BadRequest(f"The query has {len(text)} characters; at most {MAX_TEXT} are read.")
    if not 0 < limit <= MAX_LIMIT:
        raise BadRequest(f"The limit must be between 1 and {MAX_LIMIT}.")
    if offset < 0 or offset + limit > MAX_DEPTH:
        raise BadRequest(f"Only the first {MAX_DEPTH} hits can be paged through; narrow the query.")
    pasted = read_pasted(text)
    query = _of_pasted(text, pasted, limit, offset) if pasted else _of_words(text, limit, offset)
    if len(query.wanted) + len(query.excluded) > MAX_TERMS:
        raise BadRequest(f"The query has more than {MAX_TERMS} terms.")
    return query


def _of_pasted(text: str, pasted: Pasted, limit: int, offset: int) -> SearchQuery:
    owner = compact(pasted.owner)
    if not pasted.name:
        # The oldest models have no owner: `https://huggingface.co/gpt2` names one of them.
        return SearchQuery(
            text, owner=owner, owner_only=True, exact_id=("", owner), limit=limit, offset=offset
        )
    return SearchQuery(
        text,
        wanted=tuple(Wanted(term, "name") for term in terms_of(pasted.name)),
        owner=owner,
        exact_id=(owner, compact(pasted.name)),
        exact_name=compact(pasted.name),
        limit=limit,
        offset=offset,
    )


def _of_words(text: str, limit: int, offset: int) -> SearchQuery:
    excluded: list[Term] = []
    before: list[str] = []
    after: list[str] = []
    owner: str | None = None
    for token in text.split():
        if token.startswith("-") and len(token) > 1:
            excluded.extend(terms_of(token))
        elif owner is None and "/" in token:
            left, _, right = token.partition("/")
            owner = compact(left)
            after.append(right)
        else:
            (before if owner is None else after).append(token)
    name = " ".join(after)
    wanted = [Wanted(term) for term in terms_of(" ".join(before))]
    wanted += [Wanted(term, "name") for term in terms_of(name)]
    bound = compact(name) if owner is not None else compact(" ".join(before))
    return SearchQuery(
        text,
        wanted=tuple(wanted),
        excluded=tuple(dict.fromkeys(excluded)),
        owner=owner or None,
        exact_id=(owner, bound) if owner and bound and not before else None,
        exact_name=bound if bound and not (owner is not None and before) else None,
        limit=limit,
        offset=offset,
    )

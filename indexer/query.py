"""How a query is read: from what was typed to what is searched; pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

from indexer.errors import BadRequest
from indexer.filters import NO_FILTERS, Facet, Filters, read_filter, require_bounds
from indexer.grams import Term, terms_of
from indexer.measures import is_begun_size
from indexer.pasted import Pasted, read_pasted
from indexer.text import compact

MAX_TEXT = 300
"""Characters of a query; a longer one is refused."""
MAX_TERMS = 16
"""Terms of a query; a longer one is refused."""
MAX_LIMIT = 100
"""Hits in one answer."""
MAX_DEPTH = 100_000
"""Hits that can be paged through (offset and limit together)."""

Scope = Literal["any", "name"]
Kind = Literal["model", "variant"]
"""What the hits are."""
KINDS: tuple[Kind, ...] = get_args(Kind)
Sort = Literal["relevance", "downloads", "likes", "trending", "updated", "created", "size"]
"""Orders of the hits; all but relevance begin with the most or the newest."""


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
    filters: Filters = NO_FILTERS
    """What a model must be, beside how it is called."""
    pointed: str = ""
    """The path of a file or a folder, or a quant, that was pasted with its model: shown first there."""
    sort: Sort = "relevance"
    facets: tuple[Facet, ...] = ()
    """Fields whose values are counted over all hits."""
    limit: int = 20
    offset: int = 0
    kind: Kind = "model"

    @property
    def is_of_variants(self) -> bool:
        """Whether it takes the variants by themselves to answer."""
        return (
            self.kind == "variant"
            or self.filters.is_of_variants
            or (self.sort == "size" and self.filters.chooses_variants)
        )


def parse_query(  # noqa: PLR0913  # what the outer contract lets anybody say
    text: str,
    *,
    filters: Filters = NO_FILTERS,
    sort: Sort = "relevance",
    facets: Sequence[Facet] = (),
    limit: int = 20,
    offset: int = 0,
    kind: Kind = "model",
) -> SearchQuery:
    """Read a query.

    `owner/rest` binds the left side to the owner and the rest to the name, `/rest` is name only, `-term`
    excludes, `key:value` filters, a pasted link or command finds what it names; everything else is terms.

    Args:
        text: what was typed.
        filters: what a model must be; the text can add to it.
        sort: the order of the hits.
        facets: fields whose values are to be counted.
        limit: hits of the page.
        offset: hits before it.
        kind: what the hits are.

    Raises:
        BadRequest: it is too long, has too many terms or filters, or asks for a page out of reach.

    """
    if len(text) > MAX_TEXT:
        raise BadRequest(f"The query has {len(text)} characters; at most {MAX_TEXT} are read.")
    if not 0 < limit <= MAX_LIMIT:
        raise BadRequest(f"The limit must be between 1 and {MAX_LIMIT}.")
    if offset < 0 or offset + limit > MAX_DEPTH:
        raise BadRequest(f"Only the first {MAX_DEPTH:,} hits can be paged through; narrow the query.")
    pasted = read_pasted(text)
    query = _of_pasted(text, pasted, filters) if pasted else _of_words(text, filters)
    require_bounds(query.filters)
    if len(query.wanted) + len(query.excluded) > MAX_TERMS:
        raise BadRequest(f"The query has more than {MAX_TERMS} terms.")
    counted = tuple(dict.fromkeys(facets))
    return replace(query, sort=sort, facets=counted, limit=limit, offset=offset, kind=kind)


def _of_pasted(text: str, pasted: Pasted, filters: Filters) -> SearchQuery:
    if pasted.search:
        return replace(_of_words(pasted.search, filters), text=text)
    owner = compact(pasted.owner)
    if not pasted.name:
        # The oldest models have no owner: `https://huggingface.co/gpt2` names one of them.
        return SearchQuery(text, owner=owner, owner_only=True, exact_id=("", owner), filters=filters)
    return SearchQuery(
        text,
        wanted=tuple(Wanted(term, "name") for term in terms_of(pasted.name)),
        owner=owner,
        exact_id=(owner, compact(pasted.name)),
        exact_name=compact(pasted.name),
        filters=filters,
        pointed=pasted.pointed,
    )


def _of_words(text: str, filters: Filters) -> SearchQuery:
    excluded: list[Term] = []
    before: list[str] = []
    after: list[str] = []
    owner: str | None = None
    for token in text.split():
        if (narrower := read_filter(token, filters)) is not None:
            filters = narrower
        elif token.startswith("-") and len(token) > 1:
            excluded.extend(terms_of(token))
        elif is_begun_size(token):
            continue
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
        filters=filters,
    )

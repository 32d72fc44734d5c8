"""What a page was asked, and what comes of it: an answer, a refusal, or the word to wait."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, cast, get_args

from fastapi import Depends, Query

from api.pages.owners import Suggestions
from api.pages.search import PAGE_HITS, Outcome, Refused, Waiting
from api.paths import MAX_ID
from api.sources import Sources
from indexer.errors import BadRequest, CatalogMissing, EngineUnavailable
from indexer.filters import Facet
from indexer.owners import owner_typed
from indexer.query import SearchQuery, Sort, parse_query
from indexer.search import SearchPage

SUGGESTED = 3
"""Owners that are suggested at once."""

Text = Annotated[str, Query(alias="q")]
Offset = Annotated[str, Query(alias="offset", max_length=20)]
Order = Annotated[str, Query(alias="sort", max_length=20)]
Owner = Annotated[str, Query(alias="owner", max_length=MAX_ID)]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a page of search results is asked for."""

    text: str
    sort: Sort
    offset: int
    owner: str = ""
    """All models, or those of one owner."""

    def of_owner(self, owner: str) -> "Asked":
        """Give the same question about the models of an owner."""
        return replace(self, owner=owner)


def asked_of(text: Text = "", sort: Order = "", offset: Offset = "", owner: Owner = "") -> Asked:
    """Read what a page is asked for; what makes no sense is as if it had not been said."""
    skipped = int(offset) if offset.isascii() and offset.isdecimal() else 0
    order = sort if sort in get_args(Sort) else "relevance"
    return Asked(text, cast("Sort", order), skipped, owner)


FromAddress = Annotated[Asked, Depends(asked_of)]


def outcome_of(sources: Sources, asked: Asked, facets: Sequence[Facet] = ()) -> Outcome:
    """Answer what was typed."""
    try:
        query = query_of(asked.text, asked.owner, limit=PAGE_HITS, offset=asked.offset)
        return sources.answer(replace(query, sort=asked.sort, facets=tuple(facets)))
    except BadRequest as error:
        return Refused(str(error))
    except EngineUnavailable as error:
        return Waiting(_models_read(sources), is_away=error.is_away)


def suggestions_of(sources: Sources, asked: Asked, outcome: Outcome) -> Suggestions | None:
    """Suggest owners beside the first answer to what was typed; `None` when no owner can be meant."""
    typed = owner_typed(asked.text)
    if typed is None or asked.owner or asked.offset or not isinstance(outcome, SearchPage):
        return None
    return Suggestions(typed, sources.owners(typed.prefix, SUGGESTED).owners)


def owner_of(sources: Sources, name: str) -> tuple[str, int] | None:
    """Give an owner's name as it is written, however it was typed, and how many models are theirs.

    `None`: nobody is called so.

    Raises:
        EngineUnavailable: there is no index to look it up in yet.

    """
    answer = sources.answer(query_of("", name, limit=1))
    return (answer.hits[0].model.record.owner, answer.total) if answer.hits else None


def query_of(text: str, owner: str, *, limit: int, offset: int = 0) -> SearchQuery:
    """Read what was typed, among all models or those of one owner; raises what `parse_query` does."""
    query = parse_query(text, limit=limit, offset=offset)
    if not owner:
        return query
    others = tuple(one for one in query.filters.any_of if one[0] != "author")
    bound = replace(query.filters, any_of=others).with_values("author", [owner])
    return replace(query, filters=bound)


def _models_read(sources: Sources) -> int:
    try:
        return sources.catalog().state().models
    except CatalogMissing:
        return 0

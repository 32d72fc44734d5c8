"""What a page was asked, and what comes of it: an answer, a refusal, or the word to wait."""

from dataclasses import replace
from typing import Annotated

from fastapi import Query

from api.pages.search import PAGE_HITS, Outcome, Refused, Waiting
from api.paths import MAX_ID
from api.sources import Sources
from indexer.errors import BadRequest, CatalogMissing, EngineUnavailable
from indexer.query import SearchQuery, parse_query

Text = Annotated[str, Query(alias="q")]
Offset = Annotated[str, Query(alias="offset", max_length=20)]
Owner = Annotated[str, Query(alias="owner", max_length=MAX_ID)]


def outcome_of(sources: Sources, text: str, offset: str, owner: str = "") -> Outcome:
    """Answer what was typed, among all models or those of one owner."""
    try:
        skipped = int(offset) if offset.isascii() and offset.isdecimal() else 0
        return sources.answer(query_of(text, owner, limit=PAGE_HITS, offset=skipped))
    except BadRequest as error:
        return Refused(str(error))
    except EngineUnavailable:
        return Waiting(_models_read(sources))


def owner_of(sources: Sources, name: str) -> str | None:
    """Give an owner's name as it is written, however it was typed; `None`: nobody is called so.

    Raises:
        EngineUnavailable: there is no index to look it up in yet.

    """
    hits = sources.answer(query_of("", name, limit=1)).hits
    return hits[0].model.record.owner if hits else None


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

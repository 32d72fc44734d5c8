"""What a page was asked, and what comes of it: an answer, a refusal, or the word to wait."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, cast, get_args

from fastapi import Depends, Query

from api.pages.layout import Manner
from api.pages.owners import Suggestions
from api.pages.search import PAGE_HITS, Asked, Outcome, Refused, Waiting
from api.paths import MAX_ID
from api.recommending import Recommendation, Recommending
from api.sources import Sources
from indexer.errors import BadRequest, CatalogMissing, EngineUnavailable
from indexer.filters import NO_FILTERS, Facet
from indexer.measures import memory_text, read_context, read_memory
from indexer.owners import owner_typed
from indexer.query import Kind, SearchQuery, Sort, parse_query
from indexer.search import SearchPage

SUGGESTED = 3
"""Owners that are suggested at once."""

Text = Annotated[str, Query(alias="q")]
Short = Annotated[str, Query(max_length=40)]
Owner = Annotated[str, Query(alias="owner", max_length=MAX_ID)]


def memory_of(memory: Short = "", vram: Short = "", ram: Short = "") -> str:
    """Read the memory a page is told of, as one text or as the two fields of a form."""
    read = read_memory(memory) if memory else None
    read = read or read_memory(f"{vram or 0}gb+{ram or 0}gb")
    return memory_text(read) if read else ""


FromForm = Annotated[str, Depends(memory_of)]


def manner_of(memory: FromForm, sort: Short = "", kind: Short = "", owner: Owner = "") -> Manner:
    """Read how a page is asked."""
    order = sort if sort in get_args(Sort) else "relevance"
    looked_for: Kind = "variant" if kind == "variant" else "model"
    return Manner(owner, cast("Sort", order), looked_for, memory)


def asked_of(
    manner: Annotated[Manner, Depends(manner_of)], text: Text = "", offset: Short = "", ctx: Short = ""
) -> Asked:
    """Read what a page is asked for; what makes no sense is as if it had not been said."""
    skipped = int(offset) if offset.isascii() and offset.isdecimal() else 0
    return Asked(text, manner, skipped, read_context(ctx) or NO_FILTERS.context)


FromAddress = Annotated[Asked, Depends(asked_of)]


def outcome_of(sources: Sources, asked: Asked, facets: Sequence[Facet] = ()) -> Outcome:
    """Answer what was typed."""
    try:
        manner = asked.manner
        query = query_of(asked.text, manner.owner, limit=PAGE_HITS, offset=asked.offset)
        query = replace(query, sort=manner.sort, kind=manner.kind, facets=tuple(facets))
        return sources.answer(query)
    except BadRequest as error:
        return Refused(str(error))
    except EngineUnavailable as error:
        return Waiting(_models_read(sources), is_away=error.is_away)


def suggestions_of(sources: Sources, asked: Asked, outcome: Outcome) -> Suggestions | None:
    """Suggest owners beside the first answer to what was typed; `None` when no owner can be meant."""
    typed = owner_typed(asked.text)
    if typed is None or asked.manner.owner or asked.offset or not isinstance(outcome, SearchPage):
        return None
    return Suggestions(typed, sources.owners(typed.prefix, SUGGESTED).owners)


def recommendations_of(recommending: Recommending, asked: Asked) -> Sequence[Recommendation]:
    """Give what is recommended to whoever asks for nothing in particular; else nothing."""
    return recommending.recommendations(asked.room) if asked.is_nothing else ()


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

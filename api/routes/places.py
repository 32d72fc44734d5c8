"""Models and owners, at the paths they have on the Hub; what is nobody's path ends here too."""

from dataclasses import dataclass, replace
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.asking import FromDownloads, FromSite, FromSources, MayWrite, Now
from api.contents import contents_of
from api.family import family_of
from api.handoff.jobs.running import Downloads
from api.having import having_of, jobs_known
from api.pages.downloading import Door
from api.pages.layout import model_path, search_path
from api.pages.model import model_page
from api.pages.narrowing import NARROWED_BY
from api.pages.search import Asked, search_page
from api.pages.variants import MAX_VARIANTS, Held
from api.paths import MAX_ID, Place, places_of
from api.routes.outcomes import FromAddress, outcome_of, owner_of
from api.sources import Sources
from indexer.errors import ModelNotFound
from indexer.filters import NO_FILTERS
from indexer.measures import read_memory
from indexer.owners import Owner
from indexer.records import StoredModel
from indexer.variants.answers import room_of

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Found:
    """What a path leads to."""

    place: Place
    name: str
    """As it is written now: not a former name, not in another case."""
    model: StoredModel | None
    """`None`: an owner."""
    models: int = 0
    """How many the owner has."""

    @property
    def is_exact(self) -> bool:
        """Whether the name was asked for just as it is written."""
        return self.name == self.place.name

    @property
    def path(self) -> str:
        """Where its page is."""
        return model_path(self.name) if self.model else search_path("", owner=self.name)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who looks at a model's page, and for what."""

    downloads: Downloads
    may_write: bool
    used: str
    """Key or label of the variant that is to be got; empty: nobody said."""


def visitor_of(downloads: FromDownloads, may_write: MayWrite, use: Annotated[str, Query()] = "") -> Visitor:
    """Read who looks, and for what."""
    return Visitor(downloads, may_write, use)


FromVisitor = Annotated[Visitor, Depends(visitor_of)]


@router.get("/{_path:path}")  # noqa: FAST003
def page_of_a_place(
    request: Request,
    sources: FromSources,
    site: FromSite,
    now: Now,
    asked: FromAddress,
    visitor: FromVisitor,
) -> Response:
    """Give the page of a model or an owner, or lead to it."""
    found = find_place(sources, request.scope["path"])
    if found.place.is_below or not found.is_exact:
        return RedirectResponse(found.path, 307)
    if found.model:
        family = family_of(sources, found.model)
        held = held_by(sources, found.model, asked, visitor)
        return model_page(site, found.model, held, family, now, sources.catalog().state().crawled_at)
    asked = asked.of_owner(found.name)
    outcome = outcome_of(sources, asked, NARROWED_BY)
    return search_page(site, asked, outcome, now, owned=Owner(found.name, found.models))


def held_by(sources: Sources, model: StoredModel, asked: Asked, visitor: Visitor) -> Held:
    """Give what a model holds and what is had of it, and the memory its page reckons with."""
    memory = read_memory(asked.manner.memory) if asked.manner.memory else None
    room = room_of(replace(NO_FILTERS, context=asked.context), memory)
    contents, path = contents_of(sources, model), model_path(model.record.repo_id)
    having = having_of(
        model.record,
        contents.variants[:MAX_VARIANTS],
        jobs_known(visitor.downloads),
        visitor.downloads.layout,
    )
    door = Door(visitor.may_write, f"{path}?use={quote(visitor.used[:MAX_ID])}" if visitor.used else path)
    return Held(contents, room, visitor.used, having, door)


def find_place(sources: Sources, path: str) -> Found:
    """Give what a path leads to: ids with an owner first, then whoever is written just so.

    Raises:
        HTTPException: nothing can be there.
        ModelNotFound: something could, but is not.

    """
    places = places_of(path)
    if not places:
        raise HTTPException(404)
    folded: Found | None = None
    for place in places:
        found = _look_up(sources, place)
        if found is None:
            continue
        if found.is_exact or "/" in place.name:
            return found
        folded = folded or found
    if folded is None:
        raise sources.not_found(places[0].name)
    return folded


def _look_up(sources: Sources, place: Place) -> Found | None:
    if place.kind == "owner":
        owner = owner_of(sources, place.name)
        return Found(place, owner[0], None, owner[1]) if owner else None
    try:
        model = sources.catalog().find(place.name)
    except ModelNotFound:
        return None
    return Found(place, model.record.repo_id, model)

"""Models and owners, at the paths they have on the Hub; what is nobody's path ends here too."""

from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.asking import FromSite, FromSources, Now
from api.contents import contents_of
from api.family import family_of
from api.pages.layout import model_path, search_path
from api.pages.model import model_page
from api.pages.narrowing import NARROWED_BY
from api.pages.search import Asked, search_page
from api.pages.variants import Held
from api.paths import Place, places_of
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


@router.get("/{_path:path}")  # noqa: FAST003
def page_of_a_place(
    request: Request,
    sources: FromSources,
    site: FromSite,
    now: Now,
    asked: FromAddress,
    use: Annotated[str, Query()] = "",
) -> Response:
    """Give the page of a model or an owner, or lead to it."""
    found = find_place(sources, request.scope["path"])
    if found.place.is_below or not found.is_exact:
        return RedirectResponse(found.path, 307)
    if found.model:
        family = family_of(sources, found.model)
        held = replace(held_by(sources, found.model, asked), used=use)
        return model_page(site, found.model, held, family, now, sources.catalog().state().crawled_at)
    asked = asked.of_owner(found.name)
    outcome = outcome_of(sources, asked, NARROWED_BY)
    return search_page(site, asked, outcome, now, owned=Owner(found.name, found.models))


def held_by(sources: Sources, model: StoredModel, asked: Asked) -> Held:
    """Give what a model holds, and the memory its page reckons with."""
    memory = read_memory(asked.manner.memory) if asked.manner.memory else None
    room = room_of(replace(NO_FILTERS, context=asked.context), memory)
    return Held(contents_of(sources, model), room)


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

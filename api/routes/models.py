"""`GET /v1/models/{id}`: what is known of one model, and, below it, the variants it holds.

Only what was made from it needs an engine.
"""

from contextlib import suppress
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from api.asking import FromSite, FromSources
from api.contents import contents_of
from api.family import derived_of, known_bases
from api.handoff.answers import HandedVariantsAnswer, handed_variants_answer
from api.measured import Context, GivenMemory, context_given, memory_given
from api.pages.layout import Site
from api.paths import MAX_ID
from api.responses import JsonResponse, errors_of
from api.sources import Sources
from indexer.answers import FullModelAnswer, full_model_answer
from indexer.errors import ModelNotFound
from indexer.filters import NO_FILTERS
from indexer.records import StoredModel
from indexer.variants.answers import Room, room_of

Segment = Annotated[str, Path(max_length=MAX_ID, description="A part of the model's id.")]

router = APIRouter(tags=["models"])


class VariantsParameters(BaseModel):
    """What can be asked of variants."""

    model_config = ConfigDict(extra="forbid")

    memory: GivenMemory = Field(
        default="",
        description="`8gb`, or `8gb+32gb` (GiB of the graphics card and the machine): each variant says "
        "whether it fits.",
    )
    ctx: Context = Field(
        default="", description="The length of context they are to fit with: `4096`, `8k`; 4k when not given."
    )

    def room(self) -> Room:
        """Give the memory that is spoken of; raises BadRequest."""
        context = context_given(self.ctx)
        filters = NO_FILTERS if context is None else replace(NO_FILTERS, context=context)
        return room_of(filters, memory_given("memory", self.memory))


AskedOfVariants = Annotated[VariantsParameters, Query()]


@router.get(
    "/v1/models/{owner}/{name}/variants",
    response_model=HandedVariantsAnswer,
    responses=errors_of(404, 422, 503),
)
def owned_variants(
    owner: Segment, name: Segment, asked: AskedOfVariants, sources: FromSources, site: FromSite
) -> JsonResponse:
    """Give the variants of a model, best first, how each is handed off, and the sidecars of none."""
    return _variants(f"{owner}/{name}", asked, sources, site)


@router.get(
    "/v1/models/{name}/variants",
    response_model=HandedVariantsAnswer | FullModelAnswer,
    responses=errors_of(404, 422, 503),
)
def ownerless_variants(
    name: Segment, asked: AskedOfVariants, sources: FromSources, site: FromSite
) -> JsonResponse:
    """Give the variants of a model whose id has no owner; or the model, if one is called so."""
    with suppress(ModelNotFound):
        return _model(f"{name}/variants", sources)
    return _variants(name, asked, sources, site)


@router.get("/v1/models/{owner}/{name}", response_model=FullModelAnswer, responses=errors_of(404, 422, 503))
def owned_model(owner: Segment, name: Segment, sources: FromSources) -> JsonResponse:
    """Give a model; former names and other case lead to it, its `id` is the present one."""
    return _model(f"{owner}/{name}", sources)


@router.get("/v1/models/{name}", response_model=FullModelAnswer, responses=errors_of(404, 422, 503))
def ownerless_model(name: Segment, sources: FromSources) -> JsonResponse:
    """Give a model whose id has no owner, as the oldest models' once had none."""
    return _model(name, sources)


def _found(repo_id: str, sources: Sources) -> StoredModel:
    try:
        return sources.catalog().find(repo_id)
    except ModelNotFound:
        raise sources.not_found(repo_id) from None


def _variants(repo_id: str, asked: VariantsParameters, sources: Sources, site: Site) -> JsonResponse:
    room = asked.room()
    model = _found(repo_id, sources)
    answer = handed_variants_answer(model, contents_of(sources, model), room, site.upstream)
    return JsonResponse(answer)


def _model(repo_id: str, sources: Sources) -> JsonResponse:
    model = _found(repo_id, sources)
    answer = full_model_answer(model, known_bases(sources, model), derived_of(sources, model))
    return JsonResponse(answer)

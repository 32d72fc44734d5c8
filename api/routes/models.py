"""`GET /v1/models/{id}`: what is known of one model. Only what was made from it needs an engine."""

from typing import Annotated

from fastapi import APIRouter, Path

from api.asking import FromSources
from api.family import derived_of, known_bases
from api.paths import MAX_ID
from api.responses import JsonResponse, errors_of
from api.sources import Sources
from indexer.answers import FullModelAnswer, full_model_answer
from indexer.errors import ModelNotFound

Segment = Annotated[str, Path(max_length=MAX_ID, description="A part of the model's id.")]

router = APIRouter(tags=["models"])


@router.get("/v1/models/{owner}/{name}", response_model=FullModelAnswer, responses=errors_of(404, 422, 503))
def owned_model(owner: Segment, name: Segment, sources: FromSources) -> JsonResponse:
    """Give a model; former names and other case lead to it, its `id` is the present one."""
    return _model(f"{owner}/{name}", sources)


@router.get("/v1/models/{name}", response_model=FullModelAnswer, responses=errors_of(404, 422, 503))
def ownerless_model(name: Segment, sources: FromSources) -> JsonResponse:
    """Give a model whose id has no owner, as the oldest models' once had none."""
    return _model(name, sources)


def _model(repo_id: str, sources: Sources) -> JsonResponse:
    try:
        model = sources.catalog().find(repo_id)
    except ModelNotFound:
        raise sources.not_found(repo_id) from None
    answer = full_model_answer(model, known_bases(sources, model), derived_of(sources, model))
    return JsonResponse(answer)

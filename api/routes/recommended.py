"""`GET /v1/recommended`: good models to begin with, and the variant of each for so much memory."""

from typing import Annotated

from fastapi import APIRouter, Query
from typing_extensions import TypedDict

from api.asking import FromRecommending
from api.pages.recommended import picked_path
from api.recommending import Recommendation
from api.responses import JsonResponse, errors_of
from api.routes.models import VariantsParameters
from indexer.measures import GIB
from indexer.variants.answers import Room, VariantAnswer, variant_answer

router = APIRouter(tags=["models"])


class StepAnswer(TypedDict):
    """The variant for so much memory."""

    memory_gib: float
    variant: str


class ParametersAnswer(TypedDict):
    """What its makers advise; `null`: nothing."""

    ctx: int | None
    temperature: float | None
    top_p: float | None
    top_k: int | None
    min_p: float | None
    repeat_penalty: float | None
    presence_penalty: float | None
    max_tokens: int | None
    stop: list[str]


class RecommendedAnswer(TypedDict):
    """A model that is recommended."""

    model: str
    title: str
    why: str
    known: bool
    """Whether the catalog knows it (yet)."""
    steps: list[StepAnswer]
    """The variants of it by memory, as its file says."""
    variant: VariantAnswer | None
    """The one for the memory that was given, or for the least; `null`: the catalog does not know it."""
    page: str
    """Where that is picked."""
    parameters: ParametersAnswer


class RecommendationsAnswer(TypedDict):
    """Good models to begin with."""

    recommended: list[RecommendedAnswer]
    warning: str | None
    """What is wrong with `recommended.yaml`, so that the packaged one counts."""


@router.get("/v1/recommended", response_model=RecommendationsAnswer, responses=errors_of(422, 503))
def recommended(
    asked: Annotated[VariantsParameters, Query()], recommending: FromRecommending
) -> JsonResponse:
    """Give good models to begin with; works before the catalog knows them."""
    room = asked.room()
    answer: RecommendationsAnswer = {
        "recommended": [_answer(one, room) for one in recommending.recommendations(room)],
        "warning": recommending.warning or None,
    }
    return JsonResponse(answer)


def _answer(one: Recommendation, room: Room) -> RecommendedAnswer:
    entry, model = one.entry, one.model
    repo_id = model.record.repo_id if model else entry.model
    parameters = entry.parameters
    return {
        "model": repo_id,
        "title": entry.title,
        "why": entry.why,
        "known": model is not None,
        "steps": [{"memory_gib": one.memory / GIB, "variant": one.variant} for one in entry.variants],
        "variant": variant_answer(repo_id, one.variant, room) if one.variant else None,
        "page": picked_path(one, room),
        "parameters": {
            "ctx": parameters.ctx,
            "temperature": parameters.temperature,
            "top_p": parameters.top_p,
            "top_k": parameters.top_k,
            "min_p": parameters.min_p,
            "repeat_penalty": parameters.repeat_penalty,
            "presence_penalty": parameters.presence_penalty,
            "max_tokens": parameters.max_tokens,
            "stop": list(parameters.stop),
        },
    }

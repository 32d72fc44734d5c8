"""`GET /v1/recommended`: good models to begin with, and the variant of each for so much memory."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Query
from typing_extensions import TypedDict

from api.asking import FromDownloads, FromRecommending, FromSite
from api.handoff.apps import jan
from api.handoff.barriers import barrier
from api.handoff.choice import Choice, repository_of
from api.handoff.jobs.records import Job
from api.handoff.layout import Layout
from api.having import NOTHING_HAD, having_of, jobs_known
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
    state: Literal["downloading", "ready", "error"] | None
    """How far that variant is on its way into the cache; `null`: nobody has asked for it yet."""
    model_json: dict[str, Any] | None
    """The variant as Jan reads it, state and parameters in it; `null`: it is nothing for Jan."""


class RecommendationsAnswer(TypedDict):
    """Good models to begin with."""

    recommended: list[RecommendedAnswer]
    warning: str | None
    """What is wrong with `recommended.yaml`, so that the packaged one counts."""


@router.get("/v1/recommended", response_model=RecommendationsAnswer, responses=errors_of(422, 503))
def recommended(
    asked: Annotated[VariantsParameters, Query()],
    recommending: FromRecommending,
    downloads: FromDownloads,
    site: FromSite,
) -> JsonResponse:
    """Give good models to begin with; works before the catalog knows them."""
    room, jobs = asked.room(), jobs_known(downloads)

    def told(one: Recommendation) -> RecommendedAnswer:
        return _answer(one, room, _state(one, jobs, downloads.layout), site.upstream)

    answer: RecommendationsAnswer = {
        "recommended": [told(one) for one in recommending.recommendations(room)],
        "warning": recommending.warning or None,
    }
    return JsonResponse(answer)


def _answer(one: Recommendation, room: Room, state: jan.State, upstream: str) -> RecommendedAnswer:
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
        "state": state,
        "model_json": _model_json(one, state, upstream),
    }


def _state(one: Recommendation, jobs: Sequence[Job], layout: Layout) -> jan.State:
    if one.model is None or one.variant is None:
        return None
    having = having_of(one.model.record, (one.variant,), jobs, layout)
    return having.get(one.variant.key, NOTHING_HAD).state


def _model_json(one: Recommendation, state: jan.State, upstream: str) -> dict[str, Any] | None:
    if one.model is None or one.variant is None or not one.variant.files:
        return None
    choice = Choice(repository_of(one.model, upstream), one.variant)
    if barrier(choice, jan.LIMITS) is not None:
        return None
    written: dict[str, Any] = orjson.loads(jan.model_json(choice, state, one.entry.parameters))
    return written

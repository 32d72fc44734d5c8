"""`GET /v1/status` for people, `/healthz` and `/readyz` for whatever watches over the process."""

from datetime import datetime
from typing import Literal

from fastapi import APIRouter
from typing_extensions import TypedDict

from api.asking import FromSources, Now
from api.measuring import hubdex_version
from api.responses import HealthAnswer, JsonResponse, ReadyAnswer, errors_of
from api.standing import Standing, standing_of
from indexer.activity import NextAnswer, RunAnswer, next_answers, run_answers
from indexer.answers import IndexAnswer, index_answer
from indexer.conditions import StatusAnswer, status_answer
from indexer.quota import Window

router = APIRouter(tags=["status"])


class QuotaAnswer(TypedDict):
    """What the Hub still grants the crawls."""

    left: int
    limit: int
    resets_in_seconds: int


class ServiceAnswer(TypedDict):
    """The service in a few numbers."""

    ready: bool
    """Whether searches can be answered."""
    message: str
    version: str
    engine: Literal["embedded", "meilisearch"]
    index: IndexAnswer | None
    """How many models answers stand for; `null`: there is no index yet."""
    catalog: StatusAnswer | None
    """What has been read from the Hub; `null`: nothing yet."""
    quota: QuotaAnswer | None
    """Requests the Hub still grants; `null`: it was not asked lately."""
    stale: bool
    """Whether what is found is older than it should be; the message then says so."""
    runs: list[RunAnswer]
    """The newest runs of crawls, syncs and the like, those that go on first."""
    next: list[NextAnswer]
    """What a scheduler here will run; empty: none plans."""


@router.get("/v1/status", response_model=ServiceAnswer, responses=errors_of(503))
def status(sources: FromSources, now: Now) -> JsonResponse:
    """Tell what is known, how old and how complete it is; works before there is anything."""
    standing = standing_of(sources)
    answer: ServiceAnswer = {
        "ready": standing.ready,
        "message": standing.message,
        "version": hubdex_version(),
        "engine": sources.engine,
        "index": index_answer(standing.coverage) if standing.coverage else None,
        "catalog": _catalog_answer(standing, now),
        "stale": standing.is_stale,
        "runs": run_answers(standing.activity),
        "next": next_answers(standing.activity.planned),
        "quota": _quota_answer(standing.quota, now.timestamp()) if standing.quota else None,
    }
    return JsonResponse(answer)


def _catalog_answer(standing: Standing, now: datetime) -> StatusAnswer | None:
    if standing.catalog is None:
        return None
    return status_answer(standing.catalog, standing.index, standing.servers, now)


def _quota_answer(window: Window, now: float) -> QuotaAnswer:
    return {
        "left": window.left,
        "limit": window.limit,
        "resets_in_seconds": max(0, round(window.resets_at - now)),
    }


@router.get("/healthz", response_model=HealthAnswer)
async def healthz() -> JsonResponse:
    """Tell that the process lives."""
    return JsonResponse(HealthAnswer(status="ok"))


@router.get("/readyz", response_model=ReadyAnswer, responses=errors_of(503))
def readyz(sources: FromSources) -> JsonResponse:
    """Tell that searches can be answered, also where from old models; 503 until then."""
    coverage = sources.coverage()
    if coverage.stale:
        return JsonResponse(ReadyAnswer(status="ready", stale=True, message=coverage.stale))
    return JsonResponse(ReadyAnswer(status="ready"))

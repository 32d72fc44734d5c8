"""`GET /v1/status` for people, `/healthz` and `/readyz` for whatever watches over the process."""

from importlib.metadata import PackageNotFoundError, version

from fastapi import APIRouter
from typing_extensions import TypedDict

from api.asking import FromSources
from api.responses import HealthAnswer, JsonResponse, errors_of
from indexer.answers import IndexAnswer, StatusAnswer, index_answer, status_answer
from indexer.catalog.store import utc_now
from indexer.errors import CatalogMissing, CatalogOutdated, EngineUnavailable

router = APIRouter(tags=["status"])


class ServiceAnswer(TypedDict):
    """The service in a few numbers."""

    ready: bool
    """Whether searches can be answered."""
    message: str
    version: str
    engine: str
    index: IndexAnswer | None
    """How many models answers stand for; `null`: there is no index yet."""
    catalog: StatusAnswer | None
    """What has been read from the Hub; `null`: nothing yet."""


@router.get("/v1/status", response_model=ServiceAnswer, responses=errors_of(503))
def status(sources: FromSources) -> JsonResponse:
    """Tell what is known, how old and how complete it is; works before there is anything."""
    answer: ServiceAnswer = {
        "ready": False,
        "message": "Nothing has been read from the Hub yet.",
        "version": hubdex_version(),
        "engine": "embedded",
        "index": None,
        "catalog": None,
    }
    try:
        state = sources.catalog().state()
    except CatalogMissing:
        return JsonResponse(answer)
    except CatalogOutdated as error:
        answer["message"] = str(error)
        return JsonResponse(answer)
    answer["catalog"] = status_answer(state, sources.index_state(), utc_now())
    try:
        answer["index"] = index_answer(sources.coverage())
        answer["ready"] = True
        answer["message"] = "Searches are answered."
    except EngineUnavailable as error:
        answer["message"] = str(error)
    return JsonResponse(answer)


@router.get("/healthz", response_model=HealthAnswer)
async def healthz() -> JsonResponse:
    """Tell that the process lives."""
    return JsonResponse(HealthAnswer(status="ok"))


@router.get("/readyz", response_model=HealthAnswer, responses=errors_of(503))
def readyz(sources: FromSources) -> JsonResponse:
    """Tell that searches can be answered; 503 until then."""
    sources.coverage()
    return JsonResponse(HealthAnswer(status="ready"))


def hubdex_version() -> str:
    """Give the version that is installed."""
    try:
        return version("hubdex")
    except PackageNotFoundError:
        return "unknown"  # run from a checkout that was never installed

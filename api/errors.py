"""The one place where an error becomes an answer: a status, a word and a sentence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from api.asking import now_of, site_of
from api.handoff.cache.errors import NotInCache, OverCacheLimit
from api.handoff.errors import (
    BadReference,
    BadToken,
    CacheUnusable,
    DisabledModel,
    EntryNotFound,
    GatedModel,
    JobNotFound,
    NoSpace,
    RepoNotFound,
    RevisionNotFound,
    TooLarge,
    WrongBytes,
    WrongState,
)
from api.handoff.jobs.store import JobsUnavailable
from api.pages.layout import Site
from api.pages.trouble import not_found_page, trouble_page
from api.paths import speaks_html
from api.responses import error_response
from api.security import secure
from indexer.errors import (
    BadRequest,
    Busy,
    CatalogError,
    EngineError,
    FileNotKnown,
    HubdexError,
    ModelNotFound,
    UpstreamError,
    UpstreamUnavailable,
)

RETRY_AFTER_SECONDS = 2

_STATUSES: tuple[tuple[type[HubdexError], int], ...] = (
    (BadRequest, 422),
    (NotInCache, 404),
    (OverCacheLimit, 507),
    (ModelNotFound, 404),
    (FileNotKnown, 404),
    (Busy, 503),
    (CatalogError, 503),
    (EngineError, 503),
    (UpstreamUnavailable, 503),
    (UpstreamError, 502),
    (BadReference, 422),
    (TooLarge, 422),
    (RepoNotFound, 404),
    (RevisionNotFound, 404),
    (EntryNotFound, 404),
    (JobNotFound, 404),
    (GatedModel, 403),
    (DisabledModel, 403),
    (BadToken, 403),
    (WrongState, 409),
    (WrongBytes, 502),
    (CacheUnusable, 503),
    (NoSpace, 507),
    (JobsUnavailable, 503),
)


@dataclass(frozen=True, slots=True)
class Failure:
    """An error, as it is answered."""

    status: int
    word: str
    message: str
    headers: Mapping[str, str] = field(default_factory=dict)


def install_errors(app: FastAPI) -> None:
    """Make the app answer every error in the one way."""
    for kind in (HubdexError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, answer_error)


async def answer_error(request: Request, error: Exception) -> Response:
    """Answer an error, as a page where a person looks and in JSON everywhere else."""
    failure = to_failure(error)
    response: Response = error_response(failure.status, failure.word, failure.message)
    if speaks_html(request.scope["path"]):
        response = _page(await site_of(request), error, failure, await now_of(request))
    response.headers.update(failure.headers)
    secure(response.headers)  # an unexpected error is answered outside of every middleware
    return response


def to_failure(error: Exception) -> Failure:
    """Give an error as it is answered; what nobody expected shows nothing of itself."""
    if isinstance(error, HubdexError):
        status = next((status for kind, status in _STATUSES if isinstance(error, kind)), 500)
        retry = {"retry-after": str(RETRY_AFTER_SECONDS)} if status == 503 else {}
        return Failure(status, error.word, str(error), retry)
    if isinstance(error, RequestValidationError):
        return Failure(422, BadRequest.word, " ".join(_sentences(error.errors())))
    if isinstance(error, HTTPException):
        return _of_http(error)
    return Failure(500, "internal", "Something went wrong inside Hubdex; its log says what.")


def _of_http(error: HTTPException) -> Failure:
    known = {
        404: ("not_found", "There is nothing at this address."),
        405: ("method_not_allowed", "This address does not answer this method."),
    }
    word, message = known.get(error.status_code, ("bad_request", "This request cannot be answered."))
    return Failure(error.status_code, word, message, error.headers or {})


def _sentences(problems: Sequence[Any]) -> list[str]:
    sentences = []
    for problem in problems:
        name = ".".join(str(part) for part in problem["loc"][1:])
        if problem["type"] == "extra_forbidden":
            sentences.append(f"The parameter `{name[:100]}` is not known here.")
        else:
            said = str(problem["msg"])
            sentences.append(f"The parameter `{name[:100]}` is wrong: {said[:1].lower()}{said[1:]}.")
    return sentences


def _page(site: Site, error: Exception, failure: Failure, now: datetime) -> Response:
    if isinstance(error, ModelNotFound):
        return not_found_page(site, error.repo_id, error.removed_at, now)
    return trouble_page(site, failure.status, failure.message)

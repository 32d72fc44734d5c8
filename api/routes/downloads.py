"""`/v1/downloads`: what is being downloaded into the cache; and the same for the plain forms of the pages."""

from collections.abc import AsyncIterator
from contextlib import ExitStack
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response, StreamingResponse

from api.asking import FromSources
from api.handoff.jobs.answers import JobAnswer, JobsAnswer, job_answer
from api.handoff.jobs.records import Job
from api.handoff.jobs.running import Downloads
from api.handoff.jobs.states import Action
from api.handoff.jobs.wanting import Ask, wanted_of
from api.listening import Listeners
from api.paths import CACHE, DOWNLOADS, MAX_ID
from api.responses import JsonResponse, errors_of
from api.sources import Sources
from indexer.errors import BadRequest

MAX_FILES = 1_000
"""Files that a question may name."""
MAX_TEXT = 4_000
MAX_FIELDS = 10
NO_STORE = {"cache-control": "no-store"}

router = APIRouter(tags=["downloads"])
forms = APIRouter(include_in_schema=False)

FilePath = Annotated[str, StringConstraints(min_length=1, max_length=1_500)]
JobId = Annotated[str, Path(max_length=64, description="The download's id.")]


class DownloadBody(BaseModel):
    """What is to be downloaded: what was pasted, or a model with its variant, its files or everything."""

    model_config = ConfigDict(extra="forbid")

    source_url: str = Field(
        default="",
        max_length=MAX_TEXT,
        description="An address of the Hub, `hf.co/owner/name:Q4_K_M`, or an id, as people paste it.",
    )
    model: str = Field(default="", max_length=MAX_ID, description="The model's id, instead of that.")
    variant: str = Field(
        default="", max_length=MAX_ID, description="Key or label of a variant; none: the best one."
    )
    revision: str = Field(default="", max_length=MAX_ID, description="Branch, tag or commit; `main`.")
    files: list[FilePath] = Field(
        default=[], max_length=MAX_FILES, description="Paths of files, instead of a variant."
    )
    everything: bool = Field(default=False, description="All files of the revision.")

    @property
    def ask(self) -> Ask:
        """What is asked for."""
        files = tuple(dict.fromkeys(self.files))
        return Ask(self.source_url, self.model, self.revision, self.variant, files, self.everything)


async def downloads_of(request: Request) -> Downloads:
    """Give the downloads of the app."""
    downloads: Downloads = request.app.state.downloads
    return downloads


FromDownloads = Annotated[Downloads, Depends(downloads_of)]


@router.post(
    "/v1/downloads",
    status_code=202,
    response_model=JobAnswer,
    responses={
        200: {"model": JobAnswer, "description": "Every file is there already."},
        **errors_of(404, 422, 503),
    },
)
def download(body: DownloadBody, downloads: FromDownloads, sources: FromSources) -> JsonResponse:
    """Download files into the cache; what is being downloaded already is not begun twice."""
    job = _submitted(body, downloads, sources)
    return _told(job, downloads, 200 if job.state == "already_downloaded" else 202)


@router.get("/v1/downloads", response_model=JobsAnswer, responses=errors_of(503))
def downloads_list(downloads: FromDownloads) -> JsonResponse:
    """Give the newest downloads, the newest first."""
    jobs = [job_answer(job, downloads.layout) for job in downloads.jobs()]
    return JsonResponse({"downloads": jobs}, headers=NO_STORE)


@router.get("/v1/downloads/events", response_class=Response)
async def all_events(request: Request) -> Response:
    """Tell how downloads come along, as server-sent events: `event: job`, its data a download."""
    return _stream(request, None)


@router.get("/v1/downloads/{job_id}", response_model=JobAnswer, responses=errors_of(404, 422, 503))
def one(job_id: JobId, downloads: FromDownloads) -> JsonResponse:
    """Give a download."""
    return _told(downloads.job(job_id), downloads)


@router.get("/v1/downloads/{job_id}/events", response_class=Response, responses=errors_of(404, 422, 503))
async def events(job_id: JobId, request: Request, downloads: FromDownloads) -> Response:
    """Tell how one download comes along, as server-sent events: `event: job`, its data the download."""
    await run_in_threadpool(downloads.job, job_id)
    return _stream(request, job_id)


@router.post(
    "/v1/downloads/{job_id}/{action}", response_model=JobAnswer, responses=errors_of(404, 409, 422, 503)
)
def act(job_id: JobId, action: Action, downloads: FromDownloads) -> JsonResponse:
    """Pause a download, resume it, cancel it, or try it again after it failed or was cancelled."""
    return _told(downloads.act(job_id, action), downloads)


@router.delete("/v1/downloads/{job_id}", status_code=204, responses=errors_of(404, 409, 422, 503))
def forget(job_id: JobId, downloads: FromDownloads) -> Response:
    """Forget a download that has ended; its files stay."""
    downloads.forget(job_id)
    return Response(status_code=204)


# -- forms of the pages ----------------------------------------------------------------------


async def _fields(request: Request) -> DownloadBody:
    """Read what a plain form sends."""
    text = (await request.body())[: MAX_TEXT * 4].decode(errors="replace")
    try:
        given = dict(parse_qsl(text, max_num_fields=MAX_FIELDS))
        return DownloadBody.model_validate({name: given[name] for name in sorted(given)})
    except ValidationError:
        raise BadRequest("This form names no model that could be downloaded.") from None
    except ValueError:
        raise BadRequest("This form has too many fields.") from None


@forms.post(DOWNLOADS)
def download_form(
    fields: Annotated[DownloadBody, Depends(_fields)], downloads: FromDownloads, sources: FromSources
) -> Response:
    """Download what a page's button stands for, then show how it comes along."""
    _submitted(fields, downloads, sources)
    return RedirectResponse(CACHE, 303)


@forms.post(f"{DOWNLOADS}/{{job_id}}/forget")
def forget_form(job_id: JobId, downloads: FromDownloads) -> Response:
    """Forget a download that has ended, then show the others."""
    downloads.forget(job_id)
    return RedirectResponse(CACHE, 303)


@forms.post(f"{DOWNLOADS}/{{job_id}}/{{action}}")
def act_form(job_id: JobId, action: Action, downloads: FromDownloads) -> Response:
    """Do what a page's button stands for, then show how the downloads stand."""
    downloads.act(job_id, action)
    return RedirectResponse(CACHE, 303)


def _submitted(body: DownloadBody, downloads: Downloads, sources: Sources) -> Job:
    return downloads.submit(wanted_of(body.ask, sources, downloads.hub, downloads.config))


def _told(job: Job, downloads: Downloads, status: int = 200) -> JsonResponse:
    return JsonResponse(job_answer(job, downloads.layout), status, headers=NO_STORE)


def _stream(request: Request, job_id: str | None) -> Response:
    listeners: Listeners = request.app.state.listeners
    with ExitStack() as stack:
        stack.enter_context(listeners.one_more())
        counted_in = stack.pop_all()

    async def told() -> AsyncIterator[bytes]:
        with counted_in:
            async for event in listeners.events(job_id):
                yield event

    return StreamingResponse(told(), media_type="text/event-stream", headers=NO_STORE)

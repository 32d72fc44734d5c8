"""The pages that are ours; those of models and owners are places (`api.routes.places`)."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header
from starlette.responses import HTMLResponse, RedirectResponse, Response

from api.asking import FromCache, FromDownloads, FromRecommending, FromSite, FromSources, MayWrite, Now
from api.pages.docs import docs_page
from api.pages.narrowing import NARROWED_BY, narrowing_html
from api.pages.search import Beside, answer_html, search_page
from api.pages.status import OnDisk, status_page
from api.paths import NARROWING, RESULTS, STATUS
from api.routes.outcomes import FromAddress, outcome_of, recommendations_of, suggestions_of
from api.standing import standing_of
from indexer.errors import HubdexError
from indexer.search import SearchPage


def disk_of(downloads: FromDownloads, cache: FromCache, recommending: FromRecommending) -> OnDisk:
    """Give what was downloaded and lies there, as far as that can be told."""
    try:
        counts = downloads.counts()
    except HubdexError:
        counts = {}
    return OnDisk(counts, cache.glance(), recommending.warning)


FromDisk = Annotated[OnDisk, Depends(disk_of)]

router = APIRouter(include_in_schema=False)


@router.get("/")
def home(
    sources: FromSources, site: FromSite, now: Now, asked: FromAddress, recommending: FromRecommending
) -> Response:
    """Give the search page, with the answer to what was asked."""
    about_all = asked.of_owner("")
    outcome = outcome_of(sources, about_all, NARROWED_BY)
    beside = Beside(suggestions_of(sources, about_all, outcome), recommendations_of(recommending, about_all))
    return search_page(site, about_all, outcome, now, beside=beside)


@router.get(RESULTS)
def results(sources: FromSources, now: Now, asked: FromAddress, recommending: FromRecommending) -> Response:
    """Give an answer alone, for the script of the search page."""
    outcome = outcome_of(sources, asked)
    beside = Beside(suggestions_of(sources, asked, outcome), recommendations_of(recommending, asked))
    return HTMLResponse(answer_html(asked, outcome, now, beside))


@router.get(NARROWING)
def narrowing(sources: FromSources, asked: FromAddress) -> Response:
    """Give the ways to narrow an answer down; counting takes longer than finding, so it comes by itself."""
    outcome = outcome_of(sources, asked, NARROWED_BY)
    answer = outcome if isinstance(outcome, SearchPage) else None
    return HTMLResponse(narrowing_html(answer, asked.manner))


@router.get(STATUS)
def status(
    sources: FromSources, on_disk: FromDisk, site: FromSite, now: Now, may_write: MayWrite
) -> Response:
    """Give the page of what is known, how old and how complete it is, what ran and what runs."""
    standing, aside = standing_of(sources), sources.set_aside()
    return status_page(site, standing, on_disk, aside, now, may_write=may_write)


@router.get("/docs")
async def docs(site: FromSite) -> Response:
    """Give the page of the API."""
    return docs_page(site)


@router.get("/-/static/{name}")
async def static_file(
    name: str, site: FromSite, v: str = "", if_none_match: Annotated[str, Header()] = ""
) -> Response:
    """Give one of our own static files."""
    return site.assets.response(name, v, if_none_match)


@router.get("/favicon.ico")
async def favicon(site: FromSite) -> Response:
    """Give the icon under the name that browsers guess."""
    return RedirectResponse(site.assets.url("icon.svg"), 307)

"""The pages, at the paths the Hub has for the same things."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Header, Query
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response

from api.asking import FromSite, FromSources, Now
from api.pages.docs import docs_page
from api.pages.layout import Site, model_path, search_path
from api.pages.model import model_page
from api.pages.search import PAGE_HITS, Outcome, Refused, Waiting, answer_html, search_page
from api.paths import RESULTS, is_repo_segment, is_reserved
from api.sources import Sources
from indexer.errors import BadRequest, CatalogMissing, EngineUnavailable, ModelNotFound
from indexer.query import parse_query

router = APIRouter(include_in_schema=False)


Text = Annotated[str, Query(alias="q")]
Offset = Annotated[str, Query(alias="offset", max_length=20)]


@router.api_route("/", methods=["GET", "HEAD"])
def home(sources: FromSources, site: FromSite, now: Now, text: Text = "", offset: Offset = "") -> Response:
    """Give the search page, with the answer to what was asked."""
    return search_page(site, text, _outcome(sources, text, offset), now)


@router.get(RESULTS)
def results(sources: FromSources, now: Now, text: Text = "", offset: Offset = "") -> Response:
    """Give an answer alone, for the script of the search page."""
    return HTMLResponse(answer_html(_outcome(sources, text, offset), now))


@router.api_route("/docs", methods=["GET", "HEAD"])
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


@router.api_route("/{owner}/{name}", methods=["GET", "HEAD"])
def owned_model(owner: str, name: str, sources: FromSources, site: FromSite, now: Now) -> Response:
    """Give the page of a model."""
    return _model(f"{owner}/{name}", sources, site, now)


@router.get("/{owner}/{name}/tree/{_rest:path}")  # noqa: FAST003
@router.get("/{owner}/{name}/blob/{_rest:path}")
def inside_owned_model(owner: str, name: str, sources: FromSources) -> Response:
    """Lead from a path inside a model to its page."""
    return _to_model(f"{owner}/{name}", sources)


@router.get("/{name}/tree/{_rest:path}")  # noqa: FAST003
@router.get("/{name}/blob/{_rest:path}")
def inside_ownerless_model(name: str, sources: FromSources) -> Response:
    """Lead from a path inside a model without owner to its page."""
    return _to_model(name, sources)


@router.api_route("/{name}", methods=["GET", "HEAD"])
def ownerless_model_or_owner(name: str, sources: FromSources, site: FromSite, now: Now) -> Response:
    """Give the page of a model without owner, or else lead to the owner's models."""
    try:
        return _model(name, sources, site, now)
    except ModelNotFound:
        if not is_repo_segment(name):
            raise
        return RedirectResponse(search_path(f"{name}/"), 307)


def _outcome(sources: Sources, text: str, offset: str) -> Outcome:
    try:
        skipped = int(offset) if offset.isascii() and offset.isdecimal() else 0
        return sources.answer(parse_query(text, limit=PAGE_HITS, offset=skipped))
    except BadRequest as error:
        return Refused(str(error))
    except EngineUnavailable:
        return Waiting(_models_read(sources))


def _models_read(sources: Sources) -> int:
    try:
        return sources.catalog().state().models
    except CatalogMissing:
        return 0


def _model(repo_id: str, sources: Sources, site: Site, now: datetime) -> Response:
    _refuse_reserved(repo_id)
    model = sources.catalog().find(repo_id)
    if model.record.repo_id != repo_id:
        return RedirectResponse(model_path(model.record.repo_id), 307)
    return model_page(site, model, now)


def _to_model(repo_id: str, sources: Sources) -> Response:
    _refuse_reserved(repo_id)
    return RedirectResponse(model_path(sources.catalog().find(repo_id).record.repo_id), 307)


def _refuse_reserved(repo_id: str) -> None:
    if is_reserved(repo_id.partition("/")[0]):
        raise HTTPException(404)

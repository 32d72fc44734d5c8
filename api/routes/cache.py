"""`/v1/cache`: what lies in the Hugging Face cache of this machine; and its page with its forms."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import RedirectResponse, Response

from api.asking import FormFields, FromCache, FromSite, MayWrite, Now
from api.handoff.cache.answers import (
    CacheAnswer,
    DeletedAnswer,
    PinAnswer,
    VerificationAnswer,
    cache_answer,
    verification_answer,
)
from api.handoff.cache.watched import WatchedCache
from api.pages.cache import View, cache_page, delete_page
from api.paths import CACHE, MAX_ID, key_path
from api.responses import JsonResponse, errors_of

Segment = Annotated[str, Path(max_length=MAX_ID, description="A part of the model's id.")]
Commit = Annotated[
    str, Path(min_length=6, max_length=MAX_ID, description="The commit, or six or more of its first digits.")
]
Force = Annotated[bool, Query(description="Delete what Hubdex did not download, too.")]
_WRITING = errors_of(401, 403, 404, 409, 413, 415, 422, 503)
_DELETING = errors_of(401, 403, 404, 409, 422, 503)

router = APIRouter(tags=["cache"])
pages = APIRouter(include_in_schema=False)


class Meant(BaseModel):
    """A revision in the cache."""

    model_config = ConfigDict(extra="forbid")

    model: str = Field(min_length=1, max_length=MAX_ID, description="The model's id.")
    revision: str = Field(
        default="",
        max_length=MAX_ID,
        description="A commit, six or more of its first digits, a branch or a tag; empty: the only one.",
    )


@router.get("/v1/cache", response_model=CacheAnswer, responses=errors_of(503))
def cache(held: FromCache, may_write: MayWrite) -> JsonResponse:
    """Give the revisions in the cache, and how far each is verified; a moment old."""
    return JsonResponse(cache_answer(held.state(), held.verifications(), may_write=may_write))


@router.post("/v1/cache/verify", status_code=202, response_model=VerificationAnswer, responses=_WRITING)
def verify(asked: Meant, held: FromCache) -> JsonResponse:
    """Begin to read a revision and compare every hash, or tell how far that is: ask again, or `/v1/cache`."""
    return JsonResponse(verification_answer(held.verify(asked.model, asked.revision)), 202)


@router.post("/v1/cache/pin", response_model=PinAnswer, responses=_WRITING)
def pin(asked: Meant, held: FromCache) -> JsonResponse:
    """Pin a revision: nothing deletes it."""
    return _pinned(held, asked, pinned=True)


@router.post("/v1/cache/unpin", response_model=PinAnswer, responses=_WRITING)
def unpin(asked: Meant, held: FromCache) -> JsonResponse:
    """Let go of a pinned revision."""
    return _pinned(held, asked, pinned=False)


@router.delete("/v1/cache/{owner}/{name}/{revision}", response_model=DeletedAnswer, responses=_DELETING)
def delete_owned(
    owner: Segment, name: Segment, revision: Commit, held: FromCache, *, force: Force = False
) -> JsonResponse:
    """Delete a revision; what other revisions share with it stays."""
    return _deleted(held, f"{owner}/{name}", revision, force=force)


@router.delete("/v1/cache/{name}/{revision}", response_model=DeletedAnswer, responses=_DELETING)
def delete_ownerless(
    name: Segment, revision: Commit, held: FromCache, *, force: Force = False
) -> JsonResponse:
    """Delete a revision of a model whose id has no owner."""
    return _deleted(held, name, revision, force=force)


@pages.get(CACHE)
def page_of_cache(
    held: FromCache, site: FromSite, now: Now, may_write: MayWrite, offset: Annotated[str, Query()] = ""
) -> Response:
    """Give the page of the cache."""
    skipped = int(offset) if offset.isascii() and offset.isdecimal() and len(offset) < 7 else 0
    return cache_page(site, View(held.state(), held.verifications(), may_write, skipped), now)


@pages.get(f"{CACHE}/delete")
def ask_to_delete(
    held: FromCache, site: FromSite, now: Now, may_write: MayWrite, model: str = "", revision: str = ""
) -> Response:
    """Give the page that asks whether a revision is to be deleted."""
    if not may_write:
        return RedirectResponse(key_path(CACHE), 303)
    return delete_page(site, held.find(model[:MAX_ID], revision[:MAX_ID]), now)


@pages.post(f"{CACHE}/delete")
def delete_by_form(held: FromCache, form: FormFields) -> Response:
    """Delete a revision and go back to the page."""
    model, revision = _named(form)
    held.delete(model, revision, force=form.get("force") == "1")
    return _back()


@pages.post(f"{CACHE}/pin")
def pin_by_form(held: FromCache, form: FormFields) -> Response:
    """Pin a revision and go back to the page."""
    held.pin(*_named(form), pinned=True)
    return _back(form)


@pages.post(f"{CACHE}/unpin")
def unpin_by_form(held: FromCache, form: FormFields) -> Response:
    """Let go of a revision and go back to the page."""
    held.pin(*_named(form), pinned=False)
    return _back(form)


@pages.post(f"{CACHE}/verify")
def verify_by_form(held: FromCache, form: FormFields) -> Response:
    """Begin to verify a revision and go back to the page, which tells how far that is."""
    held.verify(*_named(form))
    return _back(form)


def _pinned(held: WatchedCache, asked: Meant, *, pinned: bool) -> JsonResponse:
    one = held.pin(asked.model, asked.revision, pinned=pinned)
    answer: PinAnswer = {"model": asked.model, "revision": one.snapshot.commit, "pinned": pinned}
    return JsonResponse(answer)


def _deleted(held: WatchedCache, repo_id: str, revision: str, *, force: bool) -> JsonResponse:
    one, freed = held.delete(repo_id, revision, force=force)
    answer: DeletedAnswer = {"model": repo_id, "revision": one.snapshot.commit, "freed_bytes": freed}
    return JsonResponse(answer)


def _named(form: FormFields) -> tuple[str, str]:
    return form.get("model", "")[:MAX_ID], form.get("revision", "")[:MAX_ID]


def _back(form: FormFields | None = None) -> Response:
    """Go back to the page, to where it was left."""
    place = (form or {}).get("place", "")
    offset = (form or {}).get("offset", "")
    asked = f"?offset={offset}" if offset.isascii() and offset.isdecimal() and len(offset) < 7 else ""
    return RedirectResponse(f"{CACHE}{asked}{f'#{quote(place[:100])}' if place else ''}", 303)

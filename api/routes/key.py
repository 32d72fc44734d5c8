"""Where a browser is given the key of the service, and gives it up again."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from api.access import SESSION
from api.asking import FormFields, FromAccess, FromSite, MayWrite
from api.pages.key import REMEMBERED_DAYS, key_page
from api.paths import FORGET_KEY, KEY, local_path

router = APIRouter(include_in_schema=False)


@router.get(KEY)
async def ask_for_key(
    site: FromSite, access: FromAccess, may_write: MayWrite, then: Annotated[str, Query(alias="next")] = ""
) -> Response:
    """Give the form; where the key is known already, go on to where it was wanted."""
    if then and may_write:
        return RedirectResponse(local_path(then), 303)
    return key_page(site, local_path(then), has_key=access.has_key, may_write=may_write)


@router.post(KEY)
async def take_key(request: Request, site: FromSite, access: FromAccess, form: FormFields) -> Response:
    """Let the browser write from now on, when this is the key."""
    then = local_path(form.get("next", ""))
    if not access.has_key:
        return RedirectResponse(KEY, 303)
    session = access.session_for(form.get("key", "").strip())
    if session is None:
        return key_page(site, then, has_key=True, may_write=False, is_wrong=True)
    response = RedirectResponse(then, 303)
    response.set_cookie(
        SESSION,
        session,
        max_age=REMEMBERED_DAYS * 86_400,
        secure=_is_encrypted(request),
        httponly=True,
        samesite="strict",
    )
    return response


@router.post(FORGET_KEY)
async def forget_key(form: FormFields) -> Response:
    """Let the browser only read again."""
    response = RedirectResponse(local_path(form.get("next", "")), 303)
    response.delete_cookie(SESSION, httponly=True, samesite="strict")
    return response


def _is_encrypted(request: Request) -> bool:
    """Tell whether the browser came by https, also where a proxy that takes the TLS off does not say so."""
    return request.url.scheme == "https" or request.headers.get("origin", "").startswith("https:")

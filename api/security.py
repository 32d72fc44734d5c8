"""What stands before every route: strict headers, no foreign host names, and nobody writes who may not."""

from collections.abc import Collection, Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.access import Access, bearer_of
from api.bodies import (
    FORM,
    MAX_BODY_BYTES,
    PATIENCE_SECONDS,
    Gone,
    TooLarge,
    media_type_of,
    read_body,
    replayed,
    speaks_our_language,
)
from api.hosts import ANY, Hosts, host_of, is_own_origin
from api.paths import FORGET_KEY, KEY, OWN_FORMS, key_path, local_path
from api.responses import error_response

SECURITY_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    # Other sites learn nothing. With `no-referrer` browsers keep from us as well which page a form is from.
    "referrer-policy": "same-origin",
}
"""On every answer."""

READING = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing. Every other one writes, whatever the route may make of it."""
_OPEN = frozenset({KEY, FORGET_KEY})
"""Where the key is given, so that it cannot be asked for."""

_KEY_NEEDED = (
    "This needs the key of this service, its setting HUBDEX_API_KEY: send it as `Authorization: Bearer KEY`, "
    f"or give it to a browser at {KEY}."
)
_WRONG_KEY = "That is not the key of this service, its setting HUBDEX_API_KEY."
_NO_KEY = (
    "Without a key only the machine this service runs on may do that, by the name `localhost` and past any "
    "proxy; for others its operator has to set HUBDEX_API_KEY."
)
_NOT_JSON = "What is sent here has to be JSON, and to say so: `Content-Type: application/json`."
_TOO_LARGE = f"What is sent here may be {MAX_BODY_BYTES:,} bytes long, no longer."
_TOO_SLOW = "What was announced did not come in time."

_PREFLIGHT = {
    "access-control-allow-methods": "GET, HEAD",
    "access-control-allow-headers": "*",
    "access-control-max-age": "600",
}


class Guard:
    """ASGI middleware: refuses foreign host names, sets the headers, lets other origins in where told to.

    What writes must come from no other site's page, from somebody who may, and be small. It is refused here,
    before any route, so that none can forget it. Whoever only reads is told apart as well: the state of
    every request has `may_write`.
    A HEAD is answered as the GET it stands for; the server leaves the body out.

    Args:
        app: what is guarded.
        hosts: the names it answers to.
        access: who may write.
        origins: whose pages may read the answers; none as a rule. They may never write.
        patience_seconds: how long what is sent may take to come.

    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        hosts: Hosts,
        access: Access,
        origins: Collection[str] = (),
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._app = app
        self._hosts = hosts
        self._access = access
        self._origins = frozenset(origins)
        self._patience_seconds = patience_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        asked = Headers(scope=scope)
        shared = self._shared(asked.get("origin"))

        async def send_secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                secure(headers)
                headers.update(shared)
            await send(message)

        app = self._app
        if not self._hosts.allow(asked.get("host", "")):
            app = error_response(400, "bad_host", foreign_host(asked.get("host", "")))
        elif "access-control-allow-origin" in shared and is_preflight(scope, asked):
            app = Response(status_code=204, headers=_PREFLIGHT)
        elif scope["method"] in READING:
            scope = self._reading(scope, asked)
        else:
            try:
                app, receive = await self._writing(scope, asked, receive)
            except Gone:
                return
        await app(scope, receive, send_secured)

    def _reading(self, scope: Scope, asked: Headers) -> Scope:
        """Give what a route sees of a request that changes nothing."""
        # A link from another site leads to a page that is ours; what that site's scripts read is theirs.
        may_write = is_from_own_page(scope, asked) and self._access.allows(asked)
        scope.setdefault("state", {})["may_write"] = may_write
        return {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope

    async def _writing(self, scope: Scope, asked: Headers, receive: Receive) -> tuple[ASGIApp, Receive]:
        """Give what answers a request that may change something, and what was sent with it."""
        may_write = self._access.allows(asked)
        if not is_from_own_page(scope, asked) or is_from_another_site(asked):
            return error_response(403, "foreign_origin", foreign_origin(asked)), receive
        if not may_write and scope["path"] not in _OPEN:
            return self._ask_for_key(scope, asked), receive
        try:
            body = await read_body(receive, asked, self._patience_seconds)
        except TooLarge:
            return error_response(413, "too_large", _TOO_LARGE), receive
        except TimeoutError:
            return error_response(408, "too_slow", _TOO_SLOW), receive
        if not speaks_our_language(scope["path"], asked, body):
            return error_response(415, "not_json", _NOT_JSON), receive
        scope.setdefault("state", {})["may_write"] = may_write
        return self._app, replayed(body, receive)

    def _ask_for_key(self, scope: Scope, asked: Headers) -> ASGIApp:
        """Lead a person to where the key is given, and tell a program how to send it."""
        if is_form_of_a_page(scope, asked):
            return RedirectResponse(key_path(page_of_form(scope, asked)), 303)
        if not self._access.has_key:
            return error_response(401, "key_needed", _NO_KEY)
        if bearer_of(asked) is None:
            refused = error_response(401, "key_needed", _KEY_NEEDED)
        else:
            refused = error_response(401, "wrong_key", _WRONG_KEY)
        refused.headers["www-authenticate"] = "Bearer"
        return refused

    def _shared(self, origin: str | None) -> Mapping[str, str]:
        """Give the headers by which the browser lets a page of another origin read the answer."""
        if not self._origins:
            return {}
        if ANY in self._origins:
            allowed = ANY
        elif origin is not None and origin.lower() in self._origins:
            allowed = origin
        else:
            return {"vary": "Origin"}
        told = {"access-control-allow-origin": allowed, "access-control-expose-headers": "retry-after"}
        return told if allowed == ANY else {**told, "vary": "Origin"}


def secure(headers: MutableHeaders) -> None:
    """Add what every answer carries."""
    for name, value in SECURITY_HEADERS.items():
        headers[name] = value
    headers.setdefault("cache-control", "no-cache")


def is_preflight(scope: Scope, asked: Headers) -> bool:
    """Tell whether a browser asks beforehand if a page may ask."""
    return scope["method"] == "OPTIONS" and "access-control-request-method" in asked


def foreign_host(header: str) -> str:
    """Say that a name is not answered to, and what to do about it."""
    name = host_of(header)
    shown = f"`{name[:100]}`" if name else "a request without a proper `Host`"
    return (
        f"This service does not answer to {shown}, which is none of its own names; "
        "its operator can add names with the setting HUBDEX_ALLOWED_HOSTS."
    )


def is_from_own_page(scope: Scope, asked: Headers) -> bool:
    """Tell whether a request is from a page of ours, or from no page that says where it is from."""
    host = asked.get("host", "")
    return all(is_own_origin(origin, host, scope.get("scheme", "http")) for origin in asked.getlist("origin"))


def is_from_another_site(asked: Headers) -> bool:
    """Tell whether a browser says that another origin's page is behind a request."""
    return any(site not in {"same-origin", "none"} for site in asked.getlist("sec-fetch-site"))


def foreign_origin(asked: Headers) -> str:
    """Say whose page was refused, and what a proxy may have to do with it."""
    origin = asked.get("origin", "")
    shown = f"`{origin[:100]}`" if origin.isprintable() and origin not in {"", "null"} else "another site"
    return (
        f"This came from a page of {shown}; only the pages of this service may do that. "
        "A reverse proxy in front of it has to pass the `Host` header on as the browser sent it."
    )


def is_form_of_a_page(scope: Scope, asked: Headers) -> bool:
    """Tell whether a person sent one of our pages' forms, rather than a script or a program."""
    if not scope["path"].startswith(OWN_FORMS) or bearer_of(asked) is not None:
        return False
    return media_type_of(asked) == FORM and asked.get("sec-fetch-mode", "navigate") == "navigate"


def page_of_form(scope: Scope, asked: Headers) -> str:
    """Give the path of the page whose form was sent; the first page where the browser does not say."""
    scheme, _, rest = asked.get("referer", "").partition("://")
    authority, _, path = rest.partition("/")
    if not is_own_origin(f"{scheme}://{authority}", asked.get("host", ""), scope.get("scheme", "http")):
        return "/"
    return local_path(f"/{path}")

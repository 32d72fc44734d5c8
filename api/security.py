"""What protects the browser of whoever uses the service: strict headers, and no foreign host names."""

from collections.abc import Collection, Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.hosts import ANY, Hosts, host_of
from api.responses import error_response

SECURITY_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}
"""On every answer."""

_PREFLIGHT = {
    "access-control-allow-methods": "GET, HEAD",
    "access-control-allow-headers": "*",
    "access-control-max-age": "600",
}


class Guard:
    """ASGI middleware: refuses foreign host names, sets the headers, lets other origins in where told to.

    A HEAD is answered as the GET it stands for; the server leaves the body out.

    Args:
        app: what is guarded.
        hosts: the names it answers to.
        origins: whose pages may read the answers; none as a rule.

    """

    def __init__(self, app: ASGIApp, *, hosts: Hosts, origins: Collection[str] = ()) -> None:
        self._app = app
        self._hosts = hosts
        self._origins = frozenset(origins)

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
        elif scope["method"] == "HEAD":
            scope = {**scope, "method": "GET"}
        await app(scope, receive, send_secured)

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

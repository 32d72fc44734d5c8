"""What protects the browser of whoever uses the service: strict headers, and no foreign host names."""

import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.config import is_loopback
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

_HOST = re.compile(
    r"(?:\[(?P<address>[0-9a-f:.]+)\]|(?P<name>[\w.-]+))(?::\d{1,5})?", re.ASCII | re.IGNORECASE
)


class Guard:
    """ASGI middleware: sets the headers, and refuses requests that a foreign name led to this machine.

    A page on the Internet can make its own name resolve to 127.0.0.1 and then read what a local
    service answers (DNS rebinding); the `Host` header gives that away.

    Args:
        app: what is guarded.
        local_only: refuse every `Host` that is not this machine.

    """

    def __init__(self, app: ASGIApp, *, local_only: bool) -> None:
        self._app = app
        self._local_only = local_only

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                secure(MutableHeaders(scope=message))
            await send(message)

        app = self._app
        if self._local_only and not is_local_host(Headers(scope=scope).get("host", "")):
            app = error_response(400, "bad_host", "This service answers only to names of its own machine.")
        await app(scope, receive, send_secured)


def secure(headers: MutableHeaders) -> None:
    """Add what every answer carries."""
    for name, value in SECURITY_HEADERS.items():
        headers[name] = value
    headers.setdefault("cache-control", "no-cache")


def is_local_host(header: str) -> bool:
    """Tell whether a `Host` header names this machine, with any port (it may be forwarded)."""
    match = _HOST.fullmatch(header)
    return match is not None and is_loopback(match["address"] or match["name"])

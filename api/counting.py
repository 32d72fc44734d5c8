"""Counting requests by the route that answered them, however far they came."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.measuring import NO_ROUTE, Measurements

_ROUTE = "route_template"


class Counted:
    """ASGI middleware, the outermost: counts every answer, also of requests that never reach a route.

    Args:
        app: what is counted.
        measurements: where.

    """

    def __init__(self, app: ASGIApp, *, measurements: Measurements) -> None:
        self._app = app
        self._measurements = measurements

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state, is_answered = scope.setdefault("state", {}), False

        def count(status: int) -> None:
            self._measurements.answered(state.get(_ROUTE, NO_ROUTE), status)

        async def send_counted(message: Message) -> None:
            nonlocal is_answered
            if message["type"] == "http.response.start":
                is_answered = True
                count(message["status"])
            await send(message)

        try:
            await self._app(scope, receive, send_counted)
        except Exception:
            if not is_answered:
                count(500)  # as it is answered outside of every middleware
            raise


class Routed:
    """ASGI middleware, the innermost: notes the template of the route, never what is asked itself."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        def note() -> None:
            scope["state"][_ROUTE] = getattr(scope.get("route"), "path", NO_ROUTE)

        async def send_noted(message: Message) -> None:
            note()
            await send(message)

        try:
            await self._app(scope, receive, send_noted)
        except Exception:
            note()
            raise

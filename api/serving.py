"""The server process: one socket, one announcement, a clean end."""

import errno
import signal
import socket
import sys
from types import FrameType

import uvicorn
from fastapi import FastAPI

from api.config import ApiConfig
from indexer.errors import EXIT_DONE, HubdexError

MAX_HEAD_BYTES = 16_384
"""A longer request line with its headers is refused."""
BACKLOG = 2_048
GRACE_SECONDS = 3
"""After that a stop no longer waits for answers under way."""


class Server(uvicorn.Server):
    """A server that says where it listens, once it does."""

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self._app = app

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to listen, then say so."""
        await super().startup(sockets)
        if self.started:
            print(f"Hubdex on {self._app.state.url}", flush=True)  # noqa: T201

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let those go who would listen for ever, then wait for the other answers."""
        self._app.state.listeners.close()
        await super().shutdown(sockets)


def serve(app: FastAPI, config: ApiConfig) -> int:
    """Serve until SIGTERM or Ctrl-C; give the exit code.

    Raises:
        HubdexError: the address cannot be listened on.

    """
    # uvicorn raises the signal that stopped it once more when it is done.
    signal.signal(signal.SIGTERM, _leave)
    listener = listen(config.host, config.port)
    settings = uvicorn.Config(
        app,
        http="h11",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        h11_max_incomplete_event_size=MAX_HEAD_BYTES,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    with listener:
        app.state.url = url_of(listener, config.host)
        Server(settings, app).run(sockets=[listener])
    return EXIT_DONE


def listen(host: str, port: int) -> socket.socket:
    """Bind the address before anything else is done.

    Raises:
        HubdexError: it is taken, not ours, or not an address.

    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio switches Nagle's algorithm off only where the protocol is named; it costs 40 ms an answer.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise HubdexError(
                f"Port {port} on {host} is taken; stop what uses it, or set HUBDEX_PORT."
            ) from None
        raise HubdexError(f"Hubdex cannot listen on {host} port {port}: {error.strerror}.") from None
    return listener


def url_of(listener: socket.socket, host: str) -> str:
    """Give the address a browser reaches a listening socket at."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    port = listener.getsockname()[1]
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


def _leave(_number: int, _frame: FrameType | None) -> None:
    sys.exit(EXIT_DONE)

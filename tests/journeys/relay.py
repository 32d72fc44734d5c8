"""A relay between a process and a server: it counts requests, and may end the process at one of them."""

import os
import signal
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Literal, Self

UNPASSED = {"Connection", "Accept-Encoding"}
Moment = Literal["before", "after"]
"""Whether the request is still passed on to the server, whose answer nobody hears."""


class Relay:
    """Passes requests on to a server; one asked again and again, for a task, is counted once.

    Args:
        url: the server's address.
        process: gives the process whose requests they are.

    """

    def __init__(self, url: str, process: Callable[[], int]) -> None:
        self._to = url.removeprefix("http://")
        self._process = process
        self._lock = threading.Lock()
        self._fatal: tuple[int, Moment] | None = None
        self.loses: Callable[[int], bool] = lambda _request: False
        """Told each request's place when it has been answered: whether the answer is lost."""
        self.requests: list[str] = []
        relay = self

        class Handler(BaseHTTPRequestHandler):
            def do_any(self) -> None:
                relay._pass_on(self)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_any  # noqa: N815

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def kill_at(self, request: int | None = None, moment: Moment = "before") -> None:
        """Begin to count anew; the process is killed at a request, counted from 1, or never."""
        self.requests = []
        self._fatal = None if request is None else (request, moment)

    def _pass_on(self, asked: BaseHTTPRequestHandler) -> None:
        body = asked.rfile.read(int(asked.headers.get("Content-Length") or 0))
        with self._lock:
            what = f"{asked.command} {asked.path}"
            is_new = self.requests[-1:] != [what]
            if is_new:
                self.requests.append(what)
            moment = self._moment() if is_new else None
            place = len(self.requests)
        if moment == "before":
            self._kill()
            return
        with suppress(OSError, HTTPException), closing(HTTPConnection(self._to, timeout=60)) as server:
            headers = {name: value for name, value in asked.headers.items() if name not in UNPASSED}
            server.request(asked.command, asked.path, body, headers)
            answer = server.getresponse()
            content = answer.read()
            if moment == "after":
                self._kill()
            elif not (is_new and self.loses(place)):
                asked.send_response(answer.status)
                asked.send_header("Content-Type", answer.headers.get("Content-Type", ""))
                asked.send_header("Content-Length", str(len(content)))
                asked.end_headers()
                asked.wfile.write(content)

    def _moment(self) -> Moment | None:
        if self._fatal is None or self._fatal[0] != len(self.requests):
            return None
        return self._fatal[1]

    def _kill(self) -> None:
        os.kill(self._process(), signal.SIGKILL)

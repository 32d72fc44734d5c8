"""HTTP/1.1 on the wire: keep-alive, one write per answer, and the ways an answer can fail on it."""

import contextlib
import itertools
import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import cast

from tests.fakes.hub.answers import Answer
from tests.fakes.hub.blobs import pieces_of
from tests.fakes.hub.faults import Ending, Fault
from tests.fakes.hub.holding import Holds

_BUFFERED = 1 << 18
"""Bytes from which a piece goes to the socket by itself; smaller ones go out with the headers."""
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


@dataclass(frozen=True)
class Exchange:
    """An answer and how it fares on its way."""

    answer: Answer
    ending: Ending = "whole"
    hold_after: int | None = None

    @classmethod
    def of(cls, answer: Answer, fault: Fault | None) -> "Exchange":
        return cls(answer) if fault is None else cls(answer, fault.ending, fault.after_bytes)

    @property
    def status(self) -> int:
        """What the client gets to see; 0 for nothing."""
        return 0 if self.ending in {"drop", "reset", "stall"} else self.answer.status


Exchanger = Callable[[str, str, dict[str, str]], Exchange]


class HubServer(ThreadingHTTPServer):
    """Keeps its open connections in view, to close them when the Hub goes away."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], exchange: Exchanger, holds: Holds) -> None:
        super().__init__(address, HubHandler)
        self.exchange = exchange
        self.holds = holds
        self.numbers = itertools.count(1)
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()

    def opened(self, connection: socket.socket) -> None:
        with self._lock:
            self._open.add(connection)

    def closed(self, connection: socket.socket) -> None:
        with self._lock:
            self._open.discard(connection)

    @property
    def is_busy(self) -> bool:
        return bool(self._open)

    def hang_up(self) -> None:
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            _shut(connection)

    def handle_error(self, request: object, client_address: object) -> None:
        # A client that hangs up is no news; anything else is a fault of ours and must be seen.
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(cast("socket.socket", request), client_address)


class HubHandler(BaseHTTPRequestHandler):
    """Speaks for one connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def setup(self) -> None:
        super().setup()
        self._hub.opened(self.connection)

    def finish(self) -> None:
        try:
            super().finish()
        finally:
            self._hub.closed(self.connection)

    def do_GET(self) -> None:
        self._serve()

    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing: the Hub remembers its requests itself."""

    @property
    def _hub(self) -> HubServer:
        return cast("HubServer", self.server)

    def _serve(self) -> None:
        headers = {name.lower(): text for name, text in self.headers.items()}
        self.rfile.read(int(headers.get("content-length", "0")))
        exchange = self._hub.exchange(self.command, self.path, headers)
        if exchange.status:
            self._send_head(exchange.answer)
            if self.command != "HEAD" and not self._send_body(exchange):
                self.close_connection = True
                return
        if exchange.ending == "stall":
            self._wait_for_the_end()
        if exchange.ending != "whole":
            self._break_off(reset=exchange.ending in {"reset", "reset midway"})

    def _send_head(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("X-Request-Id", f"Root=1-{next(self._hub.numbers):08x}")
        for name, text in answer.headers.items():
            self.send_header(name, text)
        self.end_headers()
        if self.command == "HEAD":
            self.wfile.flush()

    def _send_body(self, exchange: Exchange) -> bool:
        """Send as much as is to be sent; tell whether the client was still there."""
        body = exchange.answer.body
        end = len(body) if exchange.ending == "whole" else len(body) // 2
        held = min(end if exchange.hold_after is None else exchange.hold_after, end)
        self._send_bytes(pieces_of(body, 0, held))
        if exchange.hold_after is not None and not self._hub.holds.hold(self.connection):
            return False
        self._send_bytes(pieces_of(body, held, end))
        return True

    def _send_bytes(self, pieces: Iterable[memoryview]) -> None:
        for piece in pieces:
            if len(piece) < _BUFFERED:
                self.wfile.write(piece)
                continue
            self.wfile.flush()
            self.connection.sendall(piece)
        self.wfile.flush()

    def _wait_for_the_end(self) -> None:
        with contextlib.suppress(OSError):
            while self.connection.recv(4096):
                pass

    def _break_off(self, *, reset: bool) -> None:
        self.close_connection = True
        if not reset:
            _shut(self.connection)
            return
        # Closing with nothing to linger for sends RST; the socket goes once the two files on it are closed.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self._hub.closed(self.connection)
        self.connection.close()


def _shut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)

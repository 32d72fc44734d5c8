"""A server on loopback that may go away and come back at its address."""

import ssl
import threading

from tests.fakes.hub.handler import Exchanger, HubServer
from tests.fakes.hub.holding import Holds


class Serving:
    """One port of 127.0.0.1, and who answers there."""

    def __init__(self, exchange: Exchanger, holds: Holds, port: int = 0) -> None:
        self._exchange = exchange
        self._holds = holds
        self._port = port
        self._server: HubServer | None = None
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        """Where it is, or was before it was stopped."""
        if self._port == 0:
            raise RuntimeError("The stand-in Hub has no port before it is started")
        return self._port

    @property
    def is_idle(self) -> bool:
        """Whether nobody holds a connection."""
        return self._server is None or not self._server.is_busy

    def encrypt(self, context: ssl.SSLContext) -> None:
        """Speak TLS from now on."""
        assert self._server is not None
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)

    def start(self) -> None:
        self._server = HubServer(("127.0.0.1", self._port), self._exchange, self._holds)
        # A later start gives the same address, as a Hub that was away for a while does.
        self._port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        server, thread = self._server, self._thread
        self._server = self._thread = None
        if server is not None and thread is not None:
            server.shutdown()
            thread.join()
            server.hang_up()
            server.server_close()

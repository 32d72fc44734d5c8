"""The stand-in Hub as a server on loopback."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from tests.fakes.hub.faults import Fault, Script
from tests.fakes.hub.handler import Exchange, HubHandler, HubServer
from tests.fakes.hub.listing import Params
from tests.fakes.hub.quota import FixedWindow, Spent
from tests.fakes.hub.routes import (
    Answer,
    Catalogue,
    Target,
    Viewer,
    bad_token,
    failure,
    not_a_page,
    over_quota,
    redirection,
)
from tests.fakes.hub.source import ModelSource

_WARNING = (
    "unauthenticated; Warning: You are sending unauthenticated requests to the HF Hub. "
    "Please set a HF_TOKEN to enable higher rate limits and faster downloads."
)
_REMEMBERED = 10_000


@dataclass(frozen=True)
class Request:
    """A request the Hub has had, and the status it gave it; 0 when it gave no answer at all."""

    method: str
    path: str
    params: Params
    headers: dict[str, str]
    status: int


class FakeHub:
    """Lists models as huggingface.co does, on 127.0.0.1 only, with its quotas and, when told, its faults."""

    def __init__(
        self,
        source: ModelSource,
        *,
        quota: int = 500,
        window_seconds: int = 300,
        token: str | None = None,
        token_quota: int = 1000,
        token_sees_private: bool = False,
        takes_disputed_expand: bool = False,
        faults: Iterable[Fault] = (),
        latency_seconds: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        port: int = 0,
    ) -> None:
        self.source = source
        self._token = token
        self._token_sees_private = token_sees_private
        self._takes_disputed_expand = takes_disputed_expand
        self._anonymous = FixedWindow(quota, window_seconds, clock)
        self._signed_in = FixedWindow(token_quota, window_seconds, clock)
        self._script = Script(faults)
        self._latency_seconds = latency_seconds
        self._sleep = sleep
        self._port = port
        self._server: HubServer | None = None
        self._thread: threading.Thread | None = None
        self._requests: deque[Request] = deque(maxlen=_REMEMBERED)
        self.throttled = 0

    @property
    def url(self) -> str:
        """Where the Hub is, or was before it was stopped."""
        if self._port == 0:
            raise RuntimeError("The stand-in Hub has no port before it is started")
        return f"http://127.0.0.1:{self._port}"

    @property
    def requests(self) -> list[Request]:
        """The latest requests, oldest first."""
        return list(self._requests)

    @property
    def faults_left(self) -> int:
        return len(self._script)

    def script(self, faults: Iterable[Fault]) -> None:
        """Let these things go wrong, each once, with the listing requests to come."""
        self._script.extend(faults)

    def forget(self) -> None:
        """Start remembering requests and counting 429s afresh; quotas and faults stay."""
        self._requests.clear()
        self.throttled = 0

    def start(self) -> Self:
        self._server = HubServer(("127.0.0.1", self._port), HubHandler, self._exchange)
        # A later start gives the same address, as a Hub that was away for a while does.
        self._port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        server, thread = self._server, self._thread
        self._server = self._thread = None
        if server is not None and thread is not None:
            server.shutdown()
            thread.join()
            server.hang_up()
            server.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _exchange(self, method: str, raw_target: str, headers: dict[str, str]) -> Exchange:
        target = Target.of(raw_target)
        credentials = headers.get("authorization")
        viewer = self._viewer(credentials)
        window = self._signed_in if viewer is not None and viewer.signed_in else self._anonymous
        spent = window.spend()
        answer, fault = self._decide(method, target, viewer, spent)
        dressed = self._dress(answer, spent, fault, anonymous=credentials is None)
        exchange = Exchange(
            dressed,
            dropped=fault is not None and fault.kind == "drop",
            truncated=fault is not None and fault.kind == "truncate",
        )
        status = 0 if exchange.dropped else answer.status
        self._requests.append(Request(method, target.path, target.params, headers, status))
        self.throttled += status == 429
        return exchange

    def _decide(
        self, method: str, target: Target, viewer: Viewer | None, spent: Spent
    ) -> tuple[Answer, Fault | None]:
        if not spent.allowed:
            return over_quota("127.0.0.1", viewer or Viewer(), spent.quota), None
        if method not in {"GET", "HEAD"}:
            return not_a_page(), None
        fault = None
        if target.is_listing:
            self._wait()
            fault = self._script.next()
        if fault is not None and fault.kind in {"status", "redirect"}:
            return _faulty(fault, target), fault
        if viewer is None:
            return bad_token(), fault
        catalogue = Catalogue(self.source, self.url, self._takes_disputed_expand)
        return catalogue.answer(target, viewer), fault

    def _wait(self) -> None:
        if self._latency_seconds:
            self._sleep(self._latency_seconds)

    def _viewer(self, credentials: str | None) -> Viewer | None:
        if credentials is None:
            return Viewer()
        if self._token is not None and credentials == f"Bearer {self._token}":
            return Viewer(signed_in=True, sees_private=self._token_sees_private)
        return None

    def _dress(self, answer: Answer, spent: Spent, fault: Fault | None, *, anonymous: bool) -> Answer:
        headers = {"X-Powered-By": "huggingface-moon", "Vary": "Origin"}
        if fault is None or fault.rate_headers:
            headers |= spent.headers()
        if anonymous:
            headers["X-HF-Warning"] = _WARNING
        return Answer(answer.status, answer.body, headers | answer.headers, answer.content_type)


def _faulty(fault: Fault, target: Target) -> Answer:
    if fault.kind == "redirect":
        here = f"{target.path}?{target.query}" if target.query else target.path
        return redirection(fault.location or here)
    headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    return failure(fault.status, f"Scripted fault {fault.status}", headers)

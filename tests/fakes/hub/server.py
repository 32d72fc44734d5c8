"""The stand-in Hub as a server on loopback."""

import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from http import HTTPStatus
from types import TracebackType
from typing import Self

from tests.fakes.hub.cursor import GivenCursors
from tests.fakes.hub.faults import Fault, Script
from tests.fakes.hub.handler import Exchange, HubHandler, HubServer
from tests.fakes.hub.listing import MOST_TREE_ENTRIES, Manner, Params
from tests.fakes.hub.quota import FixedWindow, RateHeaders, Spent
from tests.fakes.hub.routes import (
    Answer,
    Catalogue,
    Target,
    Viewer,
    bad_token,
    faulty,
    not_a_page,
    over_quota,
)
from tests.fakes.hub.source import ModelSource

_WARNING = (
    "unauthenticated; Warning: You are sending unauthenticated requests to the HF Hub. "
    "Please set a HF_TOKEN to enable higher rate limits and faster downloads."
)
_REMEMBERED = 10_000


@dataclass(frozen=True)
class Request:
    """A request the Hub has had, when, and the status it gave it; 0 when it gave no answer at all."""

    method: str
    path: str
    params: Params
    headers: dict[str, str]
    status: int
    moment: float
    """When it came, by the Hub's clock."""


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
        refuses_large_limit: bool = False,
        honours_skip: bool = False,
        loses_compound_searches: bool = False,
        ends_with_empty_page: bool = False,
        gateway_limit: int | None = None,
        tree_entries: int = MOST_TREE_ENTRIES,
        cursor_lifetime_requests: int | None = None,
        rate_headers: RateHeaders = "both",
        lower_case_headers: bool = False,
        on_request: Callable[[int], None] | None = None,
        faults: Iterable[Fault] = (),
        latency_seconds: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        port: int = 0,
    ) -> None:
        self.source = source
        self._token = token
        self._token_sees_private = token_sees_private
        self._manner = Manner(
            takes_disputed_expand, refuses_large_limit, honours_skip, loses_compound_searches,
            ends_with_empty_page, gateway_limit, tree_entries=tree_entries,
        )  # fmt: skip
        self._cursors = GivenCursors(cursor_lifetime_requests)
        self._anonymous = FixedWindow(quota, window_seconds, clock)
        self._signed_in = FixedWindow(token_quota, window_seconds, clock)
        self._clock = clock
        self._rate_headers = rate_headers
        self._lower_case_headers = lower_case_headers
        self._on_request = on_request
        self._numbers = itertools.count(1)
        self._in_turn = threading.Lock()
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
        """Let these things go wrong, each once, with the requests to come."""
        self._script.extend(faults)

    def heal(self) -> None:
        """Let nothing go wrong any more."""
        self._script.clear()

    def set_quota(self, quota: int | None = None, *, token_quota: int | None = None) -> None:
        """Change how many requests a window lets in, for strangers, for the token's holder or for both."""
        if quota is not None:
            self._anonymous.set_quota(quota)
        if token_quota is not None:
            self._signed_in.set_quota(token_quota)

    def let_others_spend(self, requests: int) -> None:
        """Let strangers behind the same address send so many requests."""
        for _ in range(requests):
            self._anonymous.spend()

    def refuse_expand(self, *options: str) -> None:
        """Know these options of `expand` no more."""
        self._manner = replace(self._manner, refused_expand=options)

    def expire_cursors(self) -> None:
        """Refuse every cursor there has been with 400 from now on."""
        self._cursors.expire()

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
        self._tell_of_request()
        moment = self._clock()
        target = Target.of(raw_target)
        credentials = headers.get("authorization")
        viewer = self._viewer(credentials)
        window = self._signed_in if viewer is not None and viewer.signed_in else self._anonymous
        spent = window.spend()
        answer, fault = self._decide(method, target, viewer, spent)
        dressed = self._dress(answer, spent, fault, anonymous=credentials is None)
        exchange = Exchange(dressed, "whole" if fault is None else fault.ending)
        self._requests.append(Request(method, target.path, target.params, headers, exchange.status, moment))
        self.throttled += exchange.status == 429
        return exchange

    def _tell_of_request(self) -> None:
        # In turn, so that what is made to happen at the n-th request happens in the same order in every run.
        if self._on_request is not None:
            with self._in_turn:
                self._on_request(next(self._numbers))

    def _decide(
        self, method: str, target: Target, viewer: Viewer | None, spent: Spent
    ) -> tuple[Answer, Fault | None]:
        if not spent.allowed:
            return over_quota("127.0.0.1", viewer or Viewer(), spent.quota), None
        if method not in {"GET", "HEAD"}:
            return not_a_page(), None
        fault = None
        if target.route is not None:
            fault = self._script.next(target.route)
            self._wait(fault)
        answer = None if fault is None else faulty(fault, target)
        if answer is None and viewer is None:
            answer = bad_token()
        if answer is None:
            catalogue = Catalogue(self.source, self.url, self._manner, self._cursors)
            answer = catalogue.answer(target, viewer or Viewer(), fault)
        if fault is not None and fault.needs_page and answer.status != HTTPStatus.OK:
            self._script.extend([replace(fault, at=None)])  # it is still to come
        return answer, fault

    def _wait(self, fault: Fault | None) -> None:
        seconds = self._latency_seconds + (0.0 if fault is None else fault.seconds)
        if seconds:
            self._sleep(seconds)

    def _viewer(self, credentials: str | None) -> Viewer | None:
        if credentials is None:
            return Viewer()
        if self._token is not None and credentials == f"Bearer {self._token}":
            return Viewer(signed_in=True, sees_private=self._token_sees_private)
        return None

    def _dress(self, answer: Answer, spent: Spent, fault: Fault | None, *, anonymous: bool) -> Answer:
        headers = {"X-Powered-By": "huggingface-moon", "Vary": "Origin"}
        if fault is None or fault.rate_headers:
            headers |= spent.headers(self._rate_headers)
        if anonymous:
            headers["X-HF-Warning"] = _WARNING
        headers |= answer.headers
        if self._lower_case_headers:
            headers = {name.lower(): text for name, text in headers.items()}
        return Answer(answer.status, answer.body, headers, answer.content_type)

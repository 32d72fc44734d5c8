"""The stand-in Hub as a server on loopback."""

import itertools
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self, Unpack

from tests.fakes.hub.answers import (
    Answer,
    Viewer,
    bad_token,
    faulty,
    not_a_page,
    over_quota,
)
from tests.fakes.hub.blobs import Part
from tests.fakes.hub.cdn import Cdn
from tests.fakes.hub.cursor import GivenCursors
from tests.fakes.hub.faults import Fault, Script
from tests.fakes.hub.handler import Exchange
from tests.fakes.hub.holding import Holds
from tests.fakes.hub.links import Links
from tests.fakes.hub.listing import Manner, Manners, Params
from tests.fakes.hub.quota import Bucket, Spent, Windows
from tests.fakes.hub.ranges import spoiled
from tests.fakes.hub.routes import Catalogue
from tests.fakes.hub.serving import Serving
from tests.fakes.hub.source import ModelSource
from tests.fakes.hub.target import Target

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
    """Lists models and sends their files as huggingface.co does, with its quotas and, when told, its faults.

    It listens on 127.0.0.1 only, at two ports: large files lie on a host of their own (`cdn_url`).
    """

    def __init__(
        self,
        source: ModelSource,
        *,
        quota: int = 500,
        window_seconds: int = 300,
        token: str | None = None,
        token_quota: int = 1000,
        token_sees_private: bool = False,
        resolvers_quota: int = 3_000,
        token_resolvers_quota: int = 5_000,
        accepted: Iterable[str] = (),
        cdn_host: str = "127.0.0.1",
        cdn_ignores_range: bool = False,
        cdn_lifetime_seconds: int = 3_600,
        cursor_lifetime_requests: int | None = None,
        on_request: Callable[[int], None] | None = None,
        faults: Iterable[Fault] = (),
        latency_seconds: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        port: int = 0,
        **manners: Unpack[Manners],
    ) -> None:
        self.source = source
        self._token = token
        self._token_sees_private = token_sees_private
        self._manner = Manner(accepted=frozenset(accepted), **manners)
        self._cursors = GivenCursors(cursor_lifetime_requests)
        self._windows = Windows(
            {"api": (quota, token_quota), "resolvers": (resolvers_quota, token_resolvers_quota)},
            window_seconds,
            clock,
        )
        self._clock = clock
        self._on_request = on_request
        self._numbers = itertools.count(1)
        self._in_turn = threading.Lock()
        self._script = Script(faults)
        self._latency_seconds = latency_seconds
        self._sleep = sleep
        self._requests: deque[Request] = deque(maxlen=_REMEMBERED)
        self._cdn_requests: deque[Request] = deque(maxlen=_REMEMBERED)
        self._holds = Holds()
        self._links = Links(clock, cdn_lifetime_seconds)
        self._cdn = Cdn(self._links, self._script, self._wait_for, cdn_ignores_range)
        self._cdn_host = cdn_host
        self._serving = Serving(self._exchange, self._holds, port)
        self._cdn_serving = Serving(self._cdn_exchange, self._holds)
        self.throttled = 0

    @property
    def url(self) -> str:
        """Where the Hub is, or was before it was stopped."""
        return f"http://127.0.0.1:{self._serving.port}"

    @property
    def cdn_url(self) -> str:
        """Where large files lie: another origin."""
        return f"http://{self._cdn_host}:{self._cdn_serving.port}"

    @property
    def is_idle(self) -> bool:
        """Whether nobody holds a connection to it."""
        return self._serving.is_idle

    def encrypt(self, context: ssl.SSLContext) -> None:
        """Speak TLS from now on."""
        self._serving.encrypt(context)

    @property
    def requests(self) -> list[Request]:
        """The latest requests, oldest first."""
        return list(self._requests)

    @property
    def cdn_requests(self) -> list[Request]:
        """The latest requests to the host of large files, oldest first."""
        return list(self._cdn_requests)

    @property
    def faults_left(self) -> int:
        return len(self._script)

    def script(self, faults: Iterable[Fault]) -> None:
        """Let these things go wrong, each once, with the requests to come."""
        self._script.extend(faults)

    def heal(self) -> None:
        """Let nothing go wrong any more."""
        self._script.clear()

    def release(self) -> None:
        """Let the bodies go on that `Fault.hold` holds now."""
        self._holds.release()

    def wait_until_held(self, count: int = 1, *, seconds: float = 30) -> None:
        """Come back as soon as so many bodies are held (0: none is any more), or raise `TimeoutError`."""
        self._holds.wait_until_held(count, seconds)

    def accept(self, *repo_ids: str) -> None:
        """Let the token's holder have the files of these gated models."""
        self._manner = replace(self._manner, accepted=self._manner.accepted | set(repo_ids))

    def expire_links(self) -> None:
        """Let no signed address be good any more that was given so far."""
        self._links.expire()

    def set_quota(
        self, quota: int | None = None, *, token_quota: int | None = None, bucket: Bucket = "api"
    ) -> None:
        """Change how many requests a window lets in, for strangers, for the token's holder or for both."""
        if quota is not None:
            self._windows.of(bucket, signed_in=False).set_quota(quota)
        if token_quota is not None:
            self._windows.of(bucket, signed_in=True).set_quota(token_quota)

    def set_token(self, token: str | None) -> None:
        """Let in from now on who brings this token, and nobody else; `None`: no token is any good."""
        self._token = token

    def let_others_spend(self, requests: int, bucket: Bucket = "api") -> None:
        """Let strangers behind the same address send so many requests."""
        for _ in range(requests):
            self._windows.of(bucket, signed_in=False).spend()

    def refuse_expand(self, *options: str) -> None:
        """Know these options of `expand` no more."""
        self._manner = replace(self._manner, refused_expand=options)

    def expire_cursors(self) -> None:
        """Refuse every cursor there has been with 400 from now on."""
        self._cursors.expire()

    def forget(self) -> None:
        """Start remembering requests and counting 429s afresh; quotas and faults stay."""
        self._requests.clear()
        self._cdn_requests.clear()
        self.throttled = 0

    def start(self) -> Self:
        self._cdn_serving.start()
        self._serving.start()
        return self

    def stop(self) -> None:
        self._serving.stop()
        self._cdn_serving.stop()

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
        bucket = target.bucket(self._manner.resolve_cache_bucket)
        spent = self._windows.of(bucket, signed_in=viewer is not None and viewer.signed_in).spend()
        answer, fault = self._decide(method, target, headers, viewer, spent)
        dressed = self._dress(answer, spent, fault, anonymous=credentials is None)
        exchange = Exchange.of(dressed, fault)
        self._requests.append(Request(method, target.path, target.params, headers, exchange.status, moment))
        self.throttled += exchange.status == 429
        return exchange

    def _cdn_exchange(self, method: str, raw_target: str, headers: dict[str, str]) -> Exchange:
        moment, target = self._clock(), Target.of(raw_target)
        exchange = Exchange.of(*self._cdn.decide(method, target, headers))
        self._cdn_requests.append(
            Request(method, target.path, target.params, headers, exchange.status, moment)
        )
        return exchange

    def _tell_of_request(self) -> None:
        # In turn, so that what is made to happen at the n-th request happens in the same order in every run.
        if self._on_request is not None:
            with self._in_turn:
                self._on_request(next(self._numbers))

    def _decide(
        self, method: str, target: Target, headers: dict[str, str], viewer: Viewer | None, spent: Spent
    ) -> tuple[Answer, Fault | None]:
        if not spent.allowed:
            return over_quota("127.0.0.1", viewer or Viewer(), spent), None
        if method not in {"GET", "HEAD"}:
            return not_a_page(), None
        fault = None
        if target.route is not None:
            fault = self._script.next(target.route)
            self._wait(fault)
        answer = None if fault is None or fault.is_believable else faulty(fault, target)
        if answer is None and viewer is None:
            answer = bad_token()
        if answer is None:
            answer = self._catalogue.answer(target, viewer or Viewer(), fault, headers.get("range"))
        if fault is None:
            return answer, None
        if not fault.suits(method, answer.status, has_file=isinstance(answer.body, Part)):
            self._script.put_back(fault)
            return answer, None
        return spoiled(answer, fault), fault

    @property
    def _catalogue(self) -> Catalogue:
        return Catalogue(self.source, self.url, self._manner, self._cursors, self._links, self.cdn_url)

    def _wait(self, fault: Fault | None) -> None:
        self._wait_for(fault, self._latency_seconds)

    def _wait_for(self, fault: Fault | None, latency_seconds: float = 0.0) -> None:
        seconds = latency_seconds + (0.0 if fault is None else fault.seconds)
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
            headers |= spent.headers(self._manner.rate_headers)
        if anonymous:
            headers["X-HF-Warning"] = _WARNING
        headers |= answer.headers
        if self._manner.lower_case_headers:
            headers = {name.lower(): text for name, text in headers.items()}
        return replace(answer, headers=headers)

"""One request of a download: through the gate, to where it may go, with the token only where it belongs."""

import logging
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from urllib.parse import urlsplit

import httpcore2
import httpx2
from httpx2._utils import get_environment_proxies  # httpx2 says nowhere else what NO_PROXY means to it
from huggingface_hub.utils import build_hf_headers

from api.handoff.gate import SLICE_SECONDS, Bucket, Gate, Pause, Waiting, bucket_of
from api.handoff.reach import Reach
from indexer.hub import HubConfig

CONNECT_TIMEOUT_SECONDS = 10.0
READ_BYTES = 2**18
"""Read at a time: with the 64 kB that are usual a tenth of the time goes into passing them on."""
MAX_CONNECTIONS = 64
_CONNECTION_LIVES_SECONDS = 60.0


class Lost(Exception):  # not an error of ours yet: another try may do better
    """A try that failed.

    Args:
        reason: a sentence without an address.
        status: of the answer; `None`: there was none, or it broke off.
        headers: of the answer, their names in lower case.

    """

    def __init__(
        self, reason: str, status: int | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        self.reason = reason
        self.status = status
        self.headers = dict(headers or {})
        super().__init__(reason)


class _Hearing(threading.local):
    """Who of each thread is to be asked whether to go on while nothing comes."""

    waiting: Waiting | None = None


class _Stream(httpcore2.NetworkStream):
    """A connection whose silence can be broken off before it counts as dead."""

    def __init__(self, inner: httpcore2.NetworkStream, pause: Pause, hearing: _Hearing) -> None:
        self._inner = inner
        self._pause = pause
        self._hearing = hearing

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        rest = CONNECT_TIMEOUT_SECONDS if timeout is None else timeout
        while True:
            try:
                return self._inner.read(max(max_bytes, READ_BYTES), min(rest, SLICE_SECONDS))
            except httpcore2.ReadTimeout:
                rest -= SLICE_SECONDS
                if rest <= 0:
                    raise
            self._pause.check()
            if self._hearing.waiting is not None:
                self._hearing.waiting("")

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, timeout)

    def close(self) -> None:
        self._inner.close()

    def start_tls(self, *args: object, **kwargs: object) -> httpcore2.NetworkStream:
        inner = self._inner.start_tls(*args, **kwargs)  # type: ignore[arg-type]
        return _Stream(inner, self._pause, self._hearing)

    def get_extra_info(self, info: str) -> object:
        return self._inner.get_extra_info(info)


class _Network(httpcore2.NetworkBackend):
    """Connects to the very numbers that were judged; a proxy is a setting and not judged."""

    def __init__(self, reach: Reach | None, pause: Pause, hearing: _Hearing) -> None:
        self._reach = reach
        self._pause = pause
        self._hearing = hearing
        self._inner = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        numbers = [host] if self._reach is None else self._numbers(self._reach, host, port)
        failed = httpcore2.ConnectError("nothing answers there")
        for number in numbers:
            try:
                inner = self._inner.connect_tcp(number, port, timeout, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failed = error if isinstance(error, httpcore2.ConnectError) else failed
            else:
                return _Stream(inner, self._pause, self._hearing)
        raise failed

    def _numbers(self, reach: Reach, host: str, port: int) -> list[str]:
        try:
            return [str(one[4][0]) for one in reach.connectable(host, port)]
        except (OSError, UnicodeError):
            raise httpcore2.ConnectError("its name cannot be looked up") from None


class _Transport(httpx2.HTTPTransport):
    def __init__(self, network: _Network, proxy: str | None = None) -> None:
        limits = httpx2.Limits(max_connections=MAX_CONNECTIONS, keepalive_expiry=_CONNECTION_LIVES_SECONDS)
        super().__init__(limits=limits, proxy=proxy)
        self._pool._network_backend = network  # noqa: SLF001  # there is no other way to give one


class Asker:
    """Sends requests, one at a time for each thread; follows nothing by itself.

    Certificates of one's own (`SSL_CERT_FILE`) and proxies work by the usual variables.

    Args:
        config: the Hub and who asks it.
        reach: what may be reached.
        gate: lets requests to the Hub through.
        pause: breaks off.
        read_timeout: seconds without a byte after which a connection counts as dead.

    """

    def __init__(
        self, config: HubConfig, reach: Reach, gate: Gate, pause: Pause, read_timeout: float
    ) -> None:
        token = None if config.token is None else config.token.get_secret_value()
        self.headers = build_hf_headers(token=token or False, user_agent=config.user_agent)
        self._gate = gate
        self._pause = pause
        self._reach = reach
        self._hearing = _Hearing()
        direct = _Transport(_Network(reach, pause, self._hearing))
        proxies = {
            pattern: None if proxy is None else _Transport(_Network(None, pause, self._hearing), proxy)
            for pattern, proxy in get_environment_proxies().items()
        }
        self._client = httpx2.Client(
            transport=direct,
            mounts=proxies,
            timeout=httpx2.Timeout(read_timeout, connect=CONNECT_TIMEOUT_SECONDS, pool=None),
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        )
        for name in ("httpx2", "httpcore2"):  # their lines hold whole addresses, signatures and all
            logging.getLogger(name).setLevel(logging.WARNING)

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    @contextmanager
    def ask(
        self, method: str, url: str, waiting: Waiting, headers: Mapping[str, str] | None = None
    ) -> Iterator[httpx2.Response]:
        """Send one request; gives the answer, its body not read yet.

        Raises:
            Lost: there is none.
            BadRedirect: nothing is fetched from there.
            Interrupted: it is over, or `waiting` says so.

        """
        bucket = bucket_of(urlsplit(url).path) if self._reach.is_upstream(url) else None
        sent = {"user-agent": self.headers["user-agent"], "accept-encoding": "identity"}
        if bucket is not None:
            sent = {**self.headers, **sent}
            self._gate.enter(bucket, waiting)
        self._hearing.waiting = waiting
        try:
            response = self._send(method, url, {**sent, **(headers or {})}, bucket)
            try:
                yield response
            finally:
                response.close()
        finally:
            self._hearing.waiting = None

    def _send(
        self, method: str, url: str, headers: Mapping[str, str], bucket: Bucket | None
    ) -> httpx2.Response:
        heard: Mapping[str, str] = {}
        try:
            self._pause.check()
            request = self._client.build_request(method, url, headers=headers)
            response = self._client.send(request, stream=True)
            heard = response.headers
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError) as error:
            raise lost(error) from None
        except RuntimeError:  # the client is closed
            self._pause.check()
            raise
        finally:
            if bucket is not None:
                self._gate.leave(bucket, heard)
        return response


def lost(error: Exception) -> Lost:
    """Give a failure of the connection without the address that stands in it."""
    if isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout):
        return Lost(f"no connection could be made ({type(error).__name__})")
    if isinstance(error, httpx2.TimeoutException):
        return Lost("nothing came any more")
    return Lost(f"the connection broke ({type(error).__name__})")


def pieces(response: httpx2.Response, pause: Pause) -> Iterator[bytes]:
    """Give the body of an answer as it comes.

    Raises:
        Lost: it broke off.
        Interrupted: it is over.

    """
    try:
        yield from response.iter_raw()
    except (httpx2.HTTPError, httpx2.StreamError) as error:
        pause.check()
        raise lost(error) from None
    except (OSError, ValueError, RuntimeError) as error:  # closed under our hands
        pause.check()
        raise Lost(f"the connection broke ({type(error).__name__})") from None

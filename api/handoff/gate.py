"""The gate of the downloads: every request to the Hub passes it, so that its quota is kept."""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Literal

from api.handoff.errors import Interrupted
from indexer.hub import HubConfig
from indexer.quota import Meter, parse_quota

Bucket = Literal["api", "resolvers"]
"""The two quotas of the Hub that downloads spend from."""
Waiting = Callable[[str], None]
"""Is told, over and over, why it has to be waited, last with an empty text; may raise to break off."""

SLICE_SECONDS = 0.5
"""No longer than this until whoever waits is asked whether to go on."""
_SILENT_SECONDS = 2.0
"""A shorter wait is not worth a word."""


def bucket_of(path: str) -> Bucket:
    """Tell which quota a request to this path of the Hub spends from.

    Where `/api/resolve-cache/` is counted is not settled; its answers name their bucket, and are believed.
    """
    return "resolvers" if "/resolve/" in path or "/resolve-cache/" in path else "api"


class Pause:
    """Waits in slices, so that it can be broken off.

    Args:
        sleep: waits so many seconds.

    """

    def __init__(self, sleep: Callable[[float], None] = time.sleep) -> None:
        self._sleep = sleep
        self._is_closed = threading.Event()

    def close(self) -> None:
        """Let every wait end, now and from now on."""
        self._is_closed.set()

    def check(self) -> None:
        """Go on, unless it is over.

        Raises:
            Interrupted: it is.

        """
        if self._is_closed.is_set():
            raise Interrupted

    def wait(self, seconds: float, why: str, waiting: Waiting) -> None:
        """Wait so long; it is the caller's to say when all waits are over.

        Raises:
            Interrupted: it is over, or `waiting` says so.

        """
        rest = seconds
        while rest > 0:
            self.check()
            waiting(why if seconds >= _SILENT_SECONDS else "")
            self._sleep(min(rest, SLICE_SECONDS))
            rest -= SLICE_SECONDS
        self.check()


class Gate:
    """Lets the requests of all threads through, as the quota allows.

    What is left is spent at once where it is needed, for somebody looks on; only the reserve stays.

    Args:
        config: whose quota it is, and where it is shared.
        pause: waits.
        now: a clock in seconds that never goes back.

    """

    def __init__(self, config: HubConfig, pause: Pause, now: Callable[[], float] = time.monotonic) -> None:
        self._pause = pause
        self._lock = threading.Lock()
        self._meters: dict[str, Meter] = {
            bucket: Meter(now, config.quota_file(bucket, now), is_paced=False)
            for bucket in ("api", "resolvers")
        }

    def enter(self, bucket: Bucket, waiting: Waiting) -> None:
        """Wait until one more request may be sent, and count it.

        Raises:
            Interrupted: it is over, or `waiting` says so.

        """
        self._pause.check()
        has_waited = False
        while (delay := self._try(bucket)) > 0:
            has_waited = True
            why = f"The Hub's quota is spent; it is renewed in {delay:.0f} seconds."
            self._pause.wait(min(delay, 30.0), why, waiting)  # another process may learn of more meanwhile
        if has_waited:
            waiting("")

    def leave(self, bucket: Bucket, headers: Mapping[str, str]) -> None:
        """Take the answer to a request into account; one without an answer has no headers.

        Args:
            bucket: what the request was let through for.
            headers: of the answer, their names in lower case.

        """
        quota = parse_quota(headers)
        with self._lock:
            if quota is not None and quota.bucket != bucket and quota.bucket in self._meters:
                self._meters[bucket].unsent()
                self._meters[quota.bucket].sent()
                self._meters[quota.bucket].answered(headers)
            else:
                self._meters[bucket].answered(headers)

    def _try(self, bucket: Bucket) -> float:
        with self._lock:
            delay = self._meters[bucket].delay()
            if delay <= 0:
                self._meters[bucket].sent()
            return delay

"""The fixed windows by which the Hub counts requests."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

Bucket = Literal["api", "resolvers"]
"""What is counted apart: everything below `/api`, and the addresses of files."""
RateHeaders = Literal["both", "limit", "policy", "none"]
"""Which of the two rate-limit headers the Hub sends."""


@dataclass(frozen=True)
class Spent:
    """What one request found: whether it was let in, and what the window holds after it."""

    allowed: bool
    remaining: int
    reset_seconds: int
    quota: int
    window_seconds: int
    bucket: Bucket = "api"

    def headers(self, sent: RateHeaders = "both") -> dict[str, str]:
        headers = {}
        if sent in {"both", "limit"}:
            headers["RateLimit"] = f'"{self.bucket}";r={self.remaining};t={self.reset_seconds}'
        if sent in {"both", "policy"}:
            policy = f"q={self.quota};w={self.window_seconds}"
            headers["RateLimit-Policy"] = f'"fixed window";"{self.bucket}";{policy}'
        return headers


class FixedWindow:
    """Counts requests; every window starts again with the whole quota."""

    def __init__(
        self, quota: int, window_seconds: int, clock: Callable[[], float], bucket: Bucket = "api"
    ) -> None:
        self._bucket = bucket
        self._quota = quota
        self._window_seconds = window_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._epoch = clock()
        self._window = 0
        self._used = 0

    def set_quota(self, quota: int) -> None:
        """Allow so many requests a window from now on; what this window has had still counts."""
        with self._lock:
            self._quota = quota

    def spend(self) -> Spent:
        with self._lock:
            window, inside = divmod(self._clock() - self._epoch, self._window_seconds)
            if window != self._window:
                self._window, self._used = int(window), 0
            self._used += 1
            return Spent(
                allowed=self._used <= self._quota,
                remaining=max(0, self._quota - self._used),
                # Rounded down: whoever waits exactly this long is still too early, so clients wait one more.
                reset_seconds=int(self._window_seconds - inside),
                quota=self._quota,
                window_seconds=self._window_seconds,
                bucket=self._bucket,
            )


class Windows:
    """What everybody may spend: strangers and the token's holder, each from two buckets."""

    def __init__(
        self,
        quotas: Mapping[Bucket, tuple[int, int]],
        window_seconds: int,
        clock: Callable[[], float],
    ) -> None:
        self._windows = {
            (bucket, signed_in): FixedWindow(quota, window_seconds, clock, bucket)
            for bucket, pair in quotas.items()
            for signed_in, quota in zip((False, True), pair, strict=True)
        }

    def of(self, bucket: Bucket, *, signed_in: bool) -> FixedWindow:
        return self._windows[bucket, signed_in]

"""The gate: one place that every request to the Hub passes, so that its quota is kept and used.

The Hub counts requests in fixed windows and says on every answer, errors and redirects included, what is
left (recorded 2026): `RateLimit: "api";r=499;t=295` with `RateLimit-Policy: "fixed window";"api";q=500;w=300`
means 499 requests left of 500 and 295 seconds until the window of 300 seconds ends. The thinking is pure;
the class at the end only remembers and waits.
"""

import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import ceil

RESERVE = 0.01
"""Share of a window's quota that is never spent: others may use the same address or token."""
BURST = 0.2
"""Share of a window's quota that may be spent without pacing: a short pass never waits."""
MAX_WAIT_SECONDS = 900.0
"""The longest wait a server can ask for."""

_LEFT = re.compile(r'\s*"?([\w.\-]{1,64})"?\s*;\s*r=(\d{1,12})\s*;\s*t=(\d{1,9})\s*', re.ASCII)
_POLICY = re.compile(r'"?([\w.\-]{1,64})"?\s*;\s*q=(\d{1,12})\s*;\s*w=(\d{1,9})\s*$', re.ASCII)


@dataclass(frozen=True, slots=True)
class Quota:
    """What one answer says of its window."""

    bucket: str
    left: int
    resets_in_seconds: int
    limit: int | None = None
    window_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """What is known of the present window. Times are seconds of the gate's clock."""

    bucket: str
    limit: int
    left: int
    resets_at: float
    window_seconds: float

    @property
    def usable(self) -> int:
        """Requests that may still be sent, the reserve left alone."""
        return self.left - int(self.limit * RESERVE)


def parse_quota(headers: Mapping[str, str]) -> Quota | None:
    """Read `ratelimit` and `ratelimit-policy` (lower-case names); anything unreadable is `None`."""
    found = _LEFT.fullmatch(headers.get("ratelimit", ""))
    if found is None:
        return None
    quota = Quota(found[1], int(found[2]), int(found[3]))
    policy = _POLICY.search(headers.get("ratelimit-policy", "")[:1_000])
    if policy is None or policy[1] != quota.bucket or not int(policy[3]):
        return quota
    return replace(quota, limit=int(policy[2]), window_seconds=int(policy[3]))


def observe(window: Window | None, headers: Mapping[str, str], now: float) -> Window | None:
    """Give what is known after an answer.

    Answers overtake one another: within a window what is left only ever falls, and an answer that
    still speaks of the window before is not believed.
    """
    quota = parse_quota(headers)
    if quota is None:
        return window
    seconds = quota.window_seconds or (window.window_seconds if window else max(quota.resets_in_seconds, 1))
    seen = Window(
        bucket=quota.bucket,
        limit=quota.limit if quota.limit is not None else max(quota.left, window.limit if window else 0),
        left=quota.left,
        resets_at=now + min(quota.resets_in_seconds, seconds),
        window_seconds=float(seconds),
    )
    if window is None or window.bucket != seen.bucket:
        return seen
    # `t` is whole seconds and answers take a while; half a window is far from both.
    ahead = seen.resets_at - window.resets_at
    if ahead >= window.window_seconds / 2:
        return seen
    if ahead <= -window.window_seconds / 2:
        return window
    return replace(seen, left=min(window.left, seen.left), resets_at=max(window.resets_at, seen.resets_at))


def next_delay(window: Window | None, now: float, in_flight: int = 0, sent_at: float | None = None) -> float:
    """Give the seconds to wait before the next request.

    What is usable is spread over what is left of the window, counted from the last request (`sent_at`),
    so that a slow chain never waits; `in_flight` requests have not been counted by the Hub yet.
    At the reserve, the wait lasts until a second after the reset (`t` is rounded down).
    """
    if window is None or now >= window.resets_at + 1:
        return 0.0
    usable = window.usable - in_flight
    if usable <= 0:
        return window.resets_at + 1 - now
    if sent_at is None or window.left - in_flight > window.limit * (1 - BURST):
        return 0.0
    interval = max(window.resets_at - now, 0.0) / usable
    return max(sent_at + interval - now, 0.0)


def after_429(
    headers: Mapping[str, str], backoff_seconds: float, clock: Callable[[], datetime] | None = None
) -> float:
    """Give the seconds to wait after a 429.

    With nothing left, until a second after the reset. With quota left another limiter has spoken: it
    is obeyed when it says `Retry-After`, and answered by `backoff_seconds` when it does not.
    """
    quota = parse_quota(headers)
    if quota is not None and quota.left == 0:
        return min(quota.resets_in_seconds + 1.0, MAX_WAIT_SECONDS)
    asked = parse_retry_after(headers.get("retry-after", ""), clock or _utc_now)
    return backoff_seconds if asked is None else asked


def parse_retry_after(text: str, clock: Callable[[], datetime]) -> float | None:
    """Read a `Retry-After` (seconds, or a date) as seconds from now, at most `MAX_WAIT_SECONDS`."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), MAX_WAIT_SECONDS)
    try:
        moment = parsedate_to_datetime(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        seconds = (moment - clock()).total_seconds()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return min(max(ceil(seconds), 0.0), MAX_WAIT_SECONDS)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Gate:
    """Lets requests through one by one, as the quota allows.

    Args:
        sleep: waits so many seconds; may raise to call the request off.
        now: a clock in seconds that never goes back.
        on_wait: is told of every wait, in seconds, before it begins.

    """

    def __init__(
        self,
        sleep: Callable[[float], Awaitable[None]],
        now: Callable[[], float] = time.monotonic,
        on_wait: Callable[[float], None] = lambda _seconds: None,
    ) -> None:
        self._sleep = sleep
        self._now = now
        self._on_wait = on_wait
        self._in_flight = 0
        self._sent_at: float | None = None
        self.window: Window | None = None

    async def enter(self) -> None:
        """Wait until one more request may be sent, and count it."""
        while (delay := next_delay(self.window, self._now(), self._in_flight, self._sent_at)) > 0:
            self._on_wait(delay)
            await self._sleep(delay)
        self._in_flight += 1
        self._sent_at = self._now()

    def leave(self, headers: Mapping[str, str]) -> None:
        """Take the answer to a request into account; one without an answer has no headers."""
        self._in_flight = max(self._in_flight - 1, 0)
        if self.window is not None and parse_quota(headers) is None:
            # The Hub has counted the request all the same.
            self.window = replace(self.window, left=max(self.window.left - 1, 0))
        self.window = observe(self.window, headers, self._now())

"""What the Hub's quota allows, and how processes tell one another; pure but for the small file.

The Hub counts requests in fixed windows and says on every answer, errors and redirects included, what is
left (recorded 2026): `RateLimit: "api";r=499;t=295` with `RateLimit-Policy: "fixed window";"api";q=500;w=300`
means 499 requests left of 500 and 295 seconds until the window of 300 seconds ends.
"""

import contextlib
import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import ceil
from pathlib import Path

import orjson

RESERVE = 0.01
"""Share of a window's quota that is never spent: others may use the same address or token."""
SPARED = 0.4
"""The same for a crawl that gives way to all others: 200 requests of an anonymous window are a head and
the counters at once, with some to spare, so that none of them ever waits for what it took."""
BURST = 0.2
"""Share of a window's quota that may be spent without pacing: a short pass never waits."""
UNTOLD_SECONDS = 0.1
"""Pause until an answer tells of a new window, when more requests are under way than it may hold."""
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

    def usable(self, reserve: float) -> int:
        """Give how many requests may still be sent when this share of the quota is left alone."""
        return self.left - int(self.limit * reserve)


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
    return merged(window, seen)


def merged(window: Window | None, seen: Window) -> Window:
    """Give what is known when something is known already: of two windows the newer, of one the worse."""
    if window is None or window.bucket != seen.bucket:
        return seen
    # `t` is whole seconds and answers take a while; half a window is far from both.
    ahead = seen.resets_at - window.resets_at
    if ahead >= window.window_seconds / 2:
        return seen
    if ahead <= -window.window_seconds / 2:
        return window
    return replace(seen, left=min(window.left, seen.left), resets_at=max(window.resets_at, seen.resets_at))


def next_delay(
    window: Window | None,
    now: float,
    in_flight: int = 0,
    sent_at: float | None = None,
    reserve: float = RESERVE,
) -> float:
    """Give the seconds to wait before the next request.

    What is usable is spread over what is left of the window, counted from the last request (`sent_at`),
    so that a slow chain never waits; `in_flight` requests have not been counted by the Hub yet.
    At the reserve, a share of the window's quota, the wait lasts until a second after the reset (`t` is
    rounded down).
    """
    if window is None:
        return 0.0
    if now >= window.resets_at + 1:
        # A window nobody has told of yet: it is as large as the last one, and these will count in it.
        fresh = replace(window, left=window.limit)
        return 0.0 if in_flight < max(fresh.usable(reserve), 1) else UNTOLD_SECONDS
    usable = window.usable(reserve) - in_flight
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


class QuotaFile:
    """What is known of one window, shared by all processes that spend from it.

    A small file, replaced whole and never synced: losing it costs at worst one 429.

    Args:
        path: the file; its folder is made.
        upstream: the Hub's address: another Hub's window says nothing.
        now: the clock of the windows that are kept and given, in seconds.
        wall: a clock that all processes share, in seconds since 1970.

    """

    def __init__(
        self,
        path: Path,
        upstream: str,
        now: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._path = path
        self._upstream = upstream
        self._now = now
        self._wall = wall
        self._stamp: tuple[int, int] | None = None
        self._has_cleared = False

    def read(self) -> Window | None:
        """Give what another process has kept since the last look, or `None`."""
        try:
            status = self._path.stat()
            stamp = (status.st_mtime_ns, status.st_ino)
            if stamp == self._stamp:
                return None
            self._stamp = stamp
            return self._window(orjson.loads(self._path.read_bytes()[:10_000]))
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def keep(self, window: Window) -> None:
        """Keep a window for others; that it cannot be kept is no reason to stop."""
        kept = asdict(window) | {"resets_at": window.resets_at - self._now() + self._wall()}
        temporary = self._path.with_suffix(f".{os.getpid()}")
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._clear()
            temporary.write_bytes(orjson.dumps(kept | {"upstream": self._upstream}))
            status = temporary.stat()
            temporary.replace(self._path)
            self._stamp = (status.st_mtime_ns, status.st_ino)

    def _clear(self) -> None:
        """Remove, once, what killed processes have left; one that lives and is hit only keeps nothing."""
        left = () if self._has_cleared else self._path.parent.glob(f"{self._path.stem}.[0-9]*")
        self._has_cleared = True
        for temporary in left:
            temporary.unlink(missing_ok=True)

    def _window(self, kept: object) -> Window | None:
        if not isinstance(kept, dict) or kept.pop("upstream", None) != self._upstream:
            return None
        window = Window(**kept)
        # A clock that was set back or forward must not make anybody wait longer than a window.
        ahead = window.resets_at - self._wall()
        if not 0 < ahead <= window.window_seconds + 1 or not 0 <= window.left <= window.limit:
            return None
        return replace(window, resets_at=self._now() + ahead)


class Meter:
    """What a process knows of one window, and has spent of it. No waiting, no locking.

    Args:
        now: a clock in seconds that never goes back.
        file: where processes tell one another what is left.
        reserve: the share of each window's quota that is left alone.
        is_paced: whether what is left is spread over the window; else it may all be spent at once.

    """

    def __init__(
        self,
        now: Callable[[], float] = time.monotonic,
        file: QuotaFile | None = None,
        reserve: float = RESERVE,
        *,
        is_paced: bool = True,
    ) -> None:
        self._now = now
        self._file = file
        self._reserve = reserve
        self._is_paced = is_paced
        self._in_flight = 0
        self._sent_at: float | None = None
        self.window: Window | None = None

    def delay(self) -> float:
        """Give the seconds until one more request may be sent."""
        others = None if self._file is None else self._file.read()
        if others is not None:
            self.window = merged(self.window, others)
        return next_delay(self.window, self._now(), self._in_flight, self._sent_at, self._reserve)

    def sent(self) -> None:
        """Count a request that is sent now."""
        self._in_flight += 1
        if self._is_paced:
            self._sent_at = self._now()

    def unsent(self) -> None:
        """Take back a request that turned out to be counted elsewhere."""
        self._in_flight = max(self._in_flight - 1, 0)

    def answered(self, headers: Mapping[str, str]) -> None:
        """Take the answer to a request into account; one without an answer has no headers."""
        self.unsent()
        if self.window is not None and parse_quota(headers) is None:
            # The Hub has counted the request all the same.
            self.window = replace(self.window, left=max(self.window.left - 1, 0))
        self.window = observe(self.window, headers, self._now())
        if self._file is not None and self.window is not None:
            self._file.keep(self.window)

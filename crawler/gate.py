"""The gate: one place that every request to the Hub passes, so that its quota is kept and used."""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from indexer.quota import RESERVE, QuotaFile, Window, merged, next_delay, observe, parse_quota


class Gate:
    """Lets requests through one by one, as the quota allows.

    Args:
        sleep: waits so many seconds; may raise to call the request off.
        now: a clock in seconds that never goes back.
        on_wait: is told of every wait, in seconds, before it begins.
        file: where processes tell one another what is left.
        reserve: the share of each window's quota that is left alone.

    """

    def __init__(
        self,
        sleep: Callable[[float], Awaitable[None]],
        now: Callable[[], float] = time.monotonic,
        on_wait: Callable[[float], None] = lambda _seconds: None,
        file: QuotaFile | None = None,
        reserve: float = RESERVE,
    ) -> None:
        self._sleep = sleep
        self._now = now
        self._on_wait = on_wait
        self._file = file
        self._reserve = reserve
        self._in_flight = 0
        self._sent_at: float | None = None
        self.window: Window | None = None
        self.requests = 0
        """Requests let through."""

    async def enter(self) -> None:
        """Wait until one more request may be sent, and count it."""
        while (delay := self._delay()) > 0:
            self._on_wait(delay)
            await self._sleep(delay)
        self.requests += 1
        self._in_flight += 1
        self._sent_at = self._now()

    def leave(self, headers: Mapping[str, str]) -> None:
        """Take the answer to a request into account; one without an answer has no headers."""
        self._in_flight = max(self._in_flight - 1, 0)
        if self.window is not None and parse_quota(headers) is None:
            # The Hub has counted the request all the same.
            self.window = replace(self.window, left=max(self.window.left - 1, 0))
        self.window = observe(self.window, headers, self._now())
        if self._file is not None and self.window is not None:
            self._file.keep(self.window)

    def _delay(self) -> float:
        others = None if self._file is None else self._file.read()
        if others is not None:
            self.window = merged(self.window, others)
        return next_delay(self.window, self._now(), self._in_flight, self._sent_at, self._reserve)

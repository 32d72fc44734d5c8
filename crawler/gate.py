"""The gate: one place that every request to the Hub passes, so that its quota is kept and used."""

import time
from collections.abc import Awaitable, Callable, Mapping

from indexer.quota import RESERVE, Meter, QuotaFile, Window


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
        self._on_wait = on_wait
        self._meter = Meter(now, file, reserve)
        self.requests = 0
        """Requests let through."""

    @property
    def window(self) -> Window | None:
        """What is known of the present window."""
        return self._meter.window

    async def enter(self) -> None:
        """Wait until one more request may be sent, and count it."""
        while (delay := self._meter.delay()) > 0:
            self._on_wait(delay)
            await self._sleep(delay)
        self.requests += 1
        self._meter.sent()

    def leave(self, headers: Mapping[str, str]) -> None:
        """Take the answer to a request into account; one without an answer has no headers."""
        self._meter.answered(headers)

"""Time that leaps to when the next thing happens, and a Hub that counts in it."""

import asyncio
import selectors
from collections.abc import Awaitable, Callable

from crawler.gate import Gate
from tests.fakes.hub.quota import FixedWindow


class _Leaping(selectors.SelectSelector):
    """Waits for nothing: time leaps to when the next thing happens."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.now += max(timeout or 0.0, 0.0)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock moves only when everybody waits."""

    def __init__(self) -> None:
        self._leaping = _Leaping()
        super().__init__(self._leaping)

    def time(self) -> float:
        return self._leaping.now


def virtually(work: Callable[[VirtualLoop], Awaitable[float]]) -> float:
    loop = VirtualLoop()
    try:
        return loop.run_until_complete(_as_coroutine(work(loop)))
    finally:
        loop.close()


async def _as_coroutine(work: Awaitable[float]) -> float:
    return await work


class CountingHub:
    """A quota as the Hub keeps it, and how often it had to refuse."""

    def __init__(self, loop: VirtualLoop, quota: int, window_seconds: int, latency_seconds: float) -> None:
        self._window = FixedWindow(quota, window_seconds, loop.time)
        self._latency_seconds = latency_seconds
        self.refused = 0

    def grant(self, quota: int) -> None:
        """Allow so many requests a window from now on."""
        self._window.set_quota(quota)

    async def answer(self) -> dict[str, str]:
        await asyncio.sleep(self._latency_seconds / 2)
        spent = self._window.spend()
        await asyncio.sleep(self._latency_seconds / 2)
        self.refused += not spent.allowed
        return {name.lower(): text for name, text in spent.headers().items()}


async def send(gate: Gate, hub: CountingHub, requests: int) -> None:
    for _ in range(requests):
        await gate.enter()
        gate.leave(await hub.answer())

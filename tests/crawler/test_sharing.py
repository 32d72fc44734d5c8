"""Who comes in the middle of a window finds what it needs there, whatever runs; in virtual time."""

import asyncio
from collections.abc import Awaitable, Callable
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.config import CrawlConfig
from crawler.gate import Gate
from crawler.passes import need_of, share_of
from indexer.quota import LOOK_UPS, QuotaFile, Share
from tests.crawler.virtual import CountingHub, VirtualLoop, send, virtually

LATENCY_SECONDS = 0.67
WINDOW_SECONDS = 300
QUOTAS = [250, 500, 1_000, 2_500]
"""Of nobody's address on a day when the Hub has halved it, of an address, and of tokens."""


class Day:
    """A Hub with one who crawls all the time, and others that come and go."""

    def __init__(self, loop: VirtualLoop, folder: Path, quota: int) -> None:
        self._loop = loop
        self._path = folder / "quota.json"
        self._quota = quota
        self._stopped = asyncio.Event()
        self.hub = CountingHub(loop, quota, WINDOW_SECONDS, LATENCY_SECONDS)

    def gate(self, share: Share) -> Gate:
        """Give the gate of another process: it knows what the file tells."""
        file = QuotaFile(self._path, "hub", self._loop.time, self._loop.time)
        return Gate(asyncio.sleep, self._loop.time, file=file, share=share)

    async def crawl(self, name: str) -> int:
        """Crawl until told to give way; gives how many requests that were."""
        gate = self.gate(share_of(name, CrawlConfig()))
        chains = max(4 if name == "files" else 2, ceil(self._quota / WINDOW_SECONDS * LATENCY_SECONDS))
        await send(gate, self.hub, 1)
        tasks = [asyncio.ensure_future(send(gate, self.hub, 10**6)) for _ in range(chains)]
        await self._stopped.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return gate.requests

    def give_way(self) -> None:
        self._stopped.set()


def spend_a_day(quota: int, work: Callable[[VirtualLoop, Day], Awaitable[float]]) -> tuple[float, int]:
    """Give what the work gives, and how often the Hub has refused."""
    refused = -1

    async def day(loop: VirtualLoop) -> float:
        nonlocal refused
        with TemporaryDirectory() as folder:
            one = Day(loop, Path(folder), quota)
            told = await work(loop, one)
        refused = one.hub.refused
        return told

    return virtually(day), refused


@settings(deadline=None, max_examples=8)
@given(st.sampled_from(["full", "files"]), st.sampled_from(QUOTAS), st.floats(1.0, 700.0))
def test_recent_is_through_without_waiting_for_a_new_window(runs: str, quota: int, comes_at: float) -> None:
    need = need_of("recent", CrawlConfig()) or 0

    async def work(loop: VirtualLoop, day: Day) -> float:
        running = asyncio.ensure_future(day.crawl(runs))
        await asyncio.sleep(comes_at)
        day.give_way()
        await running
        began = loop.time()
        await send(day.gate(share_of("recent", CrawlConfig())), day.hub, need)
        return loop.time() - began

    seconds, refused = spend_a_day(quota, work)

    assert refused == 0
    # One request after the other; at the very end of a window, a little over to the next one.
    assert seconds <= 2 * need * LATENCY_SECONDS + 2.0


@settings(deadline=None, max_examples=8)
@given(st.sampled_from(["full", "files"]), st.sampled_from(QUOTAS), st.floats(1.0, 700.0))
def test_a_download_looks_up_what_it_needs_while_a_crawl_goes_on(
    runs: str, quota: int, comes_at: float
) -> None:
    async def work(loop: VirtualLoop, day: Day) -> float:
        running = asyncio.ensure_future(day.crawl(runs))
        await asyncio.sleep(comes_at)
        began = loop.time()
        await send(day.gate(Share(is_paced=False)), day.hub, LOOK_UPS)
        seconds = loop.time() - began
        day.give_way()
        await running
        return seconds

    seconds, refused = spend_a_day(quota, work)

    assert refused == 0
    assert seconds <= 2 * LOOK_UPS * LATENCY_SECONDS + 2.0


@pytest.mark.parametrize("quota", QUOTAS[1:])
def test_all_who_need_a_little_come_at_once_and_none_waits_for_a_new_window(quota: int) -> None:
    config = CrawlConfig()
    needs = {name: need_of(name, config) or 0 for name in ("head", "recent", "counters")}

    async def work(loop: VirtualLoop, day: Day) -> float:
        running = asyncio.ensure_future(day.crawl("files"))
        await asyncio.sleep(430.0)  # almost half of the second window is over
        day.give_way()
        await running
        began = loop.time()
        for name, need in needs.items():
            await send(day.gate(share_of(name, config)), day.hub, need)
        return loop.time() - began

    seconds, refused = spend_a_day(quota, work)

    assert refused == 0
    assert seconds <= 1.05 * sum(needs.values()) * LATENCY_SECONDS


@pytest.mark.parametrize(("quota", "most"), [(250, 0.5), (500, 0.54), (1_000, 0.77)])
def test_files_take_what_is_left_and_full_takes_all_there_is(quota: int, most: float) -> None:
    windows = 2

    async def crawl(day: Day, name: str) -> float:
        running = asyncio.ensure_future(day.crawl(name))
        await asyncio.sleep(windows * WINDOW_SECONDS - 0.5)
        day.give_way()
        return await running / (windows * quota)

    files, throttled_files = spend_a_day(quota, lambda _loop, day: crawl(day, "files"))
    full, throttled_full = spend_a_day(quota, lambda _loop, day: crawl(day, "full"))

    assert throttled_files == throttled_full == 0
    assert most - 0.05 <= files <= most
    assert full >= 0.96  # the first answer of each window is waited for


def test_a_quota_that_is_halved_at_noon_is_not_overrun() -> None:
    async def work(loop: VirtualLoop, day: Day) -> float:
        running = asyncio.ensure_future(day.crawl("full"))
        await asyncio.sleep(430.0)
        day.hub.grant(250)
        await asyncio.sleep(770.0)
        day.give_way()
        await running
        return loop.time()

    _, refused = spend_a_day(500, work)

    assert refused == 0

"""The gate in virtual time: at the limit of the quota, never beyond it, whoever else spends from it."""

import asyncio
from math import ceil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.chain import Chain
from crawler.config import CrawlConfig
from crawler.full import WAYPOINT_PAGES, FullLeg
from crawler.gate import Gate
from crawler.passes import share_of
from indexer.quota import MOST_LEFT, QuotaFile, Share, parse_quota
from tests.crawler.test_full import PaperHub, Shelf, leg_of, spread, step, with_waypoints
from tests.crawler.virtual import CountingHub, VirtualLoop, send, virtually


def walk_full(paper: PaperHub, shelf: Shelf, quota: int, latency_seconds: float) -> tuple[float, int, int]:
    """Walk a full pass as the spider does; gives its seconds, the 429s and the requests."""
    refused = requests = 0

    async def work(loop: VirtualLoop) -> float:
        nonlocal refused, requests
        hub = CountingHub(loop, quota, 300, latency_seconds)
        gate = Gate(asyncio.sleep, loop.time, share=share_of("full", CrawlConfig()))
        leg = leg_of(shelf)
        await asyncio.sleep(17.0)  # the Hub's windows do not begin when we do
        began = loop.time()
        await _walk_chains(leg, paper, shelf, gate, hub, latency_seconds)
        refused, requests = hub.refused, gate.requests
        return loop.time() - began

    return virtually(work), refused, requests


async def _walk_chains(
    leg: FullLeg, paper: PaperHub, shelf: Shelf, gate: Gate, hub: CountingHub, latency_seconds: float
) -> None:
    async def one_page(chain: Chain) -> None:
        await gate.enter()
        gate.leave(await hub.answer())
        if chain in leg.errands():
            step(leg, chain, paper, shelf)

    under_way: dict[asyncio.Task[None], Chain] = {}
    while not leg.finished:
        if gate.window is not None:
            leg.widen(ceil(gate.window.limit / gate.window.window_seconds * latency_seconds))
        busy = list(under_way.values())
        under_way |= {asyncio.ensure_future(one_page(c)): c for c in leg.errands() if c not in busy}
        done, _ = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
            del under_way[task]
    for task in under_way:
        task.cancel()
    await asyncio.gather(*under_way, return_exceptions=True)


def least_seconds(requests: int, quota: int, at_once: float) -> float:
    """The least time for so many requests: whole windows, and what is left as fast as it can be sent.

    The first window has lost 17 seconds before anybody asked, which costs nothing.
    """
    windows, rest = divmod(requests - 1, quota)
    return max(requests / at_once, windows * 300 - 17 + (rest + 1) / at_once)


def test_two_chains_without_a_token_walk_the_whole_hub_at_the_physical_limit() -> None:
    """3.1 million models in pages of 1,000, 500 requests in 300 s, 0.67 s a page."""
    paper, shelf = spread(3_100, 1), Shelf()

    seconds, refused, requests = walk_full(paper, shelf, quota=500, latency_seconds=0.67)

    assert refused == 0
    assert 3_100 <= requests <= 3_104
    assert seconds <= 1.03 * least_seconds(3_100, 500, at_once=2 / 0.67)
    assert len(shelf.seen) == 3_100


@pytest.mark.parametrize(("quota", "chains"), [(1_000, 3), (2_500, 6), (6_000, 14)])
def test_with_a_token_more_chains_use_what_the_quota_gives(quota: int, chains: int) -> None:
    paper = spread(3_100, 1)
    shelf = Shelf(waypoints=with_waypoints(paper, WAYPOINT_PAGES))

    seconds, refused, requests = walk_full(paper, shelf, quota, latency_seconds=0.67)

    rate = min(quota / 300, chains / 0.67)
    assert refused == 0
    assert requests <= 1.02 * 3_100  # chains overlap by a page where they meet
    assert requests / seconds >= 0.95 * rate
    assert len(shelf.seen) == 3_100


@settings(deadline=None)
@given(st.integers(3, 40), st.integers(2, 20), st.floats(0.0, 0.25), st.integers(1, 5), st.integers(0, 50))
def test_the_gate_never_runs_into_a_quota(
    quota: int, window_seconds: int, latency_share: float, chains: int, others: int
) -> None:
    refused = -1
    latency_seconds = latency_share * window_seconds

    async def work(loop: VirtualLoop) -> float:
        nonlocal refused
        hub = CountingHub(loop, quota, window_seconds, latency_seconds)
        gate = Gate(asyncio.sleep, loop.time, share=Share(others))
        await send(gate, hub, 1)  # nobody knows the quota before the first answer
        await asyncio.gather(*(send(gate, hub, 30) for _ in range(chains)))
        refused = hub.refused
        return loop.time()

    virtually(work)

    assert refused == 0


@settings(deadline=None)
@given(st.integers(10, 60), st.floats(0.0, 0.1), st.integers(1, 6))
def test_a_share_of_every_window_is_left_to_others(quota: int, latency_share: float, chains: int) -> None:
    window_seconds, refused, left = 10, -1, list[int]()

    async def work(loop: VirtualLoop) -> float:
        nonlocal refused
        hub = CountingHub(loop, quota, window_seconds, latency_share * window_seconds)
        gate = Gate(asyncio.sleep, loop.time, share=Share(1_000, takes_back=False))

        async def send_on() -> None:
            for _ in range(30):
                await gate.enter()
                headers = await hub.answer()
                quota_told = parse_quota(headers)
                assert quota_told is not None
                left.append(quota_told.left)
                gate.leave(headers)

        await send(gate, hub, 1)
        await asyncio.gather(*(send_on() for _ in range(chains)))
        refused = hub.refused
        return loop.time()

    virtually(work)

    assert refused == 0
    assert min(left) >= int(MOST_LEFT * quota)


def test_processes_that_share_a_file_keep_one_quota(tmp_path: Path) -> None:
    refused = -1

    async def work(loop: VirtualLoop) -> float:
        nonlocal refused
        hub = CountingHub(loop, 20, 60, 0.4)
        gates = [
            Gate(asyncio.sleep, loop.time, file=QuotaFile(tmp_path / "q.json", "hub", loop.time, loop.time))
            for _ in range(3)
        ]
        await send(gates[0], hub, 18)
        await asyncio.gather(*(send(gate, hub, 40) for gate in gates))
        refused = hub.refused
        return loop.time()

    virtually(work)

    assert refused == 0

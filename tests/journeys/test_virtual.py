import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.journeys.virtual import SharedClock, VirtualLoop

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
def clock(tmp_path: Path) -> SharedClock:
    return SharedClock(tmp_path / "clock", BEGIN)


@pytest.fixture
def loop(clock: SharedClock) -> Iterator[VirtualLoop]:
    loop = VirtualLoop(clock)
    yield loop
    loop.close()


def test_whoever_looks_at_a_clock_sees_it_move(clock: SharedClock, tmp_path: Path) -> None:
    other = SharedClock(tmp_path / "clock")

    clock.sleep(90)
    other.leap_to(BEGIN + timedelta(minutes=2))
    other.leap_to(BEGIN)

    assert clock() == other() == pytest.approx(120)
    assert clock.moment == BEGIN + timedelta(minutes=2)


def test_those_who_wait_at_the_same_time_wait_once(clock: SharedClock, loop: VirtualLoop) -> None:
    async def wait() -> None:
        await asyncio.gather(asyncio.sleep(3_600), asyncio.sleep(1_800), asyncio.sleep(60))

    began = time.monotonic()
    loop.run_until_complete(wait())

    assert clock() == pytest.approx(3_600, abs=0.01)
    assert time.monotonic() - began < 60


def test_time_stands_still_while_something_is_on_the_wire(clock: SharedClock, loop: VirtualLoop) -> None:
    async def wait() -> None:
        loop.waits.on_wire = 1
        pending = asyncio.ensure_future(asyncio.sleep(0.05))
        for _ in range(3):
            await asyncio.sleep(0)
        assert clock() < 0.01
        loop.waits.on_wire = 0
        await pending

    loop.run_until_complete(wait())

    assert clock() == pytest.approx(0.05, abs=0.01)


def test_work_for_threads_is_done_at_once_and_its_errors_are_told(loop: VirtualLoop) -> None:
    async def work() -> tuple[str, object]:
        done = await asyncio.to_thread(lambda: "done")
        failed = await asyncio.gather(asyncio.to_thread(int, "no"), return_exceptions=True)
        return done, failed[0]

    done, failed = loop.run_until_complete(work())

    assert done == "done"
    assert isinstance(failed, ValueError)

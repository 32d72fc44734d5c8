"""Virtual time: one clock for the stand-in Hub and for children that leap to where something happens.

A child's time stands still while it works, and while a request of its own is on the wire; it leaps when it
has nothing to do but wait. A page takes `PAGE_SECONDS` of it. Requests reach the Hub one after the other, in
the order of this time, so that the same seed sends the same requests.
"""

import asyncio
import mmap
import selectors
import struct
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any, Self, TypeVar, TypeVarTuple

PAGE_SECONDS = 0.67
"""What a page of the Hub takes (recorded 2026)."""
_LEAST_LEAP = 1e-6
"""Looks cost time, or who waits for less than a clock can tell would wait for ever."""
_REAL_SECONDS = 30.0
"""The longest look at the wire; then it is looked again."""

Given = TypeVar("Given")
Arguments = TypeVarTuple("Arguments")


class SharedClock:
    """A clock that several processes look at and one moves at a time; in seconds since it was set.

    Args:
        path: its file.
        begin: what it shows at first; `None`: it is set already.

    """

    def __init__(self, path: Path, begin: datetime | None = None) -> None:
        if begin is not None:
            path.write_bytes(struct.pack("dd", 0.0, begin.timestamp()))
        with path.open("r+b") as file:
            self._shown = mmap.mmap(file.fileno(), 16)
        self._begin: float = struct.unpack_from("d", self._shown, 8)[0]

    def __call__(self) -> float:
        seconds: float = struct.unpack_from("d", self._shown)[0]
        return seconds

    @property
    def wall(self) -> float:
        """Seconds since 1970."""
        return self._begin + self()

    @property
    def moment(self) -> datetime:
        """What it shows."""
        return datetime.fromtimestamp(self.wall, UTC)

    def sleep(self, seconds: float) -> None:
        """Leap over so much time."""
        struct.pack_into("d", self._shown, 0, self() + max(seconds, 0.0))

    def leap_to(self, moment: datetime) -> None:
        """Leap to a moment; one that has passed leaves it as it is."""
        self.sleep(moment.timestamp() - self.wall)


class Place:
    """Which clock this process has; none: the real one."""

    clock: SharedClock | None = None


def take_over_time() -> None:
    """Let whatever is imported from now on ask us for the time; it is the real one until `enter`."""
    real_time, real_monotonic, real_sleep = time.time, time.monotonic, time.sleep

    def wall() -> float:
        return real_time() if Place.clock is None else Place.clock.wall

    def monotonic() -> float:
        return real_monotonic() if Place.clock is None else Place.clock()

    def sleep(seconds: float, /) -> None:
        if Place.clock is None:
            real_sleep(seconds)
        else:
            Place.clock.sleep(seconds)

    for name, ours in (("time", wall), ("monotonic", monotonic), ("sleep", sleep)):
        setattr(time, name, ours)


def enter(path: Path) -> None:
    """Live by a clock from now on; for a forked child, whose parent took over time before it imported us."""
    clock = Place.clock = SharedClock(path)

    class Shown(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return cls.fromtimestamp(clock.wall, tz)

    for module in ("indexer.catalog.store", "crawler.answers"):
        setattr(sys.modules[module], "datetime", Shown)  # noqa: B010
    asyncio.set_event_loop(VirtualLoop(clock))
    sys.modules["crawler.crawling"]._MIDDLEWARES[f"{__name__}.Latency"] = 950


class _Waits(selectors.DefaultSelector):
    """Waits for the wire while something is on it; else leaps to when the next thing happens."""

    def __init__(self, clock: SharedClock) -> None:
        super().__init__()
        self._clock = clock
        self.on_wire = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if self.on_wire or timeout is None:
            return self._look(_REAL_SECONDS if timeout is None else min(timeout, _REAL_SECONDS))
        ready = self._look(0)
        self._clock.sleep(_LEAST_LEAP if ready else max(timeout, _LEAST_LEAP))
        return ready

    def _look(self, timeout: float) -> list[tuple[selectors.SelectorKey, int]]:
        ready: list[tuple[selectors.SelectorKey, int]] = super().select(timeout)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop by a shared clock. What it gives to threads is done at once."""

    def __init__(self, clock: SharedClock) -> None:
        self._clock = clock
        self.waits = _Waits(clock)
        super().__init__(self.waits)

    def time(self) -> float:
        return self._clock()

    def run_in_executor(
        self,
        executor: object,  # noqa: ARG002
        func: Callable[[*Arguments], Given],
        *args: *Arguments,
    ) -> asyncio.Future[Given]:
        done: asyncio.Future[Given] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:  # noqa: BLE001
            done.set_exception(error)
        return done


class Latency:
    """The downloader middleware that lets an answer take its time; requests cross the wire one by one."""

    def __init__(self) -> None:
        self._wire = asyncio.Lock()

    async def process_request(self, request: Any) -> None:
        await asyncio.sleep(PAGE_SECONDS / 2)
        await self._wire.acquire()
        _waits().on_wire += 1
        request.meta["on_wire"] = True

    async def process_response(self, request: Any, response: Any) -> Any:
        self._arrived(request)
        await asyncio.sleep(PAGE_SECONDS / 2)
        request.meta["download_latency"] = PAGE_SECONDS
        return response

    def process_exception(self, request: Any, exception: Exception) -> None:  # noqa: ARG002
        self._arrived(request)

    def _arrived(self, request: Any) -> None:
        if request.meta.pop("on_wire", False):  # one that was called off before was never there
            _waits().on_wire -= 1
            self._wire.release()


def _waits() -> _Waits:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    return loop.waits

"""One crawl at a time: who may run, who is refused, and who gives way to whom.

A crawl of a higher rank waits for the one that runs, which gives way behind the page in hand; every
other one is refused at once. Both sides tell one another by locks that the kernel frees when a process
dies, however it dies.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from crawler.passes import rank_of
from indexer.errors import Busy
from indexer.process import exclusive, holder_of

RUNNING = "crawl"
WAITING = "crawl waiting"

WAIT_SECONDS = 120.0
"""A crawl that is asked to give way stores the page in hand first; the slowest page takes a minute."""
LOOK_SECONDS = 0.1


@contextmanager
def turn(
    folder: Path,
    crawl: str,
    sleep: Callable[[float], None] = time.sleep,
    now: Callable[[], float] = time.monotonic,
) -> Iterator[None]:
    """Hold the right to crawl; a crawl of a lower rank that runs is asked to give way.

    Raises:
        Busy: another crawl is running, or waiting already.

    """
    with ExitStack() as held:
        try:
            held.enter_context(exclusive(folder, RUNNING, crawl))
        except Busy:
            running = holder_of(folder, RUNNING)
            if running is None or not running.note or rank_of(crawl) >= rank_of(running.note):
                raise
            _wait(held, folder, crawl, sleep, now)
        yield


def wanted_by(folder: Path, crawl: str) -> str | None:
    """Give the crawl of a higher rank that waits for this one, if any does."""
    waiting = holder_of(folder, WAITING)
    return waiting.note if waiting is not None and rank_of(waiting.note) < rank_of(crawl) else None


def _wait(
    held: ExitStack, folder: Path, crawl: str, sleep: Callable[[float], None], now: Callable[[], float]
) -> None:
    until = now() + WAIT_SECONDS
    with exclusive(folder, WAITING, crawl):
        while True:
            sleep(LOOK_SECONDS)
            try:
                held.enter_context(exclusive(folder, RUNNING, crawl))
            except Busy:
                if now() > until:
                    raise
            else:
                return

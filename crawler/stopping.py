"""Being told to stop: Ctrl-C, SIGTERM and a crawl of a higher rank end a crawl after the page in hand.

Whatever waits, for quota or before another attempt, is woken.
"""

import asyncio
import logging
import signal
from collections.abc import Callable

from scrapy.exceptions import IgnoreRequest

logger = logging.getLogger(__name__)

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopped(IgnoreRequest):
    """A request was called off because the process is to end."""


class StopSignal:
    """Remembers why to stop; a second signal of the same kind ends the process at once."""

    def __init__(self) -> None:
        self._told = asyncio.Event()
        self.signal: signal.Signals | None = None
        self.given_way_to: str | None = None
        """The crawl of a higher rank that this one has made room for."""

    @property
    def is_set(self) -> bool:
        """Tell whether it is time to stop."""
        return self._told.is_set()

    def listen(self) -> None:
        """Begin to listen, in the running event loop."""
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            loop.add_signal_handler(number, self._on_signal, loop, number)

    async def watch(self, wanted_by: Callable[[], str | None], every_seconds: float) -> None:
        """Look now and then whether a crawl of a higher rank waits; ends when it does."""
        while self.given_way_to is None:
            await asyncio.sleep(every_seconds)
            self.given_way_to = wanted_by()
        logger.info("crawl gives way to=%s", self.given_way_to)
        self._told.set()

    async def sleep(self, seconds: float) -> None:
        """Wait so many seconds.

        Raises:
            Stopped: it was time to stop first.

        """
        try:
            await asyncio.wait_for(self._told.wait(), max(seconds, 0.0))
        except TimeoutError:
            return
        raise Stopped("the crawl is to stop")

    def _on_signal(self, loop: asyncio.AbstractEventLoop, number: signal.Signals) -> None:
        # By the system, not by a KeyboardInterrupt: Twisted's threads would keep the process from ending.
        loop.remove_signal_handler(number)
        signal.signal(number, signal.SIG_DFL)
        self.signal = self.signal or number
        logger.info("crawl stops behind the answers under way; told again, it stops at once")
        self._told.set()

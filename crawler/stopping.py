"""Being told to stop: Ctrl-C and SIGTERM end a crawl after the page in hand, and wake whatever waits."""

import asyncio
import signal

from scrapy.exceptions import IgnoreRequest

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopped(IgnoreRequest):
    """A request was called off because the process is to end."""


class StopSignal:
    """Remembers the first signal; a second one of the same kind ends the process at once."""

    def __init__(self) -> None:
        self._told = asyncio.Event()
        self.signal: signal.Signals | None = None

    @property
    def is_set(self) -> bool:
        """Tell whether a signal has come."""
        return self._told.is_set()

    def listen(self) -> None:
        """Begin to listen, in the running event loop."""
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            loop.add_signal_handler(number, self._on_signal, loop, number)

    async def sleep(self, seconds: float) -> None:
        """Wait so many seconds.

        Raises:
            Stopped: a signal came first.

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
        self._told.set()

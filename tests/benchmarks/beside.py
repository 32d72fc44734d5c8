"""Work in a process of its own, as in the product: its memory is its own too, and so is its processor."""

import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Generic, TypeVar, cast

T = TypeVar("T")


class Beside(Generic[T]):
    """Work that goes on beside us.

    The process is forked, so open no catalog and start no thread before it that is still there.

    Args:
        work: what it does; gives something that can be packed.

    """

    def __init__(self, work: Callable[[], T]) -> None:
        context = multiprocessing.get_context("fork")
        self._ours, theirs = context.Pipe(duplex=False)
        self._process = context.Process(target=_send, args=(work, theirs))
        self._process.start()
        theirs.close()

    def is_done(self, within_seconds: float = 0.0) -> bool:
        """Tell whether it has ended, well or not."""
        return self._ours.poll(within_seconds)

    def result(self) -> T:
        """Wait for its end, and give what it gave; when it failed, the stage fails with it."""
        try:
            return cast("T", self._ours.recv())
        except EOFError:
            raise SystemExit("a process that worked beside this one failed") from None
        finally:
            self._process.join()


def _send(work: Callable[[], T], pipe: Connection) -> None:
    pipe.send(work())

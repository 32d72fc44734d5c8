"""Trying again: how often, and what is waited in between."""

from collections.abc import Callable
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_exponential

from api.handoff.asking import Lost
from api.handoff.errors import Unreachable
from api.handoff.gate import Pause, Waiting
from indexer.quota import after_429

MAX_FAILURES = 8
"""So many in a row without a single new byte end a download; 1 s doubling to 60 s makes that two minutes."""
FEW_FAILURES = 3
"""The same where somebody waits for an answer."""
LONGEST_WAIT_SECONDS = 60.0

T = TypeVar("T")


class Streak:
    """Failures in a row."""

    def __init__(self) -> None:
        self.failures = 0
        self.reason = ""

    def end(self) -> None:
        """Count from the beginning: something came."""
        self.failures = 0


class Persistence:
    """Tries again what failed.

    Args:
        base_seconds: the first wait; each further one doubles.
        pause: waits.

    """

    def __init__(self, base_seconds: float, pause: Pause) -> None:
        self._base_seconds = base_seconds
        self._pause = pause

    def run(
        self, work: Callable[[], T], waiting: Waiting, most: int = MAX_FAILURES, streak: Streak | None = None
    ) -> T:
        """Do the work until it is done.

        Args:
            work: raises `Lost` when another try may do better.
            waiting: is told of waits.
            most: failures in a row that are borne.
            streak: where they are counted, for work that tells of progress.

        Raises:
            Unreachable: so many tries in a row have failed.

        """
        row = streak or Streak()

        def attempt() -> T:
            try:
                return work()
            except Lost as error:
                row.failures += 1
                row.reason = error.reason
                raise

        retrying = Retrying(
            retry=retry_if_exception_type(Lost),
            stop=lambda _state: row.failures >= most,
            wait=lambda state: self._delay(row.failures, state),
            sleep=lambda seconds: self._pause.wait(seconds, f"Trying again: {row.reason}.", waiting),
            reraise=True,
        )
        try:
            done = retrying(attempt)
        except Lost as error:
            raise Unreachable(
                f"The Hub failed {row.failures} times in a row, the last time because {error.reason}; "
                "try again later."
            ) from None
        if row.reason:
            waiting("")
        return done

    def _delay(self, failures: int, state: RetryCallState) -> float:
        error = _error_of(state)
        row = RetryCallState(state.retry_object, None, (), {})
        row.attempt_number = failures
        backoff = wait_exponential(multiplier=self._base_seconds, max=LONGEST_WAIT_SECONDS)(row)
        if error is not None and error.status == 429:
            return after_429(error.headers, backoff)
        return backoff


def _error_of(state: RetryCallState) -> Lost | None:
    error = None if state.outcome is None else state.outcome.exception()
    return error if isinstance(error, Lost) else None

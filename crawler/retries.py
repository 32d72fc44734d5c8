"""Patience: how often a failing request is tried again, and how long is waited in between."""

from dataclasses import dataclass, replace

from tenacity import RetryCallState, Retrying, stop_after_attempt, wait_exponential

MAX_FAILURES = 8
"""A request that failed so often in a row ends the pass; 1 s doubling to 60 s makes that two minutes."""
MAX_FAILURES_UNHEARD = 3
"""The same before the Hub has ever answered: a wrong address or a missing network shows at once."""
MAX_THROTTLES = 10
"""429s in a row for one request; with the longest waits that is most of an hour."""
MAX_REDIRECTS = 5

_FAILURE_WAIT_SECONDS = 60.0
_THROTTLE_WAIT_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Attempts:
    """What one request has been through."""

    failures: int = 0
    throttles: int = 0
    redirects: int = 0

    def after_failure(self) -> "Attempts":
        """Count one more failure."""
        return replace(self, failures=self.failures + 1)

    def after_throttle(self) -> "Attempts":
        """Count one more 429."""
        return replace(self, throttles=self.throttles + 1)

    def after_redirect(self) -> "Attempts":
        """Count one more redirect."""
        return replace(self, redirects=self.redirects + 1)


@dataclass(frozen=True, slots=True)
class Patience:
    """The waits, from a base that doubles.

    Args:
        base_seconds: the first wait.

    """

    base_seconds: float = 1.0

    def failure_delay(self, failures: int, *, heard: bool) -> float | None:
        """Give the seconds to wait after so many failures in a row; `None`: no more attempts.

        `heard` tells whether the Hub has ever answered this crawl.
        """
        return self._delay(failures, MAX_FAILURES if heard else MAX_FAILURES_UNHEARD, _FAILURE_WAIT_SECONDS)

    def throttle_delay(self, throttles: int) -> float | None:
        """Give the seconds to wait after so many 429s that named no time; `None`: no more attempts."""
        return self._delay(throttles, MAX_THROTTLES, _THROTTLE_WAIT_SECONDS)

    def _delay(self, attempts: int, most: int, longest_seconds: float) -> float | None:
        # tenacity's strategies are functions of the state of a call; here they only decide, scrapy waits.
        state = RetryCallState(Retrying(), None, (), {})
        state.attempt_number = attempts
        if stop_after_attempt(most)(state):
            return None
        longest = max(longest_seconds, self.base_seconds)
        return wait_exponential(multiplier=self.base_seconds, max=longest)(state)

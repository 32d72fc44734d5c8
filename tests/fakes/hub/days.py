"""What the days bring: happenings at moments of their own, instead of at every n-th request."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tests.fakes.hub.life import Change, Happening, Life
from tests.fakes.hub.source import ListSource

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Happened:
    """A change, and when it was."""

    moment: datetime
    change: Change


class Days:
    """Lets a Hub live by the clock: so many happenings of each kind a day, at any time of it.

    Args:
        source: the Hub's models.
        begin: when the first day begins.
        rates: how often each kind happens a day.
        seed: of all that is drawn.

    """

    def __init__(
        self, source: ListSource, begin: datetime, rates: Mapping[Happening, int], seed: int = 0
    ) -> None:
        self._now = begin
        self._life = Life(source, lambda: self._now, seed=seed)
        self._to_come = self._drawn(begin, rates, random.Random(seed))
        self._next = next(self._to_come)
        self.happened: list[Happened] = []
        """Oldest first."""

    def live_until(self, moment: datetime) -> None:
        """Let everything happen that is due by then."""
        while self._next[0] <= moment:
            self._now, kind = self._next
            before = len(self._life.changes)
            self._life.happen(kind)
            self.happened += [Happened(self._now, change) for change in self._life.changes[before:]]
            self._next = next(self._to_come)

    def rest(self) -> None:
        """Let nothing happen any more."""
        self._next = (datetime.max.replace(tzinfo=UTC), self._next[1])

    def _drawn(
        self, begin: datetime, rates: Mapping[Happening, int], draw: random.Random
    ) -> Iterator[tuple[datetime, Happening]]:
        kinds = [kind for kind, times in rates.items() for _ in range(times)]
        while True:
            moments = sorted(begin + draw.random() * DAY for _ in kinds)
            yield from zip(moments, draw.sample(kinds, len(kinds)), strict=True)
            begin += DAY

"""The orders of the generated models, each walked from any place without sorting or holding them.

A model is its number i; numbers, moments of creation and `_id`s ascend together. A `Spot` is the place a walk
starts behind: a value, and the first number among its equals that has not been shown.
"""

import heapq
import itertools
import math
import operator
import random
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.fakes.hub.rows import LEGACY_SECONDS

_HUB_SIZE = 3_094_856
_HUB_LEGACY = 29_579
_GROWTH = (
    (_HUB_LEGACY, LEGACY_SECONDS), (110_000, 1_669_852_800), (230_000, 1_685_577_600),
    (450_000, 1_701_388_800), (750_000, 1_717_200_000), (1_030_000, 1_727_740_800),
    (1_500_000, 1_743_465_600), (2_000_000, 1_759_795_200), (_HUB_SIZE, 1_790_294_400),
)  # fmt: skip
_BITS = (1 << 64) - 1
_CLASSES = 4093
_PRIMES = (1, 3, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101)
MOST_MODELS = 1 << 24


def scatter(number: int) -> int:
    """Turn a number into 64 bits that look random; no two numbers below 2^64 share a result."""
    number = (number * 0x9E3779B97F4A7C15 + 0x632BE59BD9B4E019) & _BITS
    number = ((number ^ (number >> 30)) * 0xBF58476D1CE4E5B9) & _BITS
    number = ((number ^ (number >> 27)) * 0x94D049BB133111EB) & _BITS
    return number ^ (number >> 31)


@dataclass(frozen=True)
class Spot:
    """Where a walk begins: at this value from this number on, or beyond this value."""

    value: float
    start: int


class Calendar:
    """When models were created: the Hub's growth since 2022 and, before it, one legacy second for all."""

    def __init__(self, count: int) -> None:
        if not 0 < count <= MOST_MODELS:
            raise ValueError(f"A generated Hub has 1 to {MOST_MODELS} models")
        self.count = count
        self.legacy = max(1, count * _HUB_LEGACY // _HUB_SIZE)
        self._sizes = [size * count for size, _ in _GROWTH]
        self._stretches = [(0, 0, 0, 0)] + [
            (size * count, moment, (next_size - size) * count, next_moment - moment)
            for (size, moment), (next_size, next_moment) in itertools.pairwise(_GROWTH)
        ]

    def created(self, i: int) -> int:
        if i < self.legacy:
            return LEGACY_SECONDS
        if (i >> 4) * 0x9E37 & 0x700 == 0:
            # Every eighth stretch was made by scripts: two models a second.
            i &= ~1
        place = i * _HUB_SIZE
        knot = bisect_right(self._sizes, place, 1, len(_GROWTH) - 1)
        size, moment, sizes, seconds = self._stretches[knot]
        return moment + 1 + max(0, place - size) * seconds // sizes

    def object_id(self, i: int) -> str:
        return self.object_id_at(self.created(i), i)

    def object_id_at(self, second: int, i: int) -> str:
        return f"{second:08x}{second * 0x9E3779B97F4A7C15 >> 16 & 0xFFFFFFFFFF:010x}{i:06x}"

    def first_beyond(self, object_id: str) -> int:
        """The first number whose `_id` is greater."""
        return bisect_right(range(self.count), object_id, key=self.object_id)

    def walk(self, spot: Spot | None, *, descending: bool) -> Iterator[int]:
        return self._down(spot) if descending else iter(range(self._up_from(spot), self.count))

    def _up_from(self, spot: Spot | None) -> int:
        if spot is None:
            return 0
        return bisect_left(range(self.count), (spot.value, spot.start), key=lambda i: (self.created(i), i))

    def _down(self, spot: Spot | None) -> Iterator[int]:
        end = self.count
        if spot is not None:
            numbers = range(self.count)
            beyond = bisect_right(numbers, spot.value, key=self.created)
            end = bisect_left(numbers, spot.value, key=self.created)
            yield from range(max(end, spot.start), beyond)
        while end > 0:
            first, second = end - 1, self.created(end - 1)
            if second == LEGACY_SECONDS:
                first = 0
            while first and self.created(first - 1) == second:
                first -= 1
            yield from range(first, end)
            end = first


class Touches:
    """When models were last modified: most just after their creation, every 37th of the older ones lately."""

    _EVERY = 37
    _FIRST_PUSH_SECONDS = 61

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar
        self._older = calendar.count * 85 // 100
        self._touched = self._older // self._EVERY
        self._since = calendar.created(self._older)
        self._span = calendar.created(calendar.count - 1) - self._since
        self._step = _coprime(self._touched * 5 // 8, self._touched)
        self._back = pow(self._step, -1, self._touched) if self._touched > 1 else 0

    def modified(self, i: int) -> int:
        return self.modified_after(self._calendar.created(i), i)

    def modified_after(self, created: int, i: int) -> int:
        k, rest = divmod(i, self._EVERY)
        if rest == 0 and k < self._touched:
            return self._moment(k * self._step % self._touched)
        return created + self._FIRST_PUSH_SECONDS

    def walk(self, spot: Spot | None, *, descending: bool) -> Iterator[int]:
        pushed = None if spot is None else Spot(spot.value - self._FIRST_PUSH_SECONDS, spot.start)
        fresh = (i for i in self._calendar.walk(pushed, descending=descending) if not self._is_touched(i))
        touched = map(self._number, self._turns(spot, descending=descending))
        sign = -1 if descending else 1
        return heapq.merge(fresh, touched, key=lambda i: (sign * self.modified(i), i))

    def _turns(self, spot: Spot | None, *, descending: bool) -> Iterator[int]:
        low, high = 0, self._touched
        if spot is not None:
            turns = range(self._touched)
            beyond = bisect_right(turns, spot.value, key=self._moment)
            high = bisect_left(turns, spot.value, key=self._moment)
            yield from sorted(turn for turn in range(high, beyond) if self._number(turn) >= spot.start)
            low = beyond
        yield from range(high - 1, -1, -1) if descending else range(low, self._touched)

    def _is_touched(self, i: int) -> bool:
        return i % self._EVERY == 0 and i // self._EVERY < self._touched

    def _moment(self, turn: int) -> int:
        return self._since + (turn + 1) * self._span // (self._touched + 1)

    def _number(self, turn: int) -> int:
        return turn * self._back % self._touched * self._EVERY


class Ranking:
    """Which models are popular: every so-manyth one, in an order that has nothing to do with age."""

    def __init__(self, count: int, seed: int) -> None:
        wanted = max(1, count // max(200, count // 100))
        self._every = max(prime for prime in _PRIMES if prime <= wanted)
        self._first = scatter(seed) % self._every
        self.size = (count - self._first + self._every - 1) // self._every
        self._step = _coprime(self.size * 5 // 8, self.size)
        self._shift = scatter(seed + 1) % self.size
        self._back = pow(self._step, -1, self.size) if self.size > 1 else 0

    def rank(self, i: int) -> int:
        """The place of a model, 0 being the top; -1 for those that have none."""
        k, rest = divmod(i, self._every)
        return (k * self._step + self._shift) % self.size if rest == self._first else -1

    def number(self, rank: int) -> int:
        return (rank - self._shift) * self._back % self.size * self._every + self._first


class Counter:
    """A count that falls strictly along a ranking's top; the rest share small values by their remainder."""

    def __init__(self, ranking: Ranking, count: int, top: Sequence[int], rest: list[int], stir: int) -> None:
        self._ranking = ranking
        self._count = count
        self._top = top
        self._rest = rest
        # Stirring within blocks of 64 ranks makes likes and downloads agree only roughly.
        self._stir, self._unstir = stir, pow(stir, -1, 64)
        self._stirred = ranking.size - ranking.size % 64
        self._remainders: dict[int, list[int]] = {}
        for remainder, value in enumerate(rest):
            self._remainders.setdefault(value, []).append(remainder)

    def value(self, i: int) -> int:
        return self.value_at(self._ranking.rank(i), i)

    def value_at(self, rank: int, i: int) -> int:
        place = -1 if rank < 0 else self._place(rank)
        return self._top[place] if place >= 0 else self._rest[i % _CLASSES]

    def _place(self, rank: int) -> int:
        if 0 <= rank < self._stirred:
            rank = (rank & ~63) | (rank * self._stir & 63)
        return rank if rank < len(self._top) else -1

    @property
    def small_values(self) -> list[int]:
        """What models without a place have, by their number's remainder."""
        return self._rest

    def walk(self, spot: Spot | None, *, descending: bool) -> Iterator[int]:
        values = sorted(self._remainders, reverse=descending)
        if descending:
            yield from self._down_the_top(spot)
        for value in values:
            if spot is None or value == spot.value or (value < spot.value) == descending:
                start = spot.start if spot is not None and value == spot.value else 0
                yield from self._equals(value, start)
        if not descending:
            yield from self._up_the_top(spot)

    def _down_the_top(self, spot: Spot | None) -> Iterator[int]:
        place = 0
        if spot is not None:
            place = bisect_left(self._top, -spot.value, key=operator.neg)
            place += self._is_shown(place, spot)
        return map(self._number, range(place, len(self._top)))

    def _up_the_top(self, spot: Spot | None) -> Iterator[int]:
        end = len(self._top)
        if spot is not None:
            end = bisect_right(self._top, -spot.value, key=operator.neg)
            end -= self._is_shown(end - 1, spot)
        return map(self._number, range(end - 1, -1, -1))

    def _is_shown(self, place: int, spot: Spot) -> bool:
        in_top = 0 <= place < len(self._top) and self._top[place] == spot.value
        return in_top and self._number(place) < spot.start

    def _number(self, place: int) -> int:
        if place < self._stirred:
            place = (place & ~63) | (place * self._unstir & 63)
        return self._ranking.number(place)

    def _equals(self, value: int, start: int) -> Iterator[int]:
        remainders = self._remainders[value]
        for base in range(start - start % _CLASSES, self._count, _CLASSES):
            for remainder in remainders:
                i = base + remainder
                if start <= i < self._count and self._place(self._ranking.rank(i)) < 0:
                    yield i


def downloads_counter(ranking: Ranking, count: int, seed: int) -> Counter:
    """From 1e8 down a power law; about two models of five were not downloaded at all."""
    length = min(ranking.size, max(200, count // 101))
    top = [4_000 + length - place + int(1e8 / (place + 1) ** 1.12) for place in range(length)]
    tail = (max(0, int(3_000 * (0.01 / quantile) ** 1.6 - 3)) for quantile in _quantiles())
    return Counter(ranking, count, top, _shuffled(tail, seed), 1)


def likes_counter(ranking: Ranking, count: int, seed: int) -> Counter:
    length = min(ranking.size, max(100, count // 1000))
    top = [31 + length - place + int(13_000 / (place + 1) ** 0.6) for place in range(length)]
    tail = (max(0, int(1.2 / quantile**0.9 - 5)) for quantile in _quantiles())
    return Counter(ranking, count, top, _shuffled((min(30, likes) for likes in tail), seed + 1), 37)


def trending_counter(ranking: Ranking, count: int) -> Counter:
    length = min(ranking.size, max(50, count // 1500))
    top = [length - place + int(6_000 / (place + 1)) for place in range(length)]
    return Counter(ranking, count, top, [0] * _CLASSES, 53)


def _quantiles() -> Iterator[float]:
    return (0.01 + 0.99 * (rank + 0.5) / _CLASSES for rank in range(_CLASSES))


def _shuffled(values: Iterator[int], seed: int) -> list[int]:
    shuffled = list(values)
    random.Random(seed).shuffle(shuffled)
    return shuffled


def _coprime(wanted: int, size: int) -> int:
    step = max(1, wanted)
    while size > 1 and math.gcd(step, size) != 1:
        step += 1
    return step

"""A Hub of any size that is computed, not held: model i is a function of the seed, the count and i."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from tests.fakes.hub.kinds import LEADERS, TIERS, Kind, Tier, all_kinds, flagship_base, flagship_kind
from tests.fakes.hub.listing import render
from tests.fakes.hub.names import FLAGSHIPS, OLD_IDS, Base, handles
from tests.fakes.hub.orders import (
    Calendar,
    Ranking,
    Spot,
    Touches,
    downloads_counter,
    likes_counter,
    scatter,
    trending_counter,
)
from tests.fakes.hub.rows import Row, iso, seconds_of
from tests.fakes.hub.sheet import Sheet
from tests.fakes.hub.source import Order, Position

_LEGACY_EVERY = 151
_SPREAD_MODELS = 8
_BURST_MODELS = 120
_SLOTS = 1000
_SPELLING_STEP = 7919
_SHA_FACTOR = 0x9E3779B97F4A7C15F39CC0605CEDC8341082276B
_SHA_BITS = (1 << 160) - 1


@dataclass(frozen=True)
class Slot:
    """What stands at one of a thousand places that come round again and again."""

    kind: Kind
    ordinal: int
    share: int
    tier: Tier | None = None
    leader: str = ""


class Identity(NamedTuple):
    """Whose a model is, what it is called, what it is."""

    owner: str | None
    name: str
    kind: Kind
    base: Base | None

    @property
    def repo_id(self) -> str:
        return self.name if self.owner is None else f"{self.owner}/{self.name}"


class Registry:
    """Gives every number an id of its own, and finds the number behind an id."""

    def __init__(self, count: int, seed: int, calendar: Calendar, ranking: Ranking) -> None:
        self._count = count
        self._salt = scatter(seed) >> 8
        self._calendar = calendar
        self._ranking = ranking
        self._ranked = min(ranking.size, max(200, count // 101))
        self._leaders = tuple(LEADERS)
        self._kinds = all_kinds()
        self._slots = _slots(seed)
        self._places = _places(self._slots)
        blocks = count // _SLOTS + 1
        self._turns = blocks * _SLOTS
        self._singles = blocks * len(self._places["single"])
        self._spread = max(1, blocks * len(self._places["spread"]) // _SPREAD_MODELS)
        self._flagships = [_flagship(repo_id) for repo_id in FLAGSHIPS]
        self._handles = handles()

    def identity(self, i: int) -> Identity:
        return self.identity_at(self._ranking.rank(i), i)

    def identity_at(self, rank: int, i: int) -> Identity:
        if 0 <= rank < self._ranked:
            return self._famous(rank)
        if i < self._calendar.legacy and i % _LEGACY_EVERY == 0:
            return self._named(None, self._kinds["legacy"], i // _LEGACY_EVERY, 0, i)
        block, place = divmod(i, _SLOTS)
        slot = self._slots[place]
        if slot.tier is None:
            number = 2 * (block * slot.share + slot.ordinal)
            return self._named(slot.leader, slot.kind, number, 0, i)
        user, number = self._user(slot, block)
        return self._named(self._handle(user), slot.kind, number, user, i)

    def find(self, repo_id: str) -> int | None:
        """The number whose id this is, whatever its case."""
        wanted = repo_id.casefold()
        for i in self._candidates(wanted):
            if 0 <= i < self._count and self.identity(i).repo_id.casefold() == wanted:
                return i
        return None

    def _famous(self, rank: int) -> Identity:
        if rank < len(self._flagships):
            return self._flagships[rank]
        turn, place = divmod(rank, len(self._leaders))
        leader = self._leaders[place]
        return self._named(leader, self._kinds[LEADERS[leader][1]], 2 * turn + 1, 0, rank)

    def _named(self, owner: str | None, kind: Kind, number: int, user: int, i: int) -> Identity:
        if kind.stamp == "uuid":
            return Identity(owner, _uuid(scatter(i ^ self._salt), scatter(i + self._salt)), kind, None)
        size = kind.size
        turn, place = divmod(number, size)
        number = turn * size + (place * _SPELLING_STEP + user * 31_337) % size
        name = kind.spell(number)
        if kind.stamp == "time":
            # The legacy second is one for thousands; elsewhere only neighbours share theirs.
            name = f"{name}-{self._calendar.created(i) + min(i, self._calendar.legacy)}"
        return Identity(owner, name, kind, kind.base(number))

    def _user(self, slot: Slot, block: int) -> tuple[int, int]:
        turn = block * slot.share + slot.ordinal
        if slot.tier == "single":
            return turn, 0
        if slot.tier == "spread":
            number, user = divmod(turn, self._spread)
            return self._singles + user, number
        user, number = divmod(turn, _BURST_MODELS)
        return self._singles + self._spread + user, number

    def _handle(self, user: int) -> str:
        turn, place = divmod(user, len(self._handles))
        handle = self._handles[(place * _SPELLING_STEP + self._salt) % len(self._handles)]
        return f"{handle}{turn}" if turn else handle

    def _candidates(self, repo_id: str) -> Iterator[int]:
        owner, slash, _ = repo_id.partition("/")
        if not slash:
            yield from range(0, self._calendar.legacy, _LEGACY_EVERY)
            return
        ranks = (rank for rank, famous in enumerate(FLAGSHIPS) if famous.casefold() == repo_id)
        yield from map(self._ranking.number, itertools.islice(ranks, 1))
        for place, leader in enumerate(self._leaders):
            if leader.casefold() == owner:
                yield from map(self._ranking.number, range(place, self._ranked, len(self._leaders)))
                yield from self._numbers(leader, range(self._turns))
        user = self._user_of(owner)
        if user is not None:
            yield from self._of_user(user)

    def _of_user(self, user: int) -> Iterator[int]:
        if user < self._singles:
            return self._numbers("single", range(user, user + 1))
        user -= self._singles
        if user < self._spread:
            return self._numbers("spread", range(user, self._turns, self._spread))
        first = (user - self._spread) * _BURST_MODELS
        return self._numbers("burst", range(first, first + _BURST_MODELS))

    def _numbers(self, holder: str, turns: range) -> Iterator[int]:
        places = self._places[holder]
        for turn in turns:
            block, ordinal = divmod(turn, len(places))
            if block * _SLOTS >= self._count:
                return
            # Ordinals do not ascend with their places: in the last block one may be missing amid others.
            yield block * _SLOTS + places[ordinal]

    def _user_of(self, owner: str) -> int | None:
        handle = owner.rstrip("0123456789")
        place = next((place for place, name in enumerate(self._handles) if name.casefold() == handle), None)
        if place is None:
            return None
        back = pow(_SPELLING_STEP, -1, len(self._handles))
        place = (place - self._salt) * back % len(self._handles)
        return int(owner[len(handle) :] or "0") * len(self._handles) + place


class GeneratedSource:
    """Millions of realistic models, any page of which costs no more than the page.

    Downloads, likes and trending all follow one popularity ranking, likes and trending stirred a little;
    all sorts are walked in place, whatever the count. A filtered listing computes every row it passes.
    """

    def __init__(self, count: int, seed: int = 0) -> None:
        self._count = count
        self._calendar = Calendar(count)
        self._touches = Touches(self._calendar)
        self._ranking = ranking = Ranking(count, seed)
        self._downloads = downloads_counter(ranking, count, seed)
        self._likes = likes_counter(ranking, count, seed)
        self._trending = trending_counter(ranking, count)
        counters = (self._downloads, self._likes, self._trending)
        self._small_counts = list(zip(*(counter.small_values for counter in counters), strict=True))
        self._registry = Registry(count, seed, self._calendar, ranking)
        self._sheet = Sheet()
        self._salt = scatter(seed ^ 0x5EED) >> 8

    def __len__(self) -> int:
        return self._count

    def repo_id(self, i: int) -> str:
        return self._registry.identity(i).repo_id

    def row(self, i: int) -> Row:
        """The whole row of model i; rows share their lists, so they are for reading only."""
        rank, created = self._ranking.rank(i), self._calendar.created(i)
        identity = self._registry.identity_at(rank, i)
        noise = scatter(i ^ self._salt)
        downloads, likes, trending = self._counts(rank, i)
        row: Row = {
            "_id": self._calendar.object_id_at(created, i),
            "id": identity.repo_id,
            "sha": (noise * _SHA_FACTOR & _SHA_BITS).to_bytes(20).hex(),
            "createdAt": iso(created),
            "lastModified": iso(self._touches.modified_after(created, i)),
            "private": False,
            "disabled": noise % 5003 == 0,
            "gated": False if noise & 63 else ("auto", "auto", "manual", "auto")[noise >> 6 & 3],
            "downloads": downloads,
            "downloadsAllTime": _all_time(downloads, noise),
            "likes": likes,
            "trendingScore": trending,
        }
        if identity.owner is not None:
            row["author"] = identity.owner
        self._sheet.fill(row, identity.name, identity.kind, identity.base, noise)
        return row

    def render(self, i: int, fields: tuple[str, ...]) -> Row:
        """A listing's view of model i."""
        return render(self.row(i), fields)

    def rows(self, start: int = 0, stop: int | None = None) -> Iterator[Row]:
        """The rows in order of creation."""
        return map(self.row, range(start, self._count if stop is None else stop))

    def find(self, repo_id: str) -> Row | None:
        i = self._registry.find(repo_id)
        row = None if i is None else self.row(i)
        return row if row is not None and row["id"] == repo_id else None

    def resolve(self, repo_id: str) -> str | None:
        i = self._registry.find(OLD_IDS.get(repo_id, repo_id))
        return None if i is None else self.repo_id(i)

    def after(self, order: Order, position: Position | None) -> Iterator[Row]:
        return map(self.row, self._walk(order, position))

    def _counts(self, rank: int, i: int) -> tuple[int, int, int]:
        if rank < 0:
            return self._small_counts[i % len(self._small_counts)]
        return (
            self._downloads.value_at(rank, i),
            self._likes.value_at(rank, i),
            self._trending.value_at(rank, i),
        )

    def _walk(self, order: Order, position: Position | None) -> Iterator[int]:
        spot = None
        if position is not None:
            if position.value is None:
                return iter(())
            value = position.value
            moment = seconds_of(value) if isinstance(value, str) else value
            spot = Spot(moment, self._calendar.first_beyond(position.last_id))
        walks = {
            "createdAt": self._calendar.walk,
            "lastModified": self._touches.walk,
            "downloads": self._downloads.walk,
            "likes": self._likes.walk,
            "trendingScore": self._trending.walk,
        }
        return walks[order.key](spot, descending=order.descending)


def _uuid(high: int, low: int) -> str:
    return (
        f"{high >> 32:08x}-{high >> 16 & 0xFFFF:04x}-4{high & 0xFFF:03x}-"
        f"a{low >> 52:03x}-{low & 0xFFFFFFFFFFFF:012x}"
    )


def _all_time(downloads: int, noise: int) -> int:
    if downloads > 90_000_000:
        return downloads * 39
    if downloads:
        return downloads * (3 + (noise >> 20) % 22) + (noise >> 30) % 97
    return 0 if noise >> 40 & 3 == 0 else (noise >> 44) % 211


def _flagship(repo_id: str) -> Identity:
    owner, _, name = repo_id.partition("/")
    kind = flagship_kind(repo_id)
    return Identity(owner, name, kind, flagship_base(repo_id, kind))


def _slots(seed: int) -> list[Slot]:
    kinds = all_kinds()
    slots = [
        Slot(kinds[word], ordinal, share, leader=leader)
        for leader, (share, word) in LEADERS.items()
        for ordinal in range(share)
    ]
    words = {tier: [word for word, share in TIERS[tier].items() for _ in range(share)] for tier in TIERS}
    words["spread"] += ["blank"] * (_SLOTS - len(slots) - sum(map(len, words.values())))
    slots += [
        Slot(kinds[word], ordinal, len(words[tier]), tier)
        for tier in TIERS
        for ordinal, word in enumerate(words[tier])
    ]
    return [slots[place] for place in sorted(range(_SLOTS), key=lambda place: scatter(seed * _SLOTS + place))]


def _places(slots: list[Slot]) -> dict[str, list[int]]:
    """Where in every thousand a leader's or a tier's models stand, by their ordinal."""
    places: dict[str, list[tuple[int, int]]] = {}
    for place, slot in enumerate(slots):
        places.setdefault(slot.leader or slot.tier or "", []).append((slot.ordinal, place))
    return {holder: [place for _, place in sorted(found)] for holder, found in places.items()}

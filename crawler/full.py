"""The full pass: every model, read by several chains that share the order of creation. No I/O.

One chain comes up from the oldest model, one down from the newest, until they have passed each other:
then nothing lies between them. Where the quota asks for more, further chains begin at *waypoints*,
`next` links that the Hub gave to an earlier full pass, and end where the next chain began. Cursors are
keysets on (creation time, `_id`), and a creation time never changes, so they stay good (recorded 2026);
one that is refused all the same costs its chain, whose share falls to the chain before it.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from crawler.addresses import PAGE_ROWS, first_url, with_page_rows, without_cursor
from crawler.chain import Chain, Page
from crawler.passes import FULL, Pass
from indexer.errors import UpstreamError
from indexer.records import Batch, Checkpoint, Waypoint

logger = logging.getLogger(__name__)

UP, DOWN = "full/up", "full/down"
SWEEP = "sweep"
"""The checkpoint of what follows a full pass: under way until everything unseen is confirmed."""
WAYPOINT_PAGES = 10
"""A waypoint is kept every so many pages of a chain."""
MOST_CHAINS = 16

_MOMENT = timedelta(milliseconds=1)
"""What the catalog can tell apart."""
_BEGINNING = datetime.min.replace(tzinfo=UTC)


class FullLeg:
    """The chains of one full pass.

    Args:
        upstream: the Hub's address.
        checkpoints: what the catalog holds, by name.
        waypoints: where chains can begin.
        now: the clock.

    """

    name = FULL.name

    def __init__(
        self,
        upstream: str,
        checkpoints: Mapping[str, Checkpoint],
        waypoints: Sequence[Waypoint],
        now: Callable[[], datetime],
    ) -> None:
        self._upstream = upstream
        self._now = now
        self._refused: frozenset[str] = frozenset()
        self._restarted: set[str] = set()
        self._unstored: set[str] = set()
        self._dropped: set[str] = set()
        self._has_order = True
        question = without_cursor(first_url(upstream, FULL))
        self._waypoints = [one for one in waypoints if without_cursor(one.url) == question]
        self._chains: dict[str, Chain] = {}
        self.checkpoint = self._resumed(checkpoints) or self._begun(checkpoints)

    @property
    def finished(self) -> bool:
        """Tell whether every model has been passed."""
        return not self.checkpoint.is_under_way

    def errands(self) -> list[Chain]:
        """Give the chains that want a page."""
        return [chain for chain in self._chains.values() if chain.url is not None]

    def read(self, chain: Chain, page: Page) -> Batch:
        """Step over a page of a chain; gives what has to be stored with it."""
        if not chain.read(page):
            self._has_order = False
            self._walk_alone(chain)
        self.checkpoint = self.checkpoint.after_page(None, len(page.rows))
        ended = self._end_those_past(chain, page)
        checkpoints = self._to_store({chain.name, *ended})
        dropped, self._dropped, self._unstored = tuple(sorted(self._dropped)), set(), set()
        return Batch(
            checkpoints=checkpoints,
            seen_by=self.checkpoint.started_at,
            waypoint=self._waypoint(chain),
            dropped_checkpoints=dropped,
        )

    def without(self, fields: frozenset[str]) -> None:
        """Ask for everything that follows without these fields."""
        self._refused |= fields
        for chain in self.errands():
            chain.without(fields)

    def restart(self, chain: Chain) -> None:
        """Do without a cursor that the Hub does not take any more; nothing that was stored is lost.

        Raises:
            UpstreamError: that has happened to this chain before in this run.

        """
        if chain.name in self._restarted:
            raise UpstreamError("The Hub refused the next page of its own listing twice.")
        self._restarted.add(chain.name)
        if chain.checkpoint.origin is None:
            chain.begin(self._first_url(chain.name))
            return
        before = self._upward()[self._upward().index(chain) - 1]
        del self._chains[chain.name]
        self._dropped.add(chain.name)
        if not before.checkpoint.is_under_way:
            before.reopen()
            self._unstored.add(before.name)

    def widen(self, chains: int) -> None:
        """Let so many chains walk, as far as there are waypoints between them."""
        while self._has_order and len(self.errands()) < min(chains, MOST_CHAINS):
            ahead = max((self._waypoints_ahead(chain) for chain in self._upward()), key=len)
            if len(ahead) < 2:
                return
            begin = ahead[len(ahead) // 2]
            number = next(n for n in range(2, 1_000) if f"full/{n}" not in {*self._chains, *self._dropped})
            mark = Checkpoint(f"full/{number}", begin.url, self._now(), origin=begin.position)
            self._add(Chain(FULL, mark))
            logger.info("chain added name=%s from=%s", mark.name, begin.position.date())

    # -- beginning ---------------------------------------------------------------------------

    def _begun(self, checkpoints: Mapping[str, Checkpoint]) -> Checkpoint:
        now, before = self._now(), checkpoints.get(FULL.name)
        if before is not None and abs(now - before.started_at) < _MOMENT:
            now = before.started_at + _MOMENT  # its start is what tells a pass from the one before
        for name in (UP, DOWN):
            self._add(Chain(self._way(name), Checkpoint(name, self._first_url(name), now)))
        self._dropped = {name for name in checkpoints if name.startswith("full/")} - {UP, DOWN}
        return Checkpoint(FULL.name, None, now)

    def _resumed(self, checkpoints: Mapping[str, Checkpoint]) -> Checkpoint | None:
        mark = checkpoints.get(FULL.name)
        stored = {name: one for name, one in checkpoints.items() if name.startswith("full/")}
        if mark is None or not mark.is_under_way or not {UP, DOWN} <= set(stored):
            return None
        if any(one.next_url and not one.next_url.startswith(f"{self._upstream}/") for one in stored.values()):
            return None  # another Hub's cursors
        self._chains = {name: Chain(self._way(name), one) for name, one in stored.items()}
        return mark

    def _way(self, name: str) -> Pass:
        return FULL.reversed if name == DOWN else FULL

    def _first_url(self, name: str) -> str:
        return first_url(self._upstream, self._way(name), self._refused)

    def _add(self, chain: Chain) -> None:
        self._chains[chain.name] = chain
        self._unstored.add(chain.name)

    # -- meeting -----------------------------------------------------------------------------

    def _upward(self) -> list[Chain]:
        """Give the chains that come up, in the order of where they began."""
        ups = [chain for name, chain in self._chains.items() if name != DOWN]
        return sorted(ups, key=lambda chain: (chain.name != UP, chain.checkpoint.origin or _BEGINNING))

    def _end_those_past(self, chain: Chain, page: Page) -> set[str]:
        """End every chain that has nothing left to read; gives their names."""
        ups, down = self._upward(), self._chains.get(DOWN)
        past: list[Chain] = []
        if page.next_url is None:  # what lies behind the end of the listing was read by this chain
            past += [*ups, chain] if chain is down else ups[ups.index(chain) :]
            past += [down] if down else []
        past += [one for one, after in pairwise(ups) if _is_after(one.position, after.checkpoint.origin)]
        if down is not None and _is_after(ups[-1].position or ups[-1].checkpoint.origin, down.position):
            past += [ups[-1], down]
        ending = {one.name: one for one in past if one.checkpoint.is_under_way}
        now = self._now()
        for one in ending.values():
            one.end(now)
        if not any(one.checkpoint.is_under_way for one in self._chains.values()):
            self.checkpoint = replace(self.checkpoint, finished_at=now)
        return set(ending)

    def _walk_alone(self, chain: Chain) -> None:
        """Fall back to one chain that ends where the listing does: without an order, chains cannot meet."""
        if set(self._chains) == {UP}:
            return
        logger.warning("listing not in the order of creation, going on with one chain name=%s", chain.name)
        up = self._chains[UP]
        if not up.checkpoint.is_under_way:
            up.reopen()
        self._dropped |= set(self._chains) - {UP}
        self._chains = {UP: up}
        self._unstored = {UP}

    def _waypoints_ahead(self, chain: Chain) -> list[Waypoint]:
        """Give the waypoints that a chain has still to pass."""
        if not chain.checkpoint.is_under_way:
            return []
        ups, down = self._upward(), self._chains[DOWN]
        after = ups[ups.index(chain) + 1 :]
        until = after[0].checkpoint.origin if after else down.position
        begin = chain.position or chain.checkpoint.origin or _BEGINNING
        return [
            one for one in self._waypoints if begin < one.position and (not until or one.position < until)
        ]

    # -- storing -----------------------------------------------------------------------------

    def _to_store(self, names: set[str]) -> tuple[Checkpoint, ...]:
        chains = [one.checkpoint for name, one in self._chains.items() if name in names | self._unstored]
        sweep = [sweep_of(self._upstream, self.checkpoint)] if self.finished else []
        return (self.checkpoint, *chains, *sweep)

    def _waypoint(self, chain: Chain) -> Waypoint | None:
        mark = chain.checkpoint
        if chain.way is not FULL or not self._has_order or mark.pages % WAYPOINT_PAGES:
            return None
        if mark.next_url is None or mark.position is None:
            return None
        return Waypoint(with_page_rows(mark.next_url, PAGE_ROWS), mark.position)


def sweep_of(upstream: str, full: Checkpoint) -> Checkpoint:
    """Give the checkpoint of the sweep that a full pass begins when it ends; it says whose sweep it is."""
    return Checkpoint(SWEEP, f"{upstream}/api/models", full.started_at)


def _is_after(moment: datetime | None, other: datetime | None) -> bool:
    """Tell whether a moment lies behind another; equal moments may be shared by many models."""
    return moment is not None and other is not None and moment > other

"""Walking a crawl: its passes one after the other, and what is to be asked for next. No I/O."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from crawler.chain import Chain, Heard, Page
from crawler.full import SWEEP, FullLeg, sweep_of
from crawler.listing import ListingLeg
from crawler.passes import FULL, GGUF, Pass
from crawler.sweep import Confirmation, SweepLeg
from crawler.trees import TreeErrand, TreesLeg
from indexer.records import Batch, Checkpoint, Waypoint

Errand: TypeAlias = Chain | Confirmation | TreeErrand
"""What one request at a time is sent for."""
Leg: TypeAlias = ListingLeg | FullLeg | SweepLeg | TreesLeg


@dataclass(frozen=True)
class Known:
    """What the catalog tells a crawl at its beginning."""

    checkpoints: Mapping[str, Checkpoint]
    waypoints: Sequence[Waypoint] = ()


class Walk:
    """The way through a crawl.

    Args:
        passes: the passes, in their order.
        upstream: the Hub's address.
        known: what the catalog holds.
        removal_percent: the share of the models that a full pass may miss and still remove.
        limit_pages: stop after so many pages of this run.
        now: the clock.

    """

    def __init__(
        self,
        passes: Sequence[Pass],
        upstream: str,
        known: Known,
        *,
        removal_percent: float = 2.0,
        limit_pages: int | None = None,
        now: Callable[[], datetime],
    ) -> None:
        self._upstream = upstream
        self._known = known
        self._removal_percent = removal_percent
        self._limit_pages = limit_pages
        self._now = now
        self._pages = 0
        self._refused: frozenset[str] = frozenset()
        self.finished = False
        self.leg, self._later = self._first_leg(passes)

    @property
    def is_at_limit(self) -> bool:
        """Tell whether this run has read as many pages as it may."""
        return self._limit_pages is not None and self._pages >= self._limit_pages

    def errands(self, busy: int = 0) -> Sequence[Errand]:
        """Give what is to be asked for, when so many requests are under way already."""
        if self.finished:
            return ()
        errands: Sequence[Errand] = self.leg.errands()
        if self._limit_pages is None:
            return errands
        return errands if self._pages + busy < self._limit_pages else ()

    def read(self, errand: Errand, heard: Heard) -> Batch | None:
        """Step over an answer; gives what has to be stored with it.

        `None`: it is stored later with others, or the chain was given up while this page travelled. Others
        have read its models since, and the sweep may have found some of them gone: it is not stored.

        Raises:
            UpstreamUnavailable: too many trees in a row could not be had.

        """
        self._pages += 1
        batch = self._read(errand, heard)
        if self.leg.finished:
            self._go_on()
        return batch

    def is_open(self, errand: Errand) -> bool:
        """Tell whether an errand has not been given up meanwhile."""
        return not self.finished and any(errand is one for one in self.leg.errands())

    def rest(self) -> Batch | None:
        """Give what has been read and is not stored yet."""
        return self.leg.rest() if isinstance(self.leg, TreesLeg) else None

    def without(self, fields: frozenset[str]) -> None:
        """Ask for everything that follows without these fields."""
        self._refused |= fields
        self._leave_out(fields)

    def restart(self, errand: Errand) -> None:
        """Do without a chain's cursor; an errand that was given up meanwhile has none.

        Raises:
            UpstreamError: that has happened to it before.

        """
        if isinstance(errand, Chain) and isinstance(self.leg, ListingLeg | FullLeg) and self.is_open(errand):
            self.leg.restart(errand)

    def loaded(self) -> None:
        """Go on after a sweep that has run out of suspects, or when no tree is due any more."""
        if self.leg.finished:
            self._go_on()

    def _read(self, errand: Errand, heard: Heard) -> Batch | None:
        if self.is_open(errand):
            match self.leg, errand, heard:
                case (ListingLeg() | FullLeg()) as leg, Chain(), Page():
                    return leg.read(errand, heard)
                case SweepLeg() as leg, Confirmation(), _:
                    return leg.read(errand, heard)
                case TreesLeg() as leg, TreeErrand(), _:
                    return leg.read(errand, heard)
        return None

    def _leave_out(self, fields: frozenset[str]) -> None:
        if not isinstance(self.leg, TreesLeg):  # which asks for no fields
            self.leg.without(fields)

    def _go_on(self) -> None:
        before = self.leg
        if isinstance(before, FullLeg):
            self.leg = self._sweep(sweep_of(self._upstream, before.checkpoint))
        elif before.name == GGUF.name:
            self.leg = TreesLeg(self._upstream, self._known.checkpoints, self._now)
        elif self._later:
            self.leg = self._leg(self._later.pop(0))
        else:
            self.finished = True
            return
        if self._refused:
            self._leave_out(self._refused)

    def _first_leg(self, passes: Sequence[Pass]) -> tuple[Leg, list[Pass]]:
        marks = self._known.checkpoints
        full, sweep = marks.get(FULL.name), marks.get(SWEEP)
        if FULL in passes and full and sweep and not full.is_under_way and self._is_resumable(sweep):
            return self._sweep(sweep), []
        for at, one in enumerate(passes):
            leg = self._leg(one)
            if isinstance(leg, ListingLeg) and leg.resumed:
                return leg, list(passes[at + 1 :])
        return self._leg(passes[0]), list(passes[1:])

    def _is_resumable(self, sweep: Checkpoint) -> bool:
        """Tell whether a sweep was cut off; another Hub has nothing to say about it."""
        return sweep.is_under_way and (sweep.next_url or "").startswith(f"{self._upstream}/")

    def _leg(self, one: Pass) -> Leg:
        if one is FULL:
            return FullLeg(self._upstream, self._known.checkpoints, self._known.waypoints, self._now)
        return ListingLeg(one, self._upstream, self._known.checkpoints, self._now)

    def _sweep(self, checkpoint: Checkpoint) -> SweepLeg:
        return SweepLeg(self._upstream, checkpoint, self._removal_percent, self._now)

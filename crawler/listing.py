"""A pass by one chain: the head, what is recent, the counters, what GGUF headers say. No I/O."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from crawler.addresses import first_url
from crawler.chain import Chain, Page
from crawler.passes import FULL, Pass
from indexer.errors import UpstreamError
from indexer.records import Batch, Checkpoint

OVERLAP = timedelta(minutes=10)
"""An incremental pass reads so much again: what was pushed while the run before it was reading."""
FIRST_LOOK = timedelta(days=1)
"""How far the first incremental pass looks back when there was no full pass either."""


class ListingLeg:
    """One pass, walked by one chain.

    Args:
        one: the pass.
        upstream: the Hub's address.
        checkpoints: what the catalog holds, by name.
        now: the clock.

    """

    def __init__(
        self,
        one: Pass,
        upstream: str,
        checkpoints: Mapping[str, Checkpoint],
        now: Callable[[], datetime],
    ) -> None:
        self.name = one.name
        self._pass = one
        self._upstream = upstream
        self._now = now
        self._refused: frozenset[str] = frozenset()
        self._has_restarted = False
        self._known = self._known_moments(checkpoints)
        self._newest: datetime | None = None
        mark = checkpoints.get(one.name)
        self.resumed = mark is not None and self._is_resumable(mark)
        began = Checkpoint(one.name, first_url(upstream, one), now())
        self._chain = Chain(one, mark if mark is not None and self.resumed else began)

    @property
    def checkpoint(self) -> Checkpoint:
        """How far the pass has come."""
        return self._chain.checkpoint

    @property
    def finished(self) -> bool:
        """Tell whether the pass has ended."""
        return not self.checkpoint.is_under_way

    def errands(self) -> list[Chain]:
        """Give the chain, while it wants a page."""
        return [] if self.finished else [self._chain]

    def read(self, chain: Chain, page: Page) -> Batch:
        """Step over a page; gives what has to be stored with it."""
        if chain.position is None and self._pass.moment is not None:
            first, _ = chain.moments(page)
            self._newest = first
            # A commit can be dated ahead; what is to come must not pass for what is known.
            origin = None if first is None else min(first, chain.checkpoint.started_at)
            chain.checkpoint = replace(chain.checkpoint, origin=origin)
        chain.read(page)
        limit = self._pass.page_limit
        if page.next_url is None or chain.checkpoint.pages == limit or self._is_known(chain.position):
            chain.end(self._now())
            chain.checkpoint = replace(chain.checkpoint, next_url=None)
        return Batch(checkpoints=(chain.checkpoint,))

    def without(self, fields: frozenset[str]) -> None:
        """Ask for everything that follows without these fields."""
        self._refused |= fields
        self._chain.without(fields)

    def restart(self, chain: Chain) -> None:
        """Begin anew, because the Hub does not take the cursor any more; nothing that was stored is lost.

        Raises:
            UpstreamError: that has happened before in this run.

        """
        if self._has_restarted:
            raise UpstreamError("The Hub refused the next page of its own listing twice.")
        self._has_restarted = True
        chain.begin(first_url(self._upstream, self._pass, self._refused))

    def _is_known(self, position: datetime | None) -> bool:
        if not self._pass.is_incremental or position is None:
            return False
        until = self._known_until()
        return until is not None and position < until

    def _known_moments(self, checkpoints: Mapping[str, Checkpoint]) -> list[datetime]:
        """Give the moments up to which earlier passes have seen everything this one asks for."""
        own, full = checkpoints.get(self.name), checkpoints.get(FULL.name)
        known = [own.last_origin] if own is not None and own.last_origin else []
        if self._pass.fields:  # the full pass has not asked for these
            return known
        if full is not None and full.last_finished_at and not full.is_under_way:
            known.append(full.started_at)
        return known

    def _known_until(self) -> datetime | None:
        """Give the moment up to which all is known; `None`: nothing is."""
        # A moment later than the newest the Hub shows is that of a clock which was ahead: it says nothing.
        known = [moment for moment in self._known if self._newest is None or moment <= self._newest]
        if not known and self._pass.fields:
            return None
        return max(known, default=self._now() - FIRST_LOOK) - OVERLAP

    def _is_resumable(self, mark: Checkpoint) -> bool:
        if not mark.is_under_way or mark.next_url is None:
            return False
        if not mark.next_url.startswith(f"{self._upstream}/"):  # another Hub's cursor
            return False
        if self._pass.fresh_seconds is None or mark.updated_at is None:
            return True
        age = (self._now() - mark.updated_at).total_seconds()
        return 0 <= age <= self._pass.fresh_seconds  # a clock that was set back makes it look newer than now

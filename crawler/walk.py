"""Walking passes: which page comes next, and the checkpoint behind the page in hand. No I/O."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from crawler.passes import Pass, first_url, without_fields
from indexer.errors import UpstreamError
from indexer.records import Checkpoint


class Walk:
    """The way through one or more passes, one after the other.

    Args:
        passes: the passes, in their order.
        upstream: the Hub's address.
        checkpoints: how far earlier runs have come, by pass.
        limit_pages: stop after so many pages of this run.
        now: the clock.

    """

    def __init__(
        self,
        passes: Sequence[Pass],
        upstream: str,
        *,
        checkpoints: Mapping[str, Checkpoint],
        limit_pages: int | None,
        now: Callable[[], datetime],
    ) -> None:
        self._upstream = upstream
        self._limit_pages = limit_pages
        self._now = now
        self._pages = 0
        self._has_restarted = False
        self._refused: frozenset[str] = frozenset()
        self.finished = False
        resumable = [
            at for at, one in enumerate(passes) if self._is_resumable(one, checkpoints.get(one.name))
        ]
        at = resumable[0] if resumable else 0
        self.current, self._later = passes[at], list(passes[at + 1 :])
        self.url: str | None = None
        self.checkpoint = self._begin()
        if resumable:
            self.checkpoint = checkpoints[self.current.name]
            self.url = self.checkpoint.next_url

    def page_read(self, next_url: str | None, rows: int) -> Checkpoint:
        """Step over a page; `url` is then the next one to ask for, `None` at the end."""
        self._pages += 1
        limit = self.current.page_limit
        behind = self.checkpoint.after_page(next_url, rows)
        if next_url is not None and (limit is None or behind.pages < limit):
            self.checkpoint, self.url = behind, next_url
        else:
            behind = replace(behind, next_url=None, finished_at=self._now())
            self._end_pass()
        if self._limit_pages is not None and self._pages >= self._limit_pages:
            self.url = None
        return behind

    def moved(self, url: str) -> None:
        """Ask for the page in hand at another address."""
        self.url = url

    def without(self, fields: frozenset[str]) -> None:
        """Ask for the page in hand, and all that follow, without these fields."""
        self._refused |= fields
        self.url = without_fields(self.url or "", fields)

    def restart(self) -> None:
        """Begin the pass anew, because the Hub does not take its cursor any more.

        Raises:
            UpstreamError: that has happened before in this run.

        """
        if self._has_restarted:
            raise UpstreamError("The Hub refused the next page of its own listing twice.")
        self._has_restarted = True
        self.checkpoint = self._begin()

    def _end_pass(self) -> None:
        if self._later:
            self.current = self._later.pop(0)
            self.checkpoint = self._begin()
        else:
            self.url, self.finished = None, True

    def _begin(self) -> Checkpoint:
        self.url = first_url(self._upstream, self.current, self._refused)
        return Checkpoint(self.current.name, next_url=None, started_at=self._now())

    def _is_resumable(self, one: Pass, mark: Checkpoint | None) -> bool:
        if mark is None or mark.next_url is None or mark.finished_at is not None:
            return False
        if not mark.next_url.startswith(f"{self._upstream}/"):  # another Hub's cursor
            return False
        if one.fresh_seconds is None or mark.updated_at is None:
            return True
        return (self._now() - mark.updated_at).total_seconds() <= one.fresh_seconds

"""A chain of pages, each naming the next: how far it has come and what it asks for next. No I/O."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, TypeAlias

from crawler.addresses import LEAST_ROWS, PAGE_ROWS, page_rows, with_page_rows, without_fields
from crawler.passes import Pass
from crawler.rows import moment_in
from indexer.records import Checkpoint

GROW_AFTER = 10
"""After so many good pages, pages that were made smaller are doubled again."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the listing, or of a model's files; of one model: its row."""

    rows: Sequence[object]
    next_url: str | None = None
    has_gguf: bool = False
    """Whether its rows were asked what the headers of their GGUF files say."""


@dataclass(frozen=True, slots=True)
class Gone:
    """The Hub does not show it: it was deleted or hidden."""


@dataclass(frozen=True, slots=True)
class Outdated:
    """The commit is not there any more: there was a push since."""


@dataclass(frozen=True, slots=True)
class Unclear:
    """The Hub does not say whether it is there."""


HEARD = (Page, Gone, Outdated, Unclear)
Heard: TypeAlias = Page | Gone | Outdated | Unclear
"""What an errand can come back with."""
About: TypeAlias = Literal["listing", "model", "tree"]
"""What an errand asks about."""


class Chain:
    """One way along the listing, page after page.

    Args:
        one: the pass it belongs to, in the chain's own direction.
        checkpoint: how far it has come; `next_url` is where it goes on.

    """

    about: About = "listing"

    def __init__(self, one: Pass, checkpoint: Checkpoint) -> None:
        self.way = one
        self.checkpoint = checkpoint
        self.url = checkpoint.next_url if checkpoint.is_under_way else None
        self._good_pages = 0

    @property
    def name(self) -> str:
        """The name of its checkpoint."""
        return self.checkpoint.name

    @property
    def position(self) -> datetime | None:
        """The moment of the last row it has read."""
        return self.checkpoint.position

    def read(self, page: Page) -> bool:
        """Step over a page; tell whether its rows stood in the order that was asked for."""
        first, last = self.moments(page)
        before = self.position
        behind = self.checkpoint.after_page(page.next_url, len(page.rows))
        self.checkpoint = replace(behind, position=last or before)
        self._good_pages += 1
        self.url = self._grown(page.next_url)
        moments = [moment for moment in (before, first, last) if moment is not None]
        return moments == sorted(moments, reverse=self.way.direction == -1)

    def moments(self, page: Page) -> tuple[datetime | None, datetime | None]:
        """Give the first and the last moment a page names by which this chain is ordered."""
        field = self.way.moment
        if field is None:
            return None, None
        first = next((moment for row in page.rows if (moment := moment_in(row, field))), None)
        last = next((moment for row in reversed(page.rows) if (moment := moment_in(row, field))), None)
        return first, last

    def end(self, now: datetime) -> None:
        """Go no further; where it would have gone on is kept."""
        self.url = None
        self.checkpoint = replace(self.checkpoint, finished_at=now)

    def reopen(self) -> None:
        """Go on after all."""
        self.checkpoint = replace(self.checkpoint, finished_at=None)
        self.url = self.checkpoint.next_url

    def begin(self, url: str) -> None:
        """Begin anew."""
        self.checkpoint = replace(self.checkpoint, next_url=url, position=None, origin=None, finished_at=None)
        self.url = url

    def moved(self, url: str) -> None:
        """Ask for the page in hand at another address."""
        self.url = url

    def without(self, fields: frozenset[str]) -> None:
        """Ask for the page in hand, and all that follow, without these fields."""
        self.url = without_fields(self.url or "", fields)

    def ask_less(self) -> int | None:
        """Ask for half as many rows; gives how many, or `None` when it is no use to ask for fewer."""
        rows = page_rows(self.url or "") // 2
        if rows < LEAST_ROWS or self.url is None:
            return None
        self._good_pages = 0
        self.url = with_page_rows(self.url, rows)
        return rows

    def _grown(self, url: str | None) -> str | None:
        if url is None or self._good_pages < GROW_AFTER or (rows := page_rows(url)) >= PAGE_ROWS:
            return url
        self._good_pages = 0
        return with_page_rows(url, min(rows * 2, PAGE_ROWS))

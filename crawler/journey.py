"""All that one crawl needs and leaves behind."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from crawler.answers import Judge
from crawler.full import SWEEP
from crawler.gate import Gate
from crawler.passes import FULL
from crawler.report import Progress, Tally
from crawler.stopping import StopSignal
from crawler.trees import TreesLeg
from crawler.walk import Walk
from indexer.catalog.store import Catalog
from indexer.errors import HubdexError
from indexer.records import Applied, Batch

SWEEP_TOLD = 20
"""A sweep's answers are one model each: every so-manyth is worth a word."""


@dataclass
class Journey:
    """One crawl under way."""

    walk: Walk
    catalog: Catalog
    judge: Judge
    gate: Gate
    stop: StopSignal
    headers: dict[str, str]
    progress: Progress
    budget: int | None = None
    """Requests this run may send; `None`: as many as it takes."""
    asked: int = 0
    """Requests that were sent, or wait for the gate."""
    wanted_by: Callable[[], str | None] = lambda: None
    """Tells which crawl of a higher rank waits for this one."""
    note: Callable[[dict[str, float]], None] = lambda _figures: None
    """Told what has been counted so far, page by page."""
    expected_rows: int | None = None
    """Rows the crawl will have read at its end, earlier runs included; `None` when nobody knows."""
    tally: Tally = field(default_factory=Tally)
    started_at: float = field(default_factory=time.monotonic)
    is_heard: bool = False
    """Whether the Hub has ever answered."""
    error: HubdexError | None = None
    """What ended the crawl early."""

    @property
    def seconds(self) -> float:
        """How long the crawl has been under way."""
        return time.monotonic() - self.started_at

    @property
    def is_over(self) -> bool:
        """Tell whether nothing further is to be asked for."""
        if self.error is not None or self.stop.is_set or self.walk.finished:
            return True
        return self.walk.is_at_limit or (self.budget is not None and self.asked >= self.budget)

    def tell(self, rows: int, batch: Batch, applied: Applied) -> None:
        """Count a stored page and show it."""
        self.tally.add(rows, batch, applied)
        self.note(self.tally.figures())
        window = self.gate.window
        left = None if window is None else window.left
        mark = batch.checkpoints[0] if batch.checkpoints else None
        if isinstance(leg := self.walk.leg, TreesLeg) and batch.trees:
            self.progress.trees_stored(leg.counts, applied, left=left)
        elif mark is not None and (mark.name != SWEEP or mark.pages % SWEEP_TOLD == 0):
            self.progress.page_stored(
                mark,
                applied,
                self.tally,
                seconds=self.seconds,
                left=left,
                to_go=self._seconds_to_go(mark.rows if mark.name == FULL.name else self.tally.rows),
            )

    def _seconds_to_go(self, rows_read: int) -> float | None:
        """Estimate what is left: as fast as so far, but no faster than the quota lets anybody be."""
        tally, window = self.tally, self.gate.window
        if self.expected_rows is None or not tally.rows or self.seconds <= 0 or len(self.walk.errands()) == 0:
            return None
        pages_a_second = tally.pages / self.seconds
        if window is not None:
            pages_a_second = min(pages_a_second, window.limit / window.window_seconds)
        pages = max(self.expected_rows - rows_read, 0) / (tally.rows / tally.pages)
        return pages / pages_a_second if pages_a_second else None

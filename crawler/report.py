"""What a crawl did: counted while it runs, shown as it goes, told at its end."""

import logging
import sys
from collections import Counter
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import TextIO

import orjson

from crawler.trees import TreeCounts
from indexer.records import Applied, Batch, Checkpoint

logger = logging.getLogger(__name__)

TOLD_WAIT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class CrawlReport:
    """One run of a crawl in numbers."""

    crawl: str
    """One of `CRAWLS`."""
    pages: int
    rows: int
    new: int
    changed: int
    unchanged: int
    counters: int
    """Models of which only downloads, likes or the trending score moved."""
    removed: int
    set_aside: int
    throttled: int
    """Answers 429."""
    retries: int
    seconds: float
    finished: bool
    next: str | None
    """The pass that the next run goes on with; `None` when all is read."""
    requests: int = 0
    """Requests sent to the Hub."""
    suspects: int = 0
    """Models that a full pass did not see and that were asked for by name."""
    unclear: int = 0
    """Those of them the Hub would not speak about; they stay."""
    trees: int = 0
    """Models whose files were read."""
    hidden: int = 0
    """Models whose files the Hub does not show."""
    missed: int = 0
    """Models whose files are left for another run."""
    given_way_to: str | None = None
    """The crawl that this one has made room for."""

    def to_json(self) -> str:
        """Give the report as one line of JSON; `crawl` is called `pass` there."""
        fields = asdict(self)
        return orjson.dumps({"pass": fields.pop("crawl"), **fields}).decode()

    def __str__(self) -> str:
        """Give the report as a sentence."""
        said = (
            f"Crawl {self.crawl} {'finished' if self.finished else 'stopped'} after {self.pages:,} pages "
            f"({self.rows:,} rows) in {self.seconds:.1f} s: {self.new:,} new, {self.changed:,} changed, "
            f"{self.unchanged + self.counters:,} known"
        )
        extras = (
            (self.removed, "removed"), (self.trees, "trees read"), (self.hidden, "trees not shown"),
            (self.missed, "trees missed"), (self.set_aside, "set aside"), (self.throttled, "throttled"),
        )  # fmt: skip
        said += "".join(f", {count:,} {word}" for count, word in extras if count)
        if self.given_way_to is not None:
            said += f"; it gave way to crawl {self.given_way_to}"
        return f"{said}." if self.next is None else f"{said}; the next run goes on with {self.next}."


class Tally:
    """Counts while a crawl runs."""

    def __init__(self) -> None:
        self.pages = self.rows = self.set_aside = self.retries = self.unanswered = 0
        self.statuses = Counter[int]()
        self._new = self._changed = self._unchanged = self._counters = self._removed = 0

    @property
    def throttled(self) -> int:
        """Answers 429."""
        return self.statuses[HTTPStatus.TOO_MANY_REQUESTS]

    def figures(self) -> dict[str, float]:
        """Give what is counted, by name, for the record of the run."""
        return {
            **{f"answers_{status}": count for status, count in sorted(self.statuses.items())},
            "unanswered": self.unanswered,
            "retries": self.retries,
            "pages": self.pages,
            "rows": self.rows,
            "new": self._new,
            "changed": self._changed,
            "removed": self._removed,
            "counters": self._counters,
            "set_aside": self.set_aside,
        }

    def add(self, rows: int, batch: Batch, applied: Applied) -> None:
        """Count a stored page; trees that are stored together are none."""
        self.pages += not batch.trees
        self.rows += rows
        self.set_aside += len(batch.set_aside)
        self._new += applied.new
        self._changed += applied.changed
        self._unchanged += applied.unchanged
        self._counters += applied.counters_changed
        self._removed += applied.removed

    def report(self, crawl: str, *, seconds: float, finished: bool, following: str | None) -> CrawlReport:
        """Give the counts as a report of a crawl."""
        return CrawlReport(
            crawl=crawl,
            pages=self.pages,
            rows=self.rows,
            new=self._new,
            changed=self._changed,
            unchanged=self._unchanged,
            counters=self._counters,
            removed=self._removed,
            set_aside=self.set_aside,
            throttled=self.throttled,
            retries=self.retries,
            seconds=round(seconds, 3),
            finished=finished,
            next=following,
        )


class Progress:
    """Shows a crawl's progress: one updating line on a terminal, a log line a page elsewhere."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._is_live = self._stream.isatty()
        self._width = 0

    def page_stored(
        self,
        checkpoint: Checkpoint,
        applied: Applied,
        tally: Tally,
        *,
        seconds: float,
        left: int | None,
        to_go: float | None,
    ) -> None:
        """Tell of one more page; `left` is what the Hub's quota still allows, `to_go` is in seconds."""
        if not self._is_live:
            logger.info(
                "page stored pass=%s page=%d rows=%d new=%d changed=%d left=%s",
                checkpoint.name,
                checkpoint.pages,
                tally.rows,
                applied.new,
                applied.changed,
                "unknown" if left is None else left,
            )
            return
        speed = tally.rows / seconds if seconds > 0 else 0.0
        quota = "" if left is None else f", {left:,} requests left"
        end = "" if to_go is None else f", {_in_words(to_go)} to go"
        self._show(
            f"{checkpoint.name}: page {checkpoint.pages:,}, {checkpoint.rows:,} rows, "
            f"{speed:,.0f} rows/s{quota}{end}"
        )

    def trees_stored(self, counts: TreeCounts, applied: Applied, *, left: int | None) -> None:
        """Tell of trees that were stored; `left` is what the Hub's quota still allows."""
        if not self._is_live:
            logger.info(
                "trees stored read=%d hidden=%d missed=%d changed=%d left=%s",
                counts.read,
                counts.hidden,
                counts.missed,
                applied.trees,
                "unknown" if left is None else left,
            )
            return
        quota = "" if left is None else f", {left:,} requests left"
        self._show(f"files of {counts.read:,} models read, of {counts.hidden:,} not shown{quota}")

    def waiting(self, seconds: float) -> None:
        """Tell that the Hub's quota is spent; a short wait is not worth a word."""
        if seconds < TOLD_WAIT_SECONDS:
            return
        if self._is_live:
            self._show(f"waiting {seconds:,.0f} s until the Hub's quota is renewed")
        else:
            logger.info("quota spent wait_seconds=%.0f", seconds)

    def trouble(self, message: str, *arguments: object) -> None:
        """Tell of something that went wrong and is being dealt with."""
        self.end()
        logger.warning(message, *arguments)

    def end(self) -> None:
        """Leave the line that was updated."""
        if self._width:
            self._stream.write("\n")
            self._stream.flush()
            self._width = 0

    def _show(self, line: str) -> None:
        self._stream.write(f"\r{line.ljust(self._width)}")
        self._stream.flush()
        self._width = len(line)


def _in_words(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"about {seconds / 60:.0f} min"

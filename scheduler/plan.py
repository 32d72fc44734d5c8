"""Which crawl is due; pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal

from indexer.records import TREES, Checkpoint

Crawl = Literal["head", "recent", "full", "counters", "files"]

FULL_EVERY = timedelta(hours=20)
"""The whole Hub is walked again when the last walk ended longer ago: nightly, with slack."""
RECENT_EVERY = timedelta(hours=1)
COUNTERS_EVERY = timedelta(hours=6)
FILES_EVERY = timedelta(hours=1)
FILES_BUDGET = 300
"""Requests of one crawl of files, as many as it takes of an anonymous window: there is more to read than can
be in a day, and nothing else is to wait for long."""


def due_crawl(checkpoints: Iterable[Checkpoint], now: datetime) -> Crawl | None:
    """Give the crawl to run next.

    First of all the popular models, so that there is something to find; then the whole Hub; from then
    on what is new, and the counters now and then. A crawl is done when its last pass has ended.
    """
    passes = {checkpoint.name: checkpoint for checkpoint in checkpoints}
    full, sweep = passes.get("full"), passes.get("sweep")
    if full is None and not _is_fresh(passes.get("trending"), now, RECENT_EVERY):
        return "head"
    if not _is_fresh(full, now, FULL_EVERY) or _is_under_way(full) or _is_under_way(sweep):
        return "full"
    if not _is_fresh(passes.get("created"), now, RECENT_EVERY):
        return "recent"
    if not _is_fresh(passes.get("likes"), now, COUNTERS_EVERY):
        return "counters"
    files = passes.get(TREES)
    return "files" if _is_under_way(files) or not _is_fresh(files, now, FILES_EVERY) else None


def arguments_of(crawl: Crawl) -> list[str]:
    """Give the command line of a crawl."""
    return [crawl, "--budget", str(FILES_BUDGET)] if crawl == "files" else [crawl]


def _is_under_way(checkpoint: Checkpoint | None) -> bool:
    return checkpoint is not None and checkpoint.is_under_way


def _is_fresh(checkpoint: Checkpoint | None, now: datetime, every: timedelta) -> bool:
    ended = checkpoint.last_finished_at if checkpoint else None
    # A clock that was set back makes an end lie ahead: that says nothing, so the crawl is due.
    return ended is not None and -RECENT_EVERY < now - ended < every

"""Which crawl is due; pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal

from indexer.records import Checkpoint

Pass = Literal["head", "full"]

HEAD_EVERY = timedelta(hours=1)
"""The popular models are looked at again when the last look is older than this."""
FULL_EVERY = timedelta(hours=20)
"""The whole Hub is walked again when the last walk ended longer ago: nightly, with slack."""


def due_pass(checkpoints: Iterable[Checkpoint], now: datetime) -> Pass | None:
    """Give the pass to run next: the popular models first, then the whole Hub, then nothing."""
    passes = {checkpoint.name: checkpoint for checkpoint in checkpoints}
    full = passes.get("full")
    if not _fresh(passes.get("head"), now, HEAD_EVERY) and not _under_way(full):
        return "head"
    return None if _fresh(full, now, FULL_EVERY) and not _under_way(full) else "full"


def _under_way(checkpoint: Checkpoint | None) -> bool:
    return checkpoint is not None and checkpoint.finished_at is None


def _fresh(checkpoint: Checkpoint | None, now: datetime, every: timedelta) -> bool:
    ended = checkpoint.last_finished_at if checkpoint else None
    return ended is not None and now - ended < every

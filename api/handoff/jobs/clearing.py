"""Removing what a download that was given up left behind, and nothing that anybody else could want."""

import os
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path

from filelock import Timeout
from huggingface_hub.utils import WeakFileLock

from api.handoff.jobs.records import Job
from api.handoff.layout import Layout

TRY_SECONDS = 0.1
"""For so long the lock of a content is waited for."""


def clear(job: Job, wanted_elsewhere: Callable[[], Collection[str]], layout: Layout) -> None:
    """Remove the parts of a job's files, and the whole ones that no snapshot shows.

    Args:
        job: has ended and is not to be gone on with.
        wanted_elsewhere: gives the contents that other jobs use or are to go on with.
        layout: of the cache.

    """
    repo_id = job.wanted.repo_id
    snapshots = layout.snapshot(repo_id, job.wanted.commit).parent
    for etag in job.etags:
        if not _left(layout, repo_id, etag):
            continue
        # Whoever is at one of them, another client maybe, will see to it.
        with suppress(Timeout, OSError), WeakFileLock(layout.lock(repo_id, etag), timeout=TRY_SECONDS):
            # Looked at under the lock: who comes for it from now on waits, and then finds nothing.
            if etag in wanted_elsewhere():
                continue
            is_shown = etag in _shown(snapshots)
            for path in _left(layout, repo_id, etag):
                if path.name != etag or not is_shown:
                    path.unlink(missing_ok=True)


def _left(layout: Layout, repo_id: str, etag: str) -> list[Path]:
    """Give the whole content and the parts of it, as far as they are there."""
    blob = layout.blob(repo_id, etag)
    parts = sorted(blob.parent.glob(f"{etag}.hubdex.*"))
    return [blob, *parts] if blob.exists() else parts


def _shown(snapshots: Path) -> set[str]:
    """Give the names of all contents that a snapshot of the model leads to."""
    found = set()
    for folder, _, names in os.walk(snapshots):
        for name in names:
            with suppress(OSError):
                found.add(Path(folder, name).readlink().name)
    return found

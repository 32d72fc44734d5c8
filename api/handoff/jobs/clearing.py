"""Removing what a download that was given up left behind, and nothing that anybody else could want."""

import fcntl
import logging
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from api.handoff.jobs.records import Job
from api.handoff.layout import Layout

log = logging.getLogger(__name__)


def clear(job: Job, wanted_elsewhere: Collection[str], layout: Layout) -> None:
    """Remove the parts of a job's files, and the whole ones that no snapshot shows.

    Args:
        job: has ended and is not to be gone on with.
        wanted_elsewhere: the contents that other jobs are to go on with.
        layout: of the cache.

    """
    repo_id = job.wanted.repo_id
    left = [etag for etag in job.etags.difference(wanted_elsewhere) if _is_there(layout, repo_id, etag)]
    if not left:
        return
    shown = _shown(layout.snapshot(repo_id, job.wanted.commit).parent)
    for etag in left:
        with _locked(layout.lock(repo_id, etag)) as is_ours:
            if not is_ours:
                continue  # somebody is at it, who will see to it
            layout.partial(repo_id, etag).unlink(missing_ok=True)
            if etag not in shown:
                layout.blob(repo_id, etag).unlink(missing_ok=True)


def _is_there(layout: Layout, repo_id: str, etag: str) -> bool:
    return layout.partial(repo_id, etag).exists() or layout.blob(repo_id, etag).exists()


def _shown(snapshots: Path) -> set[str]:
    """Give the names of all contents that a snapshot of the model leads to."""
    found = set()
    for folder, _, names in os.walk(snapshots):
        for name in names:
            with suppress(OSError):
                found.add(Path(folder, name).readlink().name)
    return found


@contextmanager
def _locked(path: Path) -> Iterator[bool]:
    """Hold the lock of a content that every client of the cache takes; tell whether nobody else does."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError:
        log.warning("The lock %s cannot be taken; what a cancelled download left there stays.", path)
        yield False
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        yield False
    else:
        with suppress(OSError):
            yield True
    finally:
        os.close(descriptor)

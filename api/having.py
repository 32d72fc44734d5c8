"""What of a model's variants is on this machine already, or on its way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from api.handoff.errors import BadReference
from api.handoff.jobs.records import Job
from api.handoff.jobs.running import Downloads
from api.handoff.layout import Layout
from indexer.errors import HubdexError
from indexer.records import ModelRecord
from indexer.variants.records import Variant

MAX_COMMITS = 20
"""Snapshots of one model that are looked into."""


@dataclass(frozen=True, slots=True)
class Having:
    """How it stands with a variant."""

    folder: Path | None = None
    """The snapshot in which all its files are; `None`: in none."""
    is_current: bool = False
    """Whether that is of the model's present commit."""
    job: Job | None = None
    """The newest download of it that is under way or failed."""

    @property
    def is_here(self) -> bool:
        """Whether all its files are on this machine, and nothing newer is on its way."""
        return self.folder is not None and (self.job is None or self.job.has_ended)

    @property
    def state(self) -> Literal["downloading", "ready", "error"] | None:
        """How it stands in a word; `None`: nobody has asked for it yet."""
        if self.is_here:
            return "ready"
        if self.job is None:
            return None
        return "error" if self.job.state == "failed" else "downloading"


NOTHING_HAD = Having()


def having_of(
    record: ModelRecord, variants: Sequence[Variant], jobs: Sequence[Job], layout: Layout
) -> Mapping[str, Having]:
    """Give how it stands with the variants of a model, by their keys; those not named are not here.

    Args:
        record: the model.
        variants: its variants.
        jobs: all downloads, the newest first.
        layout: the cache.

    """
    told = _told_of(record.repo_id, jobs)
    folders = _snapshots_of(record, layout)
    found = {}
    for variant in variants:
        folder = next((one for one in folders if _holds(one, variant)), None)
        job = told.get(variant.key)
        if folder is not None or job is not None:
            found[variant.key] = Having(folder, folder is not None and folder.name == record.sha, job)
    return found


def jobs_known(downloads: Downloads) -> list[Job]:
    """Give all downloads, the newest first; none where they cannot be read: the rest is still shown."""
    try:
        return downloads.jobs()
    except HubdexError:
        return []


def _told_of(repo_id: str, jobs: Sequence[Job]) -> Mapping[str, Job]:
    """Give the newest job of each variant, where there is something to say of it."""
    found: dict[str, Job] = {}
    for job in reversed(jobs):  # so that the newest comes last
        if job.wanted.repo_id == repo_id and job.wanted.variant:
            found[job.wanted.variant] = job
    return {key: job for key, job in found.items() if job.state == "failed" or not job.has_ended}


def _snapshots_of(record: ModelRecord, layout: Layout) -> list[Path]:
    """Give the snapshots of a model, that of the present commit first."""
    try:
        folder = layout.repo(record.repo_id) / "snapshots"
        found = sorted(folder.iterdir(), key=lambda one: (one.name != record.sha, one.name))
    except (BadReference, OSError):  # some ids of the Hub are none that can be asked for
        return []
    return found[:MAX_COMMITS]


def _holds(snapshot: Path, variant: Variant) -> bool:
    try:
        return bool(variant.files) and all((snapshot / file.path).is_file() for file in variant.files)
    except (OSError, ValueError):
        return False

"""What of a model's variants is on this machine already, or on its way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from api.handoff.jobs.records import Job
from api.handoff.jobs.running import Downloads
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


NOTHING_HAD = Having()


def having_of(record: ModelRecord, variants: Sequence[Variant], downloads: Downloads) -> Mapping[str, Having]:
    """Give how it stands with the variants of a model, by their keys; those not named are not here."""
    jobs = _jobs_of(record.repo_id, downloads)
    folders = _snapshots_of(record, downloads)
    found = {}
    for variant in variants:
        folder = next((one for one in folders if _holds(one, variant)), None)
        job = jobs.get(variant.key)
        if folder is not None or job is not None:
            found[variant.key] = Having(folder, folder is not None and folder.name == record.sha, job)
    return found


def _jobs_of(repo_id: str, downloads: Downloads) -> Mapping[str, Job]:
    """Give the newest job of each variant, where there is something to say of it."""
    found: dict[str, Job] = {}
    for job in reversed(_jobs(downloads)):  # so that the newest comes last
        if job.wanted.repo_id == repo_id and job.wanted.variant:
            found[job.wanted.variant] = job
    return {key: job for key, job in found.items() if job.state == "failed" or not job.has_ended}


def _jobs(downloads: Downloads) -> list[Job]:
    try:
        return downloads.jobs()
    except HubdexError:
        return []  # what the catalog knows is shown all the same


def _snapshots_of(record: ModelRecord, downloads: Downloads) -> list[Path]:
    """Give the snapshots of a model, that of the present commit first."""
    folder = downloads.layout.repo(record.repo_id) / "snapshots"
    try:
        found = sorted(folder.iterdir(), key=lambda one: (one.name != record.sha, one.name))
    except OSError:
        return []
    return found[:MAX_COMMITS]


def _holds(snapshot: Path, variant: Variant) -> bool:
    try:
        return bool(variant.files) and all((snapshot / file.path).is_file() for file in variant.files)
    except (OSError, ValueError):
        return False

"""A download as the API tells it."""

from typing_extensions import TypedDict

from api.handoff.jobs.records import Job, JobFile
from api.handoff.layout import Layout
from api.responses import ErrorAnswer
from indexer.answers import moment


class JobFileAnswer(TypedDict):
    """One file of a download."""

    path: str
    bytes: int | None
    downloaded_bytes: int
    sha256: str | None
    state: str
    resumed_from: int


class JobAnswer(TypedDict):
    """A download."""

    job_id: str
    state: str
    model: str
    revision: str
    commit: str
    variant: str
    label: str
    format: str
    files: list[JobFileAnswer]
    total_bytes: int | None
    downloaded_bytes: int
    bytes_per_second: int | None
    eta_seconds: int | None
    note: str
    error: ErrorAnswer | None
    created_at: str
    updated_at: str
    snapshot: str | None


class JobsAnswer(TypedDict):
    """Downloads, the newest first."""

    downloads: list[JobAnswer]


def job_answer(job: Job, layout: Layout) -> JobAnswer:
    """Give a download as the API tells it; nothing in it is secret."""
    wanted = job.wanted
    is_there = job.state in {"ready", "already_downloaded"}
    rate = None if job.bytes_per_second is None else round(job.bytes_per_second)
    return {
        "job_id": job.id,
        "state": job.state,
        "model": wanted.repo_id,
        "revision": wanted.revision,
        "commit": wanted.commit,
        "variant": wanted.variant,
        "label": wanted.label,
        "format": wanted.format,
        "files": [_file_answer(file) for file in job.files],
        "total_bytes": job.total_bytes,
        "downloaded_bytes": job.done_bytes,
        "bytes_per_second": rate,
        "eta_seconds": _eta(job, rate),
        "note": job.note,
        "error": None if job.trouble is None else {"error": job.trouble.word, "message": job.trouble.message},
        "created_at": moment(job.created_at) or "",
        "updated_at": moment(job.updated_at) or "",
        "snapshot": str(layout.snapshot(wanted.repo_id, wanted.commit)) if is_there else None,
    }


def _eta(job: Job, rate: int | None) -> int | None:
    if not rate or job.total_bytes is None:
        return None
    return max(0, job.total_bytes - job.done_bytes) // rate


def _file_answer(file: JobFile) -> JobFileAnswer:
    return {
        "path": file.path,
        "bytes": file.bytes,
        "downloaded_bytes": file.done_bytes,
        "sha256": file.sha256,
        "state": file.state,
        "resumed_from": file.resumed_from,
    }

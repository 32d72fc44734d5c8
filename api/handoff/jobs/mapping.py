"""Between the records of downloads and the rows of their tables: pure."""

from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import RowMapping

from api.handoff.jobs.records import Job, JobFile, Revision, Trouble, Wanted
from indexer.catalog.mapping import EPOCH, from_millis, to_millis

Values = dict[str, Any]


def job_values(job: Job) -> Values:
    """Give a job as the columns of its row."""
    wanted, trouble = job.wanted, job.trouble or Trouble("", "")
    return {
        "id": job.id,
        "repo_id": wanted.repo_id,
        "revision": wanted.revision,
        "commit": wanted.commit,
        "variant": wanted.variant,
        "label": wanted.label,
        "format": wanted.format,
        "bytes": wanted.bytes,
        "state": job.state,
        "word": trouble.word,
        "message": trouble.message,
        "note": job.note,
        "created_at": to_millis(job.created_at),
        "updated_at": to_millis(job.updated_at),
    }


def file_values(position: int, file: JobFile) -> Values:
    """Give a file as the columns of its row, but for the job's number."""
    return {
        "position": position,
        "path": file.path,
        "bytes": file.bytes,
        "etag": file.etag,
        "done_bytes": file.done_bytes,
        "resumed_from": file.resumed_from,
        "state": file.state,
    }


def to_file(row: RowMapping) -> JobFile:
    """Give a file of a row."""
    return JobFile(
        path=row["path"],
        bytes=row["bytes"],
        etag=row["etag"],
        done_bytes=row["done_bytes"],
        resumed_from=row["resumed_from"],
        state=row["state"],
    )


def to_job(row: RowMapping, files: tuple[JobFile, ...]) -> Job:
    """Give a job of its row and its files, in their order."""
    wanted = Wanted(
        repo_id=row["repo_id"],
        revision=row["revision"],
        commit=row["commit"],
        paths=tuple(file.path for file in files),
        variant=row["variant"],
        label=row["label"],
        format=row["format"],
        bytes=row["bytes"],
    )
    return Job(
        id=row["id"],
        wanted=wanted,
        state=row["state"],
        files=files,
        created_at=_moment(row["created_at"]),
        updated_at=_moment(row["updated_at"]),
        trouble=Trouble(row["word"], row["message"]) if row["word"] else None,
        note=row["note"],
    )


def to_revision(row: RowMapping) -> Revision:
    """Give a revision of its row."""
    return Revision(
        repo_id=row["repo_id"],
        commit=row["commit"],
        paths=tuple(orjson.loads(row["paths"])),
        finished_at=from_millis(row["finished_at"]),
        is_pinned=row["pinned"],
        is_new=row["is_new"],
    )


def _moment(millis: int) -> datetime:
    return from_millis(millis) or EPOCH

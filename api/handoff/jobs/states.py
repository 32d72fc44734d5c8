"""How a download may go from one state to another; pure."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Literal

from api.handoff.errors import WrongState
from api.handoff.jobs.records import CARRIED, Job, Trouble

Action = Literal["pause", "resume", "cancel", "retry"]
"""What a person may do with a download."""


def pause(job: Job) -> Job:
    """Let nothing more come of a download for now; raises `WrongState`."""
    if job.state == "paused":
        return job
    _refuse_ended(job, "paused")
    return replace(job, state="paused", note="")


def resume(job: Job) -> Job:
    """Let a paused download go on, behind those that wait already run; raises `WrongState`."""
    _refuse_ended(job, "resumed")
    return replace(job, state="queued", note="") if job.state == "paused" else job


def cancel(job: Job) -> Job:
    """Give a download up; raises `WrongState`."""
    if job.state == "cancelled":
        return job
    if job.state != "failed":
        _refuse_ended(job, "cancelled")
    return replace(job, state="cancelled", note="")


def retry(job: Job) -> Job:
    """Try a failed or cancelled download again, from what there is of it; raises `WrongState`."""
    if job.state not in {"failed", "cancelled"}:
        raise WrongState(
            f"This download is {_said(job)}; only one that failed or was cancelled is tried again."
        )
    files = tuple(replace(file, state="waiting", done_bytes=0, resumed_from=0) for file in job.files)
    return replace(job, state="queued", files=files, trouble=None, note="")


def take(job: Job) -> Job:
    """Begin with a download, or go on with one whose process died; raises `WrongState`."""
    if not is_due(job):
        raise WrongState(f"This download is {_said(job)}.")
    return replace(job, state="downloading", note="")


def make_ready(job: Job) -> Job:
    """Say that every file is there, unless a person gave it up meanwhile."""
    if job.has_ended:
        return job
    files = tuple(replace(file, state="done", done_bytes=file.bytes or 0) for file in job.files)
    return replace(job, state="ready", files=files, trouble=None, note="")


def fail(job: Job, trouble: Trouble) -> Job:
    """Say why a download cannot go on, unless a person ended it meanwhile."""
    return replace(job, state="failed", trouble=trouble, note="") if is_due(job) else job


def is_due(job: Job) -> bool:
    """Tell whether somebody is to be at it."""
    return job.state == "queued" or job.state in CARRIED


ACTIONS: Mapping[Action, Callable[[Job], Job]] = {
    "pause": pause,
    "resume": resume,
    "cancel": cancel,
    "retry": retry,
}


def _refuse_ended(job: Job, what: str) -> None:
    if job.has_ended:
        raise WrongState(f"This download is {_said(job)} and cannot be {what}.")


def _said(job: Job) -> str:
    return job.state.replace("_", " ")

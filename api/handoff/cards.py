"""A model for clients that import models by their address: its card, how far its download is; pure."""

from collections.abc import Iterable
from typing import Literal, TypeAlias

from typing_extensions import TypedDict

from api.handoff.choosing import best_of
from api.handoff.jobs.records import Job, State
from api.handoff.targets import Holding
from indexer.records import ModelRecord
from indexer.variants.answers import Room, VariantAnswer, gated_answer, variant_answer

CardState: TypeAlias = Literal["downloading", "ready", "error"]

_STATES: dict[State, CardState | None] = {
    "queued": "downloading",
    "downloading": "downloading",
    "verifying": "downloading",
    "paused": "downloading",
    "ready": "ready",
    "already_downloaded": "ready",
    "failed": "error",
    "cancelled": None,
}


class MetadataAnswer(TypedDict):
    """What a card tells of a model; unknown is null."""

    format: str | None
    """Of the variant that most people should take."""
    author: str | None
    license: str | None
    tags: list[str]
    size: int | None
    """Bytes of that variant."""
    task: str | None
    library: str | None
    gated: bool | str | None


class CardAnswer(TypedDict):
    """A model that can be downloaded."""

    source_url: str
    state: CardState | None
    """`null`: nothing of it has been asked for."""
    id: str
    revision: str
    """The commit."""
    metadata: MetadataAnswer
    variants: list[VariantAnswer]
    """Best first."""


class FormatAnswer(TypedDict):
    """What is told of a model that is being downloaded."""

    format: str


class ImportAnswer(TypedDict):
    """A file of a model that is being downloaded."""

    source_url: str
    state: CardState | None
    id: str
    job_id: str
    """Under which `/v1/downloads` has the download."""
    metadata: FormatAnswer


def card_answer(source_url: str, holding: Holding, jobs: Iterable[Job]) -> CardAnswer:
    """Give the card of a model.

    Args:
        source_url: what was pasted, without secrets.
        holding: what the model holds.
        jobs: the newest first.

    """
    repo_id = holding.repo_id
    state = next((state_of(job) for job in jobs if job.wanted.repo_id == repo_id), None)
    return {
        "source_url": source_url,
        "state": state,
        "id": repo_id,
        "revision": holding.commit,
        "metadata": _metadata(holding),
        "variants": [variant_answer(repo_id, one, Room()) for one in holding.contents.variants],
    }


def import_answer(source_url: str, job: Job) -> ImportAnswer:
    """Give how far the download of a file is."""
    wanted = job.wanted
    return {
        "source_url": source_url,
        "state": state_of(job),
        "id": wanted.repo_id,
        "job_id": job.id,
        "metadata": {"format": wanted.format},
    }


def state_of(job: Job) -> CardState | None:
    """Give the state of a model by that of its download."""
    return _STATES[job.state]


def _metadata(holding: Holding) -> MetadataAnswer:
    record = holding.known.record if holding.known else ModelRecord("", holding.repo_id)
    best = best_of(holding.contents.variants)
    return {
        "format": best.format if best else None,
        "author": record.owner or None,
        "license": record.license,
        "tags": list(record.tags),
        "size": best.bytes if best else None,
        "task": record.task,
        "library": record.library,
        "gated": gated_answer(record) if holding.known else None,
    }

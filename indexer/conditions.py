"""How things stand, as data: what is known, how old and complete it is, and whether the index is right."""

from collections.abc import Sequence
from datetime import datetime

from typing_extensions import TypedDict

from indexer.answers import moment
from indexer.checking import CheckReport
from indexer.engines.contract import IndexState
from indexer.engines.opening import ReplicaState
from indexer.records import CatalogState, Checkpoint, SetAside


class PassAnswer(TypedDict):
    """How far a pass over the Hub has come."""

    name: str
    state: str
    """`under_way` or `ended`."""
    pages: int
    rows: int
    started_at: str | None
    updated_at: str | None
    finished_at: str | None
    last_finished_at: str | None
    age_seconds: int | None
    """Seconds since its newest page was stored; 0 when the clock says it is still to come."""


class SetAsideAnswer(TypedDict):
    """A row of the Hub that had no meaning."""

    id: str
    reason: str
    excerpt: str
    pass_name: str
    seen_at: str | None
    times: int


class SetAsidesAnswer(TypedDict):
    """The newest rows that had no meaning."""

    set_aside: int
    """How many are kept."""
    rows: list[SetAsideAnswer]


class ServerAnswer(TypedDict):
    """How one of the search servers stands."""

    url: str
    serial: int | None
    """How far it follows; `null`: it cannot be asked, or there is nothing in it yet."""
    models: int
    synced_at: str | None
    behind: int | None
    """Changes that are not in it yet."""
    message: str
    """Why it cannot answer; empty when it can."""


class StatusAnswer(TypedDict):
    """What is known, how old and how complete it is."""

    models: int
    removed: int
    set_aside: int
    serial: int
    index_models: int
    index_serial: int | None
    index_synced_at: str | None
    index_behind: int | None
    """Changes that are not in the index yet."""
    servers: list[ServerAnswer]
    """Each by itself, where the index is on servers."""
    crawled_at: str | None
    """When the newest page of the Hub was stored."""
    age_seconds: int | None
    complete: bool
    """Whether a pass over the whole Hub has ever ended."""
    completed_at: str | None
    passes: list[PassAnswer]


class DifferenceAnswer(TypedDict):
    """A model that the index holds other than the catalog."""

    number: int
    """The catalog's number of it."""
    id: str | None
    """`None` when the catalog has no such model."""
    what: str


class CheckAnswer(TypedDict):
    """Whether an index holds what its catalog has."""

    agrees: bool
    problems: list[str]
    models: int
    serial: int
    index_models: int | None
    index_serial: int | None
    index_behind: int
    """Changes and moved counters that a sync would bring in."""
    compared: int
    left_out: int
    """Models that changed since the index was made."""
    differing: int
    differences: list[DifferenceAnswer]
    seconds: float


def check_answer(report: CheckReport) -> CheckAnswer:
    """Give what a check found."""
    index, comparison = report.index, report.comparison
    return {
        "agrees": report.agrees,
        "problems": list(report.problems),
        "models": report.catalog.models,
        "serial": report.catalog.serial,
        "index_models": index.models if index else None,
        "index_serial": index.serial if index else None,
        "index_behind": report.behind,
        "compared": comparison.compared,
        "left_out": comparison.left_out,
        "differing": comparison.differing,
        "differences": [
            {"number": one.number, "id": one.id, "what": one.what} for one in comparison.differences
        ],
        "seconds": round(report.seconds, 3),
    }


def status_answer(
    state: CatalogState, index: IndexState | None, servers: Sequence[ReplicaState], now: datetime
) -> StatusAnswer:
    """Give what is known; where the Hub was left off (its cursor) stays inside."""
    return {
        "models": state.models,
        "removed": state.removed,
        "set_aside": state.set_aside,
        "serial": state.serial,
        "index_models": index.models if index else 0,
        "index_serial": index.serial if index else None,
        "index_synced_at": moment(index.synced_at) if index else None,
        "index_behind": max(0, state.serial - index.serial) if index else None,
        "servers": [server_answer(one, state) for one in servers],
        "crawled_at": moment(state.crawled_at),
        "age_seconds": _age(state.crawled_at, now),
        "complete": state.completed_at is not None,
        "completed_at": moment(state.completed_at),
        "passes": [pass_answer(checkpoint, now) for checkpoint in state.passes],
    }


def server_answer(server: ReplicaState, catalog: CatalogState) -> ServerAnswer:
    """Give how one of the search servers stands."""
    index = server.state
    return {
        "url": server.name,
        "serial": index.serial if index else None,
        "models": index.models if index else 0,
        "synced_at": moment(index.synced_at) if index else None,
        "behind": max(0, catalog.serial - index.serial) if index else None,
        "message": server.message,
    }


def pass_answer(checkpoint: Checkpoint, now: datetime) -> PassAnswer:
    """Give how far a pass has come."""
    return {
        "name": checkpoint.name,
        "state": "under_way" if checkpoint.is_under_way else "ended",
        "pages": checkpoint.pages,
        "rows": checkpoint.rows,
        "started_at": moment(checkpoint.started_at),
        "updated_at": moment(checkpoint.updated_at),
        "finished_at": moment(checkpoint.finished_at),
        "last_finished_at": moment(checkpoint.last_finished_at),
        "age_seconds": _age(checkpoint.updated_at, now),
    }


def set_asides_answer(state: CatalogState, rows: Sequence[SetAside]) -> SetAsidesAnswer:
    """Give rows that had no meaning."""
    return {
        "set_aside": state.set_aside,
        "rows": [
            {
                "id": row.row_id,
                "reason": row.reason,
                "excerpt": row.excerpt,
                "pass_name": row.pass_name,
                "seen_at": moment(row.seen_at),
                "times": row.times,
            }
            for row in rows
        ],
    }


def _age(then: datetime | None, now: datetime) -> int | None:
    """Whole seconds since a moment, never fewer than none: a clock may have been set back."""
    return None if then is None else max(0, int((now - then).total_seconds()))

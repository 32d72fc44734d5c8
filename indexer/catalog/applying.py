"""How a batch changes the catalog, inside one transaction that the caller holds.

A changed record gets the next serial (a new tree or GGUF header changes it too); an unchanged one is
skipped by its fingerprint; counters that moved on an unchanged record get the next serial in a column
of their own.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, Connection, bindparam, delete, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from indexer.catalog import tables
from indexer.catalog.database import folded, one_of, run_many
from indexer.catalog.mapping import (
    COUNTER_COLUMNS,
    GGUF_COLUMNS,
    RECORD_COLUMNS,
    Columns,
    counter_values,
    gguf_values,
    record_values,
    to_millis,
)
from indexer.catalog.passes import forget_sightings, keep_pass
from indexer.catalog.trees import forget_trees, keep_trees
from indexer.records import Applied, Batch, Listed, Removal

Values = tuple[Any, ...]
"""A row on its way into the database: values in the order of one of the lists of names below."""

_CHANGED = (*RECORD_COLUMNS, *GGUF_COLUMNS, *COUNTER_COLUMNS, "serial", "counters_serial")
_NEW = (*_CHANGED, "key")
_RETURNED = (*_NEW, "number")
_COUNTED = (*COUNTER_COLUMNS, "counters_serial")
_FORMER = ("repo_id", "key", "since")

_AT: BindParameter[int] = bindparam("at")
_BY_NUMBER = update(tables.models).where(tables.models.c.number == _AT)
_INSERT = insert(tables.models)
_UPDATE = _BY_NUMBER.values({name: bindparam(name) for name in _CHANGED})
_COUNT = _BY_NUMBER.values({name: bindparam(name) for name in _COUNTED})
_REMEMBER = upsert(tables.aliases)
_REMEMBER = _REMEMBER.on_conflict_do_update(
    index_elements=["repo_id"], set_={"key": _REMEMBER.excluded.key, "since": _REMEMBER.excluded.since}
)


class _Known(NamedTuple):
    """As much of a stored model as it takes to see what a row changes."""

    number: int
    key: str
    repo_id: str
    fingerprint: int
    gguf: tuple[int | str | None, ...]
    counters: tuple[int | float | None, ...]


@dataclass
class _Plan:
    """The statements a batch comes down to, gathered first and run in bulk."""

    serial: int
    inserts: list[Values] = field(default_factory=list)
    returns: list[Values] = field(default_factory=list)
    updates: list[Values] = field(default_factory=list)
    counters: list[Values] = field(default_factory=list)
    aliases: list[Values] = field(default_factory=list)
    unchanged: int = 0

    def next_serial(self) -> int:
        self.serial += 1
        return self.serial


def apply_batch(connection: Connection, batch: Batch, now: datetime) -> Applied:
    """Store a batch and its checkpoints; the caller's transaction makes it one."""
    millis = to_millis(now) or 0
    state = connection.execute(select(tables.state)).mappings().one()
    listed = _last_of_each(batch.listed)
    known = _known(connection, [one.record.key for one in listed])
    displaced = _displaced(connection, listed, known)
    plan = _Plan(state["serial"])
    removed = _remove(connection, [*batch.removals, *displaced], plan, millis)
    known = {key: model for key, model in known.items() if key not in removed}
    buried = _tombstones(connection, [one.record.key for one in listed if one.record.key not in known])
    for one in listed:
        _plan_one(plan, one, known.get(one.record.key), buried, millis)
    _run(connection, plan, buried)
    trees = keep_trees(connection, batch.trees, plan.serial, millis)
    keep_pass(connection, batch, millis, after=state["serial"])
    new = len(plan.inserts) + len(plan.returns)
    models = state["models"] + new - len(removed)
    connection.execute(update(tables.state).values(serial=plan.serial + trees, models=models))
    return Applied(
        serial=plan.serial + trees,
        new=new,
        changed=len(plan.updates),
        unchanged=plan.unchanged,
        counters_changed=len(plan.counters),
        removed=len(removed),
        trees=trees,
    )


def _last_of_each(listed: Sequence[Listed]) -> list[Listed]:
    """One row a key and one key a path: within a page the later row is the newer truth."""
    by_key = {one.record.key: one for one in listed}
    by_path = {one.record.repo_id: one for one in by_key.values()}
    return list(by_path.values())


def _known(connection: Connection, keys: list[str]) -> dict[str, _Known]:
    if not keys:
        return {}
    t = tables.models.c
    more = (t[name] for name in (*GGUF_COLUMNS, *COUNTER_COLUMNS))
    rows = connection.execute(
        select(t.number, t.key, t.repo_id, t.fingerprint, *more).where(one_of(t.key, keys))
    )
    return {
        key: _Known(number, key, repo_id, fingerprint, (params, architecture, context), tuple(counters))
        for number, key, repo_id, fingerprint, params, architecture, context, *counters in rows
    }


def _displaced(connection: Connection, listed: list[Listed], known: dict[str, _Known]) -> list[Removal]:
    """Models whose path now belongs to another key: what they were called is not them any more."""
    moved = {
        one.record.repo_id: one.record.key
        for one in listed
        if one.record.key not in known or known[one.record.key].repo_id != one.record.repo_id
    }
    if not moved:
        return []
    t = tables.models.c
    arriving = {one.record.key for one in listed}
    of_any_case = one_of(tables.folded_id, sorted({folded(repo_id) for repo_id in moved}))
    return [
        Removal(key, f"path taken by {moved[repo_id]}")
        for key, repo_id in connection.execute(select(t.key, t.repo_id).where(of_any_case))
        if repo_id in moved and moved[repo_id] != key and key not in arriving
    ]


def _tombstones(connection: Connection, keys: list[str]) -> dict[str, int]:
    """Numbers of removed models that come back: the engines know them by that number."""
    if not keys:
        return {}
    t = tables.tombstones.c
    rows = connection.execute(select(t.key, t.number).where(one_of(t.key, keys)))
    return {row.key: row.number for row in rows}


def _remove(connection: Connection, removals: Iterable[Removal], plan: _Plan, millis: int) -> set[str]:
    reasons = {removal.key: removal.reason for removal in removals}
    if not reasons:
        return set()
    t = tables.models.c
    query = select(t.number, t.key, t.repo_id).where(one_of(t.key, reasons)).order_by(t.number)
    graves: list[Columns] = [
        {
            "key": row.key,
            "number": row.number,
            "repo_id": row.repo_id,
            "serial": plan.next_serial(),
            "reason": reasons[row.key][:255],
            "removed_at": millis,
        }
        for row in connection.execute(query)
    ]
    if graves:
        connection.execute(delete(tables.models).where(one_of(t.number, [one["number"] for one in graves])))
        forget_sightings(connection, [grave["number"] for grave in graves])
        forget_trees(connection, [grave["number"] for grave in graves])
        connection.execute(insert(tables.tombstones), graves)
    return {grave["key"] for grave in graves}


def _plan_one(plan: _Plan, one: Listed, known: _Known | None, buried: dict[str, int], millis: int) -> None:
    key = one.record.key
    said = record_values(one.record)
    counters, gguf = counter_values(one.counters), gguf_values(one.gguf)
    if known is None:
        serial = plan.next_serial()
        if key in buried:
            plan.returns.append((*said, *gguf, *counters, serial, serial, key, buried[key]))
        else:
            plan.inserts.append((*said, *gguf, *counters, serial, serial, key))
        return
    if one.gguf is None:  # the listing was not asked for it
        gguf = known.gguf
    if None in counters:  # a counter the row did not mention keeps its last known value
        counters = tuple(
            old if new is None else new for new, old in zip(counters, known.counters, strict=True)
        )
    if (known.fingerprint, known.gguf) != (said[-1], gguf):
        serial = plan.next_serial()
        plan.updates.append((*said, *gguf, *counters, serial, serial, known.number))
        if known.repo_id != one.record.repo_id:
            plan.aliases.append((known.repo_id, key, millis))
    elif counters != known.counters:
        plan.counters.append((*counters, plan.next_serial(), known.number))
    else:
        plan.unchanged += 1


def _run(connection: Connection, plan: _Plan, buried: dict[str, int]) -> None:
    if buried:
        connection.execute(delete(tables.tombstones).where(one_of(tables.tombstones.c.key, buried)))
    run_many(connection, _INSERT, _NEW, plan.inserts)
    run_many(connection, _INSERT, _RETURNED, plan.returns)
    run_many(connection, _UPDATE, (*_CHANGED, "at"), plan.updates)
    run_many(connection, _COUNT, (*_COUNTED, "at"), plan.counters)
    run_many(connection, _REMEMBER, _FORMER, plan.aliases)

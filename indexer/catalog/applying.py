"""How a batch changes the catalog, inside one transaction that the caller holds.

A changed record gets the next serial; an unchanged one is skipped by its fingerprint; counters
that moved on an unchanged record get the next serial in a column of their own.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, RowMapping, bindparam, delete, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from indexer.catalog import tables
from indexer.catalog.mapping import Columns, counter_columns, record_columns, to_millis
from indexer.catalog.passes import forget_sightings, keep_pass
from indexer.records import Applied, Batch, Listed, Removal

_COUNTERS = ("downloads", "downloads_all_time", "likes", "trending")


@dataclass
class _Plan:
    """The statements a batch comes down to, gathered first and run in bulk."""

    serial: int
    inserts: list[Columns] = field(default_factory=list)
    updates: list[Columns] = field(default_factory=list)
    counters: list[Columns] = field(default_factory=list)
    aliases: list[Columns] = field(default_factory=list)
    unchanged: int = 0

    def next_serial(self) -> int:
        self.serial += 1
        return self.serial


def apply_batch(connection: Connection, batch: Batch, now: datetime) -> Applied:
    """Store a batch and its checkpoints; the caller's transaction makes it one."""
    millis = to_millis(now) or 0
    state = connection.execute(select(tables.state)).mappings().one()
    listed = _last_of_each(batch.listed)
    known = _known(connection, _keys_of(batch))
    displaced = _displaced(connection, listed, known)
    plan = _Plan(state["serial"])
    removed = _remove(connection, [*batch.removals, *displaced], plan, millis)
    known = {key: row for key, row in known.items() if key not in removed}
    buried = _tombstones(connection, [one.record.key for one in listed if one.record.key not in known])
    for one in listed:
        _plan_one(plan, one, known.get(one.record.key), buried, millis)
    _run(connection, plan, buried)
    seen = [row["number"] for row in known.values()]
    keep_pass(connection, batch, seen, after=state["serial"], millis=millis)
    models = state["models"] + len(plan.inserts) - len(removed)
    connection.execute(update(tables.state).values(serial=plan.serial, models=models))
    return Applied(
        serial=plan.serial,
        new=len(plan.inserts),
        changed=len(plan.updates),
        unchanged=plan.unchanged,
        counters_changed=len(plan.counters),
        removed=len(removed),
    )


def _keys_of(batch: Batch) -> list[str]:
    """Give every key whose model the batch needs to know; each once."""
    seen = batch.seen_keys if batch.seen_by is not None else ()
    return list({*(one.record.key for one in batch.listed), *seen})


def _last_of_each(listed: Sequence[Listed]) -> list[Listed]:
    """One row a key and one key a path: within a page the later row is the newer truth."""
    by_key = {one.record.key: one for one in listed}
    by_path = {one.record.repo_id: one for one in by_key.values()}
    return list(by_path.values())


def _known(connection: Connection, keys: list[str]) -> dict[str, RowMapping]:
    t = tables.models.c
    columns = (
        t.number,
        t.key,
        t.repo_id,
        t.fingerprint,
        t.downloads,
        t.downloads_all_time,
        t.likes,
        t.trending,
    )
    rows = connection.execute(select(*columns).where(t.key.in_(keys))).mappings()
    return {row["key"]: row for row in rows}


def _displaced(connection: Connection, listed: list[Listed], known: dict[str, RowMapping]) -> list[Removal]:
    """Models whose path now belongs to another key: what they were called is not them any more."""
    moved = [
        one.record.repo_id
        for one in listed
        if one.record.key not in known or known[one.record.key]["repo_id"] != one.record.repo_id
    ]
    t = tables.models.c
    new_keys = {one.record.repo_id: one.record.key for one in listed}
    arriving = {one.record.key for one in listed}
    rows = connection.execute(select(t.key, t.repo_id).where(t.repo_id.in_(moved))) if moved else ()
    return [
        Removal(key, f"path taken by {new_keys[repo_id]}")
        for key, repo_id in rows
        if new_keys[repo_id] != key and key not in arriving
    ]


def _tombstones(connection: Connection, keys: list[str]) -> dict[str, int]:
    """Numbers of removed models that come back: the engines know them by that number."""
    if not keys:
        return {}
    t = tables.tombstones.c
    rows = connection.execute(select(t.key, t.number).where(t.key.in_(keys)))
    return {row.key: row.number for row in rows}


def _remove(connection: Connection, removals: Iterable[Removal], plan: _Plan, millis: int) -> set[str]:
    reasons = {removal.key: removal.reason for removal in removals}
    if not reasons:
        return set()
    t = tables.models.c
    query = select(t.number, t.key, t.repo_id).where(t.key.in_(list(reasons))).order_by(t.number)
    graves = [
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
        keys = [grave["key"] for grave in graves]
        forget_sightings(connection, [grave["number"] for grave in graves])
        connection.execute(delete(tables.models).where(t.key.in_(keys)))
        connection.execute(insert(tables.tombstones), graves)
    return {grave["key"] for grave in graves}


def _plan_one(plan: _Plan, one: Listed, row: RowMapping | None, buried: dict[str, int], millis: int) -> None:
    columns = record_columns(one.record)
    counters = counter_columns(one.counters)
    if row is None:
        serial = plan.next_serial()
        insertion = columns | counters | {"serial": serial, "counters_serial": serial}
        plan.inserts.append(insertion | {"number": buried.get(one.record.key)})
    elif row["fingerprint"] != columns["fingerprint"]:
        serial = plan.next_serial()
        plan.updates.append(
            columns
            | _merged(counters, row)
            | {"serial": serial, "counters_serial": serial, "at": row["number"]}
        )
        if row["repo_id"] != one.record.repo_id:
            plan.aliases.append({"repo_id": row["repo_id"], "key": one.record.key, "since": millis})
    elif any(counters[name] not in (None, row[name]) for name in _COUNTERS):
        moved = _merged(counters, row) | {"counters_serial": plan.next_serial(), "at": row["number"]}
        plan.counters.append(moved)
    else:
        plan.unchanged += 1


def _merged(counters: Columns, row: RowMapping) -> Columns:
    """A counter the row did not mention keeps its last known value."""
    return {name: row[name] if value is None else value for name, value in counters.items()}


def _run(connection: Connection, plan: _Plan, buried: dict[str, int]) -> None:
    at = tables.models.c.number == bindparam("at")
    if buried:
        connection.execute(delete(tables.tombstones).where(tables.tombstones.c.key.in_(list(buried))))
    fresh = [columns for columns in plan.inserts if columns["number"] is None]
    for columns in fresh:
        del columns["number"]
    returning = [columns for columns in plan.inserts if "number" in columns]
    for rows in (fresh, returning):
        if rows:
            connection.execute(insert(tables.models), rows)
    for rows in (plan.updates, plan.counters):
        if rows:
            names = [name for name in rows[0] if name not in {"at", "key"}]
            moved: Columns = {name: bindparam(name) for name in names}
            connection.execute(update(tables.models).where(at).values(moved), rows)
    if plan.aliases:
        statement = upsert(tables.aliases)
        newest = {"key": statement.excluded.key, "since": statement.excluded.since}
        connection.execute(
            statement.on_conflict_do_update(index_elements=["repo_id"], set_=newest), plan.aliases
        )

"""What passes leave in the catalog beside models: checkpoints, sightings, waypoints, rows set aside.

All of it runs inside the transaction of the batch it came with.
"""

from collections.abc import Sequence

from sqlalchemy import (
    ColumnElement,
    Connection,
    delete,
    func,
    insert,
    literal,
    select,
    tuple_,
)
from sqlalchemy.dialects.sqlite import insert as upsert

from indexer.catalog import tables
from indexer.catalog.database import one_of
from indexer.catalog.mapping import Columns, to_millis
from indexer.records import Batch, Checkpoint, SetAside, Waypoint

SET_ASIDE_KEPT = 10_000
"""So many rows without meaning are kept, the newest; a Hub gone mad must not fill the disk."""

REASON_LENGTH, EXCERPT_LENGTH = 500, 2_000
"""Characters kept of each."""

NO_RUN = 0
"""The run of a sighting by no full pass."""


def keep_pass(connection: Connection, batch: Batch, millis: int, after: int) -> None:
    """Store what a batch, whose models are stored already, says about the pass it came from.

    Args:
        connection: inside the batch's transaction.
        batch: the batch.
        millis: the present moment.
        after: the serial before the batch; its new models have higher ones.

    """
    run = to_millis(batch.seen_by)
    if run is None:
        _await_sightings(connection, after)
    else:
        _keep_sightings(connection, batch, run)
        if batch.waypoint is not None:
            _keep_waypoint(connection, batch.waypoint, run)
    pass_name = batch.checkpoints[0].name if batch.checkpoints else ""
    _keep_set_aside(connection, batch.set_aside, pass_name, millis)
    if batch.dropped_checkpoints:
        dropped = tables.checkpoints.c.name.in_(batch.dropped_checkpoints)
        connection.execute(delete(tables.checkpoints).where(dropped))
    for checkpoint in batch.checkpoints:
        _keep_checkpoint(connection, checkpoint, millis)


def forget_sightings(connection: Connection, numbers: Sequence[int]) -> None:
    """Forget that these models, which are removed, were ever seen."""
    connection.execute(delete(tables.sightings).where(one_of(tables.sightings.c.number, numbers)))


def unseen(run: int) -> ColumnElement[bool]:
    """Ask whether a sighting is not by the full pass `run`; every model has one, be it by none."""
    return tables.sightings.c.run != run


def _await_sightings(connection: Connection, after: int) -> None:
    """Give new models a sighting by no pass, so that those unseen are found in this slim table alone."""
    t = tables.models.c
    new = select(t.number, _run(NO_RUN)).where(t.serial > after)
    statement = upsert(tables.sightings).from_select(["number", "run"], new)
    connection.execute(statement.on_conflict_do_nothing(index_elements=["number"]))


def _keep_sightings(connection: Connection, batch: Batch, run: int) -> None:
    """Mark the models of these keys as seen, in one statement: the database knows their numbers."""
    t = tables.models.c
    keys = {*(one.record.key for one in batch.listed), *batch.seen_keys}
    seen = select(t.number, _run(run)).where(one_of(t.key, sorted(keys)))
    statement = upsert(tables.sightings).from_select(["number", "run"], seen)
    newest = {"run": statement.excluded.run}
    connection.execute(statement.on_conflict_do_update(index_elements=["number"], set_=newest))


def _run(run: int) -> ColumnElement[int]:
    return literal(run, tables.sightings.c.run.type)


def _keep_waypoint(connection: Connection, waypoint: Waypoint, run: int) -> None:
    w = tables.waypoints.c
    values: Columns = {"url": waypoint.url, "run": run}
    statement = upsert(tables.waypoints).values(position=to_millis(waypoint.position), **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["position"], set_=values))
    # The run before this one; when the clock was set back there is none, and the newest of all stays.
    newest = select(func.max(w.run))
    other = connection.execute(newest.where(w.run < run)).scalar()
    if other is None:
        other = connection.execute(newest).scalar()
    connection.execute(delete(tables.waypoints).where(w.run.not_in([run, other])))


def _keep_checkpoint(connection: Connection, checkpoint: Checkpoint, millis: int) -> None:
    """Store how far a pass has come; where and when the last complete run ended is kept across runs."""
    values: Columns = {
        "next_url": checkpoint.next_url,
        "started_at": to_millis(checkpoint.started_at),
        "pages": checkpoint.pages,
        "rows": checkpoint.rows,
        "updated_at": millis,
        "finished_at": to_millis(checkpoint.finished_at),
        "origin": to_millis(checkpoint.origin),
        "position": to_millis(checkpoint.position),
    }
    if not checkpoint.is_under_way:
        values |= {"last_finished_at": values["finished_at"], "last_origin": values["origin"]}
    statement = upsert(tables.checkpoints).values(name=checkpoint.name, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))


def _keep_set_aside(connection: Connection, rows: Sequence[SetAside], pass_name: str, millis: int) -> None:
    """Keep each row once for each reason, the newest last, and not too many of them."""
    if not rows:
        return
    values: dict[tuple[str, str], Columns] = {}
    for row in rows:
        at = (row.row_id[:255], row.reason[:REASON_LENGTH])
        times = values.pop(at, {"times": 0})["times"] + 1
        values[at] = {
            "pass_name": pass_name,
            "row_id": at[0],
            "reason": at[1],
            "excerpt": row.excerpt[:EXCERPT_LENGTH],
            "seen_at": millis,
            "times": times,
        }
    s = tables.set_aside.c
    same = tuple_(s.row_id, s.reason).in_(list(values))
    for known in connection.execute(select(s.row_id, s.reason, s.times).where(same)):
        values[known.row_id, known.reason]["times"] += known.times
    # Not updated but put in again: the order of the ids is the order in which they were met, whatever
    # the clock said.
    connection.execute(delete(tables.set_aside).where(same))
    connection.execute(insert(tables.set_aside), list(values.values()))
    oldest = select(s.id).order_by(s.id.desc()).offset(SET_ASIDE_KEPT).limit(1).scalar_subquery()
    connection.execute(delete(tables.set_aside).where(s.id <= oldest))

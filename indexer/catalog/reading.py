"""How models and changes are read from the catalog's tables, inside a transaction that the caller holds."""

from sqlalchemy import Column, ColumnElement, Connection, case, select

from indexer.catalog import tables
from indexer.catalog.database import one_of
from indexer.catalog.mapping import STORED, to_checkpoint, to_stored
from indexer.catalog.trees import trees_of
from indexer.errors import ChangesPruned
from indexer.records import Change, Checkpoint, StoredModel


def best(connection: Connection, condition: ColumnElement[bool], repo_id: str) -> StoredModel | None:
    """Give the model named exactly so among those of a condition, or else the most popular of them."""
    exactly = case((tables.models.c.repo_id == repo_id, 0), else_=1)
    popular = tables.models.c.downloads.desc().nulls_last()
    query = select(*STORED).where(condition).order_by(exactly, popular).limit(1)
    row = connection.execute(query).first()
    if row is None:
        return None
    former = select(tables.aliases.c.repo_id).where(tables.aliases.c.key == row.key)
    names = sorted(connection.execute(former).scalars())
    trees = trees_of(connection, tables.trees.c.number == row.number)
    aliases = tuple(name for name in names if name != row.repo_id)
    return to_stored(row, aliases, trees.get(row.number))


def checkpoints_in(connection: Connection) -> tuple[Checkpoint, ...]:
    """Give every checkpoint, in the order of their names."""
    marks = connection.execute(select(tables.checkpoints).order_by(tables.checkpoints.c.name)).mappings()
    return tuple(to_checkpoint(mark) for mark in marks)


def models_after(
    connection: Connection, serials: Column[int], serial: int, limit: int, *conditions: ColumnElement[bool]
) -> list[Change]:
    """Give models by one of their two serials, those after one, lowest first."""
    query = select(serials.label("moved"), *STORED).where(serials > serial, *conditions)
    rows = connection.execute(query.order_by(serials).limit(limit)).all()
    trees = trees_of(connection, one_of(tables.trees.c.number, [row.number for row in rows]))
    return [Change(row[0], row.number, to_stored(row[1:], tree=trees.get(row.number))) for row in rows]


def changes(connection: Connection, serial: int, limit: int) -> list[Change]:
    """Give what changed or was removed after a serial, lowest first.

    Raises:
        ChangesPruned: not all that was removed after it is known any more.

    """
    if connection.execute(select(tables.state.c.pruned_serial)).scalar_one() > serial:
        raise ChangesPruned(serial)
    t = tables.tombstones.c
    graves = select(t.serial, t.number).where(t.serial > serial).order_by(t.serial).limit(limit)
    removals = [Change(row.serial, row.number, None) for row in connection.execute(graves)]
    found = models_after(connection, tables.models.c.serial, serial, limit) + removals
    return sorted(found, key=lambda change: change.serial)[:limit]

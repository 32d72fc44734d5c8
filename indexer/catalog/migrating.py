"""Making the tables of a new catalog, and bringing those of an older version up to date, in place.

Each runs inside one transaction that the caller holds: a catalog is of one version or of the next.
"""

from collections.abc import Callable
from uuid import uuid4

from sqlalchemy import Column, Connection, Table, delete, func, insert, inspect, literal, select, text, update

from indexer.catalog import tables
from indexer.catalog.passes import NO_RUN
from indexer.errors import CatalogError, CatalogMissing, CatalogOutdated

OLDEST = 1
"""The oldest version that can be brought up to date."""


def prepare(connection: Connection) -> None:
    """Make the tables of a new catalog, or bring an older catalog up to date.

    Raises:
        CatalogError: the catalog is of a version that this Hubdex does not know.

    """
    if not inspect(connection).has_table("state"):
        tables.metadata.create_all(connection)
        first = {"id": 1, "schema_version": tables.SCHEMA_VERSION, "uuid": str(uuid4())}
        connection.execute(insert(tables.state).values(**first, serial=0, models=0))
        return
    version = _version(connection)
    if OLDEST <= version < tables.SCHEMA_VERSION:
        for step in range(version, tables.SCHEMA_VERSION):
            _STEPS[step](connection)
        connection.execute(update(tables.state).values(schema_version=tables.SCHEMA_VERSION))
    elif version != tables.SCHEMA_VERSION:
        raise _unknown(version)


def check(connection: Connection) -> None:
    """Make sure that the catalog can be read as it is.

    Raises:
        CatalogMissing: there are no tables yet.
        CatalogOutdated: it is of an older version; the next writer brings it up to date.
        CatalogError: it is of a version that this Hubdex does not know.

    """
    if not inspect(connection).has_table("state"):
        raise CatalogMissing("There is no catalog yet; start a crawl first (hubdex crawl head).")
    version = _version(connection)
    if OLDEST <= version < tables.SCHEMA_VERSION:
        raise CatalogOutdated(version)
    if version != tables.SCHEMA_VERSION:
        raise _unknown(version)


def _version(connection: Connection) -> int:
    return int(connection.execute(select(tables.state.c.schema_version)).scalar_one())


def _unknown(version: int) -> CatalogError:
    return CatalogError(
        f"The catalog is of version {version}, this Hubdex needs {tables.SCHEMA_VERSION}: "
        "use the Hubdex that made it, or crawl anew into another HUBDEX_HOME."
    )


def _add_column(connection: Connection, table: Table, column: Column[object]) -> None:
    """Add a column as the tables describe it."""
    dialect = connection.dialect
    told = dialect.ddl_compiler(dialect, None).get_column_specification(column)  # type: ignore[arg-type]
    connection.execute(text(f"ALTER TABLE {table.name} ADD COLUMN {told}"))


def _from_1_to_2(connection: Connection) -> None:
    """Where passes began and came to, what they saw; each row set aside once; fewer indexes."""
    marks, aside = tables.checkpoints, tables.set_aside
    for column in (marks.c.origin, marks.c.position, marks.c.last_origin):
        _add_column(connection, marks, column)
    _add_column(connection, aside, aside.c.times)
    newest = select(func.max(aside.c.id)).group_by(aside.c.row_id, aside.c.reason)
    connection.execute(delete(aside).where(aside.c.id.not_in(newest)))
    tables.set_aside_once.create(connection)
    tables.sightings.create(connection)
    never = select(tables.models.c.number, literal(NO_RUN))
    connection.execute(insert(tables.sightings).from_select(["number", "run"], never))
    tables.waypoints.create(connection)
    for index in ("models_repo_id", "models_counters_serial"):
        connection.execute(text(f"DROP INDEX {index}"))
    tables.moved_counters.create(connection)


def _from_2_to_3(connection: Connection) -> None:
    """Trees, and what headers say of GGUF files and of dtypes; no model has any of it yet."""
    models = tables.models
    for column in (models.c.gguf_params, models.c.architecture, models.c.context_length, models.c.dtypes):
        _add_column(connection, models, column)
    tables.trees.create(connection)
    tables.blobs.create(connection)


def _from_3_to_4(connection: Connection) -> None:
    """Up to which serial tombstones have been dropped; none have."""
    _add_column(connection, tables.state, tables.state.c.pruned_serial)


_STEPS: dict[int, Callable[[Connection], None]] = {1: _from_1_to_2, 2: _from_2_to_3, 3: _from_3_to_4}

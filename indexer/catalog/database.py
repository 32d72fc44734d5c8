"""Opening a database: the catalog's, and the small ones beside it.

Everything that only one SQL dialect knows stands here.
"""

import sqlite3
import string
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from sqlalchemy import (
    ColumnElement,
    Connection,
    Dialect,
    Engine,
    Insert,
    Select,
    Update,
    create_engine,
    event,
    func,
    make_url,
    select,
)
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from indexer.errors import CatalogError, CatalogMissing, HubdexError, SettingsError

LOCK_WAIT_SECONDS = 30
"""How long a writer waits for another; each holds the catalog for well under a second."""

WAL_PAGES = 16_000
"""Pages the log gathers before they go to the database: the fewer times, the fewer are written twice."""
WAL_BYTES = 64 * 1024 * 1024
"""What the log's file is cut back to."""
WAL_BYTES_AT_MOST = 4 * WAL_BYTES
"""From here on a writer waits for the readers that keep the log from beginning anew."""
READERS_WAIT_MILLIS = 1_000
"""How long it waits each time; a reader is done within milliseconds."""

_GOES_ON = "could not be written and is as it was before; make room and go on"
_NOT_OPENED = frozenset({sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR_SHMOPEN, sqlite3.SQLITE_IOERR_SHMSIZE})
"""Readers share an index of the log, 32 KiB beside the database, which whoever comes first has to make."""
_ASCII_FOLD = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


@dataclass(frozen=True, slots=True)
class Subject:
    """What a database is about: how sentences name it, and what it raises."""

    name: str
    error: type[HubdexError]


CATALOG = Subject("catalog", CatalogError)


class Database:
    """One database, opened for writing or for reading only.

    Args:
        url: its address.
        read_only: never write, and refuse one that does not exist yet.
        subject: what it is about; whatever goes wrong is told as an error of that.

    """

    def __init__(self, url: str, *, read_only: bool, subject: Subject = CATALOG) -> None:
        self.read_only = read_only
        self._subject = subject
        self._engine = _engine(url, subject, read_only=read_only)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection inside one short read transaction: a consistent view."""
        with self._translated(), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection that holds the write lock from its first statement."""
        if self.read_only:
            raise self._subject.error(f"The {self._subject.name} was opened for reading only.")
        with self._translated(), self._engine.connect() as connection:
            connection = connection.execution_options(hubdex_writing=True)  # noqa: PLW2901
            with connection.begin():
                yield connection
            _cut_log(connection)

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        name, error_kind = self._subject.name, self._subject.error
        try:
            yield
        except DBAPIError as error:
            raise error_kind(_sentence(error, name)) from error
        except (OverflowError, TypeError) as error:
            raise error_kind(f"A record cannot be stored: {error}.") from error
        except SQLAlchemyError as error:
            raise error_kind(f"The {name}'s database failed: {type(error).__name__}.") from error


def folded(text: str) -> str:
    """Give what the database's own `lower()` makes of a text: SQLite folds ASCII alone."""
    return text.lower() if text.isascii() else text.translate(_ASCII_FOLD)


def one_of(column: ColumnElement[Any], values: Iterable[str | int]) -> ColumnElement[bool]:
    """Ask whether a column is one of many values.

    They go in as one parameter, so that a statement is compiled once however many they are; an
    expanded `IN` costs more than the look-ups themselves.
    """
    given = func.json_each(orjson.dumps(list(values)).decode()).table_valued("value")
    return column.in_(select(given.c.value))


def run_many(
    connection: Connection, statement: Insert | Update, names: tuple[str, ...], rows: Sequence[Sequence[Any]]
) -> None:
    """Run a statement once for each row, without SQLAlchemy's own work for each of them.

    Args:
        connection: where to run it.
        statement: made once and kept by the caller: it is compiled once.
        names: the names of its parameters.
        rows: their values, in that order, as the driver takes them.

    """
    if not rows:
        return
    text, order, _ = _compiled(statement, connection.dialect, names)
    if order is None:
        connection.exec_driver_sql(text, [dict(zip(names, row, strict=True)) for row in rows])
    elif order == names:
        connection.exec_driver_sql(text, list(map(tuple, rows)))
    else:
        pick = itemgetter(*(names.index(name) for name in order))
        connection.exec_driver_sql(text, list(map(pick, rows)))


def raw_rows(
    connection: Connection, statement: Select[Any], values: Mapping[str, int]
) -> list[tuple[Any, ...]]:
    """Give a statement's rows as the driver has them, without SQLAlchemy's own work for each of them.

    Args:
        connection: where to run it.
        statement: made once and kept by the caller: it is compiled once.
        values: of its parameters, all of them, by name.

    """
    compiled = _compiled(statement, connection.dialect, tuple(values))
    given = {**compiled.defaults, **values}
    ordered = given if compiled.order is None else tuple(given[name] for name in compiled.order)
    cursor = connection.exec_driver_sql(compiled.text, ordered).cursor
    return [] if cursor is None else list(cursor.fetchall())


class _Compiled(NamedTuple):
    """A statement's text, the order of its parameters when they have no names, and values of its own."""

    text: str
    order: tuple[str, ...] | None
    defaults: dict[str, Any]


@lru_cache(maxsize=32)
def _compiled(
    statement: Insert | Update | Select[Any], dialect: Dialect, names: tuple[str, ...]
) -> _Compiled:
    keys = list(names) if isinstance(statement, Insert) else None
    compiled = statement.compile(dialect=dialect, column_keys=keys)
    order = tuple(compiled.positiontup or ()) if compiled.positional else None
    return _Compiled(str(compiled), order, dict(compiled.params))


def _sentence(error: DBAPIError, name: str) -> str:
    """Say what went wrong, and what to do when somebody can."""
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code == sqlite3.SQLITE_FULL:
        return f"The disk is full: the {name} {_GOES_ON}."
    if code == sqlite3.SQLITE_IOERR_WRITE:  # the system refused: a quota, a limit, or a failing disk
        return f"The disk takes no more (full, over a quota or failing): the {name} {_GOES_ON}."
    if code in _NOT_OPENED:
        return (
            f"The {name} cannot be opened: its folder must have a little room and be writable, "
            f"for readers too ({error.orig})."
        )
    return f"The {name}'s database failed: {error.orig}."


def _cut_log(connection: Connection) -> None:
    """Begin the log anew when readers, one always following another, have kept it from doing so by itself."""
    log = Path(f"{connection.engine.url.database}-wal")
    driver = connection.connection.driver_connection
    if driver is None or not log.is_file() or log.stat().st_size <= WAL_BYTES_AT_MOST:
        return
    # The batch is stored by now: that the log stays long, or the disk is full, is no failure of it.
    with suppress(sqlite3.Error):
        driver.execute(f"PRAGMA busy_timeout={READERS_WAIT_MILLIS}")
        driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    driver.execute(f"PRAGMA busy_timeout={LOCK_WAIT_SECONDS * 1000}")


def _engine(url: str, subject: Subject, *, read_only: bool) -> Engine:
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() != "sqlite":
            raise SettingsError("HUBDEX_DATABASE: only sqlite:/// addresses are supported today.")
        path = Path(parsed.database or "")
        if read_only and not path.is_file():
            raise CatalogMissing("There is no catalog yet; start a crawl first (hubdex crawl head).")
        if not read_only:
            path.parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(parsed, connect_args={"timeout": LOCK_WAIT_SECONDS})
    except ArgumentError:
        raise SettingsError("HUBDEX_DATABASE: this is not an address SQLAlchemy understands.") from None
    except OSError as error:
        raise subject.error(f"The {subject.name}'s folder cannot be made: {error.strerror}.") from error
    _tune_sqlite(engine, read_only=read_only)
    return engine


def _tune_sqlite(engine: Engine, *, read_only: bool) -> None:
    @event.listens_for(engine, "connect")
    def on_connect(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        if read_only:
            connection.execute("PRAGMA query_only=1")
        else:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")  # WAL: a power cut loses the tail, never order
            connection.execute(f"PRAGMA wal_autocheckpoint={WAL_PAGES}")
            connection.execute(f"PRAGMA journal_size_limit={WAL_BYTES}")
        connection.execute("PRAGMA cache_size=-65536")
        connection.execute("PRAGMA mmap_size=268435456")

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        # A deferred transaction that reads first and writes later fails as soon as another
        # writer got in between, whatever the timeout; an immediate one queues.
        writing: Any = connection.get_execution_options().get("hubdex_writing")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

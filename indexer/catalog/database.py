"""Opening the catalog's database. Everything that only one SQL dialect knows stands here."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from indexer.errors import CatalogError, CatalogMissing, SettingsError

LOCK_WAIT_SECONDS = 30
"""How long a writer waits for another; each holds the catalog for well under a second."""


class Database:
    """One database, opened for writing or for reading only."""

    def __init__(self, url: str, *, read_only: bool) -> None:
        self.read_only = read_only
        self._engine = _engine(url, read_only=read_only)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection inside one short read transaction: a consistent view."""
        with _translated(), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection that holds the write lock from its first statement."""
        if self.read_only:
            raise CatalogError("The catalog was opened for reading only.")
        with _translated(), self._engine.connect() as connection:
            connection = connection.execution_options(hubdex_writing=True)  # noqa: PLW2901
            with connection.begin():
                yield connection

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        raise CatalogError(f"The catalog's database failed: {error.orig}.") from error
    except (OverflowError, TypeError) as error:
        raise CatalogError(f"A record cannot be stored: {error}.") from error
    except SQLAlchemyError as error:
        raise CatalogError(f"The catalog's database failed: {type(error).__name__}.") from error


def _engine(url: str, *, read_only: bool) -> Engine:
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
        raise CatalogError(f"The catalog's folder cannot be made: {error.strerror}.") from error
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
        connection.execute("PRAGMA cache_size=-65536")
        connection.execute("PRAGMA mmap_size=268435456")

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        # A deferred transaction that reads first and writes later fails as soon as another
        # writer got in between, whatever the timeout; an immediate one queues.
        writing: Any = connection.get_execution_options().get("hubdex_writing")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

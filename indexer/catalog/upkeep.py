"""Keeping a catalog small and sound: what nobody needs any more goes, piece by piece.

Each piece is a transaction of its own and holds the catalog for a moment; between two of them others
write, and whoever keeps it up may be stopped or killed. What is to go is looked for beforehand, by reading.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, Table, delete, exists, select, tuple_, update

from indexer.catalog import tables
from indexer.catalog.database import Database, one_of
from indexer.catalog.mapping import to_millis
from indexer.errors import CatalogError

PIECE = 2_000
"""Rows that go in one transaction."""
STRETCH = 50_000
"""Rows that are looked through at a time."""
_LOWEST = -(2**63)


class CatalogUpkeep:
    """Tidies up one catalog, which is there and up to date.

    Args:
        url: address of the database.
        stopped: tells whether it is time to stop; asked between two pieces, and during the check.

    """

    def __init__(self, url: str, stopped: Callable[[], bool]) -> None:
        self._database = Database(url, read_only=False)
        self._stopped = stopped

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def check(self) -> bool:
        """Look through the whole database for damage; tells whether that came to its end.

        Raises:
            CatalogError: the database is damaged.

        """
        try:
            with self._database.reading() as connection:
                found = self._quick_check(connection)
        except CatalogError as error:
            if self._stopped():
                return False
            raise _damaged(str(error)) from error
        if found != "ok":
            raise _damaged(found)
        return True

    def prune(self, before: datetime, serial: int) -> int:
        """Drop tombstones that are older than a moment and that every engine has behind it.

        Args:
            before: the moment.
            serial: the lowest that an engine has come to.

        Returns:
            How many were dropped.

        """
        t = tables.tombstones.c
        old = t.removed_at < (to_millis(before) or 0)
        query = select(t.serial).where(t.serial <= serial, old).order_by(t.serial).limit(PIECE)
        dropped = after = 0
        while not self._stopped():
            with self._database.reading() as connection:
                serials = list(connection.execute(query.where(t.serial > after)).scalars())
            if not serials:
                break
            after = serials[-1]
            with self._database.writing() as connection:
                # One whose model has come back meanwhile is gone, or has another serial.
                gone = connection.execute(delete(tables.tombstones).where(one_of(t.serial, serials)))
                state = tables.state.c.pruned_serial
                connection.execute(update(tables.state).where(state < after).values(pruned_serial=after))
            dropped += gone.rowcount
        return dropped

    def drop_set_aside(self, before: datetime) -> int:
        """Drop rows without meaning that were last met before a moment; gives how many."""
        s = tables.set_aside.c
        old = select(s.id).where(s.seen_at < (to_millis(before) or 0)).order_by(s.id).limit(PIECE)
        dropped = 0
        while not self._stopped():
            with self._database.writing() as connection:
                gone = connection.execute(delete(tables.set_aside).where(s.id.in_(old))).rowcount
            if not gone:
                break
            dropped += gone
        return dropped

    def drop_orphans(self) -> int:
        """Drop trees, hashes of files, sightings and former names of models that are gone; gives how many.

        A removal takes all of that with it but the former names: a model may come back. Looks at every row.
        """
        m, trees, sightings = tables.models.c, tables.trees, tables.sightings
        dropped = 0
        for table in (trees, sightings):
            is_orphan = ~exists().where(m.number == table.c.number)
            dropped += self._drop(table, is_orphan, ("number",), (_LOWEST,))
        is_orphan = ~exists().where(trees.c.number == tables.blobs.c.number)
        dropped += self._drop(tables.blobs, is_orphan, ("prefix", "number"), (_LOWEST, _LOWEST))
        a, graves = tables.aliases.c, tables.tombstones.c
        is_orphan = ~exists().where(m.key == a.key) & ~exists().where(graves.key == a.key)
        return dropped + self._drop(tables.aliases, is_orphan, ("repo_id",), ("",))

    def optimize(self) -> None:
        """Let the database look again how it finds things best, where much has changed."""
        with self._database.writing() as connection:
            connection.exec_driver_sql("PRAGMA analysis_limit=400")
            connection.exec_driver_sql("PRAGMA optimize")

    def empty_log(self) -> int:
        """Write the log back and cut it off, unless somebody is at it; gives the bytes it was shorter by."""
        return self._database.empty_log()

    def _quick_check(self, connection: Connection) -> str:
        driver: Any = connection.connection.driver_connection
        driver.set_progress_handler(self._stopped, 100_000)  # steps: some milliseconds
        try:
            return str(connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one())
        finally:
            driver.set_progress_handler(None, 0)

    def _drop(self, table: Table, is_orphan: Any, key: tuple[str, ...], first: tuple[Any, ...]) -> int:
        """Drop the orphans of a table, stretch by stretch of its key."""
        dropped = 0
        for stretch in self._stretches(table, key, first):
            with self._database.reading() as connection:
                orphans = connection.execute(stretch.where(is_orphan)).all()
            for at in range(0, len(orphans), PIECE):
                if self._stopped():
                    return dropped
                these = tuple_(*(table.c[name] for name in key)).in_(
                    [tuple(one) for one in orphans[at : at + PIECE]]
                )
                with self._database.writing() as connection:
                    dropped += connection.execute(delete(table).where(these, is_orphan)).rowcount
        return dropped

    def _stretches(self, table: Table, key: tuple[str, ...], after: tuple[Any, ...]) -> Iterator[Select[Any]]:
        columns = tuple_(*(table.c[name] for name in key))
        while not self._stopped():
            beyond = select(*(table.c[name] for name in key)).where(columns > after).order_by(*key)
            with self._database.reading() as connection:
                last = connection.execute(beyond.offset(STRETCH - 1).limit(1)).first()
            if last is None:
                yield beyond
                return
            yield beyond.where(columns <= tuple(last))
            after = tuple(last)


def _damaged(found: str) -> CatalogError:
    what = " ".join(found.split())
    return CatalogError(
        f"The catalog is damaged ({what[:200]}). Stop Hubdex and put a backup of the catalog in its place, "
        "or move it away and crawl anew (hubdex crawl head, then full); the index follows by itself."
    )

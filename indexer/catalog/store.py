"""The catalog: what is known of every public model. The truth that every index projects."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from sqlalchemy import bindparam, func, select

from indexer.catalog import tables
from indexer.catalog.applying import apply_batch
from indexer.catalog.database import Database, folded, one_of, raw_rows
from indexer.catalog.mapping import (
    EPOCH,
    OUTLINE,
    STORED,
    STORED_WITHOUT_FILES,
    WORDS,
    from_millis,
    to_checkpoint,
    to_millis,
    to_outline,
    to_set_aside,
    to_stored,
    to_words,
)
from indexer.catalog.migrating import check, prepare
from indexer.catalog.passes import unseen
from indexer.catalog.reading import best, changes, checkpoints_in, models_after
from indexer.catalog.trees import due, holders, params_of, trees_of
from indexer.errors import ModelNotFound
from indexer.records import (
    Applied,
    Batch,
    CatalogState,
    Change,
    Checkpoint,
    Holder,
    Outline,
    SetAside,
    Standing,
    StoredModel,
    Suspect,
    TreeDue,
    Waypoint,
)

PAGE = 2_000
"""Rows a reader takes at a time: it pages by key and never keeps a long cursor."""
MAX_NUMBER = 2**63 - 1


# Asked for at each key that is pressed: put together once.
_AMONG = tables.models.c.number.in_(bindparam("numbers", expanding=True))
_MODELS, _MODELS_WITHOUT_FILES, _WORDS = (
    select(*columns).where(_AMONG) for columns in (STORED, STORED_WITHOUT_FILES, WORDS)
)


_OUTLINES = (
    select(*OUTLINE)
    .where(tables.models.c.number > bindparam("after"), tables.models.c.number <= bindparam("until"))
    .order_by(tables.models.c.number)
    .limit(bindparam("page"))
)


def utc_now() -> datetime:
    """Give the present moment, in UTC."""
    return datetime.now(UTC)


class Catalog:
    """One open catalog. Any number of processes may hold it open; one at a time writes.

    Args:
        url: address of the database (SQLAlchemy URL).
        read_only: never write, and refuse a catalog that does not exist yet.
        now: the clock.

    Raises:
        CatalogMissing: opened for reading and not there yet.
        CatalogOutdated: opened for reading and of an older version; opening it for writing
            brings it up to date.
        CatalogError: the database cannot be opened or is of a version this Hubdex does not know.

    """

    def __init__(self, url: str, *, read_only: bool = False, now: Callable[[], datetime] = utc_now) -> None:
        self.url = url
        self._now = now
        self._database = Database(url, read_only=read_only)
        try:
            self._prepare()
        except BaseException:
            self._database.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    # -- writing -----------------------------------------------------------------------------

    def apply(self, batch: Batch) -> Applied:
        """Store a page's worth of truth and its checkpoint in one transaction.

        Raises:
            CatalogError: nothing of the batch was stored.

        """
        with self._database.writing() as connection:
            return apply_batch(connection, batch, self._now())

    # -- reading -----------------------------------------------------------------------------

    def state(self) -> CatalogState:
        """Give the catalog in a few numbers."""
        with self._database.reading() as connection:
            row = connection.execute(select(tables.state)).mappings().one()
            marks = checkpoints_in(connection)
            removed = connection.execute(select(func.count()).select_from(tables.tombstones)).scalar_one()
            aside = connection.execute(select(func.count()).select_from(tables.set_aside)).scalar_one()
        return CatalogState(
            uuid=row["uuid"],
            serial=row["serial"],
            models=row["models"],
            removed=removed,
            set_aside=aside,
            checkpoints=marks,
            pruned_serial=row["pruned_serial"],
        )

    def checkpoints(self) -> tuple[Checkpoint, ...]:
        """Give every checkpoint, those of chains too, in the order of their names."""
        with self._database.reading() as connection:
            return checkpoints_in(connection)

    def checkpoint(self, name: str) -> Checkpoint | None:
        """Give how far a pass has come, or `None` when it never began."""
        with self._database.reading() as connection:
            query = select(tables.checkpoints).where(tables.checkpoints.c.name == name)
            row = connection.execute(query).mappings().first()
        return None if row is None else to_checkpoint(row)

    def find(self, repo_id: str) -> StoredModel:
        """Give the model a name leads to.

        A present name wins over a former one, and exact case over other case.

        Raises:
            ModelNotFound: no present or former name, in any case, is this one.

        """
        key, former = tables.models.c.key, tables.aliases.c.repo_id
        of_alias = select(tables.aliases.c.key)
        with self._database.reading() as connection:
            present = best(connection, tables.folded_id == folded(repo_id), repo_id)
            if present is not None and present.record.repo_id == repo_id:
                return present
            found = (
                best(connection, key.in_(of_alias.where(former == repo_id)), repo_id)
                or present
                or best(connection, key.in_(of_alias.where(func.lower(former) == folded(repo_id))), repo_id)
            )
        if found is not None:
            return found
        raise ModelNotFound(repo_id)

    def removed_at(self, repo_id: str) -> datetime | None:
        """Give when a model of just this name was found to be no longer public; `None`: none ever was.

        Looks through all that was ever removed: for when a model is not found, and not before.
        """
        t = tables.tombstones.c
        query = select(func.max(t.removed_at)).where(t.repo_id == repo_id)
        with self._database.reading() as connection:
            return from_millis(connection.execute(query).scalar_one())

    def by_numbers(self, numbers: Sequence[int], *, files: bool = True) -> dict[int, StoredModel]:
        """Give the models of these numbers; numbers the catalog no longer holds are left out.

        Args:
            numbers: the catalog's own.
            files: whether to read their files and trees too; else they are unknown.

        """
        if not numbers:
            return {}
        query = _MODELS if files else _MODELS_WITHOUT_FILES
        of_these = one_of(tables.trees.c.number, numbers)
        with self._database.reading() as connection:
            rows = connection.execute(query, {"numbers": list(numbers)}).all()
            trees = trees_of(connection, of_these) if files else {}
        return {row[0]: to_stored(row, tree=trees.get(row[0])) for row in rows}

    def words_of(self, numbers: Sequence[int]) -> dict[int, Outline]:
        """Give what tells whether a query finds these models: their outlines, with nothing but that in them.

        Numbers the catalog no longer holds are left out.
        """
        with self._database.reading() as connection:
            outlines = [to_words(row) for row in connection.execute(_WORDS, {"numbers": list(numbers)})]
        return {outline.number: outline for outline in outlines}

    def standings(self, numbers: Sequence[int]) -> dict[int, Standing]:
        """Give the models of these numbers with their serials; numbers it does not hold are left out."""
        t = tables.models.c
        query = select(*OUTLINE, t.serial, t.counters_serial).where(one_of(t.number, numbers))
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
            trees = trees_of(connection, one_of(tables.trees.c.number, numbers))
        return {row[0]: Standing(to_outline(row[:-2], trees.get(row[0])), *row[-2:]) for row in rows}

    def removed_since(self, serial: int, numbers: Sequence[int]) -> set[int]:
        """Give those of the numbers whose models were removed after `serial`."""
        t = tables.tombstones.c
        query = select(t.number).where(t.serial > serial, one_of(t.number, numbers))
        with self._database.reading() as connection:
            return set(connection.execute(query).scalars())

    def highest_number(self) -> int:
        """Give the highest number of a model; 0 when there is none."""
        with self._database.reading() as connection:
            return int(connection.execute(select(func.max(tables.models.c.number))).scalar() or 0)

    def trees_due(self, limit: int) -> list[TreeDue]:
        """Give models whose tree is missing or of an earlier commit, those most wanted first.

        GGUF before other weights, the most downloaded first; never those without weights, and none that
        is disabled. Reads through all models: for when thousands of trees are to be read.
        """
        with self._database.reading() as connection:
            return due(connection, limit)

    def holders(self, sha256: str, limit: int = 100) -> list[Holder]:
        """Give who holds a file of this hash, the most downloaded first.

        Args:
            sha256: 64 hexadecimal digits, lower case.
            limit: so many at most.

        """
        with self._database.reading() as connection:
            return holders(connection, sha256, limit)

    def params_of(self, repo_ids: Sequence[str]) -> dict[str, int]:
        """Give the number of parameters of models, where it is known, by their ids.

        Args:
            repo_ids: in any case; some hundreds at a time.

        Returns:
            By id as `indexer.catalog.database.folded` gives it; of several the largest number.

        """
        with self._database.reading() as connection:
            return params_of(connection, repo_ids)

    def set_aside(self, limit: int = 100) -> list[SetAside]:
        """Give the newest rows that had no meaning, newest first."""
        query = select(tables.set_aside).order_by(tables.set_aside.c.id.desc()).limit(limit)
        with self._database.reading() as connection:
            return [to_set_aside(row) for row in connection.execute(query).mappings()]

    def suspects(self, run: datetime, limit: int = 1_000) -> list[Suspect]:
        """Give models that a full pass has not seen, in the order of their numbers.

        Args:
            run: the pass's start, as its batches' `seen_by` said.
            limit: so many at most. Those that are removed, or seen after all, are not given again.

        """
        t, seen = tables.models.c, tables.sightings.c
        numbers = select(seen.number).where(unseen(to_millis(run) or 0)).order_by(seen.number).limit(limit)
        query = select(t.key, t.repo_id).where(t.number.in_(numbers)).order_by(t.number)
        with self._database.reading() as connection:
            return [Suspect(row.key, row.repo_id) for row in connection.execute(query)]

    def count_suspects(self, run: datetime) -> int:
        """Count the models that the full pass begun at `run` has not seen."""
        query = select(func.count()).select_from(tables.sightings).where(unseen(to_millis(run) or 0))
        with self._database.reading() as connection:
            return int(connection.execute(query).scalar_one())

    def waypoints(self) -> list[Waypoint]:
        """Give the places a full pass can begin at, oldest creation first; of two runs at most."""
        w = tables.waypoints.c
        with self._database.reading() as connection:
            rows = connection.execute(select(w.url, w.position).order_by(w.position))
            return [Waypoint(row.url, from_millis(row.position) or EPOCH) for row in rows]

    def changes_since(self, serial: int) -> Iterator[list[Change]]:
        """Give every change after `serial`, oldest first, a page at a time.

        A model appears once, with its present record; a removed one as a removal.

        Raises:
            ChangesPruned: not all that was removed after `serial` is known any more.

        """
        while True:
            with self._database.reading() as connection:
                page = changes(connection, serial, PAGE)
            if not page:
                return
            yield page
            serial = page[-1].serial

    def counters_since(self, serial: int) -> Iterator[list[Change]]:
        """Give every model of which only counters moved after `serial`, oldest first, a page at a time."""
        t = tables.models.c
        while True:
            with self._database.reading() as connection:
                page = models_after(connection, t.counters_serial, serial, PAGE, tables.only_counters)
            if not page:
                return
            yield page
            serial = page[-1].serial

    def moved_since(self, serial: int, counters_serial: int) -> int:
        """Count the changes after `serial` and the moved counters after `counters_serial`."""
        t = tables.models.c
        moved = (t.counters_serial > counters_serial, tables.only_counters)
        with self._database.reading() as connection:
            return sum(
                int(connection.execute(query).scalar_one())
                for query in (
                    select(func.count()).select_from(tables.models).where(t.serial > serial),
                    select(func.count())
                    .select_from(tables.tombstones)
                    .where(tables.tombstones.c.serial > serial),
                    select(func.count()).select_from(tables.models).where(*moved),
                )
            )

    def outlines(self, after: int = 0, until: int | None = None) -> Iterator[list[Outline]]:
        """Give models in outline, in the order of their numbers, a page at a time.

        Args:
            after: models above this number.
            until: and up to this one; `None`: all there are.

        """
        last = MAX_NUMBER if until is None else until
        while True:
            with self._database.reading() as connection:
                rows = raw_rows(connection, _OUTLINES, {"after": after, "until": last, "page": PAGE})
                if not rows:
                    return
                these = tables.trees.c.number.between(after + 1, rows[-1][0])
                trees = trees_of(connection, these)
            yield [to_outline(row, trees.get(row[0])) for row in rows]
            after = rows[-1][0]

    # -- inside ------------------------------------------------------------------------------

    def _prepare(self) -> None:
        if self._database.read_only:
            with self._database.reading() as connection:
                check(connection)
        else:
            with self._database.writing() as connection:
                prepare(connection)

"""Killed at every statement, cut off at every byte that matters, out of room: what a catalog holds then."""

import os
import resource
import shutil
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.pool import ConnectionPoolEntry, Pool

from indexer.catalog.tables import SCHEMA_VERSION
from indexer.errors import CatalogError
from indexer.records import Batch
from tests.indexer.script import (
    BATCHES,
    Dump,
    dump_of,
    dumps_along,
    in_children,
    listed,
    make_older,
    open_catalog,
)

WAL_HEADER, FRAME_HEADER, PAGE = 32, 24, 4_096


@pytest.fixture(scope="module")
def dumps(tmp_path_factory: pytest.TempPathFactory) -> list[Dump]:
    found = dumps_along(tmp_path_factory.mktemp("undisturbed"))
    assert all(found.index(dump) == at for at, dump in enumerate(found))  # no two are the same
    return found


def on_connect(act: Callable[[sqlite3.Connection], object]) -> None:
    """Do something with every connection this process opens from now on."""

    def connected(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
        act(connection)

    event.listen(Pool, "connect", connected)


def apply_until_killed(path: Path, at: int, batches: tuple[Batch, ...] = BATCHES) -> tuple[int, int, int]:
    """Apply the script in a process that kills itself at its `at`-th statement.

    Gives how many batches were acknowledged, how many statements began and how the process ended.
    """

    def run(told: int) -> None:
        count = 0

        def tick(_statement: str) -> None:  # each row of a bulk statement is a statement here
            nonlocal count
            count += 1
            if count == at:
                os.kill(os.getpid(), signal.SIGKILL)
            os.write(told, b"s")

        on_connect(lambda connection: connection.set_trace_callback(tick))
        with open_catalog(path) as catalog:
            for batch in batches:
                catalog.apply(batch)
                os.write(told, b"b")

    said, [code] = in_children(run)
    return said.count(b"b"), said.count(b"s"), code


@pytest.mark.parametrize("version", [1, 2, 3])
def test_killed_while_brought_up_to_date_a_catalog_is_of_one_version_or_the_other(
    tmp_path: Path, version: int
) -> None:
    make_older(tmp_path / "whole.db", version)
    _, statements, code = apply_until_killed(tmp_path / "whole.db", 0, ())
    assert (statements > 10, code) == (True, 0)

    for at in range(1, statements + 1):
        path = tmp_path / f"{at}.db"
        make_older(path, version)
        assert apply_until_killed(path, at, ())[2] == -signal.SIGKILL
        with closing(sqlite3.connect(path)) as database:
            [held] = database.execute("select schema_version from state").fetchone()
            tables = {name for (name,) in database.execute("select name from sqlite_master")}
            columns = {column[1] for column in database.execute("pragma table_info(state)")}
        assert held in {version, SCHEMA_VERSION}
        assert ({"trees", "blobs"} <= tables) == (held >= 3)
        assert ("pruned_serial" in columns) == (held == SCHEMA_VERSION)
        assert ({"sightings", "waypoints"} <= tables) == ("models_repo_id" not in tables) == (held >= 2)
        open_catalog(path).close()
        assert dump_of(path) == dump_of(tmp_path / "whole.db")


def test_killed_at_every_statement_a_batch_is_whole_or_not_there(tmp_path: Path, dumps: list[Dump]) -> None:
    acknowledged, statements, code = apply_until_killed(tmp_path / "whole.db", 0)
    assert (acknowledged, code) == (len(BATCHES), 0)
    assert statements > 10 * len(BATCHES)
    assert dump_of(tmp_path / "whole.db") == dumps[-1]

    for at in range(1, statements + 1):
        path = tmp_path / f"{at}.db"
        acknowledged, begun, code = apply_until_killed(path, at)
        assert (begun, code) == (at - 1, -signal.SIGKILL)
        with open_catalog(path) as catalog:
            held = dumps.index(dump_of(path))
            assert held in {acknowledged, acknowledged + 1}, f"killed at statement {at}"
            for batch in BATCHES[held:]:
                catalog.apply(batch)
        assert dump_of(path) == dumps[-1]


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    """A database and its log as they are on the disk before anything was written back."""
    path = tmp_path_factory.mktemp("left") / "catalog.db"
    with open_catalog(path) as catalog:
        for batch in BATCHES:
            catalog.apply(batch)
        copy = path.with_name("copy.db")
        shutil.copy(path, copy)
        return copy, path.with_name("catalog.db-wal").read_bytes()


def cut_at_a_frame(log: bytes, frame: int) -> bytes:
    return log[:frame]


def cut_inside_a_header(log: bytes, frame: int) -> bytes:
    return log[: frame + FRAME_HEADER - 5]


def cut_inside_a_page(log: bytes, frame: int) -> bytes:
    return log[: frame + FRAME_HEADER + PAGE // 2]


def never_written(log: bytes, frame: int) -> bytes:
    """What came after a frame is on the disk, the frame is not: the system writes in any order."""
    size = FRAME_HEADER + PAGE
    return log[:frame] + bytes(size) + log[frame + size :]


@pytest.mark.parametrize("damage", [cut_at_a_frame, cut_inside_a_header, cut_inside_a_page, never_written])
def test_after_a_power_cut_a_whole_number_of_batches_is_there(
    left: tuple[Path, bytes],
    dumps: list[Dump],
    tmp_path: Path,
    damage: Callable[[bytes, int], bytes],
) -> None:
    database, log = left
    frames = range(WAL_HEADER, len(log), FRAME_HEADER + PAGE)
    assert len(frames) > 3 * len(BATCHES)
    reached = []
    for frame in frames:
        path = tmp_path / f"{frame}.db"
        shutil.copy(database, path)
        path.with_name(f"{path.name}-wal").write_bytes(damage(log, frame))
        with open_catalog(path) as catalog:
            reached.append(dumps.index(dump_of(path)))
            if frame == frames[-1]:
                catalog.apply(BATCHES[-1])
        path.unlink()
    assert reached == sorted(reached)
    assert set(reached) == set(range(len(BATCHES)))  # the last one is never whole here
    assert dumps.index(dumps[-1]) == len(BATCHES)


LARGE = tuple(
    Batch(tuple(listed(n, f"big/m{n}", files=("x" * 2_000,)) for n in range(at, at + 100)), seen_by=None)
    for at in range(1_000, 2_000, 100)
)


def no_more_pages(_path: Path) -> Callable[[], None]:
    """A database that may not grow, as on a full disk."""
    connections: list[sqlite3.Connection] = []

    def limit(connection: sqlite3.Connection) -> None:
        connections.append(connection)
        connection.execute("PRAGMA max_page_count=200")

    def make_room() -> None:
        for connection in connections:
            connection.execute("PRAGMA max_page_count=1000000")

    on_connect(limit)
    return make_room


def no_larger_files(_path: Path) -> Callable[[], None]:
    """Files that may not grow, as over a quota: the system refuses the write itself."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (700_000, hard))
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))


@pytest.mark.parametrize("fill", [no_more_pages, no_larger_files])
def test_a_full_disk_is_said_and_stores_nothing_by_halves(
    tmp_path: Path, fill: Callable[[Path], Callable[[], None]]
) -> None:
    path, whole = tmp_path / "full.db", tmp_path / "whole.db"

    def run(told: int) -> None:
        make_room = fill(path)
        with open_catalog(path) as catalog:
            done = 0
            try:
                for batch in LARGE:
                    catalog.apply(batch)
                    done += 1
            except CatalogError as error:
                os.write(told, str(error).encode())
            assert 0 < done < len(LARGE)
            assert catalog.state().models == 100 * done
            assert len(dump_of(path)["models"]) == 100 * done
            make_room()
            for batch in LARGE[done:]:
                catalog.apply(batch)

    said, [code] = in_children(run)

    assert code == 0
    assert "disk" in said.decode()
    assert "full" in said.decode()
    assert "make room" in said.decode()
    with open_catalog(whole) as catalog:
        for batch in LARGE:
            catalog.apply(batch)
    assert dump_of(path) == dump_of(whole)


def test_a_log_that_a_reader_made_long_is_cut_when_the_reader_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexer.catalog.database.WAL_BYTES_AT_MOST", 300_000)
    monkeypatch.setattr("indexer.catalog.database.READERS_WAIT_MILLIS", 1)
    path, log = tmp_path / "catalog.db", tmp_path / "catalog.db-wal"
    with open_catalog(path) as catalog:
        with closing(sqlite3.connect(path, isolation_level=None)) as reader:
            reader.execute("begin")
            seen = reader.execute("select count(*) from models").fetchone()
            for batch in LARGE[:-1]:
                catalog.apply(batch)
            assert reader.execute("select count(*) from models").fetchone() == seen == (0,)
        assert log.stat().st_size > 300_000

        catalog.apply(LARGE[-1])

        assert log.stat().st_size < 300_000
        assert catalog.state().models == 100 * len(LARGE)

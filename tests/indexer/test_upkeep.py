"""The catalog's upkeep: what goes, what stays, and what it leaves when it is stopped or killed."""

import os
import shutil
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.pool import ConnectionPoolEntry, Pool

from indexer.__main__ import main
from indexer.catalog.store import Catalog
from indexer.catalog.upkeep import CatalogUpkeep
from indexer.config import HomeConfig
from indexer.errors import CatalogError, ChangesPruned
from indexer.process import exclusive
from indexer.records import Batch, Removal, SetAside
from indexer.runs import Ledger, Run, Runs
from indexer.upkeep import UPKEEP, is_check_due
from tests.indexer.script import BATCHES, NOW, dump_of, in_children, key_of, listed, tree

LATER = NOW + timedelta(days=100)
MODELS = 12


def never() -> bool:
    return False


def opened(home: Path, now: datetime = NOW) -> Catalog:
    return Catalog(f"sqlite:///{home / 'catalog.db'}", now=lambda: now)


def upkeep(home: Path, stopped: Callable[[], bool] = never) -> "closing[CatalogUpkeep]":
    return closing(CatalogUpkeep(f"sqlite:///{home / 'catalog.db'}", stopped))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A catalog of which six models went long ago and two lately."""
    fill(tmp_path)
    return tmp_path


def fill(home: Path) -> None:
    rows = tuple(listed(number, f"a/m{number}") for number in range(MODELS))
    aside = tuple(SetAside("no key", f"c/odd-{number}", "{}") for number in range(3))
    with opened(home) as catalog:
        catalog.apply(Batch(rows, trees=tuple(tree(n, "1", n) for n in range(MODELS)), set_aside=aside))
        catalog.apply(Batch((listed(0, "a/renamed"),)))
        catalog.apply(Batch(removals=tuple(Removal(key_of(number), "gone") for number in range(6))))
    with opened(home, LATER) as catalog:
        catalog.apply(Batch(removals=(Removal(key_of(6), "gone"), Removal(key_of(7), "gone"))))
        catalog.apply(Batch(set_aside=(SetAside("no key", "c/odd-2", "{}"),)))


def serials(home: Path) -> list[int]:
    return sorted(grave[3] for grave in dump_of(home / "catalog.db")["tombstones"])


def test_old_removals_that_all_have_behind_them_go(home: Path) -> None:
    graves = serials(home)
    with upkeep(home) as one:
        assert one.prune(NOW, graves[-1]) == 0  # none is older than that
        assert one.prune(NOW + timedelta(seconds=1), graves[3]) == 4
        assert serials(home) == graves[4:]
        assert one.prune(NOW + timedelta(seconds=1), graves[-1]) == 2

    with opened(home) as catalog:
        assert catalog.state().pruned_serial == graves[5]
        assert serials(home) == graves[6:]
        with pytest.raises(ChangesPruned):
            next(catalog.changes_since(graves[5] - 1))
        [page] = catalog.changes_since(graves[5])
        assert [change.serial for change in page if change.model is None] == graves[6:]


def test_a_model_that_comes_back_after_its_removal_was_forgotten_is_a_new_one(home: Path) -> None:
    with opened(home) as catalog:
        highest = catalog.highest_number()
        with upkeep(home) as one:
            one.prune(LATER, 10**6)
        catalog.apply(Batch((listed(3, "a/m3"),)))

        assert catalog.find("a/m3").number == highest + 1


def test_rows_set_aside_long_ago_go(home: Path) -> None:
    with upkeep(home) as one:
        assert one.drop_set_aside(LATER) == 2
    with opened(home) as catalog:
        assert [row.row_id for row in catalog.set_aside()] == ["c/odd-2"]


@pytest.mark.parametrize("stretch", [1, 2, 50_000])
def test_remains_of_models_that_are_gone_go_and_nothing_else(
    home: Path, monkeypatch: pytest.MonkeyPatch, stretch: int
) -> None:
    monkeypatch.setattr("indexer.catalog.upkeep.STRETCH", stretch)
    before = dump_of(home / "catalog.db")
    with closing(sqlite3.connect(home / "catalog.db")) as database:
        for number in (2, 77, 78):
            database.execute("insert into trees values (?, 'x', 0, null)", (number,))
            database.execute("insert into blobs values (?, ?)", (number * (-1) ** number, number))
            database.execute("insert into sightings values (?, 0)", (number,))
        database.commit()

    with upkeep(home) as one:
        assert one.drop_orphans() == 9
        assert dump_of(home / "catalog.db") == before
        one.prune(LATER, 10**6)
        assert one.drop_orphans() == 1  # the former name of a model that is forgotten
    assert dump_of(home / "catalog.db")["aliases"] == []


def test_a_damaged_catalog_is_said_in_words(home: Path) -> None:
    path = home / "catalog.db"
    with closing(sqlite3.connect(path)) as database:
        [root] = database.execute("select rootpage from sqlite_master where name='models_serial'").fetchone()
    with upkeep(home) as one:
        assert one.check()
    with path.open("r+b") as file:
        file.seek((root - 1) * 4_096)
        file.write(b"\xff" * 4_096)

    with upkeep(home) as one, pytest.raises(CatalogError, match=r"damaged .*backup .*crawl head"):
        one.check()


def test_told_to_stop_it_ends_at_once(home: Path) -> None:
    before = dump_of(home / "catalog.db")
    with upkeep(home, lambda: True) as one:
        assert (one.prune(LATER, 10**6), one.drop_set_aside(LATER), one.drop_orphans()) == (0, 0, 0)
    assert dump_of(home / "catalog.db") == before


def test_the_log_is_cut_off_unless_somebody_reads(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("indexer.catalog.database.READERS_WAIT_MILLIS", 1)
    log = home / "catalog.db-wal"
    with opened(home) as catalog, upkeep(home) as one:
        catalog.apply(BATCHES[0])
        with closing(sqlite3.connect(home / "catalog.db", isolation_level=None)) as reader:
            reader.execute("begin")
            reader.execute("select count(*) from models").fetchone()
            catalog.apply(Batch((listed(99, "a/late"),)))
            size = log.stat().st_size
            assert one.empty_log() == 0
        assert one.empty_log() == size
        assert log.stat().st_size == 0


def keep_up(home: Path) -> None:
    with upkeep(home) as one:
        one.check()
        one.prune(NOW + timedelta(seconds=1), 10**6)
        one.drop_set_aside(LATER)
        one.drop_orphans()
        one.optimize()
        one.empty_log()


def keep_up_until_killed(home: Path, at: int) -> tuple[int, int]:
    """Keep up in a process that kills itself at its `at`-th statement; gives their number and its end."""

    def run(told: int) -> None:
        count = 0

        def tick(_statement: str) -> None:
            nonlocal count
            count += 1
            if count == at:
                os.kill(os.getpid(), signal.SIGKILL)
            os.write(told, b"s")

        def connected(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
            connection.set_trace_callback(tick)

        event.listen(Pool, "connect", connected)
        keep_up(home)

    said, [code] = in_children(run)
    return len(said), code


def test_killed_at_any_statement_it_has_dropped_whole_pieces_and_ends_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexer.catalog.upkeep.PIECE", 2)
    monkeypatch.setattr("indexer.catalog.upkeep.STRETCH", 5)
    fill_in(tmp_path / "start")
    shutil.copytree(tmp_path / "start", tmp_path / "whole")
    graves = serials(tmp_path / "whole")
    statements, code = keep_up_until_killed(tmp_path / "whole", 0)
    whole = dump_of(tmp_path / "whole" / "catalog.db")
    assert (code, statements > 50, len(whole["tombstones"])) == (0, True, 2)

    reached = set()
    for at in range(1, statements + 1):
        home = tmp_path / str(at)
        shutil.copytree(tmp_path / "start", home)
        assert keep_up_until_killed(home, at)[1] == -signal.SIGKILL
        with opened(home) as catalog:
            pruned = catalog.state().pruned_serial
            assert catalog.state().models == MODELS - 8
        assert serials(home) == [serial for serial in graves if serial > pruned]
        reached.add(pruned)
        keep_up(home)
        assert dump_of(home / "catalog.db") == whole
    assert reached == {0, graves[1], graves[3], graves[5]}


def fill_in(home: Path) -> None:
    home.mkdir()
    fill(home)


# -- the command -----------------------------------------------------------------------------


@pytest.fixture
def at_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("HUBDEX_HOME", str(home))
    monkeypatch.delenv("HUBDEX_MEILI_URL", raising=False)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield home
    for number, handler in handlers.items():
        signal.signal(number, handler)


def test_the_command_leaves_a_record_and_looks_through_everything_once_a_week(
    at_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["upkeep", "--json"]) == 0
    assert '"checked":1,"finished":true' in capsys.readouterr().out
    assert main(["upkeep"]) == 0
    assert capsys.readouterr().out.startswith("Catalog kept up: 0 old removals")

    ledger = Runs(HomeConfig(home=at_home)).ledger(UPKEEP)
    assert [run.outcome for run in ledger.runs] == ["done", "done"]
    assert [run.figures["checked"] for run in ledger.runs] == [0, 1]


@pytest.mark.parametrize(("days", "is_due"), [(None, True), (6, False), (7, True)])
def test_when_everything_is_looked_through(days: int | None, *, is_due: bool) -> None:
    checked = () if days is None else (Run(NOW, "done", NOW - timedelta(days=days), figures={"checked": 1}),)

    assert is_check_due(Ledger(UPKEEP, (Run(NOW), *checked)), NOW) == is_due


def test_one_at_a_time_and_never_where_there_is_no_catalog(
    at_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with exclusive(at_home / "locks", UPKEEP):
        assert main(["upkeep"]) == 75
    monkeypatch.setenv("HUBDEX_HOME", str(tmp_path / "elsewhere"))
    assert main(["upkeep"]) == 75
    assert "no catalog yet" in capsys.readouterr().err
    assert not (tmp_path / "elsewhere" / "catalog.db").exists()

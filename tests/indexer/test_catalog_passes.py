"""What passes leave in the catalog: sightings, waypoints, checkpoints, rows set aside; and older catalogs."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from indexer.catalog.mapping import record_values
from indexer.catalog.store import Catalog
from indexer.config import HomeConfig
from indexer.engines.embedded.reader import EmbeddedReader
from indexer.errors import CatalogOutdated
from indexer.records import Batch, Checkpoint, ModelRecord, Removal, SetAside, Waypoint
from indexer.search import Search
from tests.factories import fill_home
from tests.indexer.script import FIRST, NOW, SECOND, TABLES, key_of, listed, make_older, open_catalog, tree

DAY = timedelta(days=1)


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with open_catalog(tmp_path / "catalog.db") as opened:
        yield opened


def suspects(catalog: Catalog, run: datetime) -> list[str]:
    found = [suspect.repo_id for suspect in catalog.suspects(run)]
    assert catalog.count_suspects(run) == len(found)
    return found


def waypoints(catalog: Catalog) -> list[str]:
    return [waypoint.url for waypoint in catalog.waypoints()]


def test_a_full_pass_suspects_what_it_has_not_seen(catalog: Catalog) -> None:
    rows = tuple(listed(n, f"a/m{n}", n) for n in range(6))
    catalog.apply(Batch(rows, seen_by=FIRST))
    catalog.apply(Batch((listed(6, "a/m6"),)))  # by another pass
    assert suspects(catalog, FIRST) == ["a/m6"]

    unchanged, changed, counted = rows[0], listed(1, "a/m1", 1, sha="f" * 40), listed(2, "a/m2", 9)
    catalog.apply(Batch((unchanged, changed, counted), seen_by=SECOND))
    catalog.apply(Batch(seen_by=SECOND, seen_keys=(key_of(3), key_of(99))))
    catalog.apply(Batch((listed(4, "a/renamed", 4),)))

    assert suspects(catalog, SECOND) == ["a/renamed", "a/m5", "a/m6"]
    assert [one.key for one in catalog.suspects(SECOND, limit=2)] == [key_of(4), key_of(5)]


def test_a_removed_model_is_no_suspect_and_one_that_comes_back_is(catalog: Catalog) -> None:
    catalog.apply(Batch((listed(1, "a/x"), listed(2, "a/y")), seen_by=FIRST))
    catalog.apply(Batch(removals=(Removal(key_of(1), "gone"),)))
    assert suspects(catalog, FIRST) == []
    assert suspects(catalog, SECOND) == ["a/y"]

    catalog.apply(Batch((listed(1, "a/x"), listed(3, "a/y"))))  # back, and one displaced
    assert suspects(catalog, FIRST) == ["a/x", "a/y"]


def test_the_row_that_lost_its_path_within_a_page_was_seen_too(catalog: Catalog) -> None:
    catalog.apply(Batch((listed(1, "a/x"),), seen_by=FIRST))
    catalog.apply(Batch((listed(1, "a/z"), listed(2, "a/z")), seen_by=SECOND))

    assert suspects(catalog, SECOND) == []


def test_waypoints_of_two_runs_are_kept(catalog: Catalog) -> None:
    for day in range(4):
        run = FIRST + day * DAY
        catalog.apply(Batch(seen_by=run, waypoint=Waypoint(f"u{day}", NOW - day * DAY)))
    assert waypoints(catalog) == ["u3", "u2"]

    catalog.apply(Batch(seen_by=FIRST + 4 * DAY, waypoint=Waypoint("u4", NOW - 3 * DAY)))
    assert waypoints(catalog) == ["u4", "u2"]  # at the same place: the newer one


def test_waypoints_of_a_future_that_is_over_are_dropped(catalog: Catalog) -> None:
    for name, run in (("f1", NOW + 900 * DAY), ("f2", NOW + 901 * DAY), ("n1", FIRST), ("n2", SECOND)):
        catalog.apply(Batch(seen_by=run, waypoint=Waypoint(name, run)))

    assert waypoints(catalog) == ["n1", "n2"]


def test_where_a_run_began_and_came_to_is_kept_across_runs(catalog: Catalog) -> None:
    ended = Checkpoint("full", None, FIRST, finished_at=SECOND, origin=FIRST, position=NOW)
    catalog.apply(
        Batch(checkpoints=(ended, Checkpoint("full/down", "u", FIRST), Checkpoint("head", "u", NOW)))
    )
    anew = Checkpoint("full", "u", SECOND, origin=SECOND)
    catalog.apply(Batch(dropped_checkpoints=("full/down", "full/up"), checkpoints=(anew,)))

    full, head = catalog.checkpoints()
    assert head.name == "head"
    assert full.is_under_way
    assert (full.origin, full.position) == (SECOND, None)
    assert (full.last_origin, full.last_finished_at) == (FIRST, SECOND)

    catalog.apply(Batch(checkpoints=(Checkpoint("full", None, SECOND, finished_at=NOW),)))
    assert catalog.checkpoints()[0].last_origin is None


def test_files_that_were_read_make_no_listing_younger(tmp_path: Path) -> None:
    times = iter([FIRST, SECOND])
    with Catalog(f"sqlite:///{tmp_path / 'catalog.db'}", now=lambda: next(times)) as catalog:
        catalog.apply(Batch(checkpoints=(Checkpoint("recent", "u", NOW),)))
        catalog.apply(Batch(checkpoints=(Checkpoint("trees", "u", NOW),)))

        assert catalog.state().crawled_at == FIRST


def test_a_checkpoint_can_be_dropped_and_stored_in_one_batch(catalog: Catalog) -> None:
    catalog.apply(Batch(checkpoints=(Checkpoint("full/up", None, FIRST, finished_at=FIRST),)))
    fresh = Checkpoint("full/up", "u", SECOND)
    catalog.apply(Batch(dropped_checkpoints=("full/up",), checkpoints=(fresh,)))

    [stored] = catalog.checkpoints()
    assert (stored.next_url, stored.last_finished_at) == ("u", None)


def test_a_row_set_aside_again_and_again_is_kept_once_for_each_reason(catalog: Catalog) -> None:
    head, full = Checkpoint("head", "u", NOW), Checkpoint("full", "u", NOW)
    old, other = SetAside("no key", "a/odd", "old"), SetAside("no key", "a/other", "{}")
    catalog.apply(Batch(set_aside=(old, old, other), checkpoints=(head,)))
    again = (SetAside("no key", "a/odd", "new"), SetAside("no name", "a/odd", "new"))
    catalog.apply(Batch(set_aside=again, checkpoints=(full, head)))

    kept = [(row.row_id, row.reason, row.excerpt, row.pass_name, row.times) for row in catalog.set_aside()]
    assert kept == [
        ("a/odd", "no name", "new", "full", 1),
        ("a/odd", "no key", "new", "full", 3),
        ("a/other", "no key", "{}", "head", 1),
    ]
    assert catalog.state().set_aside == 3
    assert catalog.set_aside()[0].seen_at == NOW


def test_times_no_calendar_has_never_make_reading_fail(catalog: Catalog, tmp_path: Path) -> None:
    catalog.apply(Batch(checkpoints=(Checkpoint("full", "u", NOW, origin=NOW),), seen_by=NOW))
    for odd in (2**62, -(2**62), 0):
        with closing(sqlite3.connect(tmp_path / "catalog.db")) as database, database:
            database.execute("update checkpoints set started_at = ?, updated_at = ?, origin = ?", (odd,) * 3)
        [mark] = catalog.state().checkpoints
        assert mark.updated_at is not None


def test_no_answer_is_younger_than_now(tmp_path: Path) -> None:
    fill_home(tmp_path)
    config = HomeConfig(home=tmp_path)
    with Catalog(config.database_url, read_only=True) as catalog:
        search = Search(catalog, EmbeddedReader(config.index_folder), now=lambda: NOW - 9_000 * DAY)
        assert search.coverage().age_seconds == 0


def test_names_beyond_ascii_are_found_in_any_case_their_database_folds(catalog: Catalog) -> None:
    catalog.apply(Batch((listed(1, "Été/Modèle"), listed(2, "été/modèle", 5))))

    assert catalog.find("Été/Modèle").record.key == key_of(1)
    assert catalog.find("Été/MODèLE").record.key == key_of(1)
    catalog.apply(Batch((listed(3, "Été/Modèle"),)))
    assert catalog.find("Été/Modèle").record.key == key_of(3)


def test_fingerprints_outlive_versions() -> None:
    """Another fingerprint for the same record would make every model of an older catalog a changed one."""
    record = ModelRecord(
        key_of(1), "a/x", NOW, None, "f" * 40, "text", None, ("a", "é"), "auto", True, 2**40, (), ("x", '"')
    )

    assert record_values(record)[-1] == -6378259455219942355
    assert record_values(ModelRecord(key_of(1), "a/x"))[-1] == 1776218634665392384


def test_an_older_catalog_is_brought_up_to_date_by_its_next_writer(tmp_path: Path) -> None:
    path = tmp_path / "catalog.db"
    make_older(path)
    with pytest.raises(CatalogOutdated, match="next crawl"):
        Catalog(f"sqlite:///{path}", read_only=True)

    with open_catalog(path) as catalog:
        assert catalog.find("a/x").aliases == ("a/old",)
        assert (catalog.state().models, catalog.state().serial) == (2, 5)
        assert suspects(catalog, NOW) == ["a/x", "a/y"]
        [row] = catalog.set_aside()
        assert (row.row_id, row.excerpt, row.times) == ("c/odd", "newer", 1)
        [mark] = catalog.checkpoints()
        assert (mark.next_url, mark.last_finished_at, mark.origin) == ("https://hub/2", FIRST, None)

        applied = catalog.apply(
            Batch((listed(1, "a/x", 8), listed(3, "a/new")), set_aside=(row,), seen_by=SECOND)
        )
        assert (applied.new, applied.unchanged) == (1, 1)
        assert suspects(catalog, SECOND) == ["a/y"]
        assert catalog.set_aside()[0].times == 2
    with Catalog(f"sqlite:///{path}", read_only=True) as reader:
        assert reader.state().models == 3
    assert_made_like_new(path)


def assert_made_like_new(path: Path) -> None:
    new_path = path.with_name("new.db")
    open_catalog(new_path).close()
    with closing(sqlite3.connect(path)) as database, closing(sqlite3.connect(new_path)) as new:
        shape = "select type, name, tbl_name from sqlite_master where name not like 'sqlite_%' order by 2"
        assert database.execute(shape).fetchall() == new.execute(shape).fetchall()
        for table in TABLES:
            columns = f"pragma table_info({table})"
            told = [{row[1:] for row in one.execute(columns)} for one in (database, new)]
            assert told[0] == told[1]


def test_a_catalog_of_version_2_keeps_everything_and_its_trees_are_due(tmp_path: Path) -> None:
    path = tmp_path / "catalog.db"
    make_older(path, 2)

    with open_catalog(path) as catalog:
        found = catalog.find("a/old")
        assert (found.record.repo_id, found.tree, found.gguf) == ("a/x", None, None)
        assert found.record.dtypes == ()
        assert (catalog.state().models, catalog.state().serial) == (2, 5)
        assert waypoints(catalog) == ["https://hub/w"]
        assert [due.repo_id for due in catalog.trees_due(9)] == ["a/x", "a/y"]
        assert catalog.apply(Batch(trees=(tree(1, "1", 1),))).trees == 1
        assert [due.repo_id for due in catalog.trees_due(9)] == ["a/y"]
        assert catalog.apply(Batch((listed(2, "a/y", dtypes=(("F32", 8),)),))).changed == 1
        assert catalog.find("a/y").record.dtypes == (("F32", 8),)
    assert_made_like_new(path)

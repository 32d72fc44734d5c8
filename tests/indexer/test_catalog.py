"""The catalog: what a batch does, what a reader sees."""

import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from indexer.catalog.passes import SET_ASIDE_KEPT
from indexer.catalog.store import PAGE, Catalog
from indexer.errors import CatalogError, CatalogMissing, ModelNotFound, SettingsError
from indexer.records import Batch, Change, Checkpoint, Counters, Listed, ModelRecord, Removal, SetAside

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def key_of(number: int) -> str:
    return f"{number:024x}"


def listed(number: int, repo_id: str, downloads: int | None = 0, **overrides: object) -> Listed:
    record = replace(ModelRecord(key_of(number), repo_id), **overrides)  # type: ignore[arg-type]
    return Listed(record, Counters(downloads=downloads))


def batch(*listed: Listed, removals: tuple[Removal, ...] = ()) -> Batch:
    return Batch(listed, removals)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'deep' / 'catalog.db'}"


@pytest.fixture
def catalog(url: str) -> Iterator[Catalog]:
    with Catalog(url, now=lambda: NOW) as opened:
        yield opened


def changes(catalog: Catalog, serial: int = 0) -> list[Change]:
    return [change for page in catalog.changes_since(serial) for change in page]


def ids(found: list[Change]) -> list[str | None]:
    return [change.model.record.repo_id if change.model else None for change in found]


def test_a_record_comes_back_as_it_went_in(catalog: Catalog) -> None:
    record = ModelRecord(
        key=key_of(1),
        repo_id="TheBloke/Llama-2-7B-GGUF",
        created_at=datetime(2023, 9, 4, 16, 38, 41, 123000, tzinfo=UTC),
        updated_at=datetime(2023, 10, 14, tzinfo=UTC),
        sha="a" * 40,
        task="text-generation",
        library="transformers",
        tags=("gguf", "license:llama2", "région:us"),
        gated="manual",
        disabled=True,
        params=6_738_415_616,
        dtypes=(("BF16", 6_738_415_104), ("I64", 512)),
        files=("config.json", "llama.Q4_K_M.gguf"),
    )
    counters = Counters(downloads=12, downloads_all_time=3_900_000_000, likes=7, trending=1.5)

    catalog.apply(batch(Listed(record, counters)))
    found = catalog.find("TheBloke/Llama-2-7B-GGUF")

    assert (found.record, found.counters) == (record, counters)
    [[outline]] = catalog.outlines()
    assert (outline.params, outline.dtypes, outline.empty) == (record.params, record.dtypes, False)
    assert found.record.license == "llama2"


def test_unchanged_records_get_no_serial(catalog: Catalog) -> None:
    first = catalog.apply(batch(listed(1, "a/x"), listed(2, "a/y")))
    second = catalog.apply(batch(listed(1, "a/x"), listed(2, "a/y", sha="b" * 40)))

    assert (first.new, first.serial) == (2, 2)
    assert (second.unchanged, second.changed, second.serial) == (1, 1, 3)
    assert ids(changes(catalog, 2)) == ["a/y"]


def test_other_dtypes_make_another_record(catalog: Catalog) -> None:
    catalog.apply(batch(listed(1, "a/x", params=8)))
    applied = [
        catalog.apply(batch(listed(1, "a/x", params=8, dtypes=dtypes)))
        for dtypes in ((("BF16", 8),), (("BF16", 8),), (("F16", 8),), ())
    ]

    assert [one.changed for one in applied] == [1, 0, 1, 1]
    assert catalog.find("a/x").record.dtypes == ()


def test_moved_counters_are_not_a_changed_record(catalog: Catalog) -> None:
    catalog.apply(batch(listed(1, "a/x", 10)))
    applied = catalog.apply(batch(listed(1, "a/x", 11)))

    assert applied.counters_changed == 1
    assert changes(catalog, 1) == []
    [[moved]] = list(catalog.counters_since(1))
    assert moved.model is not None
    assert moved.model.counters.downloads == 11
    assert catalog.moved_since(1, 1) == 1


def test_a_counter_that_is_not_told_is_kept(catalog: Catalog) -> None:
    catalog.apply(batch(listed(1, "a/x", 10)))
    applied = catalog.apply(batch(listed(1, "a/x", None)))

    assert applied.unchanged == 1
    assert catalog.find("a/x").counters.downloads == 10


def test_a_rename_keeps_the_old_name_as_an_alias(catalog: Catalog) -> None:
    catalog.apply(batch(listed(1, "a/old")))
    catalog.apply(batch(listed(1, "a/new")))

    found = catalog.find("A/OLD")
    assert (found.record.repo_id, found.aliases) == ("a/new", ("a/old",))
    assert catalog.state().models == 1


def test_a_present_name_wins_over_an_alias(catalog: Catalog) -> None:
    catalog.apply(batch(listed(1, "a/old")))
    catalog.apply(batch(listed(1, "a/new")))
    catalog.apply(batch(listed(2, "a/old")))

    assert catalog.find("a/old").record.key == key_of(2)


def test_exact_case_wins_then_popularity(catalog: Catalog) -> None:
    catalog.apply(batch(listed(1, "a/Model", 5), listed(2, "a/model", 1)))

    assert catalog.find("a/model").record.key == key_of(2)
    assert catalog.find("A/MODEL").record.key == key_of(1)


def test_a_path_taken_by_another_key_displaces_the_model(catalog: Catalog) -> None:
    catalog.apply(batch(listed(1, "a/x")))
    applied = catalog.apply(batch(listed(2, "a/x")))

    assert (applied.new, applied.removed) == (1, 1)
    assert catalog.find("a/x").record.key == key_of(2)
    assert ids(changes(catalog, 1)) == [None, "a/x"]


def test_two_models_can_swap_their_names_in_one_page(catalog: Catalog) -> None:
    catalog.apply(batch(listed(1, "a/x"), listed(2, "a/y")))
    catalog.apply(batch(listed(1, "a/y"), listed(2, "a/x")))

    assert catalog.find("a/x").record.key == key_of(2)
    assert catalog.find("a/y").record.key == key_of(1)
    assert catalog.state().models == 2


def test_a_removed_model_leaves_a_tombstone_and_comes_back_under_its_number(catalog: Catalog) -> None:
    catalog.apply(batch(listed(1, "a/x"), listed(2, "a/y")))
    number = catalog.find("a/x").number
    catalog.apply(batch(removals=(Removal(key_of(1), "gone"), Removal(key_of(9), "never known"))))

    assert [(change.number, change.model) for change in changes(catalog, 2)] == [(number, None)]
    with pytest.raises(ModelNotFound, match="a/x"):
        catalog.find("a/x")
    assert catalog.removed_at("a/x") is not None
    assert catalog.removed_at("a/y") is None
    assert (catalog.state().models, catalog.state().removed) == (1, 1)

    catalog.apply(batch(listed(1, "a/x")))
    assert catalog.find("a/x").number == number
    assert (catalog.state().models, catalog.state().removed) == (2, 0)


def test_a_page_that_names_a_model_twice_keeps_the_later_row(catalog: Catalog) -> None:
    catalog.apply(batch(listed(1, "a/x"), listed(1, "a/z"), listed(2, "a/z")))

    assert catalog.state().models == 1
    assert catalog.find("a/z").record.key == key_of(2)


def test_the_checkpoint_commits_with_its_rows(catalog: Catalog, url: str) -> None:
    mark = Checkpoint("full", "https://hub/next?cursor=1", NOW).after_page("https://hub/next?cursor=2", 1)
    catalog.apply(Batch((listed(1, "a/x"),), checkpoints=(mark,)))

    with Catalog(url, read_only=True) as reader:
        stored = reader.checkpoint("full")
    assert stored is not None
    assert (stored.next_url, stored.pages, stored.rows) == ("https://hub/next?cursor=2", 1, 1)
    assert catalog.checkpoint("head") is None


def test_a_failed_batch_stores_nothing(catalog: Catalog) -> None:
    broken = listed(2, "a/y", params=2**70)

    with pytest.raises(CatalogError):
        catalog.apply(Batch((listed(1, "a/x"), broken), checkpoints=(Checkpoint("full", "u", NOW),)))

    assert (catalog.state().models, catalog.state().serial) == (0, 0)
    assert catalog.checkpoint("full") is None


def test_the_end_of_a_complete_run_outlives_the_next_start(catalog: Catalog) -> None:
    catalog.apply(Batch(checkpoints=(Checkpoint("full", None, NOW, finished_at=NOW),)))
    catalog.apply(Batch(checkpoints=(Checkpoint("full", "u", NOW),)))

    stored = catalog.checkpoint("full")
    assert stored is not None
    assert (stored.finished_at, stored.last_finished_at) == (None, NOW)


def test_rows_set_aside_are_kept_with_their_cause_and_bounded(catalog: Catalog) -> None:
    catalog.apply(Batch(set_aside=tuple(SetAside("bad id", str(n), "{}") for n in range(SET_ASIDE_KEPT + 5))))

    newest = catalog.set_aside(2)
    assert [row.row_id for row in newest] == [str(SET_ASIDE_KEPT + 4), str(SET_ASIDE_KEPT + 3)]
    assert catalog.state().set_aside == SET_ASIDE_KEPT


def test_feeds_page_through_everything_once(catalog: Catalog) -> None:
    count = PAGE + 10
    catalog.apply(batch(*(listed(n, f"a/m{n}") for n in range(count))))
    catalog.apply(batch(removals=(Removal(key_of(3), "gone"),)))

    found = changes(catalog)
    assert [change.serial for change in found] == sorted({change.serial for change in found})
    assert len(found) == count
    assert [name.repo_id for page in catalog.outlines() for name in page].count("a/m5") == 1
    assert sum(len(page) for page in catalog.outlines()) == count - 1


def test_a_missing_catalog_is_not_made_by_a_reader(tmp_path: Path) -> None:
    with pytest.raises(CatalogMissing):
        Catalog(f"sqlite:///{tmp_path / 'none.db'}", read_only=True)


def test_a_reader_cannot_write(catalog: Catalog, url: str) -> None:
    with Catalog(url, read_only=True) as reader, pytest.raises(CatalogError, match="reading only"):
        reader.apply(batch(listed(1, "a/x")))


def test_a_catalog_of_another_version_is_refused(catalog: Catalog, url: str, tmp_path: Path) -> None:
    catalog.close()
    with sqlite3.connect(tmp_path / "deep" / "catalog.db") as database:
        database.execute("update state set schema_version = 99")
    database.close()

    with pytest.raises(CatalogError, match="version 99"):
        Catalog(url)


def test_a_file_that_is_no_database_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "catalog.db").write_text("not a database, whatever its name says " * 100)

    with pytest.raises(CatalogError, match="not a database"):
        Catalog(f"sqlite:///{tmp_path / 'catalog.db'}")


@pytest.mark.parametrize("url", ["nonsense", "postgresql://user:secret@host/db"])
def test_other_addresses_are_refused_without_repeating_them(url: str) -> None:
    with pytest.raises(SettingsError) as raised:
        Catalog(url)
    assert "secret" not in str(raised.value)


def test_writers_at_once_queue_and_lose_nothing(url: str) -> None:
    with Catalog(url):
        pass
    failures: list[BaseException] = []

    def write(worker: int) -> None:
        try:
            with Catalog(url) as catalog:
                for number in range(25):
                    catalog.apply(batch(listed(worker * 1000 + number, f"w{worker}/m{number}")))
        except BaseException as error:  # noqa: BLE001  # a thread's failure must reach the test
            failures.append(error)

    threads = [threading.Thread(target=write, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    with Catalog(url, read_only=True) as catalog:
        assert (catalog.state().models, catalog.state().serial) == (100, 100)

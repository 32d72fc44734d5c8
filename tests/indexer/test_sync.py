"""How an index follows its catalog."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from indexer.catalog.store import Catalog
from indexer.documents import code_of
from indexer.engines.contract import IndexState
from indexer.holdings import contents_of_model
from indexer.query import parse_query
from indexer.records import Batch, Counters, Listed, ModelRecord, Removal, Tree
from indexer.sync import Sync, SyncReport
from indexer.variants.records import RepoFile
from tests.indexer import engines

pytestmark = pytest.mark.usefixtures("each_engine")

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def listed(number: int, repo_id: str, downloads: int = 0, quants: tuple[str, ...] = ()) -> Listed:
    files = tuple(f"{quant}.gguf" for quant in quants) or None
    return Listed(ModelRecord(f"{number:024x}", repo_id, files=files), Counters(downloads=downloads))


class Workshop:
    """A catalog with an index beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.index = folder / "index"
        self.catalog = Catalog(f"sqlite:///{folder / 'catalog.db'}")

    def put(self, *rows: Listed, removals: tuple[Removal, ...] = ()) -> None:
        self.catalog.apply(Batch(rows, removals))

    def sync(self) -> SyncReport:
        writer = engines.writer(self.index)
        try:
            return Sync(self.catalog, writer, now=lambda: NOW).run()
        finally:
            writer.close()

    def found(self, text: str = "") -> list[str]:
        reader = engines.reader(self.index)
        numbers = [one.number for one in reader.search(parse_query(text, limit=100)).selected]
        outlines = self.catalog.words_of(numbers)
        return [outlines[number].repo_id for number in numbers]

    def variants(self, text: str = "") -> list[tuple[str, str]]:
        """Models and labels of the variants that are found."""
        reader = engines.reader(self.index)
        selected = reader.search(parse_query(text, kind="variant", limit=100)).selected
        models = self.catalog.by_numbers([one.number for one in selected])
        labels = {
            (number, code_of(variant.key)): variant.label
            for number, model in models.items()
            for variant in contents_of_model(model).variants
        }
        return [(models[one.number].record.repo_id, labels[one.number, one.variant]) for one in selected]


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    shop = Workshop(tmp_path)
    yield shop
    shop.catalog.close()


def test_the_first_sync_builds_and_the_next_follow(workshop: Workshop) -> None:
    workshop.put(listed(1, "a/x", 5), listed(2, "a/y", 9))
    first = workshop.sync()
    assert (first.done, first.why, first.written) == ("rebuilt", "there was no usable index", 2)
    assert workshop.found() == ["a/y", "a/x"]

    workshop.put(listed(1, "a/renamed", 5), removals=(Removal(f"{2:024x}", "gone"),))
    second = workshop.sync()
    assert (second.done, second.written, second.removed) == ("followed", 1, 1)
    assert workshop.found() == ["a/renamed"]
    assert workshop.sync().done == "nothing"


def test_moved_counters_move_the_order(workshop: Workshop) -> None:
    workshop.put(listed(1, "a/x", 5), listed(2, "a/y", 9))
    workshop.sync()
    workshop.put(listed(1, "a/x", 50))

    assert (workshop.sync().written, workshop.found()) == (1, ["a/x", "a/y"])


def test_variants_come_change_move_and_go_with_their_models(workshop: Workshop) -> None:
    workshop.put(listed(1, "a/x", 5, ("Q4_K_M", "Q8_0")), listed(2, "a/y", 9), listed(3, "a/z", 3, ("Q2_K",)))
    workshop.sync()
    assert workshop.variants() == [("a/x", "Q4_K_M"), ("a/x", "Q8_0"), ("a/z", "Q2_K")]

    workshop.put(listed(1, "a/x", 5, ("Q8_0", "F16", "Q6_K")), listed(2, "a/y", 9, ("Q4_0",)))
    assert workshop.sync().done == "followed"
    assert workshop.variants("quant:f16,q4") == [("a/y", "Q4_0"), ("a/x", "F16")]
    assert len(workshop.variants()) == engines.reader(workshop.index).state().variants == 5

    workshop.put(listed(1, "a/renamed", 5, ("Q8_0",)), removals=(Removal(f"{3:024x}", "gone"),))
    assert workshop.sync().done == "followed"
    assert workshop.variants("renamed") == [("a/renamed", "Q8_0")]
    assert workshop.variants() == [("a/y", "Q4_0"), ("a/renamed", "Q8_0")]

    workshop.put(listed(1, "a/renamed", 50, ("Q8_0",)))
    assert workshop.sync().written == 1
    assert workshop.variants() == [("a/renamed", "Q8_0"), ("a/y", "Q4_0")]

    workshop.put(listed(1, "a/renamed", 50), listed(2, "a/y", 9, ("README",)))
    workshop.sync()
    assert (workshop.variants(), workshop.found()) == ([("a/y", "unknown")], ["a/renamed", "a/y"])
    workshop.put(removals=(Removal(f"{2:024x}", "gone"),))
    workshop.sync()
    assert (workshop.variants(), engines.reader(workshop.index).state().variants) == ([], 0)


def test_a_tree_that_is_read_brings_exact_sizes_and_what_a_listing_left_out(workshop: Workshop) -> None:
    model = listed(1, "a/x", 5, ("Q4_K_M", "Q8_0"))
    workshop.put(Listed(replace(model.record, sha="c" * 40), model.counters))
    workshop.sync()
    assert (len(workshop.variants()), workshop.variants("size:>1")) == (2, [])

    files = (
        RepoFile("Q4_K_M.gguf", 4 * 10**9),
        RepoFile("Q8_0.gguf", 8 * 10**9),
        RepoFile("F16.gguf", 15 * 10**9),
    )
    workshop.catalog.apply(Batch(trees=(Tree(model.record.key, "c" * 40, files),)))
    assert workshop.sync().written == 1

    assert workshop.variants("size:<5gb") == [("a/x", "Q4_K_M")]
    assert sorted(workshop.variants("size:>5gb")) == [("a/x", "F16"), ("a/x", "Q8_0")]
    assert workshop.found("size:>10gb quant:q8_0") == []
    assert workshop.found("size:>10gb quant:f16") == ["a/x"]


def test_a_changed_record_is_written_once(workshop: Workshop) -> None:
    workshop.put(listed(1, "a/x", 5))
    workshop.sync()
    changed = listed(1, "a/x", 6)
    workshop.put(Listed(replace(changed.record, sha="c" * 40), changed.counters))

    assert workshop.sync().written == 1


def test_an_index_of_another_catalog_is_rebuilt(workshop: Workshop, tmp_path: Path) -> None:
    workshop.put(listed(1, "a/x"))
    workshop.sync()
    other = Workshop(tmp_path / "other")
    other.put(listed(1, "b/y"))
    engines.engine().move(tmp_path / "index", tmp_path / "other" / "index")

    report = other.sync()
    assert (report.done, report.why) == ("rebuilt", "the index was of another catalog")
    assert other.found() == ["b/y"]
    other.catalog.close()


def test_a_restored_older_catalog_is_noticed(workshop: Workshop, tmp_path: Path) -> None:
    workshop.put(listed(1, "a/x"))
    workshop.catalog.close()
    shutil.copy(tmp_path / "catalog.db", tmp_path / "backup.db")
    workshop.catalog = Catalog(f"sqlite:///{tmp_path / 'catalog.db'}")
    workshop.put(listed(2, "a/y"))
    workshop.sync()
    workshop.catalog.close()
    for path in tmp_path.glob("catalog.db*"):
        path.unlink()
    shutil.copy(tmp_path / "backup.db", tmp_path / "catalog.db")
    workshop.catalog = Catalog(f"sqlite:///{tmp_path / 'catalog.db'}")

    report = workshop.sync()
    assert report.done == "rebuilt"
    assert "ahead" in report.why
    assert workshop.found() == ["a/x"]


def test_too_many_changes_become_a_rebuild(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("indexer.sync.SMALL", 20)
    workshop.put(listed(0, "a/first"))
    workshop.sync()
    workshop.put(*(listed(n, f"a/m{n}") for n in range(1, 21)))
    assert workshop.sync().done == "followed"
    workshop.put(*(listed(n, f"a/m{n}") for n in range(21, 42)))

    report = workshop.sync()
    assert (report.done, report.why, report.models) == ("rebuilt", "21 of 42 models changed", 42)


def test_an_index_deleted_by_hand_is_built_anew(workshop: Workshop) -> None:
    workshop.put(listed(1, "a/x"))
    workshop.sync()
    engines.engine().drop(workshop.index)

    report = workshop.sync()
    assert (report.done, report.why) == ("rebuilt", "there was no usable index")
    assert workshop.found() == ["a/x"]


@pytest.mark.parametrize("version", [0, 99])
def test_an_index_of_another_version_is_built_anew(workshop: Workshop, version: int) -> None:
    workshop.put(listed(1, "a/x"))
    workshop.sync()
    engines.engine().make_version(workshop.index, version)

    assert workshop.sync().done == "rebuilt"
    assert workshop.found() == ["a/x"]
    assert workshop.sync().done == "nothing"


def test_an_index_with_a_model_too_few_is_built_anew(workshop: Workshop) -> None:
    workshop.put(listed(1, "a/x"), listed(2, "a/y"))
    workshop.sync()
    engines.engine().spoil(workshop.index, [], removed=[1])

    report = workshop.sync()
    assert (report.done, report.why) == ("rebuilt", "the index held 1 models of 2")
    assert len(workshop.found()) == 2


def test_a_large_follow_commits_on_its_way(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    workshop.put(listed(0, "a/first"))
    workshop.sync()
    workshop.put(*(listed(n, f"a/m{n}") for n in range(1, 3_000)))
    writer = engines.writer(workshop.index)
    writer.commit_every = 500
    commits: list[int] = []
    commit = writer.commit

    def counted(state: IndexState, *, more: bool = False) -> None:
        commits.append(state.serial)
        commit(state, more=more)

    monkeypatch.setattr(writer, "commit", counted)
    Sync(workshop.catalog, writer).run()
    writer.close()

    assert commits == sorted(commits)
    assert len(commits) >= 2
    assert engines.reader(workshop.index).state().models == 3_000

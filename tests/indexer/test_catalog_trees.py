"""Trees in the catalog: what they change, which are due, who holds a file, what a reader sees."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.catalog.mapping import outline_of
from indexer.catalog.store import Catalog
from indexer.catalog.trees import MAX_BYTES, MAX_FILES, MAX_PATH_LENGTH, packed, prefix_of, unpacked
from indexer.errors import CatalogError
from indexer.records import Batch, Change, GgufFacts, Holder, Outline, Removal, StoredModel, Tree
from indexer.variants.records import RepoFile
from tests.indexer.script import dump_of, key_of, listed, open_catalog, tree

LLAMA = GgufFacts(8_030_261_248, "llama", 131_072)
SHARED = f"{3:064x}"[::-1]
"""The hash of weight 3 of any tree."""

HASHES = st.none() | st.binary(min_size=32, max_size=32).map(bytes.hex)
FILES = st.lists(
    st.builds(
        RepoFile,
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40),
        st.none() | st.integers(0, MAX_BYTES),
        HASHES,
        st.just(True),
    ),
    max_size=6,
).map(tuple)


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with open_catalog(tmp_path / "catalog.db") as opened:
        yield opened


def with_files(number: int, repo_id: str, *files: str, downloads: int = 0, **fields: object) -> Batch:
    told = {"files": files, "sha": f"{number % 10}" * 40, "tags": (), **fields}
    return Batch((listed(number, repo_id, downloads, **told),))


def due(catalog: Catalog, limit: int = 9) -> list[str]:
    return [one.repo_id for one in catalog.trees_due(limit)]


def changed(catalog: Catalog, serial: int) -> list[Change]:
    return [change for page in catalog.changes_since(serial) for change in page]


def outlines(catalog: Catalog) -> list[Outline]:
    return [outline for page in catalog.outlines() for outline in page]


@given(FILES)
def test_files_come_back_as_they_were_packed(files: tuple[RepoFile, ...]) -> None:
    assert unpacked(packed(files)) == files


@given(HASHES.filter(bool))
def test_the_index_of_hashes_knows_their_first_8_bytes(sha256: str) -> None:
    assert f"{prefix_of(sha256) % 2**64:016x}" == sha256[:16]


@pytest.mark.parametrize(
    "file",
    [
        RepoFile("", 1),
        RepoFile("x" * (MAX_PATH_LENGTH + 1), 1),
        RepoFile("x", -1),
        RepoFile("x", MAX_BYTES + 1),
        RepoFile("x", 1, "a" * 63),
        RepoFile("x", 1, "A" * 64),
    ],
)
def test_a_tree_beyond_all_bounds_stores_nothing_of_its_batch(catalog: Catalog, file: RepoFile) -> None:
    catalog.apply(Batch((listed(1, "a/x"),)))

    with pytest.raises(CatalogError, match="beyond all bounds"):
        catalog.apply(Batch((listed(2, "a/y"),), trees=(Tree(key_of(1), "1" * 40, (file,)),)))
    with pytest.raises(CatalogError, match="beyond all bounds"):
        packed([RepoFile("x")] * (MAX_FILES + 1))
    with pytest.raises(CatalogError, match="commit"):
        catalog.apply(Batch(trees=(Tree(key_of(1), "1" * 65, ()),)))

    assert (catalog.state().models, catalog.state().serial) == (1, 1)


def test_a_new_tree_is_a_change_and_the_same_again_is_none(catalog: Catalog) -> None:
    catalog.apply(Batch((listed(1, "a/x", 5), listed(2, "a/y"))))
    first = catalog.apply(Batch(trees=(tree(1, "1", 1, 2), tree(99, "9", 1))))
    again = catalog.apply(Batch(trees=(tree(1, "1", 1, 2),)))

    assert (first.trees, first.serial, again.trees, again.serial) == (1, 3, 0, 3)
    [change] = changed(catalog, 2)
    assert change.model is not None
    assert change.model.tree == tree(1, "1", 1, 2)
    assert catalog.moved_since(3, 3) == 0
    for other in (tree(1, "2", 1, 2), tree(1, "2", 1), Tree(key_of(1), "2" * 40, None)):
        assert catalog.apply(Batch(trees=(other,))).trees == 1
        assert catalog.find("a/x").tree == other


def test_of_a_tree_read_again_the_time_is_kept(catalog: Catalog, tmp_path: Path) -> None:
    catalog.apply(Batch((listed(1, "a/x"),), trees=(tree(1, "1", 1),)))
    before = dump_of(tmp_path / "catalog.db")
    catalog.close()
    with Catalog(catalog.url) as later:
        later.apply(Batch(trees=(tree(1, "1", 1),)))

    after = dump_of(tmp_path / "catalog.db")
    assert [name for name in before if before[name] != after[name]] == ["trees"]
    assert before["trees"][0][2] != after["trees"][0][2]


def test_a_tree_takes_moved_counters_with_it(catalog: Catalog) -> None:
    catalog.apply(Batch((listed(1, "a/x", 5),)))
    catalog.apply(Batch((listed(1, "a/x", 6),)))
    catalog.apply(Batch(trees=(tree(1, "1", 1),)))

    assert list(catalog.counters_since(0)) == []
    [change] = changed(catalog, 2)
    assert change.model is not None
    assert change.model.counters.downloads == 6


def test_what_gguf_headers_say_is_kept_by_passes_that_did_not_ask(catalog: Catalog) -> None:
    row = listed(1, "a/x")
    catalog.apply(Batch((row,)))
    assert catalog.apply(Batch((replace(row, gguf=GgufFacts()),))).unchanged == 1
    assert catalog.apply(Batch((replace(row, gguf=LLAMA),))).changed == 1
    assert catalog.apply(Batch((replace(row, gguf=LLAMA), listed(2, "a/y")))).unchanged == 1
    assert catalog.apply(Batch((listed(1, "a/x", sha="f" * 40),))).changed == 1
    assert catalog.find("a/x").gguf == LLAMA
    assert catalog.find("a/y").gguf is None

    assert catalog.apply(Batch((replace(row, gguf=GgufFacts(5)),))).changed == 1
    assert catalog.find("a/x").gguf == GgufFacts(5)
    assert [change.serial for change in changed(catalog, 3)] == [5]


def test_a_removed_model_takes_its_tree_and_hashes_with_it(catalog: Catalog, tmp_path: Path) -> None:
    rows = (replace(listed(1, "a/x"), gguf=LLAMA), listed(2, "a/y"))
    catalog.apply(Batch(rows, trees=(tree(1, "1", 1, 3), tree(2, "2", 3))))
    catalog.apply(Batch(trees=(tree(1, "e", 3, 4),)))
    held = {(f"{weight:064x}"[::-1], number) for weight, number in ((3, 1), (4, 1), (3, 2))}
    assert dump_of(tmp_path / "catalog.db")["blobs"] == sorted(
        (prefix_of(sha256), number) for sha256, number in held
    )
    catalog.apply(Batch(removals=(Removal(key_of(1), "gone"),)))

    dump = dump_of(tmp_path / "catalog.db")
    assert [kept[0] for kept in dump["trees"]] == [2]
    assert dump["blobs"] == [(prefix_of(SHARED), 2)]
    catalog.apply(Batch((listed(1, "a/x"),)))
    back = catalog.find("a/x")
    assert (back.tree, back.gguf) == (None, None)


def test_a_reader_sees_trees_wherever_it_reads_a_model(catalog: Catalog) -> None:
    model = listed(1, "a/x", files=("m.1.gguf",), sha="2" * 40, dtypes=(("BF16", 8), ("I64", 1)))
    rows = [replace(model, gguf=LLAMA), listed(2, "a/y")]
    hidden = Tree(key_of(2), "2" * 40, None)
    catalog.apply(Batch((*rows, listed(3, "a/z")), trees=(tree(1, "1", 1), hidden)))
    found = {name: catalog.find(name) for name in ("a/x", "a/y", "a/z")}

    assert [model.tree for model in found.values()] == [tree(1, "1", 1), hidden, None]
    assert catalog.by_numbers([1, 2, 3]) == {model.number: model for model in found.values()}
    bare = catalog.by_numbers([1], files=False)[1]
    assert (bare.tree, bare.record.files, bare.gguf) == (None, None, LLAMA)
    fed: list[StoredModel | None] = [change.model for change in changed(catalog, 0)]
    assert sorted(fed, key=str) == sorted(found.values(), key=str)

    expected = [outline_of(model) for model in found.values()]
    read = [outline._replace(tags=tuple(outline.tags)) for outline in outlines(catalog)]
    assert read == expected
    stood = catalog.standings([1, 2, 3])
    assert [stood[n].outline._replace(tags=()) for n in (1, 2, 3)] == [one._replace(tags=()) for one in read]
    first, second, third = expected
    assert (first.dtypes, second.dtypes) == ((("BF16", 8), ("I64", 1)), ())
    assert (first.sha, first.files, first.tree_sha) == ("2" * 40, ("m.1.gguf",), "1" * 40)
    assert (first.tree_files, first.gguf) == (tree(1, "1", 1).files, LLAMA)
    assert (second.tree_sha, second.tree_files) == ("2" * 40, None)
    assert (third.sha, third.files, third.tree_sha, third.gguf) == (None, None, None, None)


def test_moved_counters_come_with_the_tree(catalog: Catalog) -> None:
    catalog.apply(Batch((listed(1, "a/x", 5),), trees=(tree(1, "1", 1),)))
    catalog.apply(Batch((listed(1, "a/x", 6),)))

    [[moved]] = list(catalog.counters_since(2))
    assert moved.model is not None
    assert moved.model.tree == tree(1, "1", 1)


def test_gguf_is_due_first_then_other_weights_by_downloads(catalog: Catalog) -> None:
    for batch in (
        with_files(1, "a/card", "README.md", downloads=99),
        with_files(2, "a/safe", "model.safetensors", downloads=7),
        with_files(3, "a/torch", "pytorch_model.bin", downloads=8),
        with_files(4, "a/quant", "m.Q4_K_M.gguf", downloads=1),
        with_files(5, "a/QUANT", "deep/M.GGUF", downloads=2),
        with_files(6, "a/tagged", "m.gguf.part1of2", downloads=3, tags=("gguf",)),
        with_files(7, "a/disabled", "m.gguf", downloads=4, disabled=True),
        with_files(8, "a/no-commit", "m.gguf", downloads=4, sha=None),
        with_files(9, "a/untold", files=None, downloads=9),
        with_files(10, "a/untold-gguf", files=None, tags=("gguf",)),
    ):
        catalog.apply(batch)

    assert due(catalog) == ["a/tagged", "a/QUANT", "a/quant", "a/untold-gguf", "a/torch", "a/safe"]
    assert due(catalog, 5) == due(catalog)[:5]
    assert due(catalog, 2) == due(catalog)[:2]
    assert catalog.trees_due(1)[0].sha == "6" * 40


def test_a_tree_is_due_again_when_the_model_has_moved_on(catalog: Catalog) -> None:
    catalog.apply(with_files(1, "a/x", "m.gguf"))
    catalog.apply(with_files(2, "a/y", "m.gguf"))
    catalog.apply(Batch(trees=(tree(1, "1", 1), Tree(key_of(2), "2" * 40, None))))
    assert due(catalog) == []

    catalog.apply(with_files(1, "a/x", "m.gguf", sha="f" * 40))
    assert due(catalog) == ["a/x"]


def test_holders_of_a_file_are_found_whatever_they_call_it(catalog: Catalog) -> None:
    renamed = replace(tree(2, "2", 3), files=(RepoFile("x/a.gguf", 3, SHARED), RepoFile("b.gguf", 3, SHARED)))
    catalog.apply(
        Batch(
            (listed(1, "a/x", 5, sha="1" * 40), listed(2, "a/y", 9, sha="f" * 40), listed(3, "a/z", 99)),
            trees=(tree(1, "1", 1, 3), renamed, tree(3, "3", 4)),
        )
    )

    assert catalog.holders(SHARED) == [
        Holder("a/y", "x/a.gguf", 3, "2" * 40, is_current=False),
        Holder("a/y", "b.gguf", 3, "2" * 40, is_current=False),
        Holder("a/x", "m.3.gguf", 3 * 10**9, "1" * 40, is_current=True),
    ]
    assert len(catalog.holders(SHARED, limit=1)) == 1
    assert catalog.holders(SHARED[:16] + "1" * 48) == []  # as far as the index goes, and no further

    catalog.apply(Batch(trees=(tree(1, "e", 1), Tree(key_of(2), "2" * 40, None))))
    assert catalog.holders(SHARED) == []


def test_parameters_of_models_are_given_by_their_folded_ids(catalog: Catalog) -> None:
    catalog.apply(
        Batch(
            (
                replace(listed(1, "Acme/Base", params=7), gguf=GgufFacts(8)),
                replace(listed(2, "acme/quant"), gguf=GgufFacts(9)),
                listed(3, "acme/other"),
                listed(4, "Été/m", params=3),
            )
        )
    )

    found = catalog.params_of(["acme/BASE", "ACME/quant", "acme/other", "nobody/x", "Été/M"])
    assert found == {"acme/base": 7, "acme/quant": 9, "Été/m": 3}
    assert catalog.params_of([]) == {}


def test_thousands_that_hold_one_file_are_not_all_looked_through(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexer.catalog.trees.MAX_HOLDERS", 3)
    rows = tuple(listed(n, f"a/m{n}", n) for n in range(1, 9))
    catalog.apply(Batch(rows, trees=tuple(tree(n, "1", 3) for n in range(1, 9))))

    assert [one.repo_id for one in catalog.holders(SHARED)] == ["a/m3", "a/m2", "a/m1"]

"""What the Hub says of a model's files, read strictly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.catalog.trees import MAX_BYTES, MAX_PATH_LENGTH, packed, unpacked
from indexer.entries import parse_entries
from indexer.errors import MalformedRow
from indexer.variants.records import RepoFile

SHA256 = "0123456789abcdef" * 4
OID = "2414184f" * 5


def file(**fields: object) -> dict[str, object]:
    return {"type": "file", "oid": OID, "size": 7, "path": "README.md"} | fields


def lfs(**fields: object) -> dict[str, object]:
    return {"oid": SHA256, "size": 4_920_734_912, "pointerSize": 135} | fields


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
LFS = JSON | st.fixed_dictionaries({}, optional={"oid": JSON | st.just(SHA256), "size": JSON})
ENTRIES = JSON | st.fixed_dictionaries(
    {"type": st.sampled_from(["file", "directory"]) | JSON},
    optional={"path": JSON | st.text(max_size=9), "size": JSON | st.integers(0, 2**70), "lfs": LFS},
)


def test_files_are_named_with_their_sizes_and_hashes_and_folders_are_not() -> None:
    entries = [
        file(),
        {"type": "directory", "oid": OID, "size": 0, "path": "deep"},
        file(path="deep/m.gguf", size=135, lfs=lfs(), xetHash="f" * 64),
        {"type": "commit", "path": "a-submodule"},
    ]

    assert parse_entries(entries) == [
        RepoFile("README.md", 7),
        RepoFile("deep/m.gguf", 4_920_734_912, SHA256),
    ]


def test_paths_that_no_disk_takes_are_left_out() -> None:
    paths = ("", "x" * (MAX_PATH_LENGTH + 1), "x" * MAX_PATH_LENGTH)

    assert [len(one.path) for one in parse_entries([file(path=path) for path in paths])] == [MAX_PATH_LENGTH]


@pytest.mark.parametrize(
    "entry",
    [
        None,
        "README.md",
        file(path=None),
        file(path=7),
        file(path="\ud800"),
        file(size=None),
        file(size=-1),
        file(size=True),
        file(size=1.0),
        file(size=MAX_BYTES + 1),
        file(lfs=[]),
        file(lfs=lfs(size="7")),
        file(lfs=lfs(oid=None)),
        file(lfs=lfs(oid=SHA256[1:])),
        file(lfs=lfs(oid=SHA256.upper())),
    ],
)
def test_an_entry_without_meaning_makes_its_tree_one(entry: object) -> None:
    with pytest.raises(MalformedRow):
        parse_entries([file(), entry])


@given(st.lists(ENTRIES, max_size=4))
def test_whatever_comes_is_refused_or_can_be_stored(entries: list[object]) -> None:
    try:
        files = parse_entries(entries)
    except MalformedRow:
        return
    assert unpacked(packed(files)) == tuple(files)

"""What lies in the cache, made by the library itself or broken by hand."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import scan_cache_dir, snapshot_download

from api.handoff.cache.walking import walk
from api.handoff.errors import CacheUnusable
from tests.api.handoff.cache.making import ONE, TWO, put
from tests.fakes.hub import FakeHub, ListSource, make_row

FILES = [
    {"rfilename": "config.json", "content": b"{}\n"},
    {"rfilename": "nested/deep/model.safetensors", "content": b"weights" * 1_000},
    {"rfilename": "copy.safetensors", "content": b"weights" * 1_000},
]


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    rows = [make_row(id="acme/gale", siblings=FILES), make_row(id="oldie", siblings=FILES[:1])]
    with FakeHub(ListSource(rows)) as running:
        yield running


def test_what_the_library_made_is_read_as_the_library_reads_it(hub: FakeHub, cache: Path) -> None:
    for repo_id in ("acme/gale", "oldie"):
        snapshot_download(repo_id, endpoint=hub.url, cache_dir=cache, token=False)
    put(cache, "acme/gale", ONE, {"other.bin": b"other"}, ref="refs/pr/1")
    put(cache, "acme/gale", TWO, {})

    walked, seen = walk(cache), scan_cache_dir(cache)

    theirs = {
        (repo.repo_id, one.commit_hash): (
            one.size_on_disk,
            tuple(sorted(one.refs)),
            {file.file_path.relative_to(one.snapshot_path).as_posix() for file in one.files},
            {str(file.blob_path) for file in one.files},
        )
        for repo in seen.repos
        for one in repo.revisions
    }
    ours = {
        one.name: (one.bytes, one.refs, {file.path for file in one.files}, set(one.blobs))
        for one in walked.snapshots
    }
    assert ours == theirs
    assert len(ours) == 4
    assert walked.problems == ()
    assert not walked.is_cut


def test_a_broken_link_hides_nothing_else(cache: Path) -> None:
    folder = put(cache, "acme/gale", ONE, {"a": b"a", "b": b"b"}, ref="main")
    put(cache, "acme/gale", TWO, {"c": b"c"})
    (folder / "a").resolve().unlink()

    one, two = walk(cache).snapshots

    assert [(file.path, file.bytes) for file in one.files] == [("a", None), ("b", 1)]
    assert one.bytes == 1
    assert two.bytes == 1
    assert scan_cache_dir(cache).repos == frozenset()  # the library shows nothing of the model


def test_whatever_is_odd_is_told_and_the_rest_is_listed(cache: Path) -> None:
    put(cache, "acme/gale", ONE, {"a": b"a"})
    (cache / "models--no-snapshots").mkdir()
    (cache / "models--a--file").write_text("x")
    (cache / "models--bad name--x" / "snapshots").mkdir(parents=True)
    (cache / "datasets--acme--rows" / "snapshots" / ONE).mkdir(parents=True)
    refs = cache / "models--acme--gale" / "refs"
    refs.mkdir()
    (refs / "gone").write_text(TWO)
    (refs / "strange").write_bytes(b"\xff\xfe" * 1_000)
    put(cache, "acme/odd", ONE, {"a": b"a"})
    (cache / "models--acme--odd" / "snapshots" / "file").write_text("x")

    walked = walk(cache)

    assert [one.name for one in walked.snapshots] == [("acme/gale", ONE), ("acme/odd", ONE)]
    said = "\n".join(walked.problems)
    assert len(walked.problems) == 5
    assert "models--no-snapshots cannot be read" in said
    assert "models--a--file cannot be read" in said
    assert "models--bad name--x is no name" in said
    assert "gone leads to 222222222222, not there" in said


def test_links_in_a_ring_and_things_that_are_no_files_are_no_contents(cache: Path) -> None:
    folder = put(cache, "acme/gale", ONE, {"a": b"a"})
    (folder / "ring").symlink_to("ring")
    (folder / "up").symlink_to("..", target_is_directory=True)
    os.mkfifo(folder / "pipe")

    [one] = walk(cache).snapshots

    assert [(file.path, file.bytes) for file in one.files] == [
        ("a", 1), ("pipe", None), ("ring", None), ("up", None)
    ]  # fmt: skip


def test_folders_within_one_another_end_somewhere(cache: Path) -> None:
    put(cache, "acme/gale", ONE, {"/".join("d" * 60) + "/file": b"a"})

    walked = walk(cache)

    assert walked.snapshots == ()
    assert "too many folders within one another" in walked.problems[0]


def test_what_is_beyond_the_bound_is_left_out_and_said(cache: Path) -> None:
    for number in range(5):
        put(cache, f"acme/m{number}", ONE, {"a": b"a"})

    assert len(walk(cache, most=3).snapshots) == 3
    assert walk(cache, most=3).is_cut
    assert not walk(cache, most=5).is_cut


def test_a_cache_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert walk(tmp_path / "nothing").snapshots == ()
    (tmp_path / "file").write_text("x")

    with pytest.raises(CacheUnusable, match="cannot be read"):
        walk(tmp_path / "file")


def test_what_is_not_finished_is_counted(cache: Path) -> None:
    put(cache, "acme/gale", ONE, {"a": b"a"})
    (cache / "models--acme--gale" / "blobs" / "x.hubdex.incomplete").write_bytes(b"12345")
    (cache / "models--acme--gale" / "blobs" / "y.incomplete").write_bytes(b"123")

    assert walk(cache).partial_bytes == 8

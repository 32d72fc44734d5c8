"""A revision is deleted, whoever looks meanwhile and whenever the process dies."""

import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from huggingface_hub import hf_hub_download, snapshot_download

from api.handoff.cache.records import Snapshot
from api.handoff.cache.removing import finish_all, remove, remove_partials
from api.handoff.cache.walking import walk
from api.handoff.errors import CacheUnusable
from tests.api.handoff.cache.making import ONE, THREE, TWO, contents_in, put, revisions_in, sha256_of
from tests.fakes.hub import FakeHub, ListSource, make_row

CHANGES = frozenset({"os.rename", "os.remove", "os.rmdir", "os.mkdir"})
"""What a deletion does to the disk, by the names of Python's audit events."""


def snapshot_of(cache: Path, repo_id: str, commit: str) -> Snapshot:
    return next(one for one in walk(cache).snapshots if one.repo_id == repo_id and one.commit == commit)


def put_both(cache: Path) -> None:
    """Two revisions that share a content, and a model beside them."""
    put(cache, "acme/gale", ONE, {"config.json": b"shared", "old/a.bin": b"old"}, ref="refs/pr/1")
    put(cache, "acme/gale", TWO, {"config.json": b"shared", "a.bin": b"new"}, ref="main")
    put(cache, "acme/other", ONE, {"a.bin": b"other"}, ref="main")


def test_what_is_shared_stays(cache: Path) -> None:
    put_both(cache)

    freed = remove(cache, snapshot_of(cache, "acme/gale", ONE))

    assert freed == 3
    assert revisions_in(cache) == {("acme/gale", TWO), ("acme/other", ONE)}
    assert contents_in(cache) == sorted(map(sha256_of, (b"shared", b"new", b"other")))
    assert sorted(path.name for path in (cache / "models--acme--gale").iterdir()) == [
        "blobs", "refs", "snapshots"
    ]  # fmt: skip
    assert [path.name for path in (cache / "models--acme--gale" / "refs").iterdir()] == ["main"]


def test_with_its_last_revision_a_model_goes_whole(cache: Path) -> None:
    put_both(cache)
    home = cache / "models--acme--gale"
    (home / ".no_exist" / ONE).mkdir(parents=True)
    (home / "trees").mkdir()
    (home / "trees" / f"{ONE}.json").write_text("{}")

    remove(cache, snapshot_of(cache, "acme/gale", ONE))
    assert not (home / ".no_exist" / ONE).exists()
    assert list((home / "trees").iterdir()) == []
    freed = remove(cache, snapshot_of(cache, "acme/gale", TWO))

    assert freed == len(b"shared" + b"new")
    assert not home.exists()
    assert revisions_in(cache) == {("acme/other", ONE)}


def test_what_others_are_downloading_stays(cache: Path) -> None:
    put(cache, "acme/gale", ONE, {"a": b"a"})
    blobs = cache / "models--acme--gale" / "blobs"
    (blobs / "their.incomplete").write_bytes(b"12")
    (blobs / "x.hubdex.incomplete").write_bytes(b"123")
    (blobs / "y.hubdex.incomplete").write_bytes(b"1234")

    remove(cache, snapshot_of(cache, "acme/gale", ONE))
    assert contents_in(cache) == ["their.incomplete", "x.hubdex.incomplete", "y.hubdex.incomplete"]

    assert remove_partials(cache, "acme/gale", {"x"}) == 4
    assert remove_partials(cache, "acme/gale") == 3
    assert contents_in(cache) == ["their.incomplete"]
    (blobs / "their.incomplete").unlink()
    assert remove_partials(cache, "acme/gale") == 0
    assert list(cache.glob("models--*")) == []


def test_links_that_lead_out_of_the_model_delete_nothing_there(cache: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.gguf"
    mine.write_bytes(b"precious")
    folder = put(cache, "acme/gale", ONE, {"a": b"a"})
    put(cache, "acme/other", ONE, {"b": b"b"})
    (folder / "mine.gguf").symlink_to(mine)
    (folder / "theirs").symlink_to(f"../../../models--acme--other/blobs/{sha256_of(b'b')}")
    (folder / "broken").symlink_to("../../blobs/gone")

    assert remove(cache, snapshot_of(cache, "acme/gale", ONE)) == 1

    assert mine.read_bytes() == b"precious"
    assert contents_in(cache) == [sha256_of(b"b")]


def test_while_another_revision_cannot_be_read_no_content_goes(cache: Path) -> None:
    put_both(cache)
    deep = cache / "models--acme--gale" / "snapshots" / THREE / "/".join("d" * 40)
    deep.mkdir(parents=True)
    before = contents_in(cache)

    with pytest.raises(CacheUnusable, match="cannot be deleted"):
        remove(cache, snapshot_of(cache, "acme/gale", ONE))
    assert contents_in(cache) == before

    shutil.rmtree(cache / "models--acme--gale" / "snapshots" / THREE)
    assert finish_all(cache) == 3
    assert revisions_in(cache) == {("acme/gale", TWO), ("acme/other", ONE)}


def killed_at(step: int, act: Callable[[], object]) -> bool:
    """Do something in a child that kills itself right before its so manieth change; tell whether it did."""
    child = os.fork()
    if child == 0:
        count = 0

        def watch(event: str, _arguments: object) -> None:
            nonlocal count
            if event in CHANGES:
                count += 1
                if count == step:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(watch)
        act()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
@pytest.mark.parametrize(("commit", "alone"), [(ONE, False), (TWO, False), (ONE, True)])
def test_killed_before_any_change_the_cache_is_whole_and_the_next_deletion_ends_it(
    tmp_path: Path, commit: str, *, alone: bool
) -> None:
    step = 0
    went_on = True
    while went_on:
        step += 1
        cache = tmp_path / f"{step}"
        put_both(cache)
        if alone:
            remove(cache, snapshot_of(cache, "acme/gale", TWO))
        before = revisions_in(cache)
        snapshot = snapshot_of(cache, "acme/gale", commit)

        went_on = killed_at(step, partial(remove, cache, snapshot))

        left = revisions_in(cache)
        assert left in (before, before - {("acme/gale", commit)}), f"killed at change {step}"
        for one in walk(cache).snapshots:
            assert None not in [file.bytes for file in one.files]
        finish_all(cache)
        assert left == revisions_in(cache)
        if ("acme/gale", commit) in left:
            remove(cache, snapshot_of(cache, "acme/gale", commit))
        kept = {b"other"} | (
            set() if alone else {b"shared", b"new"} if commit == ONE else {b"shared", b"old"}
        )
        assert contents_in(cache) == sorted(map(sha256_of, kept))
        assert list(cache.glob("**/.hubdex-removed")) == []
    assert step > 8


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    files = [
        {"rfilename": "config.json", "content": b"{}\n"},
        {"rfilename": "model.safetensors", "content": b"weights" * 1_000},
    ]
    with FakeHub(ListSource([make_row(id="acme/gale", siblings=files)])) as running:
        yield running


def test_the_library_loads_what_is_left_without_a_network(
    hub: FakeHub, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(snapshot_download("acme/gale", endpoint=hub.url, cache_dir=cache, token=False))
    put(cache, "acme/gale", ONE, {"model.safetensors": b"weights" * 1_000, "more": b"more"}, ref="old")

    remove(cache, snapshot_of(cache, "acme/gale", ONE))

    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    for path in ("config.json", "model.safetensors"):
        found = hf_hub_download("acme/gale", path, cache_dir=cache, local_files_only=True)
        assert Path(found) == folder / path
        assert Path(found).read_bytes()
    assert Path(snapshot_download("acme/gale", cache_dir=cache, local_files_only=True)) == folder

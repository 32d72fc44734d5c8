from datetime import UTC, datetime
from pathlib import Path

import pytest

from api.handoff.cache.judging import CLOCK_SECONDS, is_complete, is_ours, judge
from api.handoff.cache.records import CachedFile, Snapshot
from api.handoff.jobs.records import Revision
from indexer.variants.contents import variants_of
from indexer.variants.records import Facts, RepoFile

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)
SHARDS = {f"model-0000{at}-of-00003.safetensors": 10 for at in (1, 2, 3)}


def snapshot(files: dict[str, int | None], placed_at: float = 0.0) -> Snapshot:
    held = tuple(CachedFile(path, f"/blobs/{path}", size, 0.0, placed_at) for path, size in files.items())
    return Snapshot("acme/gale", "1" * 40, Path("1"), held)


@pytest.mark.parametrize(
    ("files", "complete"),
    [
        ({}, False),
        ({"config.json": 10}, True),
        ({"config.json": 10, "gale.Q4_K_M.gguf": None}, False),
        ({**SHARDS}, True),
        ({"model-00001-of-00003.safetensors": 10, "model-00003-of-00003.safetensors": 10}, False),
        ({"gale-Q4_K_M-00002-of-00002.gguf": 10}, False),
        ({"gale.Q4_K_M.gguf": 10, "gale-Q8_0-00001-of-00002.gguf": 10}, False),
    ],
)
def test_what_names_tell_of_what_is_missing(files: dict[str, int | None], *, complete: bool) -> None:
    assert is_complete(snapshot(files)) is complete


def test_what_the_catalog_tells_of_what_is_missing() -> None:
    tree = [
        RepoFile("unet/model.safetensors", 10),
        RepoFile("vae/model.safetensors", 20),
        RepoFile("x.gguf", 5),
    ]
    variants = variants_of(tree, Facts("acme/gale", library="diffusers"))
    assert max(len(one.files) for one in variants) == 2
    half, whole = {"unet/model.safetensors": 10}, {"unet/model.safetensors": 10, "vae/model.safetensors": 20}

    assert is_complete(snapshot(dict(half)))
    assert not is_complete(snapshot(dict(half)), variants)
    assert is_complete(snapshot(dict(whole)), variants)
    assert is_complete(snapshot({"config.json": 3}), variants)
    assert not is_complete(snapshot({"x.gguf": 4}), variants)


def test_the_catalog_tells_of_its_own_commit_only() -> None:
    variants = variants_of([RepoFile("x.gguf", 5)], Facts("acme/gale"))
    short = snapshot({"x.gguf": 4})

    assert not judge(short, commit="1" * 40, variants=variants).is_complete
    assert judge(short, commit="2" * 40, variants=variants).is_complete
    assert [judge(short, commit=commit).is_current for commit in ("1" * 40, "2" * 40, None)] == [
        True,
        False,
        None,
    ]


def test_ours_is_what_hubdex_made_and_nobody_touched_since() -> None:
    done = NOON.timestamp()
    kept = Revision("acme/gale", "1" * 40, ("a", "b"), NOON, is_new=True)

    assert is_ours(snapshot({"a": 1, "b": 1}, done), kept)
    assert is_ours(snapshot({"a": 1}, done + CLOCK_SECONDS), kept)
    assert not is_ours(snapshot({"a": 1}, done + CLOCK_SECONDS + 1), kept)  # somebody placed it again
    assert not is_ours(snapshot({"a": 1, "mine": 1}, done), kept)
    assert not is_ours(snapshot({}, done), kept)
    assert not is_ours(snapshot({"a": 1}, done), None)
    assert not is_ours(snapshot({"a": 1}, done), Revision("acme/gale", "1" * 40, ("a",), NOON, is_new=False))
    assert not is_ours(snapshot({"a": 1}, done), Revision("acme/gale", "1" * 40, ("a",), None, is_new=True))

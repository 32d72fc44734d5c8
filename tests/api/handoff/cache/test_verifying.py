import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
from huggingface_hub import snapshot_download

from api.handoff.cache.records import Snapshot
from api.handoff.cache.verifications import Verifications
from api.handoff.cache.verifying import PIECE, verify
from api.handoff.cache.walking import walk
from indexer.catalog.store import utc_now
from tests.api.handoff.cache.making import ONE, put
from tests.fakes.hub import FakeHub, ListSource, make_row


def only(cache: Path) -> Snapshot:
    [one] = walk(cache).snapshots
    return one


def nobody(_done: int, _of: int) -> None:
    """Looks on."""


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    files = [
        {"rfilename": "config.json", "content": b"{}\n"},
        {"rfilename": "model.safetensors", "content": b"w" * (PIECE + 1)},
        {"rfilename": "empty.txt", "content": b""},
    ]
    with FakeHub(ListSource([make_row(id="acme/gale", siblings=files)])) as running:
        yield running


def test_what_the_library_downloaded_is_right_until_a_byte_is_not(hub: FakeHub, cache: Path) -> None:
    folder = Path(snapshot_download("acme/gale", endpoint=hub.url, cache_dir=cache, token=False))
    seen: list[tuple[int, int]] = []

    found = verify(only(cache), lambda done, of: seen.append((done, of)))

    assert found.is_right
    assert sorted(found.right) == ["config.json", "empty.txt", "model.safetensors"]
    assert seen[-1] == (PIECE + 4, PIECE + 4) == (found.bytes, found.bytes)
    assert seen == sorted(seen)

    for path in ("config.json", "model.safetensors"):  # git's hash of the one, SHA-256 of the other
        blob = (folder / path).resolve()
        content = blob.read_bytes()
        blob.write_bytes(content[:-1] + b"?")
        assert verify(only(cache), nobody).wrong == (path,)
        blob.write_bytes(content[:-1])
        assert verify(only(cache), nobody).wrong == (path,)
        blob.write_bytes(content)
        assert verify(only(cache), nobody).is_right


def test_missing_contents_and_files_of_no_hash_are_told_apart(cache: Path) -> None:
    folder = put(cache, "acme/gale", ONE, {"a": b"a", "b": b"b", "twin": b"a"})
    (folder / "b").resolve().unlink()
    (folder / "mine.txt").write_text("mine")
    (cache / "models--acme--gale" / "blobs" / "odd").write_text("odd")
    (folder / "odd").symlink_to("../../blobs/odd")

    found = verify(only(cache), nobody)

    assert (found.right, found.missing, found.wrong) == (("a", "twin"), ("b",), ())
    assert found.unknown == ("mine.txt", "odd")
    assert not found.is_right
    assert found.bytes == 1


def test_reading_is_no_use(cache: Path) -> None:
    put(cache, "acme/gale", ONE, {"a": b"a"}, used_at=1_000)

    assert verify(only(cache), nobody).is_right

    assert only(cache).used_at == 1_000


def test_a_service_reads_in_the_background(cache: Path) -> None:
    put(cache, "acme/gale", ONE, {"a": b"a"})
    folder = put(cache, "acme/wind", ONE, {"b": b"b"})
    (folder / "b").resolve().write_bytes(b"?")
    verifications = Verifications(utc_now)
    try:
        for snapshot in walk(cache).snapshots:
            begun = verifications.begin(snapshot)
            assert begun.state == "waiting"
        while len([one for one in verifications.known().values() if one.ended_at]) < 2:
            Event().wait(0.01)
        states = {name[0]: one.state for name, one in verifications.known().items()}
        assert states == {"acme/gale": "right", "acme/wind": "wrong"}
        wrong = verifications.known()["acme/wind", ONE].found
        assert wrong is not None
        assert wrong.wrong == ("b",)
    finally:
        verifications.close()


def test_a_service_that_ends_breaks_off_what_it_reads(cache: Path) -> None:
    folder = put(cache, "acme/gale", ONE, {"a": b"a"})
    os.truncate((folder / "a").resolve(), 2**40)  # takes no room, but minutes to read
    verifications = Verifications(utc_now)
    verifications.begin(only(cache))
    assert verifications.begin(only(cache)).state in {"waiting", "reading"}  # no second time
    while not verifications.known()["acme/gale", ONE].done_bytes:
        Event().wait(0.01)

    verifications.close()

    assert verifications.known()["acme/gale", ONE].state == "reading"


def test_hashes_are_those_that_git_and_the_hub_tell(cache: Path) -> None:
    folder = put(cache, "acme/gale", ONE, {})
    content = b"text\n"
    name = hashlib.sha1(b"blob 5\0" + content, usedforsecurity=False).hexdigest()
    (cache / "models--acme--gale" / "blobs" / name).write_bytes(content)
    (folder / "a.txt").symlink_to(f"../../blobs/{name}")

    assert verify(only(cache), nobody).right == ("a.txt",)

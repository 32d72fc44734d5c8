"""The real client of huggingface.co gets its files from the stand-in."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import hf_hub_download, snapshot_download
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from tests.fakes.hub import FakeHub, Fault, ListSource, make_row

TOKEN = "hf_valid"
CONFIG = b'{"model_type": "gale"}\n'
WEIGHTS = bytes(range(256)) * 4_000
FILES = [
    {"rfilename": "config.json", "content": CONFIG},
    {"rfilename": "nested/model.safetensors", "content": WEIGHTS},
    {"rfilename": "README.md"},
]


@pytest.fixture
def source() -> ListSource:
    return ListSource([make_row(id="acme/Gale", siblings=FILES), make_row(id="oldie")])


@pytest.fixture
def hub(source: ListSource) -> Iterator[FakeHub]:
    with FakeHub(source, token=TOKEN) as running:
        yield running


def download(
    hub: FakeHub,
    folder: Path,
    path: str,
    *,
    repo_id: str = "acme/Gale",
    token: str | bool = False,
    revision: str | None = None,
) -> Path:
    found = hf_hub_download(repo_id, path, revision=revision, token=token, endpoint=hub.url, cache_dir=folder)
    return Path(found)


def test_a_file_that_git_holds(hub: FakeHub, tmp_path: Path) -> None:
    found = download(hub, tmp_path, "config.json")

    assert found.read_bytes() == CONFIG
    git_name = hashlib.sha1(b"blob %d\0" % len(CONFIG) + CONFIG, usedforsecurity=False).hexdigest()
    assert found.resolve().name == git_name
    assert hub.cdn_requests == []


def test_a_large_file_comes_from_elsewhere_without_the_token(hub: FakeHub, tmp_path: Path) -> None:
    found = download(hub, tmp_path, "nested/model.safetensors", token=TOKEN)

    assert found.read_bytes() == WEIGHTS
    assert found.resolve().name == hashlib.sha256(WEIGHTS).hexdigest()
    assert all(one.headers["authorization"] == f"Bearer {TOKEN}" for one in hub.requests)
    [fetched] = hub.cdn_requests
    assert "authorization" not in fetched.headers


def test_a_whole_model(hub: FakeHub, tmp_path: Path) -> None:
    folder = snapshot_download("acme/Gale", endpoint=hub.url, cache_dir=tmp_path, token=False)

    got = {path.relative_to(folder).as_posix() for path in Path(folder).rglob("*") if path.is_file()}
    assert got == {"config.json", "nested/model.safetensors", "README.md"}
    offline = {"HF_HUB_OFFLINE": "1", "HF_HUB_CACHE": str(tmp_path)}
    script = "import huggingface_hub as h; print(h.hf_hub_download('acme/Gale', 'config.json'))"
    command = [sys.executable, "-c", script]
    answer = subprocess.run(command, env=os.environ | offline, capture_output=True, text=True, check=True)
    assert Path(answer.stdout.strip()).read_bytes() == CONFIG


def test_a_broken_body_is_gone_on_with(hub: FakeHub, source: ListSource, tmp_path: Path) -> None:
    source.push("acme/Gale", {"rfilename": "large.gguf", "size": 25_000_000})
    hub.script([Fault.drop(route="cdn"), Fault.truncate(route="cdn", at=2)])

    found = download(hub, tmp_path, "large.gguf")
    with found.open("rb") as file:
        assert hashlib.file_digest(file, "sha256").hexdigest() == found.resolve().name
    # It keeps whole pieces of 10 MiB.
    again = [one.headers.get("range") for one in hub.cdn_requests]
    assert again == [None, None, "bytes=10485760-"]


def test_a_short_file_is_noticed(hub: FakeHub, tmp_path: Path) -> None:
    hub.script([Fault.short_file()])

    with pytest.raises(OSError, match="Consistency check failed"):
        download(hub, tmp_path, "nested/model.safetensors")


def test_a_gated_model_is_for_those_let_in(hub: FakeHub, source: ListSource, tmp_path: Path) -> None:
    source.change("acme/Gale", gated="manual")
    for token in (False, TOKEN):
        with pytest.raises(GatedRepoError):
            download(hub, tmp_path, "config.json", token=token)
    hub.accept("acme/Gale")

    assert download(hub, tmp_path, "config.json", token=TOKEN).read_bytes() == CONFIG


def test_what_is_not_there_has_a_name(hub: FakeHub, tmp_path: Path) -> None:
    with pytest.raises(EntryNotFoundError):
        download(hub, tmp_path, "nothing.json")
    with pytest.raises(RevisionNotFoundError):
        download(hub, tmp_path, "config.json", revision="nowhere")
    with pytest.raises(RepositoryNotFoundError):
        download(hub, tmp_path, "config.json", repo_id="acme/nothing", token=TOKEN)


def test_an_old_name_still_leads_to_the_files(hub: FakeHub, source: ListSource, tmp_path: Path) -> None:
    source.rename("acme/Gale", "storm/Gale")

    assert download(hub, tmp_path, "config.json").read_bytes() == CONFIG

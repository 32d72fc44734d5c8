"""After an eviction the library loads, without a network, every revision that stayed."""

import os
from pathlib import Path

from huggingface_hub import scan_cache_dir, snapshot_download

from api.config import ApiConfig
from api.handoff.cache.keeping import make_room
from api.handoff.jobs.store import JobStore
from tests.api.handoff.cache.making import revisions_in
from tests.fakes.hub import FakeHub, ListSource, make_row

MODELS = ("acme/gale", "acme/wind", "acme/rain")


def test_what_stayed_is_whole(config: ApiConfig, store: JobStore, cache: Path) -> None:
    rows = [
        make_row(
            id=repo_id,
            siblings=[
                {"rfilename": "config.json", "content": b"{}"},
                {"rfilename": "nested/model.safetensors", "content": repo_id.encode() * 1_000},
            ],
        )
        for repo_id in MODELS
    ]
    with FakeHub(ListSource(rows)) as hub:
        for used_at, repo_id in enumerate(MODELS, 1):
            folder = Path(snapshot_download(repo_id, endpoint=hub.url, cache_dir=cache, token=False))
            for blob in folder.glob("**/*.*"):
                os.utime(blob, (used_at, used_at))
            if repo_id != "acme/wind":  # that one is the user's
                paths = ["config.json", "nested/model.safetensors"]
                store.begin_revision(repo_id, folder.name, paths, is_new=True)
                store.finish_revision(repo_id, folder.name)

    freed = make_room(config.model_copy(update={"cache_limit": 10_000}), store)

    assert freed == 9_002
    assert {repo_id for repo_id, _ in revisions_in(cache)} == {"acme/wind", "acme/rain"}
    for repo in scan_cache_dir(cache).repos:
        folder = Path(snapshot_download(repo.repo_id, cache_dir=cache, local_files_only=True))
        assert (folder / "nested/model.safetensors").read_bytes() == repo.repo_id.encode() * 1_000

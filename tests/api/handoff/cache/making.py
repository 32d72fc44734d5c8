"""Caches made by hand, in the layout that `huggingface_hub` reads."""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

from huggingface_hub import scan_cache_dir

from api.handoff.jobs.store import JobStore
from api.handoff.layout import repo_folder

ONE, TWO, THREE = "1" * 40, "2" * 40, "3" * 40


def sha256_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def put(
    cache: Path,
    repo_id: str,
    commit: str,
    files: Mapping[str, bytes],
    *,
    ref: str = "",
    used_at: float | None = None,
) -> Path:
    """Place a revision, its contents named by their hashes; give its folder."""
    home = repo_folder(cache, repo_id)
    folder = home / "snapshots" / commit
    (home / "blobs").mkdir(parents=True, exist_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    for path, content in files.items():
        blob = home / "blobs" / sha256_of(content)
        blob.write_bytes(content)
        if used_at is not None:
            os.utime(blob, (used_at, used_at))
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).symlink_to(os.path.relpath(blob, (folder / path).parent))
    if ref:
        (home / "refs" / ref).parent.mkdir(parents=True, exist_ok=True)
        (home / "refs" / ref).write_text(commit)
    return folder


def put_ours(
    store: JobStore,
    cache: Path,
    repo_id: str,
    commit: str,
    files: Mapping[str, bytes],
    *,
    ref: str = "",
    used_at: float | None = None,
) -> Path:
    """Place a revision as Hubdex does."""
    folder = put(cache, repo_id, commit, files, ref=ref, used_at=used_at)
    store.begin_revision(repo_id, commit, list(files), is_new=True)
    store.finish_revision(repo_id, commit)
    return folder


def revisions_in(cache: Path) -> set[tuple[str, str]]:
    """What the library sees, which must find nothing wrong."""
    seen = scan_cache_dir(cache)
    assert [str(one) for one in seen.warnings] == []
    return {(repo.repo_id, one.commit_hash) for repo in seen.repos for one in repo.revisions}


def contents_in(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.glob("models--*/blobs/*"))

"""What the Hugging Face cache holds of a model already, read without the Hub."""

import os
from pathlib import Path

from api.handoff.layout import repo_folder
from api.handoff.names import is_commit
from indexer.variants.records import RepoFile

MAX_FILES = 5_000
"""Files of a snapshot that are looked at."""


def cached_commit(cache: Path, repo_id: str, revision: str) -> str | None:
    """Give the commit that a revision was when the cache last heard of it; `None`: it never did."""
    if is_commit(revision):
        return revision
    try:
        with (repo_folder(cache, repo_id) / "refs" / revision).open(encoding="ascii") as file:
            said = file.read(64).strip()
    except (OSError, ValueError):
        return None
    return said if is_commit(said) else None


def cached_files(cache: Path, repo_id: str, commit: str) -> tuple[RepoFile, ...]:
    """Give the files of a commit that are in the cache with all their bytes, in the order of their paths."""
    snapshot = repo_folder(cache, repo_id) / "snapshots" / commit
    found: list[RepoFile] = []
    for folder, _, names in os.walk(snapshot):
        for name in names:
            path = Path(folder, name)
            try:
                size = path.stat().st_size
            except OSError:  # a link to what is no longer there
                continue
            found.append(RepoFile(path.relative_to(snapshot).as_posix(), size))
        if len(found) > MAX_FILES:
            return ()
    return tuple(sorted(found))

"""The commits of a model: the present one and those that were pushed over."""

import hashlib
from typing import cast

from tests.fakes.hub.rows import Row
from tests.fakes.hub.sizes import File


def commit_of(row: Row) -> str:
    """The full name of a row's commit; one is made up for rows that tell none."""
    return str(row.get("sha") or hashlib.sha1(str(row["id"]).encode(), usedforsecurity=False).hexdigest())


def at_revision(row: Row, revision: str) -> Row | None:
    """The model as it was at `main`, a full commit or its first eight digits."""
    commit = commit_of(row)
    if revision in {"main", commit, commit[:8]}:
        return row
    for old, files in cast("dict[str, list[File]]", row.get("commits") or {}).items():
        if revision in {old, old[:8]}:
            return row | {"sha": old, "siblings": files}
    return None


def pushed(row: Row, files: tuple[File, ...]) -> Row:
    """The fields that a commit with these files, new ones or new versions, changes."""
    old = cast("list[File]", row.get("siblings") or [])
    by_path = {str(file["rfilename"]): file for file in (*old, *files)}
    commits = cast("dict[str, list[File]]", row.get("commits") or {})
    commit = hashlib.sha1(f"{commit_of(row)} {len(commits)}".encode(), usedforsecurity=False).hexdigest()
    return {
        "sha": commit,
        "siblings": list(by_path.values()),
        "commits": commits | {commit_of(row): old},
    }

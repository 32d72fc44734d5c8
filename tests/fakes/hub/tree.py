"""`GET /api/models/{id}/tree/{rev}` without the HTTP: a commit's files and folders, a page at a time."""

import base64
import binascii
import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import cast
from urllib.parse import unquote

from tests.fakes.hub.listing import (
    MOST_TREE_ENTRIES,
    BadQueryError,
    Params,
    flag,
    last,
    refuse_unknown,
    whole,
)
from tests.fakes.hub.rows import Row
from tests.fakes.hub.sizes import File, sha256_of, size_of

Entry = dict[str, object]

MOST_EXPANDED = 50
_PARAMS = {"recursive", "expand", "limit", "cursor"}
_PATH = re.compile(r"(?P<name>[^/]+(?:/[^/]+)?)/tree/(?P<revision>[^/]+)(?:/(?P<folder>.+))?")


@dataclass(frozen=True)
class TreePath:
    """What a path below `/api/models/` asks for: whose files, of which commit, in which folder."""

    name: str
    """As it stands in the path."""
    revision: str
    folder: str

    @classmethod
    def of(cls, path: str) -> "TreePath | None":
        found = _PATH.fullmatch(path)
        if found is None:
            return None
        return cls(found["name"], unquote(found["revision"]), unquote(found["folder"] or ""))


@dataclass(frozen=True)
class TreePage:
    """The entries of one answer, and the cursor of the next one if there is any."""

    entries: list[Entry]
    cursor: str | None


class NoEntryError(LookupError):
    """There is no such folder."""


def read_tree(row: Row, folder: str, params: Params, most: int = MOST_TREE_ENTRIES) -> TreePage:
    """The page that a query asks for; a row that brings a `tree` of its own is shown with just that."""
    refuse_unknown(params, _PARAMS)
    expanded = flag(params, "expand")
    most = min(most, MOST_EXPANDED) if expanded else most
    limit = min(whole(params, "limit", most), most)
    if limit == 0:
        raise BadQueryError("Invalid limit parameter")
    entries = _entries(row, folder, recursive=flag(params, "recursive"))
    start = _start(last(params, "cursor"), row)
    shown = entries[start : start + limit]
    end = start + len(shown)
    return TreePage(
        [one | _expansion(row) if expanded else one for one in shown],
        _cursor(row, end) if end < len(entries) else None,
    )


def _entries(row: Row, folder: str, *, recursive: bool) -> list[Entry]:
    if "tree" in row:
        return cast("list[Entry]", row["tree"])
    files = {str(file["rfilename"]): file for file in cast("list[File]", row.get("siblings") or [])}
    folders = {str(parent) for path in files for parent in PurePosixPath(path).parents} - {"."}
    if folder and folder not in folders:
        raise NoEntryError(folder)
    entries = []
    for path in sorted({*files, *folders}):
        inside = path.startswith(f"{folder}/") if folder else True
        if inside and (recursive or "/" not in path.removeprefix(f"{folder}/" if folder else "")):
            entries.append(_file(row, files[path]) if path in files else _folder(path))
    return entries


def _folder(path: str) -> Entry:
    return {"type": "directory", "oid": _sha1(f"tree {path}"), "size": 0, "path": path}


def _file(row: Row, file: File) -> Entry:
    path, size, sha256 = str(file["rfilename"]), size_of(row, file), sha256_of(row, file)
    # What git holds of a file that is stored apart is a pointer: its oid is not that of the content.
    oid = _sha1(f"{row['_id']} {path} {size} {sha256}")
    entry: Entry = {"type": "file", "oid": oid, "size": size, "path": path}
    if sha256 is not None:
        entry["lfs"] = {"oid": sha256, "size": size, "pointerSize": 124 + len(str(size))}
        entry["xetHash"] = hashlib.sha256(f"xet {sha256}".encode()).hexdigest()
    return entry


def _expansion(row: Row) -> Entry:
    commit = {"id": row.get("sha"), "title": "Upload files", "date": row.get("lastModified")}
    return {"lastCommit": commit, "securityFileStatus": {"status": "safe"}}


def _sha1(text: str) -> str:
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def _cursor(row: Row, end: int) -> str:
    return base64.b64encode(json.dumps([row["_id"], row.get("sha"), end]).encode()).decode()


def _start(cursor: str | None, row: Row) -> int:
    if cursor is None:
        return 0
    try:
        match json.loads(base64.b64decode(cursor, validate=True)):
            case [key, sha, int(start)] if (key, sha) == (row["_id"], row.get("sha")):
                return start
    except (binascii.Error, ValueError):
        pass
    raise BadQueryError("Invalid cursor")

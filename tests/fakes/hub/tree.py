"""`GET /api/models/{id}/tree/{rev}` without the HTTP: a commit's files and folders, a page at a time."""

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import cast

from tests.fakes.hub.files import HubFile, pointer_of, xet_hash_of
from tests.fakes.hub.listing import (
    BadQueryError,
    Manner,
    Params,
    flag,
    last,
    refuse_unknown,
    whole,
)
from tests.fakes.hub.rows import Row
from tests.fakes.hub.sizes import File

Entry = dict[str, object]

MOST_EXPANDED = 50
_PARAMS = {"recursive", "expand", "limit", "cursor"}


@dataclass(frozen=True)
class TreePage:
    """The entries of one answer, and the cursor of the next one if there is any."""

    entries: list[Entry]
    cursor: str | None


class NoEntryError(LookupError):
    """There is no such folder."""


def read_tree(row: Row, folder: str, params: Params, manner: Manner) -> TreePage:
    """The page that a query asks for; a row that brings a `tree` of its own is shown with just that."""
    refuse_unknown(params, _PARAMS)
    expanded = flag(params, "expand")
    most = min(manner.tree_entries, MOST_EXPANDED) if expanded else manner.tree_entries
    limit = min(whole(params, "limit", most), most)
    if limit == 0:
        raise BadQueryError("Invalid limit parameter")
    entries = _entries(row, folder, manner, recursive=flag(params, "recursive"))
    start = _start(last(params, "cursor"), row)
    shown = entries[start : start + limit]
    end = start + len(shown)
    return TreePage(
        [one | _expansion(row) if expanded else one for one in shown],
        _cursor(row, end) if end < len(entries) else None,
    )


def _entries(row: Row, folder: str, manner: Manner, *, recursive: bool) -> list[Entry]:
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
            entries.append(
                _file(row, files[path], offers_xet=manner.offers_xet) if path in files else _folder(path)
            )
    return entries


def _folder(path: str) -> Entry:
    return {"type": "directory", "oid": _sha1(f"tree {path}"), "size": 0, "path": path}


def _file(row: Row, file: File, *, offers_xet: bool) -> Entry:
    whole = HubFile(row, file)
    size, (oid, sha256) = whole.blob.size, whole.listed()
    entry: Entry = {"type": "file", "oid": oid, "size": size, "path": whole.path}
    if sha256 is not None:
        entry["lfs"] = {"oid": sha256, "size": size, "pointerSize": len(pointer_of(sha256, size))}
        if offers_xet:
            entry["xetHash"] = xet_hash_of(sha256)
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

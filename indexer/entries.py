"""The meaning of the Hub's answer about a model's files: its entries become files, or the tree is refused."""

from collections.abc import Iterable
from typing import cast

from indexer.catalog.trees import MAX_BYTES, MAX_PATH_LENGTH
from indexer.errors import MalformedRow
from indexer.text import is_storable
from indexer.variants.records import RepoFile

_HEX = frozenset("0123456789abcdef")


def parse_entries(entries: Iterable[object]) -> list[RepoFile]:
    """Give the files that entries of `GET /api/models/{id}/tree/{commit}` name, in their order.

    Folders are left out, and so are paths that no disk would take. A file in large file storage says its
    size and its sha256 under `lfs`; what stands beside them is of the pointer that git holds (recorded 2026).

    Raises:
        MalformedRow: an entry has no meaning; a tree without it would be taken for a whole one.

    """
    files = [_file(entry) for entry in entries]
    return [file for file in files if file is not None and 0 < len(file.path) <= MAX_PATH_LENGTH]


def _file(entry: object) -> RepoFile | None:
    if not isinstance(entry, dict):
        raise MalformedRow("it is not an object")
    said = cast("dict[str, object]", entry)
    if said.get("type") != "file":
        return None
    path, lfs = said.get("path"), said.get("lfs")
    if not isinstance(path, str) or not is_storable(path):
        raise MalformedRow("its path is no text")
    if lfs is None:
        return RepoFile(path, _size(said.get("size")))
    if not isinstance(lfs, dict):
        raise MalformedRow("its lfs is not an object")
    return RepoFile(path, _size(lfs.get("size")), _sha256(lfs.get("oid")))


def _size(value: object) -> int:
    if type(value) is not int or not 0 <= value <= MAX_BYTES:
        raise MalformedRow("its size is no number of bytes")
    return value


def _sha256(value: object) -> str:
    if not isinstance(value, str) or len(value) != 64 or not _HEX.issuperset(value):
        raise MalformedRow("its lfs.oid is no sha256")
    return value

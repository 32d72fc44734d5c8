"""Whether the files of an index are still as Tantivy wrote them.

Tantivy ends each of its files with their checksum, and reads it only when asked to, which its Python
binding cannot do. A file garbled by a failing disk or a power cut may open well and answer wrongly.

A file's end: the footer (JSON, with the CRC-32 of all before it), the footer's length, a magic number.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO
from zlib import crc32

import orjson

META = "meta.json"
"""Tantivy's list of an index's segments; replaced in one step by each commit."""

_PARTS = ("fast", "fieldnorm", "idx", "pos", "store", "term")
_MAGIC = 1337
_ENDING_BYTES = 8
_MAX_FOOTER_BYTES = 4_096
_CHUNK_BYTES = 1 << 20


def damaged_file(folder: Path) -> str | None:
    """Name the first file of an index that is not as it was written; `None` when all are.

    Reads all of the index: some 400 MB a second.
    """
    for name in _files(folder):
        try:
            with (folder / name).open("rb") as file:
                if not _is_as_written(file):
                    return name
        except FileNotFoundError:
            if name in _files(folder):  # else a commit has just put others in its place
                return name
    return None


def opstamp_of(folder: Path) -> int:
    """Give the number of an index's newest commit: each has a higher one than those before it.

    Raises:
        OSError, ValueError, KeyError or TypeError: the list of segments cannot be read.

    """
    return int(orjson.loads((folder / META).read_bytes())["opstamp"])


def _files(folder: Path) -> Iterator[str]:
    """Give the names of the files that make up an index's newest commit."""
    for segment in orjson.loads((folder / META).read_bytes())["segments"]:
        name = segment["segment_id"].replace("-", "")
        yield from (f"{name}.{part}" for part in _PARTS)
        if segment["deletes"]:
            yield f"{name}.{segment['deletes']['opstamp']}.del"


def _is_as_written(file: BinaryIO) -> bool:
    size = file.seek(0, 2)
    file.seek(max(0, size - _ENDING_BYTES))
    ending = file.read()
    length, magic = int.from_bytes(ending[:4], "little"), int.from_bytes(ending[4:], "little")
    content = size - _ENDING_BYTES - length
    if magic != _MAGIC or length > _MAX_FOOTER_BYTES or content < 0:
        return False
    file.seek(content)
    try:
        stored = orjson.loads(file.read(length))["crc"]
    except (ValueError, KeyError, TypeError):
        return False
    return bool(stored == _checksum(file, content))


def _checksum(file: BinaryIO, size: int) -> int:
    file.seek(0)
    checksum = 0
    while size > 0:
        chunk = file.read(min(size, _CHUNK_BYTES))
        if not chunk:
            break
        checksum, size = crc32(chunk, checksum), size - len(chunk)
    return checksum

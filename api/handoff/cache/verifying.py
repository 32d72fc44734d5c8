"""Whether the bytes of a revision are those that its contents are named after."""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import BinaryIO

from api.handoff.cache.records import CachedFile, Snapshot
from api.handoff.partial import digest_for

PIECE = 2**22
"""Bytes read at a time."""
_CONTENT = re.compile(r"/blobs/([0-9a-f]{40}|[0-9a-f]{64})\Z", re.ASCII)

Progress = Callable[[int, int], None]
"""Told how many bytes of how many are read; whatever it raises ends the reading."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What the reading of a revision found: the paths of its files, each list in their order."""

    right: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    """The bytes are others than the name says."""
    missing: tuple[str, ...] = ()
    """The link leads nowhere, or to what cannot be read."""
    unknown: tuple[str, ...] = ()
    """Nothing says what the bytes should be: no content of the cache, but a file somebody put there."""
    bytes: int = 0
    """That were read."""

    @property
    def is_right(self) -> bool:
        """Whether nothing is wrong and nothing missing."""
        return not self.wrong and not self.missing


def verify(snapshot: Snapshot, progress: Progress) -> Verified:
    """Read every content of a revision and compare it with its name.

    A content that several files share is read once. Reading does not count as a use of it, where the file
    system lets us say so.
    """
    total, done = snapshot.bytes, 0
    told: dict[str, str] = {}
    found: dict[str, list[str]] = {"right": [], "wrong": [], "missing": [], "unknown": []}
    for file in snapshot.files:
        if file.blob not in told:
            before = done

            def read(count: int, before: int = before) -> None:
                progress(before + count, total)

            told[file.blob], count = _verdict(file, read)
            done += count
        found[told[file.blob]].append(file.path)
    lists = {name: tuple(paths) for name, paths in found.items()}
    return Verified(**lists, bytes=done)


def _verdict(file: CachedFile, read: Callable[[int], None]) -> tuple[str, int]:
    if file.bytes is None:
        return "missing", 0
    content = _CONTENT.search(file.blob)
    if content is None:
        return "unknown", 0
    name = content[1]
    try:
        with _opened(file.blob) as opened:
            digest, count = digest_for(name, os.fstat(opened.fileno()).st_size), 0
            for piece in _pieces(opened):
                digest.update(piece)
                count += len(piece)
                read(count)
    except OSError:
        return "missing", 0
    return ("right" if digest.hexdigest() == name else "wrong"), count


def _pieces(opened: BinaryIO) -> Iterator[bytes]:
    while piece := opened.read(PIECE):
        yield piece


def _opened(path: str) -> BinaryIO:
    """Open a file for reading, without a mark of when it was read where we may."""
    quietly = getattr(os, "O_NOATIME", 0)
    handle = -1
    with suppress(PermissionError):  # it is another user's
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | quietly)
    if handle < 0:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    return os.fdopen(handle, "rb", buffering=0)

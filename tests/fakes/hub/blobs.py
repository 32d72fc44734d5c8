"""The bytes of files: given ones, and made ones of any size that are never held as a whole."""

import hashlib
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Protocol

PIECE = 1 << 20
"""Bytes that are sent or hashed at a time."""


class Blob(Protocol):
    """What a file holds."""

    @property
    def size(self) -> int:
        """Bytes."""

    @property
    def sha256(self) -> str:
        """The name of its content, 64 digits; read from end to end the first time it is asked for."""

    @property
    def git_sha1(self) -> str:
        """The name that git gives it, 40 digits."""

    def pieces(self, start: int, stop: int) -> Iterator[memoryview]:
        """Its bytes from `start` up to `stop`; each piece may be overwritten by the next one."""


@dataclass(frozen=True)
class Held:
    """Bytes that a test brought along."""

    content: bytes

    @property
    def size(self) -> int:
        return len(self.content)

    @property
    def sha256(self) -> str:
        return _sha256(self)

    @property
    def git_sha1(self) -> str:
        return _git_sha1(self)

    def pieces(self, start: int, stop: int) -> Iterator[memoryview]:
        yield memoryview(self.content)[start:stop]


@dataclass(frozen=True)
class Made:
    """Bytes that follow from a name: one piece of noise again and again, each time with its number in front.

    So no two pieces are alike, any range costs only what it sends, and hashing is all that takes time: about
    a second for 1.5 GB.
    """

    name: str
    size: int

    @property
    def sha256(self) -> str:
        return _sha256(self)

    @property
    def git_sha1(self) -> str:
        return _git_sha1(self)

    def pieces(self, start: int, stop: int) -> Iterator[memoryview]:
        piece = _start_of(f"{self.name} {self.size}", min(self.size, PIECE))
        while start < stop:
            number, inside = divmod(start, PIECE)
            if number:
                struct.pack_into(">Q", piece, 0, number)
            end = min(PIECE, inside + stop - start)
            yield memoryview(piece)[inside:end]
            start += end - inside


@dataclass(frozen=True)
class Part:
    """The bytes of a file that an answer brings: from `start` up to `stop`, one of them wrong if told so."""

    blob: Blob
    start: int
    stop: int
    is_wrong: bool = False

    def __len__(self) -> int:
        return self.stop - self.start

    def half(self) -> "Part":
        return replace(self, stop=self.start + len(self) // 2)

    def pieces(self, start: int, stop: int) -> Iterator[memoryview]:
        """Its bytes, counted from its own beginning."""
        place = self.start + start
        wrong = self.start + len(self) // 2 if self.is_wrong else -1
        for piece in self.blob.pieces(place, self.start + stop):
            if place <= wrong < place + len(piece):
                spoiled = bytearray(piece)
                spoiled[wrong - place] ^= 1
                yield memoryview(spoiled)
            else:
                yield piece
            place += len(piece)


def pieces_of(body: bytes | Part, start: int, stop: int) -> Iterable[memoryview]:
    return (memoryview(body)[start:stop],) if isinstance(body, bytes) else body.pieces(start, stop)


def git_name(content: bytes) -> str:
    return _named_by_git(Held(content))


@cache
def _noise() -> bytes:
    return hashlib.shake_128(b"noise").digest(2 * PIECE)


def _start_of(name: str, size: int) -> bytearray:
    """The first piece of a made file: its own name's digest, then noise from a place of its own."""
    digest = hashlib.sha256(name.encode()).digest()
    shift = int.from_bytes(digest[:4]) % PIECE
    start = bytearray(digest)
    start += memoryview(_noise())[shift : shift + size]
    del start[size:]
    return start


def _sha256(blob: "Held | Made") -> str:
    return _remembered_sha256(blob) if blob.size > PIECE else _named(blob)


def _git_sha1(blob: "Held | Made") -> str:
    return _remembered_git_sha1(blob) if blob.size > PIECE else _named_by_git(blob)


def _named(blob: "Held | Made") -> str:
    digest = hashlib.sha256()
    for piece in blob.pieces(0, blob.size):
        digest.update(piece)
    return digest.hexdigest()


def _named_by_git(blob: "Held | Made") -> str:
    digest = hashlib.sha1(f"blob {blob.size}\0".encode(), usedforsecurity=False)
    for piece in blob.pieces(0, blob.size):
        digest.update(piece)
    return digest.hexdigest()


# Small files are read again each time, so that listing many of them does not push a large one out.
_remembered_sha256 = lru_cache(maxsize=1024)(_named)
_remembered_git_sha1 = lru_cache(maxsize=1024)(_named_by_git)

"""A content on its way: written and hashed as it comes, never taken for whole before its hash is right."""

import errno
import hashlib
import os
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from api.handoff.errors import WrongBytes
from api.handoff.hub import RemoteFile

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""What a disk says that takes no more."""

_READ_BYTES = 2**22
_BATCH_BYTES = 2**20
_QUEUED_BATCHES = 8


class Digest(Protocol):
    """A hash that is being made."""

    def update(self, piece: bytes, /) -> None:
        """Take further bytes."""

    def hexdigest(self) -> str:
        """Give it."""


def digest_for(etag: str, size: int) -> Digest:
    """Begin the hash that a content is named by: sha256 or, by its length of 40 digits, git's."""
    if len(etag) == 64:
        return hashlib.sha256()
    return hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)


def hash_file(path: Path, etag: str, size: int, check: Callable[[], None]) -> str:
    """Hash a whole file as `etag` is; `check` is asked now and then and may raise to break off.

    Raises:
        OSError: it cannot be read.

    """
    digest = digest_for(etag, size)
    with path.open("rb", buffering=0) as handle:
        while piece := handle.read(_READ_BYTES):
            digest.update(piece)
            check()
    return digest.hexdigest()


class Partial:
    """The file a content lies in while it comes.

    Args:
        path: the file.
        remote: what it is to become.

    """

    def __init__(self, path: Path, remote: RemoteFile) -> None:
        self._path = path
        self._remote = remote
        self._digest = digest_for(remote.etag, remote.bytes)
        self.done = 0
        """Bytes that are there and hashed."""

    def resume(self, check: Callable[[], None]) -> None:
        """Take up what is there; longer than the whole, it is thrown away.

        Raises:
            OSError: it cannot be read or written.

        """
        self._digest, self.done = digest_for(self._remote.etag, self._remote.bytes), 0
        with self._path.open("a+b", buffering=0) as handle:
            if handle.seek(0, os.SEEK_END) > self._remote.bytes:
                handle.truncate(0)
            handle.seek(0)
            while piece := handle.read(_READ_BYTES):
                self._digest.update(piece)
                self.done += len(piece)
                check()

    def restart(self) -> None:
        """Throw away what is there."""
        os.truncate(self._path, 0)
        self._digest, self.done = digest_for(self._remote.etag, self._remote.bytes), 0

    def discard(self) -> None:
        """Remove it."""
        self._path.unlink(missing_ok=True)

    @contextmanager
    def writing(self) -> Iterator["Writer"]:
        """Open it for what comes next; at the end all that was taken is written, `done` says how much.

        Raises:
            OSError: it cannot be written.

        """
        with self._path.open("ab", buffering=0) as handle:
            writer = Writer(handle.fileno(), self._digest, self.done, self._remote)
            try:
                yield writer
            finally:
                self.done = writer.close()

    def become(self, blob: Path) -> None:
        """Check it, and move it to where it is whole.

        Raises:
            WrongBytes: it is not what was described.
            OSError: it cannot be moved.

        """
        if self.done != self._remote.bytes:
            raise WrongBytes(
                self._remote.path, f"it is {self.done} bytes long instead of {self._remote.bytes}"
            )
        if self._digest.hexdigest() != self._remote.etag:
            raise WrongBytes(self._remote.path, "its hash is not the one that the Hub names")
        with self._path.open("rb") as handle:
            os.fsync(handle.fileno())
        self._path.replace(blob)
        folder = os.open(blob.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


class Writer:
    """Writes and hashes in a thread of its own, beside the one that receives.

    Args:
        file: number of the open file.
        digest: is given all that is written.
        done: bytes that are there already.
        remote: what is to come.

    """

    def __init__(self, file: int, digest: Digest, done: int, remote: RemoteFile) -> None:
        self._file = file
        self._digest = digest
        self._written = done
        self._taken = done
        self._remote = remote
        self._batch: list[bytes] = []
        self._batch_bytes = 0
        self._queue: queue.Queue[bytes | None] = queue.Queue(_QUEUED_BATCHES)
        self._error: OSError | None = None
        self._thread = threading.Thread(target=self._work, name="hubdex-write", daemon=True)
        self._thread.start()

    def take(self, piece: bytes) -> None:
        """Take further bytes.

        Raises:
            WrongBytes: there are more than the whole has.
            OSError: what was taken before could not be written.

        """
        self._taken += len(piece)
        if self._taken > self._remote.bytes:
            raise WrongBytes(self._remote.path, f"it is longer than {self._remote.bytes} bytes")
        self._batch.append(piece)
        self._batch_bytes += len(piece)
        if self._batch_bytes >= _BATCH_BYTES:
            self._pass_on()

    def close(self) -> int:
        """Write what was taken; gives how many bytes are there.

        Raises:
            OSError: it could not be written.

        """
        self._pass_on()
        self._queue.put(None)
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._written

    def _pass_on(self) -> None:
        if self._error is not None:
            raise self._error
        if self._batch:
            self._queue.put(b"".join(self._batch))
            self._batch, self._batch_bytes = [], 0

    def _work(self) -> None:
        while (batch := self._queue.get()) is not None:
            if self._error is None:
                try:
                    self._write(batch)
                except OSError as error:
                    self._error = error

    def _write(self, batch: bytes) -> None:
        rest = memoryview(batch)
        while rest:
            rest = rest[os.write(self._file, rest) :]
        self._digest.update(batch)
        self._written += len(batch)

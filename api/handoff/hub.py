"""Asking the Hub for a file: what it is, and its bytes."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass

from indexer.hub import HubConfig
from indexer.variants.records import RepoFile

Waiting = Callable[[str], None]
"""Is told, over and over, why it has to be waited; may raise to break off."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """What the Hub says of one file."""

    repo_id: str
    commit: str
    """40 hexadecimal digits: what the revision is at present."""
    path: str
    etag: str
    """The name of its content: a sha256 (64 hexadecimal digits) or, of small files, git's sha1 (40)."""
    bytes: int

    @property
    def sha256(self) -> str | None:
        """The sha256 of its content; `None` for the small files that git holds itself."""
        return self.etag if len(self.etag) == 64 else None


@dataclass(frozen=True, slots=True)
class Tree:
    """The files of a model at one commit."""

    repo_id: str
    commit: str
    files: tuple[RepoFile, ...]


class Body:
    """Bytes of a file on their way."""

    def __init__(self, start: int, pieces: Iterator[bytes]) -> None:
        self.start = start
        """Where they begin: what was asked for, or 0 when the Hub would not go on."""
        self.pieces = pieces


class Hub:
    """The Hub, for downloads. One for a process; threads may share it.

    Args:
        config: where it is and who asks.
        sleep: waits so many seconds.
        now: a clock in seconds that never goes back.
        read_timeout: seconds without a byte after which a connection counts as dead.

    """

    def __init__(
        self,
        config: HubConfig,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.monotonic,
        read_timeout: float = 30.0,
    ) -> None:
        raise NotImplementedError

    def close(self) -> None:
        """Close all connections; a download that still runs fails."""
        raise NotImplementedError

    def head(self, repo_id: str, revision: str, path: str, waiting: Waiting | None = None) -> RemoteFile:
        """Ask what a file is at a revision.

        Raises:
            RepoNotFound, RevisionNotFound, EntryNotFound, GatedModel, DisabledModel, BadToken: as they say.
            BadRedirect: the Hub sends to where nothing is fetched from.
            Unreachable: it cannot be reached, or keeps failing.

        """
        raise NotImplementedError

    def commit(self, repo_id: str, revision: str, waiting: Waiting | None = None) -> tuple[str, str]:
        """Give a model's present name and the commit of a revision; errors as `head`."""
        raise NotImplementedError

    def tree(self, repo_id: str, revision: str, waiting: Waiting | None = None) -> Tree:
        """Ask for all files of a model at a revision; errors as `head`, and `TooLarge`."""
        raise NotImplementedError

    def open(self, remote: RemoteFile, start: int) -> AbstractContextManager[Body]:
        """Ask for the bytes of a file from `start` on; one try, errors as `head`."""
        raise NotImplementedError

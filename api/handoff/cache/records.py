"""What lies in the cache, as records. No I/O."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import NamedTuple, TypeAlias

Name: TypeAlias = tuple[str, str]
"""A revision: the model's id and the commit."""


_END_OF_TIME = 253_402_300_800.0
"""The year 10000, which no calendar of Python's has."""


class CachedFile(NamedTuple):
    """One file of a snapshot."""

    path: str
    """Within the repository, with slashes."""
    blob: str
    """Where the content lies: a file of the folder `blobs`, or the very file where it is no link.

    A text: there can be a million, and a `Path` takes six times as long to make.
    """
    bytes: int | None = None
    """`None`: nothing lies there, the link leads nowhere."""
    used_at: float = 0.0
    """Seconds since 1970: when it was last read or written, as far as the file system tells."""
    placed_at: float = 0.0
    """Seconds since 1970: when it came to be seen in the snapshot."""


@dataclass(frozen=True)
class Snapshot:
    """One revision of a model, as it lies on the disk."""

    repo_id: str
    commit: str
    """The folder's name: 40 hexadecimal digits, as a rule."""
    folder: Path
    files: tuple[CachedFile, ...] = ()
    refs: tuple[str, ...] = ()
    """Branches and tags that lead to it, in order."""

    @property
    def name(self) -> Name:
        """What tells it from all others."""
        return self.repo_id, self.commit

    @cached_property
    def blobs(self) -> Mapping[str, int]:
        """Its contents and their sizes, each once."""
        return {file.blob: file.bytes for file in self.files if file.bytes is not None}

    @property
    def bytes(self) -> int:
        """What it takes, with what it shares with other revisions."""
        return sum(self.blobs.values())

    @cached_property
    def used_at(self) -> float:
        """Seconds since 1970; 0: it holds nothing."""
        return max((file.used_at for file in self.files), default=0.0)

    @property
    def last_used(self) -> datetime | None:
        """When any of its files was last read or written, as far as the file system tells."""
        if not 0 < self.used_at < _END_OF_TIME:
            return None
        return datetime.fromtimestamp(self.used_at, UTC)


@dataclass(frozen=True, slots=True)
class Walked:
    """The cache as it lies on the disk."""

    snapshots: tuple[Snapshot, ...] = ()
    problems: tuple[str, ...] = ()
    """A sentence for each folder that could not be read, and for what else is odd."""
    partial_bytes: int = 0
    """What downloads under way, or broken off, take."""
    is_cut: bool = False
    """Whether there are more revisions than are listed."""


@dataclass(frozen=True, slots=True)
class CachedRevision:
    """One revision in the cache, and what is known of it."""

    snapshot: Snapshot
    is_complete: bool
    """No link leads nowhere, and what was begun lacks no file, as far as names and the catalog tell."""
    is_current: bool | None = None
    """Whether it is the model's present commit; `None`: the catalog does not know."""
    is_ours: bool = False
    """Whether Hubdex downloaded every file of it."""
    is_pinned: bool = False
    is_in_use: bool = False
    """Whether a download of this model is under way."""


@dataclass(frozen=True, slots=True)
class CacheState:
    """What lies in the cache, at a moment."""

    path: Path
    revisions: tuple[CachedRevision, ...]
    """The one used last first."""
    seen_at: datetime
    limit: int | None = None
    """Bytes that what Hubdex downloaded may take; `None`: no limit."""
    free_bytes: int | None = None
    """Of the disk; `None`: it cannot be told."""
    partial_bytes: int = 0
    problems: tuple[str, ...] = ()
    is_cut: bool = False

    @property
    def bytes(self) -> int:
        """What all revisions take together, what they share counted once."""
        return total_bytes(revision.snapshot for revision in self.revisions)

    @property
    def downloaded_bytes(self) -> int:
        """What those that Hubdex downloaded take."""
        return total_bytes(one.snapshot for one in self.revisions if one.is_ours)


def total_bytes(snapshots: Iterable[Snapshot]) -> int:
    """Give what snapshots take together: a content that several hold is there once."""
    blobs: dict[str, int] = {}
    for snapshot in snapshots:
        blobs.update(snapshot.blobs)
    return sum(blobs.values())

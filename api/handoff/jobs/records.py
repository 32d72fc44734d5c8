"""A download as records. No I/O."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

State: TypeAlias = Literal[
    "queued", "downloading", "paused", "verifying", "ready", "failed", "cancelled", "already_downloaded"
]
"""How a job stands. `ready` and `already_downloaded` mean: every file is in the snapshot, its hash right."""
ENDED: frozenset[State] = frozenset({"ready", "failed", "cancelled", "already_downloaded"})
"""Nothing happens any more by itself; `failed` and `cancelled` can be tried again."""
FileState: TypeAlias = Literal["waiting", "downloading", "verifying", "done"]

CARRIED: frozenset[State] = frozenset({"downloading", "verifying"})
"""A process is at it; or was, when it died."""

_SHA256_DIGITS = 64


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be downloaded: named files of one commit of a model."""

    repo_id: str
    revision: str
    """As it was asked for: a branch, a tag or a commit."""
    commit: str
    """40 hexadecimal digits: what the revision was when it was asked for."""
    paths: tuple[str, ...]
    """Each once, within the repository; weights first."""
    variant: str = ""
    """The key of the variant; empty: files were named."""
    label: str = ""
    format: str = ""
    bytes: int | None = None
    """All files together, as far as is known beforehand."""


@dataclass(frozen=True, slots=True)
class JobFile:
    """One file of a job."""

    path: str
    bytes: int | None = None
    """`None` until the Hub was asked."""
    etag: str | None = None
    """The name of its blob: a SHA-256, or what git calls a small file; `None` until the Hub was asked."""
    done_bytes: int = 0
    resumed_from: int = 0
    """Bytes that were there already when it was begun or gone on with."""
    state: FileState = "waiting"

    @property
    def sha256(self) -> str | None:
        """`None` for the small files that git holds itself, and until the Hub was asked."""
        return self.etag if self.etag is not None and len(self.etag) == _SHA256_DIGITS else None


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a job failed."""

    word: str
    message: str


@dataclass(frozen=True, slots=True)
class Job:
    """A download."""

    id: str
    """16 hexadecimal digits."""
    wanted: Wanted
    state: State
    files: tuple[JobFile, ...]
    created_at: datetime
    updated_at: datetime
    trouble: Trouble | None = None
    note: str = ""
    """What it waits for, in a sentence; empty: for nothing."""
    bytes_per_second: float | None = None
    """Of the last seconds; `None` unless it is downloading."""

    @property
    def total_bytes(self) -> int | None:
        """All files together; `None` until all are known."""
        sizes = [file.bytes for file in self.files]
        return sum(size or 0 for size in sizes) if None not in sizes else self.wanted.bytes

    @property
    def done_bytes(self) -> int:
        """What is on the disk of them."""
        return sum(file.done_bytes for file in self.files)

    @property
    def has_ended(self) -> bool:
        """Whether nothing happens any more by itself."""
        return self.state in ENDED

    @property
    def etags(self) -> frozenset[str]:
        """The names of its blobs, as far as they are known."""
        return frozenset(file.etag for file in self.files if file.etag is not None)


@dataclass(frozen=True, slots=True)
class Revision:
    """A snapshot folder that Hubdex put files into, or that is pinned."""

    repo_id: str
    commit: str
    paths: tuple[str, ...] = ()
    """The files that Hubdex downloaded, in the order of their names."""
    finished_at: datetime | None = None
    """When the latest of them were there; `None`: Hubdex never finished any."""
    is_pinned: bool = False
    is_new: bool = False
    """Whether the folder did not exist before Hubdex made it: nothing in it is the user's own."""

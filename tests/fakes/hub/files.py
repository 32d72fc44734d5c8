"""A file of a commit: what it holds and the names it goes by."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import cast

from tests.fakes.hub.blobs import Blob, Held, Made, git_name
from tests.fakes.hub.rows import Row
from tests.fakes.hub.sizes import File, name_of, sha256_of, size_of

SMALL_BYTES = 1_000_000
"""Up to here a file without content of its own is hashed whenever it is listed."""


@dataclass(frozen=True)
class HubFile:
    """One file with the truth about its bytes.

    A sibling may bring its `content`; then all routes tell its true size and hashes. For the others bytes are
    made up, and so are the hashes that a tree tells of them, unless they are small (`SMALL_BYTES`): trees of
    millions of models are listed, and nobody reads their gigabytes. `/resolve` always tells the truth: it
    hashes at the first request and remembers. So of a large file without content, and of one whose row names
    its hash, tree and `/resolve` tell two different ones.
    """

    row: Row
    file: File

    @property
    def path(self) -> str:
        return str(self.file["rfilename"])

    @property
    def is_apart(self) -> bool:
        """Whether it is stored apart from git, as LFS files are."""
        return sha256_of(self.row, self.file) is not None

    @cached_property
    def blob(self) -> Blob:
        content = self.file.get("content")
        if isinstance(content, bytes):
            return Held(content)
        return Made(name_of(self.row, self.file), size_of(self.row, self.file))

    @property
    def etag(self) -> str:
        """What its content is called, without quotes: 64 digits when it is stored apart, else git's 40."""
        return self.blob.sha256 if self.is_apart else self.blob.git_sha1

    @property
    def xet_hash(self) -> str:
        return xet_hash_of(self.blob.sha256)

    @property
    def is_listed_truly(self) -> bool:
        return "content" in self.file or (
            not isinstance(self.file.get("lfs"), dict) and self.blob.size <= SMALL_BYTES
        )

    def listed(self) -> tuple[str, str | None]:
        """The git hash and the SHA-256 (none for what git itself holds) as trees tell them."""
        sha256 = sha256_of(self.row, self.file)
        if sha256 is not None:
            sha256 = self.blob.sha256 if self.is_listed_truly else sha256
            # Git itself holds a pointer in its place.
            return git_name(pointer_of(sha256, self.blob.size)), sha256
        if self.is_listed_truly:
            return self.blob.git_sha1, None
        made_up = f"{self.row['_id']} {self.path} {self.blob.size}"
        return hashlib.sha1(made_up.encode(), usedforsecurity=False).hexdigest(), None

    def sized(self) -> File:
        """What the endpoint of a model says of it when asked for `blobs`."""
        (oid, sha256), size = self.listed(), self.blob.size
        said: File = {"rfilename": self.path, "size": size, "blobId": oid}
        if sha256 is not None:
            said["lfs"] = {"sha256": sha256, "size": size, "pointerSize": len(pointer_of(sha256, size))}
        return said


def files_of(row: Row) -> list[HubFile]:
    return [HubFile(row, file) for file in cast("list[File]", row.get("siblings") or [])]


def file_at(row: Row, path: str) -> HubFile | None:
    return next((file for file in files_of(row) if file.path == path), None)


def pointer_of(sha256: str, size: int) -> bytes:
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n".encode()


def xet_hash_of(sha256: str) -> str:
    return hashlib.sha256(f"xet {sha256}".encode()).hexdigest()

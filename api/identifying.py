"""Which model a file on this disk is of: by its content, whatever it is called."""

import hashlib
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from typing_extensions import TypedDict

from indexer.catalog.store import Catalog
from indexer.errors import BadRequest, FileNotKnown
from indexer.records import Holder
from indexer.terminal import printable, size_words
from indexer.variants.answers import HolderAnswer, holders_answer

PIECE = 2**22
"""Bytes read at a time."""
HOLDERS_TOLD = 100

Progress = Callable[[int, int], None]
"""Told how many bytes of how many are read."""


@dataclass(frozen=True, slots=True)
class Identified:
    """A file, and the models that hold it."""

    path: Path
    bytes: int
    sha256: str
    holders: tuple[Holder, ...]
    """The most downloaded first."""


class IdentifiedAnswer(TypedDict):
    """A file, and the models that hold it."""

    path: str
    bytes: int
    sha256: str
    models: list[HolderAnswer]


def identify(path: Path, catalog: Catalog, progress: Progress) -> Identified:
    """Read a file and look its content up.

    Raises:
        BadRequest: it is no file that can be read.
        CatalogError: the catalog cannot be read.

    """
    size, sha256 = _digest(path, progress)
    return Identified(path, size, sha256, tuple(catalog.holders(sha256, HOLDERS_TOLD)))


def identified_answer(found: Identified) -> IdentifiedAnswer:
    """Give a file and the models that hold it, for scripts."""
    models = holders_answer(found.sha256, found.holders)["models"]
    return {"path": str(found.path), "bytes": found.bytes, "sha256": found.sha256, "models": models}


def identified_lines(found: Identified) -> Iterator[str]:
    """Say which models hold a file; raises FileNotKnown when none does."""
    if not found.holders:
        raise FileNotKnown(found.sha256)
    yield f"{printable(str(found.path))}: {size_words(found.bytes)}, SHA-256 {found.sha256}"
    for one in found.holders:
        state = "current" if one.is_current else "of an earlier commit: look whether it has changed"
        yield f"{printable(one.repo_id)}  {printable(one.path)}  {state} ({one.sha[:12]})"


def _digest(path: Path, progress: Progress) -> tuple[int, str]:
    digest, done = hashlib.sha256(), 0
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a pipe would be waited for
            raise BadRequest(f"{path} is no file.")
        with path.open("rb") as opened:
            size = path.stat().st_size
            while piece := opened.read(PIECE):
                digest.update(piece)
                done += len(piece)
                progress(done, size)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise BadRequest(f"{path} cannot be read ({why}).") from None
    return done, digest.hexdigest()

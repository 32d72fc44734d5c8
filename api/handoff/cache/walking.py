"""Reads what lies in the cache, whatever state it is in.

`huggingface_hub.scan_cache_dir` passes over a whole model for one broken link, fails altogether for one
folder it may not read, and reads without end; what is whole is read here just as it does (a test compares).
"""

import errno
import os
import re
import stat
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from api.handoff.cache.records import CachedFile, Snapshot, Walked
from api.handoff.errors import CacheUnusable

MAX_REVISIONS = 10_000
MAX_FILES = 1_000_000
"""In all revisions together; beyond either, what is left is not listed."""
MAX_PROBLEMS = 100
MAX_REFERENCE_BYTES = 100
MAX_DEPTH = 32
"""Folders within one another in a snapshot."""

_MODELS = "models--"
_IGNORED = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
_PARTIAL = ".incomplete"
_REPO = re.compile(r"[\w.-]{1,96}(?:--[\w.-]{1,96})?", re.ASCII)


def walk(cache: Path, *, most: int = MAX_REVISIONS) -> Walked:
    """Read the models of a cache; one that is not there holds nothing.

    Args:
        cache: the folder that `HF_HUB_CACHE` names.
        most: revisions that are read; the rest is left out, and that is said.

    Raises:
        CacheUnusable: the folder itself cannot be read.

    """
    try:
        names = sorted(name for name in os.listdir(cache) if name.startswith(_MODELS))  # noqa: PTH208
    except FileNotFoundError:
        return Walked()
    except OSError as error:
        raise CacheUnusable(f"The cache {cache} cannot be read ({error.strerror}).") from None
    reading = _Reading(most)
    for name in names:
        reading.read(cache / name)
        if reading.is_full:
            break
    return reading.walked()


def contents_held(snapshots: Path) -> set[str]:
    """Give the contents that the revisions in a folder hold.

    Raises:
        OSError: one of them cannot be read, so that nobody knows what it holds.

    """
    with os.scandir(snapshots) as entries:
        return {file.blob for entry in entries if entry.is_dir() for file in _files(entry.path)}


class _Reading:
    """Reads one model after another."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._snapshots: list[Snapshot] = []
        self._problems: list[str] = []
        self._files = 0
        self._partial_bytes = 0
        self.is_full = False

    def walked(self) -> Walked:
        return Walked(tuple(self._snapshots), tuple(self._problems), self._partial_bytes, self.is_full)

    def read(self, folder: Path) -> None:
        """Read the folder of one model."""
        name = folder.name.removeprefix(_MODELS)
        if not _REPO.fullmatch(name):
            return self._odd(f"{folder.name} is no name of a model's folder.")
        try:
            refs = _references(folder / "refs")
            commits = _commits(folder / "snapshots")
        except OSError as error:
            return self._odd(f"{folder.name} cannot be read ({error.strerror}).")
        self._partial_bytes += _partial_bytes(folder / "blobs")
        for commit in commits:
            if len(self._snapshots) >= self._most or self._files >= MAX_FILES:
                self.is_full = True
                return None
            self._read_snapshot(name, folder / "snapshots" / commit, refs.pop(commit, ()))
        for commit, lost in refs.items():
            self._odd(f"{folder.name}: {', '.join(lost)} leads to {commit[:12] or 'nothing'}, not there.")
        return None

    def _read_snapshot(self, name: str, folder: Path, refs: tuple[str, ...]) -> None:
        try:
            files = tuple(_files(str(folder)))
        except OSError as error:
            return self._odd(f"{folder.parent.parent.name}/{folder.name} cannot be read ({error.strerror}).")
        self._files += len(files)
        repo_id = name.replace("--", "/")
        self._snapshots.append(Snapshot(repo_id, folder.name, folder, files, refs))
        return None

    def _odd(self, sentence: str) -> None:
        if len(self._problems) < MAX_PROBLEMS:
            self._problems.append(sentence)


def _references(folder: Path) -> dict[str, tuple[str, ...]]:
    """Give branches and tags by the commit they lead to."""
    found: dict[str, list[str]] = defaultdict(list)
    for home, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(set(names) - _IGNORED):
            path = Path(home, name)
            with path.open("rb") as opened:
                commit = opened.read(MAX_REFERENCE_BYTES).decode("utf-8", "replace")
            found[commit].append(path.relative_to(folder).as_posix())
    return {commit: tuple(sorted(refs)) for commit, refs in found.items()}


def _commits(folder: Path) -> list[str]:
    """Give the names of the snapshots in a folder; while the first files come, it is not there yet."""
    if not folder.exists() and (folder.parent / "blobs").is_dir():
        return []
    with os.scandir(folder) as entries:
        return sorted(entry.name for entry in entries if entry.name not in _IGNORED and entry.is_dir())


def _files(folder: str, within: str = "", depth: int = 0) -> Iterator[CachedFile]:
    """Give the files of a snapshot; links to folders are not followed."""
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            path = f"{within}{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                if depth == MAX_DEPTH:
                    raise OSError(errno.ELOOP, "too many folders within one another", entry.path)
                yield from _files(entry.path, f"{path}/", depth + 1)
            else:
                yield _file(entry, path)


def _file(entry: "os.DirEntry[str]", path: str) -> CachedFile:
    blob = entry.path
    placed_at = entry.stat(follow_symlinks=False).st_mtime
    if entry.is_symlink():
        # Only the first step: a blob may itself be a link into what all models of the cache share.
        # Texts: with a `Path` at each of these steps the whole takes four times as long.
        blob = os.path.normpath(f"{os.path.dirname(blob)}/{os.readlink(blob)}")  # noqa: PTH115, PTH120
    try:
        told = os.stat(blob)  # noqa: PTH116
    except OSError:
        return CachedFile(path, blob, placed_at=placed_at)
    if not stat.S_ISREG(told.st_mode):
        return CachedFile(path, blob, placed_at=placed_at)
    return CachedFile(path, blob, told.st_size, max(told.st_atime, told.st_mtime), placed_at)


def _partial_bytes(folder: Path) -> int:
    """Give what broken off downloads of a model take."""
    try:
        with os.scandir(folder) as entries:
            partials = [one for one in entries if one.name.endswith(_PARTIAL) and not one.is_symlink()]
            return sum(one.stat(follow_symlinks=False).st_size for one in partials)
    except OSError:  # there is none, or what was there a moment ago is finished
        return 0

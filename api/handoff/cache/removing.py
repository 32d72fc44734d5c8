"""Deletes one revision, so that the cache is whole at every moment, whoever looks and whenever we die.

`huggingface_hub` deletes link by link and, with the last revision, a folder in any order: killed in between,
it leaves references and links that lead nowhere, which its own scan then takes for damage. Here the
references go first, the snapshot disappears by one renaming, and its contents follow; what was renamed is the
note of what is still to be done, and the next deletion ends it.
"""

import os
import shutil
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from huggingface_hub import DeleteCacheStrategy

from api.handoff.cache.records import Snapshot
from api.handoff.cache.walking import contents_held
from api.handoff.disk import size_of
from api.handoff.errors import CacheUnusable
from api.handoff.layout import PARTIAL, repo_folder

REMOVED = ".hubdex-removed"
"""Folder beside `snapshots`, in which a snapshot lies that is being deleted; no client looks there."""
_REMEMBERED = (".no_exist", "trees")
"""What `huggingface_hub` remembers of each commit beside its files."""


def remove(cache: Path, snapshot: Snapshot) -> int:
    """Delete a revision: its references, its files, and the contents that no other revision holds.

    What another program is downloading for the model stays.

    Args:
        cache: the folder that `HF_HUB_CACHE` names.
        snapshot: as it was read from there.

    Returns:
        Bytes that are free now.

    Raises:
        CacheUnusable: the folder cannot be written to.

    """
    home = repo_folder(cache, snapshot.repo_id)
    removed = home / REMOVED
    try:
        freed = finish(cache, home) if removed.is_dir() else 0
        for ref in snapshot.refs:
            _unlink_reference(home / "refs", ref)
        removed.mkdir()
        with suppress(FileNotFoundError):
            (home / "snapshots" / snapshot.commit).rename(removed / snapshot.commit)
        return freed + finish(cache, home)
    except OSError as error:
        raise CacheUnusable(
            f"{snapshot.repo_id} cannot be deleted from {cache} ({error.strerror or error})."
        ) from None


def remove_partials(cache: Path, repo_id: str, wanted: Collection[str] = ()) -> int:
    """Delete what Hubdex began to download of a model and nobody wants to go on with.

    Args:
        cache: the folder that `HF_HUB_CACHE` names.
        repo_id: the model.
        wanted: names of contents (without ending) that stay.

    Returns:
        Bytes that are free now.

    """
    home = repo_folder(cache, repo_id)
    freed = 0
    for path in (home / "blobs").glob(f"*{PARTIAL}"):
        if path.name.removesuffix(PARTIAL) not in wanted:
            with suppress(OSError):
                size = path.lstat().st_size
                path.unlink()
                freed += size
    with suppress(OSError):
        _drop_if_empty(cache, home)
    return freed


def begun_in(cache: Path) -> list[Path]:
    """Give what deletions left behind that were broken off."""
    return [*sorted(cache.glob(f"models--*/{REMOVED}")), *cache.glob(f".locks/{REMOVED}")]


def finish_all(cache: Path) -> int:
    """End every deletion that was broken off; give the bytes that are free now."""
    freed = 0
    for removed in sorted(cache.glob(f"models--*/{REMOVED}")):
        with suppress(OSError):
            freed += finish(cache, removed.parent)
    shutil.rmtree(_emptied(cache), ignore_errors=True)
    return freed


def finish(cache: Path, home: Path) -> int:
    """End the deletions of a model that were begun; give the bytes that are free now; raises OSError."""
    freed = 0
    for folder in sorted((home / REMOVED).iterdir()):
        freed += _delete_contents(cache, home)
        shutil.rmtree(folder)
        for name in _REMEMBERED:
            shutil.rmtree(home / name / folder.name, ignore_errors=True)
            (home / name / f"{folder.name}.json").unlink(missing_ok=True)
    (home / REMOVED).rmdir()
    _drop_if_empty(cache, home)
    return freed


def _unlink_reference(folder: Path, ref: str) -> None:
    path = folder / ref
    path.unlink(missing_ok=True)
    for parent in path.relative_to(folder).parents[:-1]:
        with suppress(OSError):
            (folder / parent).rmdir()


def _delete_contents(cache: Path, home: Path) -> int:
    """Delete the contents that only deleted revisions hold; never what lies outside of the model's folder."""
    blobs = home / "blobs"
    no_longer = map(Path, contents_held(home / REMOVED) - contents_held(home / "snapshots"))
    sizes = {blob: size_of(blob) or 0 for blob in no_longer if blob.parent == blobs and os.path.lexists(blob)}
    real = {blob: blob.resolve() for blob in sizes}
    # The library knows how to let go of contents that it shares between models.
    DeleteCacheStrategy(
        expected_freed_size=sum(sizes.values()),
        blobs=frozenset(sizes),
        refs=frozenset(),
        repos=frozenset(),
        snapshots=frozenset(),
        cache_dir=cache,
    ).execute()
    for blob in sizes:
        if os.path.lexists(blob):
            raise PermissionError(0, f"{blob.name} could not be deleted")
    return sum(size for blob, size in sizes.items() if not real[blob].exists())


def _drop_if_empty(cache: Path, home: Path) -> None:
    """Let the folder of a model go that holds nothing any more: at once, so that nobody sees half of it."""
    if home.is_symlink() or any(_holds_something(home / name) for name in ("snapshots", "blobs", REMOVED)):
        return
    emptied = _emptied(cache)
    shutil.rmtree(emptied, ignore_errors=True)
    emptied.mkdir(parents=True)
    home.rename(emptied / home.name)
    shutil.rmtree(emptied)


def _holds_something(folder: Path) -> bool:
    try:
        return any(folder.iterdir())
    except FileNotFoundError:
        return False


def _emptied(cache: Path) -> Path:
    """Where folders go that hold nothing any more: below what every client passes over."""
    return cache / ".locks" / REMOVED

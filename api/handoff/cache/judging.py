"""Whether a revision is whole, current and ours; pure."""

from collections.abc import Sequence

from api.handoff.cache.records import CachedRevision, Snapshot
from api.handoff.jobs.records import Revision
from indexer.variants.contents import variants_of
from indexer.variants.records import Facts, RepoFile, Variant

CLOCK_SECONDS = 2.0
"""By so much the clocks of a file system and of a process may differ."""


def judge(
    snapshot: Snapshot,
    *,
    commit: str | None = None,
    variants: Sequence[Variant] = (),
    kept: Revision | None = None,
    is_in_use: bool = False,
) -> CachedRevision:
    """Tell how a revision stands.

    Args:
        snapshot: what is on the disk.
        commit: the model's present commit by the catalog; `None`: it does not know.
        variants: those of the model at that commit.
        kept: what Hubdex remembers of the revision; `None`: nothing.
        is_in_use: whether a download of the model is under way.

    """
    is_current = None if commit is None else snapshot.commit == commit
    return CachedRevision(
        snapshot,
        is_complete=is_complete(snapshot, variants if is_current else ()),
        is_current=is_current,
        is_ours=is_ours(snapshot, kept),
        is_pinned=kept is not None and kept.is_pinned,
        is_in_use=is_in_use,
    )


def is_complete(snapshot: Snapshot, variants: Sequence[Variant] = ()) -> bool:
    """Tell whether nothing is missing of what was begun.

    Args:
        snapshot: what is on the disk.
        variants: those of just this commit, as far as the catalog knows them.

    """
    if not snapshot.files or any(file.bytes is None for file in snapshot.files):
        return False
    files = [RepoFile(file.path, file.bytes) for file in snapshot.files]
    if any(found.missing for found in variants_of(files, Facts(snapshot.repo_id))):
        return False
    there = {file.path: file.bytes for file in snapshot.files}
    return not any(_is_broken_off(variant, there) for variant in variants)


def is_ours(snapshot: Snapshot, kept: Revision | None) -> bool:
    """Tell whether Hubdex made a snapshot and placed every file in it: only then is it Hubdex's to evict.

    A file that was placed after Hubdex was done is somebody else's, even if Hubdex once had one there.
    """
    if kept is None or kept.finished_at is None or not kept.is_new or not snapshot.files:
        return False
    placed, latest = set(kept.paths), kept.finished_at.timestamp() + CLOCK_SECONDS
    return all(file.path in placed and file.placed_at <= latest for file in snapshot.files)


def _is_broken_off(variant: Variant, there: dict[str, int | None]) -> bool:
    """Tell whether some files of a variant are there and others are not, or are of another size."""
    begun = [file for file in variant.files if file.path in there]
    if not begun:
        return False
    if len(begun) < len(variant.files):
        return True
    return any(file.is_exact and file.bytes not in {None, there[file.path]} for file in begun)

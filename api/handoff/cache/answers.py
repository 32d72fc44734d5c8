"""What the API and the command answer of the cache."""

from collections.abc import Mapping
from typing import Literal

from typing_extensions import TypedDict

from api.handoff.cache.records import CachedRevision, CacheState, Name
from api.handoff.cache.verifications import Verification
from api.handoff.cache.verifying import Verified
from indexer.answers import moment

PATHS_TOLD = 1_000
"""Files of each kind that a verification names."""


class VerifiedAnswer(TypedDict):
    """What the reading of a revision found."""

    right: int
    """Files whose bytes are what their hash says."""
    wrong: list[str]
    missing: list[str]
    unknown: list[str]
    """Files that no hash is known of: somebody put them there."""
    bytes: int


class VerificationAnswer(TypedDict):
    """How far the reading of a revision is."""

    state: Literal["waiting", "reading", "right", "wrong", "failed"]
    done_bytes: int
    total_bytes: int
    ended_at: str | None
    found: VerifiedAnswer | None
    """`null` until it has ended."""


class RevisionAnswer(TypedDict):
    """One revision in the cache."""

    model: str
    revision: str
    """The commit."""
    refs: list[str]
    """Branches and tags that lead to it."""
    bytes: int
    """With what it shares with other revisions."""
    files: int
    last_used: str | None
    """As the file system tells it: many note a reading once a day, some never."""
    complete: bool
    """Nothing is missing of what was begun, as far as names and the catalog tell."""
    current: bool | None
    """Whether it is the model's present commit; `null`: the catalog does not know the model."""
    downloaded_by_hubdex: bool
    """Whether Hubdex downloaded every file of it; only such revisions are evicted."""
    pinned: bool
    in_use: bool
    """Whether a download of this model is under way."""
    verification: VerificationAnswer | None


class CacheAnswer(TypedDict):
    """What lies in the cache."""

    path: str | None
    """The folder; only whoever may write is told."""
    bytes: int
    """All revisions together; what they share counts once."""
    limit: int | None
    """Bytes that what Hubdex downloaded may take; `null`: no limit."""
    downloaded_bytes: int
    """What Hubdex downloaded."""
    partial_bytes: int
    """Downloads under way or broken off."""
    free_bytes: int | None
    truncated: bool
    """Whether there are more revisions than are listed."""
    problems: list[str]
    """What could not be read, a sentence each."""
    revisions: list[RevisionAnswer]
    """The one used last first."""


class PinAnswer(TypedDict):
    """A revision that was pinned, or let go of."""

    model: str
    revision: str
    pinned: bool


class DeletedAnswer(TypedDict):
    """A revision that was deleted."""

    model: str
    revision: str
    freed_bytes: int
    """Less than it took where other revisions share its contents."""


def cache_answer(
    state: CacheState, verifications: Mapping[Name, Verification], *, may_write: bool = True
) -> CacheAnswer:
    """Give what lies in the cache.

    Args:
        state: what was seen.
        verifications: those that are known.
        may_write: whether who asks may know everything. Others are not told where it lies, nor of models that
            the catalog does not know: they may be private.

    """
    shown = visible(state, may_write=may_write)
    return {
        "path": str(state.path) if may_write else None,
        "bytes": state.bytes,
        "limit": state.limit,
        "downloaded_bytes": state.downloaded_bytes,
        "partial_bytes": state.partial_bytes,
        "free_bytes": state.free_bytes,
        "truncated": state.is_cut,
        "problems": list(state.problems) if may_write else [],
        "revisions": [revision_answer(one, verifications.get(one.snapshot.name)) for one in shown],
    }


def visible(state: CacheState, *, may_write: bool) -> list[CachedRevision]:
    """Give the revisions that may be shown."""
    return [one for one in state.revisions if may_write or one.is_current is not None]


def revision_answer(one: CachedRevision, verification: Verification | None = None) -> RevisionAnswer:
    """Give one revision."""
    snapshot = one.snapshot
    return {
        "model": snapshot.repo_id,
        "revision": snapshot.commit,
        "refs": list(snapshot.refs),
        "bytes": snapshot.bytes,
        "files": len(snapshot.files),
        "last_used": moment(snapshot.last_used),
        "complete": one.is_complete,
        "current": one.is_current,
        "downloaded_by_hubdex": one.is_ours,
        "pinned": one.is_pinned,
        "in_use": one.is_in_use,
        "verification": verification_answer(verification) if verification else None,
    }


def verification_answer(one: Verification) -> VerificationAnswer:
    """Give how far a reading is."""
    return {
        "state": one.state,
        "done_bytes": one.done_bytes,
        "total_bytes": one.total_bytes,
        "ended_at": moment(one.ended_at),
        "found": verified_answer(one.found) if one.found else None,
    }


def verified_answer(found: Verified) -> VerifiedAnswer:
    """Give what a reading found."""
    return {
        "right": len(found.right),
        "wrong": list(found.wrong[:PATHS_TOLD]),
        "missing": list(found.missing[:PATHS_TOLD]),
        "unknown": list(found.unknown[:PATHS_TOLD]),
        "bytes": found.bytes,
    }

"""Which revisions make room; pure."""

from collections.abc import Collection, Sequence

from api.handoff.cache.records import CachedRevision, Name


def to_evict(
    revisions: Sequence[CachedRevision], limit: int, *, needed: int = 0, keep: Collection[Name] = ()
) -> tuple[CachedRevision, ...]:
    """Give the revisions to delete, so that what Hubdex downloaded stays within a limit.

    Those used longest ago go first, and no more than have to. What the user downloaded, what is pinned or in
    use never goes. What the user's own revisions hold as well is not counted: it takes no room more.

    Args:
        revisions: all there are.
        limit: bytes that what Hubdex downloaded may take together.
        needed: bytes that are to come.
        keep: revisions that stay, whatever they are.

    Returns:
        In the order in which they are to go. Where even all of them do not suffice, that is all of them.

    """
    room = limit - needed
    free = {blob: size for one in revisions if one.is_ours for blob, size in one.snapshot.blobs.items()}
    for one in revisions:
        if not one.is_ours:
            for blob in one.snapshot.blobs:
                free.pop(blob, None)
    taken = _Taken(free, [one for one in revisions if one.is_ours])
    may_go = [one for one in revisions if may_evict(one, keep)]
    chosen: list[CachedRevision] = []
    for one in sorted(may_go, key=lambda one: (one.snapshot.used_at, one.snapshot.name)):
        if taken.bytes <= room:
            break
        taken.remove(one)
        chosen.append(one)
    return _only_needed(chosen, taken, room)


def may_evict(revision: CachedRevision, keep: Collection[Name] = ()) -> bool:
    """Tell whether a revision is one that Hubdex may delete unasked."""
    return (
        revision.is_ours
        and not revision.is_pinned
        and not revision.is_in_use
        and revision.snapshot.name not in keep
    )


class _Taken:
    """What revisions take together, while some come and go."""

    def __init__(self, counted: dict[str, int], revisions: Sequence[CachedRevision]) -> None:
        self._counted = counted
        self._holders: dict[str, int] = dict.fromkeys(counted, 0)
        self.bytes = 0
        for one in revisions:
            self.add(one)

    def add(self, revision: CachedRevision) -> None:
        self.bytes += self.cost(revision)
        self._count(revision, 1)

    def remove(self, revision: CachedRevision) -> None:
        self._count(revision, -1)
        self.bytes -= self.cost(revision)

    def cost(self, revision: CachedRevision) -> int:
        """Give what a revision takes beside those that are there."""
        return sum(self._counted[blob] for blob in revision.snapshot.blobs if self._holders.get(blob, 1) == 0)

    def _count(self, revision: CachedRevision, step: int) -> None:
        for blob in revision.snapshot.blobs:
            if blob in self._holders:
                self._holders[blob] += step


def _only_needed(chosen: Sequence[CachedRevision], taken: _Taken, room: int) -> tuple[CachedRevision, ...]:
    """Leave out whose going was not needed after all, those used last first: they share, or are small."""
    going = []
    for one in reversed(chosen):
        cost = taken.cost(one)
        if not cost or taken.bytes + cost <= room:
            taken.add(one)
        else:
            going.append(one)
    return tuple(reversed(going))

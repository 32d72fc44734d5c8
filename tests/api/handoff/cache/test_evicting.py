"""Which revisions make room, for any cache and any limit."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from api.handoff.cache.evicting import may_evict, to_evict
from api.handoff.cache.records import CachedFile, CachedRevision, Snapshot

SIZES = {f"blob{number}": number**2 * 10 for number in range(8)}


def revision(
    name: str,
    blobs: tuple[str, ...],
    used_at: float,
    *,
    ours: bool = True,
    pinned: bool = False,
    in_use: bool = False,
) -> CachedRevision:
    files = tuple(CachedFile(f"{name}{at}", blob, SIZES[blob], used_at) for at, blob in enumerate(blobs))
    snapshot = Snapshot("acme/gale", name, Path(name), files)
    return CachedRevision(snapshot, is_complete=True, is_ours=ours, is_pinned=pinned, is_in_use=in_use)


@st.composite
def revisions(draw: st.DrawFn) -> list[CachedRevision]:
    return [
        revision(
            f"r{number}",
            tuple(draw(st.lists(st.sampled_from(sorted(SIZES)), min_size=1, max_size=4, unique=True))),
            draw(st.integers(1, 5)),
            ours=draw(st.booleans()),
            pinned=draw(st.sampled_from([False, False, True])),
            in_use=draw(st.sampled_from([False, False, False, True])),
        )
        for number in range(draw(st.integers(0, 7)))
    ]


def counted(all_of_them: list[CachedRevision], left: list[CachedRevision]) -> int:
    """What Hubdex's take, by the definition: contents that no other revision holds as well."""
    theirs = {blob for one in all_of_them if not one.is_ours for blob in one.snapshot.blobs}
    ours = {blob for one in left if one.is_ours for blob in one.snapshot.blobs}
    return sum(SIZES[blob] for blob in ours - theirs)


@given(revisions(), st.integers(0, 1_500), st.integers(0, 500))
def test_it_is_enough_and_no_more_than_that(held: list[CachedRevision], limit: int, needed: int) -> None:
    keep = {held[0].snapshot.name} if held else set()

    gone = to_evict(held, limit, needed=needed, keep=keep)

    left = [one for one in held if one not in gone]
    may_go = [one for one in held if may_evict(one, keep)]
    assert all(one in may_go for one in gone)
    assert len(set(gone)) == len(gone)
    if counted(held, left) > limit - needed:  # then even all of them do not suffice
        without_all = [one for one in held if one not in may_go]
        assert counted(held, left) == counted(held, without_all)
    else:
        for one in gone:
            assert counted(held, [*left, one]) > limit - needed, "it went without need"
    if counted(held, held) <= limit - needed:
        assert gone == ()


@given(revisions(), st.integers(0, 1_500))
def test_what_is_not_ours_pinned_or_in_use_never_goes(held: list[CachedRevision], limit: int) -> None:
    for one in to_evict(held, limit):
        assert one.is_ours
        assert not one.is_pinned
        assert not one.is_in_use


def test_those_used_longest_ago_go_first() -> None:
    old, middle, new = (
        revision("old", ("blob3",), 1), revision("middle", ("blob2",), 2), revision("new", ("blob4",), 3)
    )  # fmt: skip

    assert to_evict([new, old, middle], 290) == ()
    assert to_evict([new, old, middle], 289) == (old,)
    assert to_evict([new, old, middle], 199) == (old, middle)
    assert to_evict([new, old, middle], 289, keep=[old.snapshot.name]) == (middle,)
    assert to_evict([new, old, middle], 0) == (old, middle, new)


def test_a_small_one_stays_when_a_larger_one_has_to_go_anyway() -> None:
    small, large = revision("small", ("blob1",), 1), revision("large", ("blob7",), 2)

    assert to_evict([small, large], 20) == (large,)


def test_what_shares_all_it_has_goes_only_where_that_frees_something() -> None:
    first, second = revision("first", ("blob5",), 1), revision("second", ("blob5",), 2)
    pinned = revision("pinned", ("blob5",), 3, pinned=True)
    theirs = revision("theirs", ("blob5",), 3, ours=False)

    assert to_evict([first, second], 249) == (first, second)
    assert to_evict([first, second, pinned], 249) == ()
    assert to_evict([first, second, theirs], 0) == ()

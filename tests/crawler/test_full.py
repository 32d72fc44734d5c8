"""The chains of a full pass: nothing is missed, whatever happens between its pages."""

from bisect import bisect_right
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.addresses import first_url
from crawler.chain import Chain, Page
from crawler.full import DOWN, MOST_CHAINS, SWEEP, UP, WAYPOINT_PAGES, FullLeg
from crawler.passes import FULL
from indexer.records import Batch, Checkpoint, Waypoint

HUB = "https://hub.example"
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@dataclass
class PaperHub:
    """A listing by creation, page by page, as a keyset: `times` are minutes, models may share them."""

    times: list[int]
    page: int
    refused: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.keys = sorted((minute, f"{number:024x}") for number, minute in enumerate(self.times))
        self._ways = {sign: sorted((sign * minute, key) for minute, key in self.keys) for sign in (1, -1)}

    def answer(self, url: str) -> Page | None:
        """A page, or `None` when the cursor is refused; one that is given anew is good again."""
        if url in self.refused:
            self.refused.remove(url)
            return None
        asked = dict(parse_qsl(urlsplit(url).query))
        sign = -1 if asked["direction"] == "-1" else 1
        rows, start = self._ways[sign], 0
        if "cursor" in asked:
            minute, key = asked["cursor"].split("_")
            start = bisect_right(rows, (int(minute), key))
        shown, more = rows[start : start + self.page], len(rows) > start + self.page
        direction = FULL if sign == 1 else FULL.reversed
        link = f"{first_url(HUB, direction)}&cursor={shown[-1][0]}_{shown[-1][1]}" if more else None
        self.refused.discard(link or "")
        return Page([to_row(sign * minute, key) for minute, key in shown], link)


def to_row(minute: int, key: str) -> dict[str, object]:
    return {"_id": key, "createdAt": (NOON + timedelta(minutes=minute)).isoformat()}


@dataclass
class Shelf:
    """What a catalog would hold."""

    checkpoints: dict[str, Checkpoint] = field(default_factory=dict)
    waypoints: list[Waypoint] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    def store(self, batch: Batch, page: Page) -> None:
        for name in batch.dropped_checkpoints:
            self.checkpoints.pop(name, None)
        for mark in batch.checkpoints:
            finished = mark.finished_at or self.last_finished(mark.name)
            self.checkpoints[mark.name] = replace(mark, last_finished_at=finished)
        if batch.waypoint is not None:
            self.waypoints.append(batch.waypoint)
        assert batch.seen_by is not None
        self.seen |= {str(row["_id"]) for row in page.rows if isinstance(row, dict)}

    def last_finished(self, name: str) -> datetime | None:
        mark = self.checkpoints.get(name)
        return None if mark is None else mark.last_finished_at


def leg_of(shelf: Shelf) -> FullLeg:
    return FullLeg(HUB, shelf.checkpoints, shelf.waypoints, lambda: NOON)


def step(leg: FullLeg, chain: Chain, hub: PaperHub, shelf: Shelf) -> None:
    page = hub.answer(chain.url or "")
    if page is None:
        leg.restart(chain)
    else:
        shelf.store(leg.read(chain, page), page)


def run(leg: FullLeg, hub: PaperHub, shelf: Shelf, turns: list[int]) -> None:
    """Walk to the end; the turns say which chain is answered next."""
    for turn in [*turns, *range(5_000)]:
        if leg.finished:
            return
        chains = leg.errands()
        assert chains, "a pass that has not ended asks for nothing"
        step(leg, chains[turn % len(chains)], hub, shelf)
    raise AssertionError("the pass does not end")


listings = st.builds(
    PaperHub,
    st.lists(st.integers(0, 60), min_size=0, max_size=120),
    st.integers(1, 9),
)
turns = st.lists(st.integers(0, 20), max_size=60)


@settings(deadline=None)
@given(listings, turns)
def test_two_chains_meet_and_miss_nothing(hub: PaperHub, order: list[int]) -> None:
    shelf = Shelf()
    leg = leg_of(shelf)

    run(leg, hub, shelf, order)

    assert shelf.seen == {key for _, key in hub.keys}
    assert shelf.checkpoints["full"].finished_at == NOON
    assert shelf.checkpoints[SWEEP].is_under_way


def spread(models: int, page: int) -> PaperHub:
    return PaperHub(list(range(models)), page)


def test_two_chains_share_the_work() -> None:
    hub, shelf = spread(1_000, 10), Shelf()
    leg = leg_of(shelf)

    run(leg, hub, shelf, [])

    pages = {name: mark.pages for name, mark in shelf.checkpoints.items()}
    assert abs(pages[UP] - pages[DOWN]) <= 1
    assert pages["full"] <= 102


def with_waypoints(hub: PaperHub, every: int) -> list[Waypoint]:
    """The places an earlier pass would have kept."""
    found, url = [], first_url(HUB, FULL)
    for pages in range(1, 5_000):
        page = hub.answer(url)
        assert page is not None
        if page.next_url is None:
            break
        url = page.next_url
        if pages % every == 0:
            last = page.rows[-1]
            assert isinstance(last, dict)
            found.append(Waypoint(url, datetime.fromisoformat(str(last["createdAt"]))))
    return found


@settings(max_examples=300, deadline=None)
@given(st.data(), listings, turns, st.integers(1, 3), st.integers(2, 12))
def test_chains_from_waypoints_killed_refused_and_resumed_miss_nothing(
    data: st.DataObject, hub: PaperHub, order: list[int], every: int, chains: int
) -> None:
    shelf = Shelf(waypoints=with_waypoints(hub, every))
    refusable = [one.url for one in shelf.waypoints]
    if refusable:
        hub.refused = set(data.draw(st.lists(st.sampled_from(refusable), max_size=3), label="refused"))
    kills = data.draw(st.lists(st.integers(1, 15), max_size=4), label="killed after")

    for pages in kills:
        leg = leg_of(shelf)
        for turn in range(pages):
            leg.widen(chains)
            if not leg.finished:
                open_chains = leg.errands()
                step(leg, open_chains[(turn * 7 + pages) % len(open_chains)], hub, shelf)
    leg = leg_of(shelf)
    leg.widen(chains)
    run(leg, hub, shelf, order)

    assert shelf.seen == {key for _, key in hub.keys}


def test_more_chains_share_the_work_from_the_second_pass_on() -> None:
    hub = spread(4_000, 10)
    shelf = Shelf(waypoints=with_waypoints(hub, 20))
    leg = leg_of(shelf)
    leg.widen(8)
    assert len(leg.errands()) == 8

    rounds = 0
    while not leg.finished:
        rounds += 1
        leg.widen(8)
        for chain in list(leg.errands()):
            if chain.url is not None:
                step(leg, chain, hub, shelf)

    assert shelf.seen == {key for _, key in hub.keys}
    assert rounds <= 400 / 8 * 1.25


def test_there_are_never_too_many_chains() -> None:
    hub = spread(4_000, 10)
    leg = leg_of(Shelf(waypoints=with_waypoints(hub, 2)))

    leg.widen(1_000)

    assert len(leg.errands()) == MOST_CHAINS


def test_a_pass_keeps_waypoints_for_the_next() -> None:
    hub, shelf = spread(3_000, 10), Shelf()

    run(leg_of(shelf), hub, shelf, [])

    assert len(shelf.waypoints) == 300 // 2 // WAYPOINT_PAGES
    assert all(one.url.count("cursor=") == 1 for one in shelf.waypoints)


def test_a_waypoint_of_another_question_is_not_used() -> None:
    hub = spread(400, 10)
    strange = [replace(one, url=one.url.replace("likes", "likez")) for one in with_waypoints(hub, 2)]
    leg = leg_of(Shelf(waypoints=strange))

    leg.widen(8)

    assert [chain.name for chain in leg.errands()] == [UP, DOWN]


def test_a_listing_out_of_order_is_walked_to_its_end_by_one_chain() -> None:
    hub, shelf = spread(200, 10), Shelf()
    rows = [to_row(*row) for row in hub.keys]
    leg = leg_of(shelf)
    up, down = leg.errands()

    # A Hub that does not know the order any more gives everybody the same pages.
    first = Page(rows[:10], f"{first_url(HUB, FULL)}&cursor=1")
    shelf.store(leg.read(up, first), first)
    shelf.store(leg.read(down, first), first)

    assert leg.errands() == [up]
    assert set(shelf.checkpoints) == {"full", UP}
    last = Page(rows[10:], None)
    shelf.store(leg.read(up, last), last)
    assert leg.finished


def test_a_new_pass_forgets_the_chains_of_the_one_before() -> None:
    done = Checkpoint("full", None, NOON, finished_at=NOON, last_finished_at=NOON)
    chains = {name: Checkpoint(name, "x", NOON, finished_at=NOON) for name in (UP, DOWN, "full/7")}
    shelf = Shelf({"full": done, **chains})
    leg = leg_of(shelf)
    up, _ = leg.errands()

    step(leg, up, spread(100, 10), shelf)

    assert set(shelf.checkpoints) == {"full", UP, DOWN}
    assert shelf.checkpoints[DOWN].next_url == first_url(HUB, FULL.reversed)


def test_another_hubs_cursors_are_not_followed() -> None:
    other = "https://other.example/api/models?cursor=c"
    shelf = Shelf({name: Checkpoint(name, other, NOON) for name in ("full", UP, DOWN)})

    assert {chain.url for chain in leg_of(shelf).errands()} == {
        first_url(HUB, FULL),
        first_url(HUB, FULL.reversed),
    }

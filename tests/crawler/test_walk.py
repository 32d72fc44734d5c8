"""The way through passes that one chain walks."""

from datetime import UTC, datetime, timedelta

import pytest

from crawler.addresses import first_url
from crawler.chain import GROW_AFTER, Chain, Page
from crawler.config import CrawlConfig
from crawler.full import SWEEP, sweep_of
from crawler.listing import OVERLAP
from crawler.passes import (
    CRAWLS,
    FULL,
    GGUF,
    HOUR,
    Pass,
    expected_rows,
    need_of,
    passes_of,
    rank_of,
    share_of,
)
from crawler.walk import Known, Walk
from indexer.errors import BadRequest, UpstreamError
from indexer.quota import LOOK_UPS, reserve_of
from indexer.records import TREES, Checkpoint

HUB = "https://hub.example"
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
HEAD = Pass("head", "downloads", -1, 2, HOUR)
TRENDING = Pass("trending", "trendingScore", -1, 1, HOUR)
RECENT = Pass("recent", "lastModified", -1, None, HOUR, is_incremental=True)


def walk(*passes: Pass, limit_pages: int | None = None, **checkpoints: Checkpoint) -> Walk:
    return Walk(passes, HUB, Known(checkpoints), limit_pages=limit_pages, now=lambda: NOON)


def mark(name: str, next_url: str | None = f"{HUB}/api/models?cursor=c", minutes_old: int = 1) -> Checkpoint:
    return Checkpoint(name, next_url, NOON, pages=1, rows=9, updated_at=NOON - timedelta(minutes=minutes_old))


def chain_of(way: Walk) -> Chain:
    (chain,) = way.errands()
    assert isinstance(chain, Chain)
    return chain


def step(way: Walk, next_url: str | None, rows: list[object] | None = None) -> Checkpoint:
    behind = way.read(chain_of(way), Page(rows or [{}], next_url))
    assert behind is not None
    return behind.checkpoints[0]


def pushed(minutes_ago: int) -> dict[str, object]:
    return {"lastModified": (NOON - timedelta(minutes=minutes_ago)).isoformat()}


def config(**settings: int) -> CrawlConfig:
    return CrawlConfig(HF_TOKEN="", **settings)  # type: ignore[arg-type, call-arg]


def test_head_is_downloads_then_trending_within_bounds() -> None:
    passes = passes_of("head", config(head_pages=7, trending_pages=3))

    assert [(one.sort, one.direction, one.page_limit) for one in passes] == [
        ("downloads", -1, 7),
        ("trendingScore", -1, 3),
    ]


def test_counters_reads_the_heads_of_three_orders() -> None:
    assert [one.sort for one in passes_of("counters", config())] == ["downloads", "likes", "trendingScore"]


def test_there_is_no_other_crawl() -> None:
    with pytest.raises(BadRequest, match="no crawl named 'sweep'"):
        passes_of("sweep", config())


def test_what_a_crawl_will_read_is_said_only_when_it_is_known() -> None:
    done = Checkpoint("full", None, NOON, finished_at=NOON, last_finished_at=NOON)
    official = "https://huggingface.co"

    assert expected_rows((HEAD, TRENDING), HUB, {}, 0, NOON) == 3_000
    assert expected_rows((RECENT,), HUB, {}, 7, NOON) is None
    assert expected_rows((FULL,), HUB, {}, 7, NOON) is None
    assert expected_rows((FULL,), HUB, {"full": done}, 7, NOON) == 7
    assert (expected_rows((FULL,), official, {}, 7, NOON.replace(year=2027)) or 0) > 3_100_000


def test_walk_reads_one_pass_after_the_other() -> None:
    way = walk(HEAD, TRENDING)

    first = step(way, f"{HUB}/api/models?cursor=1")
    second = step(way, f"{HUB}/api/models?cursor=2")

    assert (first.name, first.pages, first.next_url, first.finished_at) == (
        "head", 1, f"{HUB}/api/models?cursor=1", None,
    )  # fmt: skip
    assert (second.pages, second.rows, second.next_url, second.finished_at) == (2, 2, None, NOON)
    assert chain_of(way).url == first_url(HUB, TRENDING)
    assert not way.finished

    step(way, None)

    assert way.finished
    assert not way.errands()


def test_the_page_of_a_chain_that_was_given_up_meanwhile_is_not_stored() -> None:
    way = walk(FULL)
    up, down = way.errands()
    assert isinstance(up, Chain)
    last = Page([{"createdAt": NOON.isoformat()}], None)

    assert way.read(up, last) is not None  # behind it lies nothing, so the other chain has ended too
    assert way.leg.name == SWEEP
    assert way.read(down, last) is None


def test_walk_resumes_where_it_was_cut_off() -> None:
    way = walk(HEAD, head=mark("head"))

    assert chain_of(way).url == f"{HUB}/api/models?cursor=c"
    assert step(way, None).pages == 2


def test_walk_resumes_in_a_later_pass() -> None:
    assert walk(HEAD, TRENDING, trending=mark("trending")).leg.name == "trending"


@pytest.mark.parametrize(
    "checkpoint",
    [
        mark("head", minutes_old=61),
        mark("head", minutes_old=-5),  # the clock was set back
        mark("head", next_url=None),
        mark("head", next_url="https://other.example/api/models?cursor=c"),
        mark("head", next_url="https://hub.example.evil/api/models?cursor=c"),
    ],
)
def test_walk_begins_anew_when_there_is_nothing_to_resume(checkpoint: Checkpoint) -> None:
    way = walk(HEAD, TRENDING, head=checkpoint)

    assert chain_of(way).url == first_url(HUB, HEAD)
    assert way.leg.checkpoint.pages == 0


def test_walk_stops_at_the_limit_of_this_run() -> None:
    way = walk(HEAD, limit_pages=1)
    assert not way.errands(busy=1)

    behind = step(way, f"{HUB}/api/models?cursor=1")

    assert not way.errands()
    assert not way.finished
    assert behind.next_url == f"{HUB}/api/models?cursor=1"


def test_walk_remembers_refused_fields() -> None:
    way = walk(HEAD, TRENDING)

    way.without(frozenset({"safetensors"}))
    assert "safetensors" not in (chain_of(way).url or "")
    step(way, None)

    assert way.leg.name == "trending"
    assert "safetensors" not in (chain_of(way).url or "")


def test_walk_restarts_a_pass_once() -> None:
    way = walk(HEAD, head=mark("head"))

    way.restart(chain_of(way))

    assert chain_of(way).url == first_url(HUB, HEAD)
    with pytest.raises(UpstreamError, match="twice"):
        way.restart(chain_of(way))


def test_recent_ends_at_what_the_last_run_began_with() -> None:
    known = Checkpoint("recent", None, NOON, finished_at=NOON, last_origin=NOON - timedelta(hours=1))
    way = walk(RECENT, recent=known)

    first = step(way, f"{HUB}/api/models?cursor=1", [pushed(5), pushed(60)])
    assert first.origin == NOON - timedelta(minutes=5)
    assert not way.finished  # it reads ten minutes more, for what was pushed meanwhile
    last = step(way, f"{HUB}/api/models?cursor=2", [pushed(65), pushed(71)])

    assert way.finished
    assert last.origin == NOON - timedelta(minutes=5)


def test_recent_goes_back_to_the_start_of_the_full_pass_or_a_day() -> None:
    full = Checkpoint("full", None, NOON - timedelta(hours=3), finished_at=NOON, last_finished_at=NOON)
    before = OVERLAP.seconds // 60 + 1

    way = walk(RECENT, full=full)
    step(way, f"{HUB}/api/models?cursor=1", [pushed(5), pushed(180)])
    assert not way.finished
    step(way, f"{HUB}/api/models?cursor=2", [pushed(180 + before)])
    assert way.finished

    way = walk(RECENT)
    step(way, f"{HUB}/api/models?cursor=1", [pushed(5), pushed(60 * 24)])
    assert not way.finished
    step(way, f"{HUB}/api/models?cursor=2", [pushed(60 * 24 + before)])
    assert way.finished


def test_what_gguf_headers_say_is_read_from_its_own_watermark_or_from_the_beginning() -> None:
    full = Checkpoint("full", None, NOON - timedelta(hours=3), finished_at=NOON, last_finished_at=NOON)
    long_ago = 60 * 24 * 900

    way = walk(GGUF, full=full)  # which did not ask for them
    assert "filter=gguf&" in (chain_of(way).url or "")
    assert (chain_of(way).url or "").endswith("expand%5B%5D=gguf")
    step(way, f"{HUB}/api/models?cursor=1", [pushed(5), pushed(long_ago)])
    assert way.leg.name == "gguf"
    assert step(way, None, [pushed(long_ago + 1)]).origin == NOON - timedelta(minutes=5)
    assert way.leg.name == TREES

    known = Checkpoint("gguf", None, NOON, finished_at=NOON, last_origin=NOON - timedelta(hours=1))
    way = walk(GGUF, gguf=known)
    step(way, f"{HUB}/api/models?cursor=1", [pushed(5), pushed(71)])
    assert way.leg.name == TREES


def test_a_listing_of_gguf_cut_off_long_ago_is_gone_on_with() -> None:
    assert chain_of(walk(GGUF, gguf=mark("gguf", minutes_old=60 * 24 * 30))).url == mark("gguf").next_url


def test_crawls_say_what_they_need_and_leave_what_those_before_them_need() -> None:
    config = CrawlConfig()

    assert {name: need_of(name, config) for name in CRAWLS} == {
        "head": 55, "recent": 20, "full": None, "counters": 135, "files": None,
    }  # fmt: skip
    left = {name: share_of(name, config).others - LOOK_UPS for name in CRAWLS}
    assert left == {"head": 0, "recent": 55, "full": 75, "counters": 75, "files": 210}
    assert need_of("head", CrawlConfig(head_pages=3, trending_pages=1)) == 4


def test_files_go_last_and_take_nothing_back() -> None:
    assert rank_of("files") == max(map(rank_of, CRAWLS))
    assert [name for name in CRAWLS if not share_of(name, CrawlConfig()).takes_back] == ["files"]
    assert [name for name in CRAWLS if share_of(name, CrawlConfig()).is_paced] == ["full", "files"]


@pytest.mark.parametrize("limit", [500, 1_000, 2_500])
def test_whoever_goes_first_finds_its_need_in_what_those_behind_it_leave(limit: int) -> None:
    config = CrawlConfig()
    floors = {name: share_of(name, config).floor(limit, 300.0) for name in CRAWLS}

    for name in CRAWLS:
        for other in CRAWLS:
            if rank_of(other) > rank_of(name):
                assert floors[other] - floors[name] >= (need_of(name, config) or 0)
    assert floors["head"] - reserve_of(limit) == LOOK_UPS
    assert floors["files"] <= 0.5 * limit


def test_fields_that_the_hub_refuses_do_not_matter_to_trees() -> None:
    way = walk(GGUF)
    way.without(frozenset({"gguf"}))
    assert "expand%5B%5D=gguf" not in (chain_of(way).url or "")
    step(way, None)
    way.without(frozenset({"likes"}))

    assert way.leg.name == TREES
    assert way.rest() is None


def test_a_commit_dated_ahead_does_not_hide_what_comes_before_its_date() -> None:
    way = walk(RECENT)

    ahead = step(way, f"{HUB}/api/models?cursor=1", [pushed(-60 * 24 * 365), pushed(5)])

    assert ahead.origin == NOON


def test_pages_that_time_out_are_halved_and_grow_again() -> None:
    way = walk(Pass("full-like", "createdAt", 1))
    chain = chain_of(way)

    assert [chain.ask_less() for _ in range(6)] == [500, 250, 125, 62, 31, None]
    for page in range(GROW_AFTER):
        step(way, f"{HUB}/api/models?limit=31&cursor={page}")

    assert chain.url == f"{HUB}/api/models?limit=62&cursor={GROW_AFTER - 1}"


@pytest.mark.parametrize(("upstream", "leg"), [(HUB, SWEEP), ("https://other.example", "full")])
def test_a_sweep_cut_off_is_gone_on_with_unless_it_is_another_hubs(upstream: str, leg: str) -> None:
    full = Checkpoint("full", None, NOON, finished_at=NOON)

    way = walk(FULL, full=full, sweep=sweep_of(upstream, full))

    assert way.leg.name == leg

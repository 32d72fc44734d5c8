from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest

from crawler.config import CrawlConfig
from crawler.passes import (
    FIELDS,
    Pass,
    first_url,
    next_url,
    passes_of,
    refused_fields,
    without_fields,
)
from crawler.walk import Walk
from indexer.errors import UpstreamError
from indexer.records import Checkpoint

HUB = "https://hub.example"
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
HEAD = Pass("head", "downloads", -1, 2, 3_600.0)
TRENDING = Pass("trending", "trendingScore", -1, 1, 3_600.0)
FULL = Pass("full", "createdAt", 1)


def walk(*passes: Pass, limit_pages: int | None = None, **checkpoints: Checkpoint) -> Walk:
    return Walk(passes, HUB, checkpoints=checkpoints, limit_pages=limit_pages, now=lambda: NOON)


def mark(name: str, next_url: str | None = f"{HUB}/api/models?cursor=c", minutes_old: int = 1) -> Checkpoint:
    return Checkpoint(name, next_url, NOON, pages=1, rows=9, updated_at=NOON - timedelta(minutes=minutes_old))


def test_head_is_downloads_then_trending_within_bounds() -> None:
    passes = passes_of("head", CrawlConfig(HF_TOKEN="", head_pages=7, trending_pages=3))  # type: ignore[call-arg]

    assert [(one.sort, one.direction, one.page_limit) for one in passes] == [
        ("downloads", -1, 7),
        ("trendingScore", -1, 3),
    ]


def test_first_url_asks_for_every_field() -> None:
    parts = urlsplit(first_url(HUB, FULL, frozenset({"sha"})))

    assert (parts.netloc, parts.path) == ("hub.example", "/api/models")
    assert parse_qsl(parts.query) == [
        ("limit", "1000"), ("sort", "createdAt"), ("direction", "1"),
        *(("expand[]", field) for field in FIELDS if field != "sha"),
    ]  # fmt: skip


def test_next_url_is_taken_verbatim() -> None:
    link = f'<{HUB}/api/models?expand[]=a&cursor=eyJ%3D+x>; rel="next"'

    assert next_url(link, f"{HUB}/api/models", HUB) == f"{HUB}/api/models?expand[]=a&cursor=eyJ%3D+x"


@pytest.mark.parametrize("link", ["", f'<{HUB}/api/models?next=1>; rel="prev"'])
def test_next_url_is_none_on_the_last_page(link: str) -> None:
    assert next_url(link, f"{HUB}/api/models", HUB) is None


def test_next_url_finds_the_next_among_others() -> None:
    link = f'<{HUB}/a>; rel="prev", </b?cursor=1>; title="x"; rel="next"'

    assert next_url(link, f"{HUB}/api/models", HUB) == f"{HUB}/b?cursor=1"


@pytest.mark.parametrize(
    "target",
    [
        "http://hub.example/api/models",
        "https://hub.example:444/api/models",
        "https://hub.example.evil/api/models",
        "https://hub.example@evil/api/models",
        "//evil/api/models",
        "https://[bad/api/models",
        "file:///etc/passwd",
    ],
)
def test_next_url_stays_at_the_hub(target: str) -> None:
    with pytest.raises(UpstreamError, match="another server"):
        next_url(f'<{target}>; rel="next"', f"{HUB}/api/models", HUB)


def test_next_url_goes_in_no_circle() -> None:
    with pytest.raises(UpstreamError, match="circle"):
        next_url(f'<{HUB}/api/models?cursor=1>; rel="next"', f"{HUB}/api/models?cursor=1", HUB)


def test_next_url_does_not_take_the_unreadable_for_the_end() -> None:
    with pytest.raises(UpstreamError, match="cannot be read"):
        next_url('https://hub.example/api/models; rel="next"', f"{HUB}/api/models", HUB)


def test_refused_fields_are_those_the_message_does_not_name() -> None:
    url = f"{HUB}/api/models?expand[]=likes&expand[]=baseModels&cursor=c"
    message = '{"error":"Invalid option: expected one of "author"|"likes"|"model-index""}'

    refused = refused_fields(message, url)

    assert refused == {"baseModels"}
    assert without_fields(url, refused) == f"{HUB}/api/models?expand%5B%5D=likes&cursor=c"


@pytest.mark.parametrize("message", ["", "Invalid cursor: not base64", '{"error":"Invalid sort parameter"}'])
def test_refused_fields_are_none_when_the_message_is_about_something_else(message: str) -> None:
    assert refused_fields(message, f"{HUB}/api/models?expand[]=likes") == frozenset()


def test_walk_reads_one_pass_after_the_other() -> None:
    way = walk(HEAD, TRENDING)

    first = way.page_read(f"{HUB}/api/models?cursor=1", 1_000)
    second = way.page_read(f"{HUB}/api/models?cursor=2", 1_000)

    assert (first.name, first.pages, first.next_url, first.finished_at) == (
        "head", 1, f"{HUB}/api/models?cursor=1", None,
    )  # fmt: skip
    assert (second.pages, second.rows, second.next_url, second.finished_at) == (2, 2_000, None, NOON)
    assert way.url == first_url(HUB, TRENDING)
    assert not way.finished

    way.page_read(None, 3)

    assert way.finished
    assert way.url is None


def test_walk_resumes_where_it_was_cut_off() -> None:
    way = walk(FULL, full=mark("full", minutes_old=60 * 24 * 30))

    assert way.url == f"{HUB}/api/models?cursor=c"
    assert way.page_read(None, 1).pages == 2


def test_walk_resumes_in_a_later_pass() -> None:
    assert walk(HEAD, TRENDING, trending=mark("trending")).current == TRENDING


@pytest.mark.parametrize(
    "checkpoint",
    [
        mark("head", minutes_old=61),
        mark("head", next_url=None),
        mark("head", next_url="https://other.example/api/models?cursor=c"),
        mark("head", next_url="https://hub.example.evil/api/models?cursor=c"),
    ],
)
def test_walk_begins_anew_when_there_is_nothing_to_resume(checkpoint: Checkpoint) -> None:
    way = walk(HEAD, TRENDING, head=checkpoint)

    assert way.url == first_url(HUB, HEAD)
    assert way.checkpoint.pages == 0


def test_walk_stops_at_the_limit_of_this_run() -> None:
    way = walk(FULL, limit_pages=1)

    behind = way.page_read(f"{HUB}/api/models?cursor=1", 1_000)

    assert way.url is None
    assert not way.finished
    assert behind.next_url == f"{HUB}/api/models?cursor=1"


def test_walk_remembers_refused_fields() -> None:
    way = walk(HEAD, TRENDING)

    way.without(frozenset({"safetensors"}))
    assert way.url is not None
    assert "safetensors" not in way.url
    way.page_read(None, 1)

    assert "safetensors" not in (way.url or "")


def test_walk_restarts_a_pass_once() -> None:
    way = walk(FULL, full=mark("full"))

    way.restart()

    assert way.url == first_url(HUB, FULL)
    assert way.checkpoint.rows == 0
    with pytest.raises(UpstreamError, match="twice"):
        way.restart()

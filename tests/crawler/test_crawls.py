"""Whole crawls, each a process of its own, against a stand-in Hub on loopback."""

import contextlib
import signal
import subprocess
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from indexer.catalog.store import Catalog
from indexer.config import HomeConfig
from indexer.process import exclusive
from indexer.records import Batch, Checkpoint
from indexer.runs import Runs
from tests.crawler.conftest import Crawler
from tests.fakes.hub import FakeHub, Fault, make_row

StartHub = Callable[..., FakeHub]

FULL_FIRST_PAGE = "/api/models?limit=1000&sort=createdAt&direction=1&expand%5B%5D=likes"


def param(hub: FakeHub, at: int, name: str) -> str | None:
    return dict(hub.requests[at].params).get(name)


def unfinished(name: str, *next_urls: str, pages: int = 7) -> Batch:
    """The checkpoint of a pass cut off; of a full one, those of its chains behind it."""
    now = datetime.now(UTC)
    if name != "full":
        return Batch(checkpoints=(Checkpoint(name, next_urls[0], now, pages=pages),))
    chains = [Checkpoint(f"full/{end}", url, now) for end, url in zip(("up", "down"), next_urls, strict=True)]
    return Batch(checkpoints=(Checkpoint("full", None, now, pages=pages), *chains))


def kill_after(process: subprocess.Popen[str], line: str, number: signal.Signals) -> str:
    """Send a signal as soon as the process has said something; give all it said."""
    assert process.stderr is not None
    said = ""
    while line not in said:
        heard = process.stderr.readline()
        assert heard, said
        said += heard
    process.send_signal(number)
    _, rest = process.communicate(timeout=30)
    return said + rest


def assert_whole(crawler: Crawler, models: int) -> None:
    with crawler.open() as catalog:
        state = catalog.state()
        mark, sweep = catalog.checkpoint("full"), catalog.checkpoint("sweep")
    assert state.models == models
    assert state.set_aside == 0
    assert mark is not None
    assert mark.rows >= models
    assert mark.finished_at is not None
    assert sweep is not None
    assert sweep.finished_at is not None


def test_full_stores_every_model(crawler: Crawler, start_hub: StartHub) -> None:
    hub = start_hub(2_300)

    ended = crawler.run(hub.url, "full", "--json")

    assert ended.code == 0, ended.err
    counts = ("new", "changed", "removed", "set_aside", "throttled", "retries", "suspects")
    assert [ended.report[name] for name in counts] == [2_300, 0, 0, 0, 0, 0, 0]
    assert ended.report["requests"] == len(hub.requests) <= 5
    assert (ended.report["pass"], ended.report["finished"], ended.report["next"]) == ("full", True, None)
    assert "page stored pass=full page=1 rows=1000 new=1000 changed=0" in ended.err
    assert "cursor" not in ended.err
    assert_whole(crawler, 2_300)


def test_full_changes_only_what_changed(crawler: Crawler, start_hub: StartHub) -> None:
    hub = start_hub(1_001)
    crawler.run(hub.url, "full")
    hub.source.change("acme/gale-3", downloads=77)  # type: ignore[attr-defined]
    hub.source.change("acme/gale-5", sha="0" * 40)  # type: ignore[attr-defined]

    report = crawler.run(hub.url, "full", "--json").report

    assert (report["counters"], report["changed"], report["new"]) == (1, 1, 0)
    with crawler.open() as catalog:
        assert catalog.find("acme/gale-3").counters.downloads == 77


def test_head_reads_the_most_downloaded_then_the_trending(crawler: Crawler, start_hub: StartHub) -> None:
    hub = start_hub(3_500)

    ended = crawler.run(hub.url, "head", HUBDEX_HEAD_PAGES="2", HUBDEX_TRENDING_PAGES="1")

    assert ended.code == 0, ended.err
    assert ended.out.startswith("Crawl head finished after 3 pages (3,000 rows)")
    assert [param(hub, at, "sort") for at in range(len(hub.requests))] == [
        "downloads",
        "downloads",
        "trendingScore",
    ]
    with crawler.open() as catalog:
        assert catalog.state().models == 3_000
        assert catalog.find("acme/gale-3499").counters.downloads == 3_499
        assert catalog.find("acme/gale-0").counters.trending == 3_500


def test_limit_pages_stops_and_the_next_run_goes_on(crawler: Crawler, start_hub: StartHub) -> None:
    hub = start_hub(2_300)

    ended = crawler.run(hub.url, "full", "--limit-pages", "1")

    assert ended.code == 0
    assert "; the next run goes on with full." in ended.out
    hub.forget()
    assert crawler.run(hub.url, "full").code == 0
    assert None in {param(hub, at, "cursor") for at in (0, 1)}  # the chain down had not begun
    assert {param(hub, at, "cursor") for at in (0, 1)} != {None}
    assert_whole(crawler, 2_300)


def test_full_resumes_after_a_kill(crawler: Crawler, start_hub: StartHub) -> None:
    hub = start_hub(4_300, latency_seconds=0.1)
    process = crawler.start(hub.url, "full")

    kill_after(process, "page=2", signal.SIGKILL)

    hub.forget()
    ended = crawler.run(hub.url, "full", "--json")
    assert ended.code == 0, ended.err
    assert param(hub, 0, "cursor") is not None
    assert cast("int", ended.report["pages"]) <= 4
    assert_whole(crawler, 4_300)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 75)])
def test_a_signal_ends_the_crawl_after_the_page_in_hand(
    crawler: Crawler, start_hub: StartHub, number: signal.Signals, code: int
) -> None:
    hub = start_hub(4_300, latency_seconds=0.1)
    process = crawler.start(hub.url, "full")

    said = kill_after(process, "page=1", number)

    assert process.returncode == code
    assert "Traceback" not in said
    with crawler.open() as catalog:
        mark = catalog.checkpoint("full")
    assert mark is not None
    assert mark.finished_at is None
    assert crawler.run(hub.url, "full").code == 0
    assert_whole(crawler, 4_300)


def test_a_signal_wakes_a_crawl_that_waits_for_its_quota(crawler: Crawler, start_hub: StartHub) -> None:
    hub = start_hub(3_300, quota=2, window_seconds=3_600)
    process = crawler.start(hub.url, "full")

    kill_after(process, "quota spent", signal.SIGINT)

    assert process.returncode == 130


def test_a_second_signal_ends_a_crawl_that_waits_for_an_answer(crawler: Crawler, start_hub: StartHub) -> None:
    asked, may_answer = threading.Event(), threading.Event()

    def hang(_seconds: float) -> None:
        asked.set()
        may_answer.wait(60)

    hub = start_hub(1, latency_seconds=1, sleep=hang)
    with crawler.start(hub.url, "full") as process:
        assert asked.wait(30)
        for _ in range(2):
            process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=1)
    may_answer.set()

    assert process.returncode == -signal.SIGINT


def test_head_starts_anew_when_its_checkpoint_is_old(crawler: Crawler, start_hub: StartHub) -> None:
    hub = start_hub(10)
    crawler.home.mkdir()
    yesterday = datetime.now(UTC) - timedelta(days=1)
    with Catalog(crawler.database_url, now=lambda: yesterday) as catalog:
        catalog.apply(unfinished("head", f"{hub.url}/api/models?cursor=old"))

    ended = crawler.run(hub.url, "head")

    assert ended.code == 0, ended.err
    assert param(hub, 0, "cursor") is None


def test_a_quota_that_others_have_spent_is_waited_for(crawler: Crawler, start_hub: StartHub) -> None:
    hub = start_hub(1_300, quota=2, window_seconds=2)
    hub.let_others_spend(2)

    ended = crawler.run(hub.url, "full", "--json")

    assert ended.code == 0, ended.err
    assert_whole(crawler, 1_300)


def test_a_hub_that_keeps_failing_ends_the_pass_and_keeps_its_checkpoint(
    crawler: Crawler, start_hub: StartHub
) -> None:
    hub = start_hub(3_300, faults=[Fault.answer(500, at=at) for at in range(3, 40)])

    ended = crawler.run(hub.url, "head")

    assert ended.code == 75
    assert "failed 8 times in a row (it answered 500); what was read before is stored" in ended.err
    with crawler.open() as catalog:
        mark = catalog.checkpoint("head")
    assert mark is not None
    assert (mark.pages, mark.finished_at) == (2, None)
    hub._script._pending.clear()
    assert crawler.run(hub.url, "head", "--json").report["pages"] == 6


def test_fields_the_hub_does_not_know_are_dropped(crawler: Crawler, start_hub: StartHub) -> None:
    hub = start_hub(1_300)
    crawler.home.mkdir()
    with crawler.open(read_only=False) as catalog:
        page = f"{hub.url}{FULL_FIRST_PAGE}&expand%5B%5D=baseModels"
        catalog.apply(unfinished("full", page, page.replace("direction=1", "direction=-1")))

    ended = crawler.run(hub.url, "full")

    assert ended.code == 0, ended.err
    statuses = [request.status for request in hub.requests]
    assert statuses[0] == 400
    assert statuses.count(400) <= 2  # each chain may have asked before the first answer came
    assert set(statuses) == {200, 400}
    assert "fields refused by the hub names=baseModels" in ended.err
    assert_whole(crawler, 1_300)


def test_a_refused_cursor_restarts_the_pass(crawler: Crawler, start_hub: StartHub) -> None:
    hub = start_hub(1_300)
    crawler.home.mkdir()
    with crawler.open(read_only=False) as catalog:
        page = f"{hub.url}{FULL_FIRST_PAGE}&cursor=garbage"
        catalog.apply(unfinished("full", page, page))

    ended = crawler.run(hub.url, "full")

    assert ended.code == 0, ended.err
    assert_whole(crawler, 1_300)


def test_a_redirect_to_another_server_is_not_followed(crawler: Crawler, start_hub: StartHub) -> None:
    elsewhere = start_hub(5)
    hub = start_hub(5, faults=[Fault.redirect(f"{elsewhere.url}/api/models")])

    ended = crawler.run(hub.url, "full")

    assert ended.code == 1
    assert "sent the crawl to another server" in ended.err
    assert elsewhere.requests == []


def test_a_hub_that_is_not_there_gets_one_sentence(crawler: Crawler, start_hub: StartHub) -> None:
    hub = start_hub(1)
    hub.stop()
    address = hub.url.removeprefix("http://")

    ended = crawler.run(f"http://{address}", "head")

    assert ended.code == 75
    assert ended.err.splitlines()[-1] == (
        f"hubdex: The Hub at {address} cannot be reached (it refused the connection): "
        "check the network, the proxy variables and HUBDEX_UPSTREAM."
    )
    assert "Traceback" not in ended.err


def test_a_hub_without_an_address_gets_one_sentence(crawler: Crawler) -> None:
    ended = crawler.run("http://no-such-host.invalid", "head")

    assert ended.code == 75
    assert "The Hub at no-such-host.invalid cannot be reached (its name has no address)" in ended.err


def test_a_second_crawl_is_refused(crawler: Crawler, start_hub: StartHub) -> None:
    hub = start_hub(1)

    with exclusive(crawler.home / "locks", "crawl", "head"):
        ended = crawler.run(hub.url, "recent")

    assert ended.code == 75
    assert "Another crawl (head) is running" in ended.err
    assert hub.requests == []


def test_a_row_without_meaning_is_set_aside(crawler: Crawler, start_hub: StartHub) -> None:
    hub = start_hub(3)
    hub.source.add(make_row(id="acme/broken", likes=-1))  # type: ignore[attr-defined]

    report = crawler.run(hub.url, "full", "--json").report

    assert report["new"] == 3
    assert report["set_aside"] == 1
    with crawler.open() as catalog:
        assert [aside.row_id for aside in catalog.set_aside()] == ["acme/broken"]


def test_a_crawl_leaves_a_record_of_itself(crawler: Crawler, start_hub: StartHub) -> None:
    hub = start_hub(2_300, faults=[Fault.answer(429, at=2), Fault.truncate(at=3)])
    assert crawler.run(hub.url, "full").code == 0
    assert crawler.run("http://127.0.0.1:9", "recent").code == 75
    assert crawler.run(hub.url, "full", "--limit-pages", "1").code == 0

    ledgers = {one.name: one for one in Runs(HomeConfig(home=crawler.home)).ledgers()}

    full, recent = ledgers["crawl-full"], ledgers["crawl-recent"]
    assert [run.outcome for run in (*full.runs, *recent.runs)] == ["done", "done", "later"]
    assert "finished after" in full.runs[1].message
    assert "127.0.0.1:9" in recent.runs[0].message
    assert full.totals["new"] == 2_300
    assert (full.totals["answers_429"], full.totals["unanswered"]) == (1, 1)
    answered = sum(count for name, count in full.totals.items() if name.startswith("answers_"))
    assert answered + full.totals["unanswered"] == len(hub.requests)

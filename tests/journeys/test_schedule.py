"""`hubdex schedule` and `hubdex up` with real processes: alone, killed, on a full disk, wrongly set up."""

import os
import resource
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.hub import FakeHub, GeneratedSource
from tests.journeys.running import Ended, Product, wait_until
from tests.journeys.test_up import children_of

MODELS = 2_000
QUIET = {"HUBDEX_SCHEDULE_JITTER": "0", "HUBDEX_SCHEDULE_UPKEEP": "off", "HF_TOKEN": ""}


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    with FakeHub(GeneratedSource(MODELS), quota=100_000) as hub:
        yield hub


def models_of(product: Product) -> object:
    done = product.run("indexer", "status", "--json")
    return done.json().get("index_models") if done.code == 0 else None


def jobs_of(product: Product) -> dict[str, dict[str, object]]:
    jobs = product.run("scheduler", "schedule", "--list", "--json").json()["jobs"]
    assert isinstance(jobs, list)
    return {job["name"]: job for job in jobs}


def once(product: Product, file_bytes: int) -> Ended:
    """Run what is due where no file may grow beyond so many bytes."""
    done = subprocess.run(
        product.command("scheduler", ["schedule", "--once"]),
        env=product.environment,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, resource.RLIM_INFINITY)),
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def test_once_does_all_that_is_due_and_cron_may_call_it_again(tmp_path: Path, hub: FakeHub) -> None:
    product = Product(tmp_path, hub.url, QUIET)
    done = product.run("scheduler", "schedule", "--once")

    assert done.code == 0, done.err
    assert models_of(product) == MODELS
    assert {name: job["last_outcome"] for name, job in jobs_of(product).items()} == {
        "crawl-head": "done",
        "crawl-recent": "done",
        "crawl-full": "done",
        "crawl-counters": "done",
        "crawl-files": "done",
        "index-upkeep": None,
    }
    assert "crawl-full | " in done.out
    assert children_of(tmp_path) == []
    before = len(hub.requests)
    crawled = product.run("crawler", "recent")
    assert crawled.code == 0
    assert jobs_of(product)["crawl-recent"]["last_outcome"] == "done"
    assert len(hub.requests) - before < 10


def test_a_disk_that_is_full_in_the_night_is_said_and_gone_on_from(tmp_path: Path, hub: FakeHub) -> None:
    product = Product(tmp_path, hub.url, QUIET)
    full = once(product, 400_000)

    assert full.code == 1
    assert "Traceback" not in full.err
    said = [line for line in full.err.splitlines() if line.startswith("hubdex: crawl-")]
    assert said
    assert all(line.endswith("make room and go on.") for line in said)

    # It would be tried again after a minute; whoever made room need not wait for that.
    assert product.run("crawler", "head").code == 0
    roomy = product.run("scheduler", "schedule", "--once")
    assert roomy.code == 0, roomy.err
    assert models_of(product) == MODELS


def test_a_second_scheduler_is_refused_in_words(tmp_path: Path, hub: FakeHub) -> None:
    product = Product(tmp_path, hub.url, QUIET)
    with product.running("scheduler", "schedule") as first:
        wait_until((tmp_path / "schedule.json").exists, "the first one")
        for command in (("up",), ("schedule",), ("schedule", "--once")):
            second = product.run("scheduler", *command)
            assert second.code == 75
            assert f"Another schedule (hubdex schedule) is running (process {first.pid})" in second.err
        first.send_signal(signal.SIGINT)
        assert first.wait(60) == 0
    assert children_of(tmp_path) == []


def test_a_scheduler_that_is_killed_is_followed_by_one_that_goes_on(tmp_path: Path) -> None:
    with FakeHub(GeneratedSource(6_000), quota=100_000, latency_seconds=0.3) as hub:
        product = Product(tmp_path, hub.url, QUIET)
        with product.running("scheduler", "schedule") as killed:
            wait_until(lambda: len(hub.requests) >= 2, "some pages")
            os.kill(killed.pid, signal.SIGKILL)
            killed.wait()
        with product.running("scheduler", "schedule") as last:
            wait_until(lambda: len(hub.requests) >= 8, "more pages")
            wait_until(lambda: models_of(product) == 6_000, "all models")
            last.send_signal(signal.SIGTERM)
            assert last.wait(60) == 0
    wait_until(lambda: children_of(tmp_path) == [], "the end of all children")


def test_a_page_that_may_not_be_shown_is_told_before_anything_begins(tmp_path: Path, hub: FakeHub) -> None:
    done = Product(tmp_path, hub.url, {**QUIET, "HUBDEX_HOST": "0.0.0.0"}).run("scheduler", "up")

    assert done.code == 2
    assert done.err.startswith("hubdex: ")
    assert "HUBDEX_API_KEY" in done.err
    assert done.err.count("\n") == 1
    assert hub.requests == []


def test_a_wrong_setting_is_told(tmp_path: Path, hub: FakeHub) -> None:
    done = Product(tmp_path, hub.url, {"HUBDEX_SCHEDULE_RECENT": "hourly"}).run("scheduler", "up")

    assert done.code == 2
    assert "HUBDEX_SCHEDULE_RECENT" in done.err
    assert hub.requests == []

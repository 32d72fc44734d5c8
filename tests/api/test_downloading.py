"""Downloads on the pages: the words, the buttons, and what is on this machine already."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.config import ApiConfig
from api.handoff.jobs.records import Job, JobFile, Trouble
from api.having import Having
from api.pages.downloading import Door, download_html, job_words
from api.pages.words import time_left
from indexer.variants.contents import contents_of
from indexer.variants.records import Facts, Variant
from tests.api.conftest import LOCAL
from tests.downloads import COMMIT, fill_jobs, make_job
from tests.factories import fill_home
from tests.stock import QUANTS, make_stock

HERE, AWAY = Door(may_write=True, path="/a/b"), Door(may_write=False, path="/a/b?use=x")


@pytest.mark.parametrize(
    ("job", "words"),
    [
        (make_job("queued"), "It waits for its turn."),
        (make_job("queued", note="It waits for another."), "It waits for another."),
        (make_job("downloading", 2_132_000_000, bytes_per_second=12_000_000.0),
         "43 %, 2.13 GB of 4.92 GB, 12.0 MB/s, 4 min left"),
        (make_job("downloading", 4_919_999_999), "99 %, 4.92 GB of 4.92 GB"),
        (make_job("downloading", 100, files=(JobFile("a", None, None, 100),)), "100 B so far"),
        (make_job("downloading", 492_000_000, note="It waits for the Hub."), "10 %, It waits for the Hub."),
        (make_job("paused", 2_132_000_000), "43 %, 2.13 GB of 4.92 GB"),
        (make_job("ready", 4_920_000_000), "4.92 GB"),
    ],
)  # fmt: skip
def test_a_download_is_told_in_a_few_words(job: Job, words: str) -> None:
    assert job_words(job) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "1 s left"), (59, "59 s left"), (61, "1 min left"), (7_500, "2 h 5 min left"), (5e5, "5 days left")],
)
def test_what_is_left_is_told_in_a_unit_or_two(seconds: float, words: str) -> None:
    assert time_left(seconds) == words


def actions(text: str) -> list[str]:
    return re.findall(r'<form method="post" action="([^"]+)"', text)


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    stock, trees = make_stock()
    fill_home(home, stock, trees=trees)
    fill_jobs(home)
    return home


@pytest.fixture
def service(stocked: Path, tmp_path: Path) -> Iterator[TestClient]:
    app = create_app(ApiConfig(home=stocked, hub_cache=tmp_path / "hub"))
    with TestClient(app, base_url=LOCAL, follow_redirects=False) as opened:
        yield opened


def test_every_download_is_on_the_page_of_the_cache(service: TestClient) -> None:
    text = service.get("/-/cache").text
    items = re.findall(r'<li id="d-(\d)\d+" class="job" data-job="\d+" data-state="(\w+)">', text)

    assert items == [("4", "cancelled"), ("3", "ready"), ("2", "failed"), ("1", "paused")]
    assert "43 %, 2.13 GB of 4.92 GB" in text
    assert 'Accept &lt;it&gt; at <a href="https://hub.test/a/b" rel="noopener">' in text
    assert f"snapshots/{COMMIT}</code>" in text
    assert [path.removeprefix("/-/downloads/").lstrip("1234") for path in actions(text)] == [
        "/retry", "/forget", "/forget", "/retry", "/forget", "/resume", "/cancel"
    ]  # fmt: skip
    assert text.index('id="downloads"') < text.index('id="cached"')


def test_who_may_not_write_sees_no_buttons_and_no_folder(service: TestClient) -> None:
    text = service.get("/-/cache", headers={"x-forwarded-for": "10.0.0.1"}).text

    assert 'data-state="ready"' not in text
    assert actions(text) == []
    assert "snapshots/" not in text


def test_the_button_sends_the_model_and_the_variant() -> None:
    variant = _variants()[0]
    text = download_html(QUANTS, variant, Having(), HERE)

    assert actions(text) == ["/-/downloads"]
    assert f'name="model" value="{QUANTS}"' in text
    assert f'name="variant" value="{variant.key}"' in text
    assert 'data-state="nowhere"' in text


def test_whoever_needs_the_key_is_led_to_it() -> None:
    text = download_html(QUANTS, _variants()[0], Having(), AWAY)

    assert actions(text) == []
    assert 'href="/-/key?next=/a/b%3Fuse%3Dx"' in text


def test_what_is_under_way_wins_over_an_earlier_commit(tmp_path: Path) -> None:
    variant = _variants()[0]
    running, failed = make_job("downloading", 1_000), make_job("failed", trouble=Trouble("no_space", "Full."))

    under_way = download_html(QUANTS, variant, Having(tmp_path, job=running), HERE)
    here = download_html(QUANTS, variant, Having(tmp_path, job=failed), HERE, place="panel")
    broken = download_html(QUANTS, variant, Having(job=failed), HERE)

    assert 'data-state="downloading" data-job="0123456789abcdef"' in under_way
    assert '<progress max="4920000000" value="1000" aria-label="Progress of ' in under_way
    assert str(tmp_path) in here
    assert "of an earlier commit" in here
    assert "Full." in broken
    assert [path.rpartition("/")[2] for path in actions(broken)] == ["retry", "forget"]


def test_a_variant_with_a_shard_missing_has_no_button() -> None:
    (missing,) = (one for one in _variants() if one.missing)

    assert "form" not in download_html(QUANTS, missing, Having(), HERE)


def _variants() -> tuple[Variant, ...]:
    stock, trees = make_stock()
    return contents_of(trees[0].files or (), Facts(stock[0].record.repo_id)).variants

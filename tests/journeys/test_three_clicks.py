"""From the open page to bytes in the cache in three clicks at most, without a script, and through a kill."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.fakes.hub import FakeHub, Fault
from tests.journeys.browsing import Watch
from tests.journeys.handing import CONTENTS, GATED, LARGE, POET, SMALL, Handing, make_source, prepare
from tests.journeys.running import wait_until

pytestmark = pytest.mark.browser

HALF = 1_200_000
"""Bytes after which a body is held."""


class Clicks:
    """Counts what is clicked."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, target: Locator) -> None:
        self.count += 1
        target.click()
        target.page.wait_for_load_state("load")  # scripts run


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Handing]:
    with FakeHub(make_source(), quota=10_000) as hub:
        yield prepare(hub, tmp_path_factory.mktemp("home"))


@pytest.fixture
def handing(prepared: Handing, tmp_path: Path) -> Iterator[Handing]:
    """That Hub, a cache of its own, and nothing asked for yet."""
    prepared.hub.heal()
    (prepared.product.home / "jobs.db").unlink(missing_ok=True)
    yield prepared.with_cache(tmp_path / "hub")
    prepared.hub.release()


@pytest.fixture
def plain(browser: Browser, watch: Watch) -> Iterator[Page]:
    """A page of a browser without scripts."""
    with browser.new_context(java_script_enabled=False) as context:
        watch.listen(context)
        yield context.new_page()


def found_offline(handing: Handing, repo_id: str, path: str) -> Path:
    """Where the real client finds a file in the cache, without asking anybody."""
    script = (
        "import sys, huggingface_hub as h; print(h.hf_hub_download(*sys.argv[1:], local_files_only=True))"
    )
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HUB_CACHE": str(handing.cache)}
    done = subprocess.run(
        [sys.executable, "-c", script, repo_id, path],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return Path(done.stdout.strip())


def is_there(handing: Handing, path: str) -> None:
    found = found_offline(handing, POET, path)
    assert found.resolve().name == sha256(CONTENTS[path]).hexdigest()
    assert sha256(found.read_bytes()).hexdigest() == found.resolve().name


def panel(page: Page) -> Locator:
    return page.locator("#getting .getting")


def test_three_clicks_are_enough(page: Page, handing: Handing) -> None:
    click = Clicks()
    handing.hub.script([Fault.hold(HALF)])
    with handing.serving() as (_, url):
        page.goto(url)

        click(page.locator("a.card", has_text="Poet 0.5B"))
        click(panel(page).get_by_role("button", name="Download"))

        expect(panel(page).get_by_role("progressbar")).to_have_attribute("value", str(HALF))
        expect(panel(page)).to_contain_text("40 %, 1.20 MB of 3.00 MB")
        expect(page.locator("#underway")).to_contain_text("1 download is under way")
        handing.hub.release()
        expect(panel(page)).to_contain_text("in the cache")
        expect(page.locator("tr", has_text="Q4_K_M").locator(".getting")).to_have_text("in the cache")
        expect(page.locator("#underway")).to_be_empty()
        shown = panel(page).locator("code").inner_text()

    assert click.count <= 3
    assert Path(shown) == found_offline(handing, POET, SMALL).parent
    is_there(handing, SMALL)


def test_a_search_takes_no_click_more(page: Page, handing: Handing) -> None:
    click = Clicks()
    with handing.serving() as (_, url):
        page.goto(url)
        page.keyboard.type("poet", delay=15)

        click(page.locator("#hits a.hit").first)
        click(page.locator("tr", has_text="Q8_0").get_by_role("button", name="Download Q8_0"))

        expect(page.locator("tr", has_text="Q8_0").locator(".getting")).to_have_text("in the cache")

    assert click.count <= 3
    is_there(handing, LARGE)


def test_it_works_without_a_script(plain: Page, handing: Handing) -> None:
    click = Clicks()
    with handing.serving() as (_, url):
        plain.goto(url)

        click(plain.locator("a.card", has_text="Poet 0.5B"))
        click(panel(plain).get_by_role("button", name="Download"))

        expect(plain).to_have_url(re.compile(r"/-/cache#d-[0-9a-f]+$"))
        wait_until(lambda: plain.goto(f"{url}/-/cache") is not None and "ready" in plain.content(), "ready")
        expect(plain.locator("#downloads .job")).to_contain_text("ready")
        expect(plain.locator("#cached")).to_contain_text("Poet-0.5B-GGUF")

    assert click.count <= 3
    is_there(handing, SMALL)


def test_a_killed_service_goes_on_where_it_was(page: Page, watch: Watch, handing: Handing) -> None:
    handing.hub.script([Fault.hold(HALF)])
    with handing.serving() as (process, url):
        page.goto(f"{url}/{POET}?use=Q4_K_M")
        panel(page).get_by_role("button", name="Download").click()
        expect(panel(page)).to_contain_text("40 %")
        page.goto(f"{url}/-/cache")
        expect(page.locator("#downloads .job")).to_contain_text("40 %")
        handing.hub.wait_until_held()
        process.kill()
        process.wait()
    asked = len(handing.hub.cdn_requests)
    handing.hub.script([Fault.hold(HALF // 2)])

    with handing.serving(port=url.rpartition(":")[2]):
        expect(page.locator("#downloads .job")).to_contain_text(re.compile(r"\b[56]\d %"), timeout=30_000)
        handing.hub.release()
        expect(page.locator("#downloads .job")).to_contain_text("ready", timeout=30_000)
        expect(page.locator("#cached")).to_contain_text("Poet-0.5B-GGUF")

    begun = handing.hub.cdn_requests[asked].headers["range"]
    assert int(re.findall(r"\d+", begun)[0]) > 0
    is_there(handing, SMALL)
    watch.complaints.clear()  # the browser said that nobody was there, and was right


def test_pausing_cancelling_and_what_is_refused(page: Page, watch: Watch, handing: Handing) -> None:
    handing.hub.script([Fault.hold(HALF), Fault.hold(HALF)])
    with handing.serving() as (_, url):
        page.goto(f"{url}/{POET}?use=Q4_K_M")
        panel(page).get_by_role("button", name="Download").click()
        expect(panel(page)).to_contain_text("40 %")
        handing.hub.wait_until_held()

        panel(page).get_by_role("button", name="Pause").click()
        expect(panel(page).get_by_role("button", name="Resume")).to_be_focused()
        expect(page.locator("#underway")).to_be_empty()
        page.reload()
        expect(panel(page)).to_have_attribute("data-state", "paused")
        panel(page).get_by_role("button", name="Resume").click()
        expect(panel(page)).to_have_attribute("data-state", "downloading")
        panel(page).get_by_role("button", name="Cancel").click()
        expect(panel(page).get_by_role("button", name="Download")).to_be_visible()

        page.goto(f"{url}/{GATED}")
        panel(page).get_by_role("button", name="Download").click()
        expect(panel(page).get_by_role("alert")).to_contain_text("is gated: accept its terms at")
        expect(panel(page).get_by_role("link")).to_have_attribute("href", f"{handing.hub.url}/{GATED}")

    assert [text for text in watch.complaints if "403" not in text] == []
    watch.complaints.clear()

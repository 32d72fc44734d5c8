import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.factories import fill_home
from tests.journeys.browsing import CHROMIUMS, FLAGS, Watch
from tests.journeys.forking import Forks, own_forks
from tests.journeys.replaying import Replayed, replay
from tests.journeys.running import Product, read_line

expect.set_options(timeout=20_000)  # a machine that runs every test at once may be slow to show


@pytest.fixture(scope="module")
def forks() -> Forks:
    """Commands in forked children."""
    return own_forks()


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replayed]:
    """All real models, crawled and indexed once, where this machine has them."""
    folder = Path(os.environ.get("HUBDEX_TEST_DATA") or "/nonexistent")
    if not (folder / "models.jsonl.gz").is_file():
        pytest.skip("no real data: set HUBDEX_TEST_DATA to a folder with models.jsonl.gz")
    with replay(folder, tmp_path_factory.mktemp("real")) as replayed:
        yield replayed


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if chromium is None:
        reason = f"no Chromium: apt-get install {CHROMIUMS[0]}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="module")
def filled_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    fill_home(home)
    return home


@pytest.fixture(scope="module")
def service(filled_home: Path) -> Iterator[str]:
    with Product(filled_home, "https://huggingface.co", {}).running("api") as process:
        yield read_line(process, "Hubdex on ").split()[-1]


@pytest.fixture
def watch() -> Iterator[Watch]:
    watch = Watch()
    yield watch
    assert watch.outside == []
    assert watch.complaints == []


@pytest.fixture
def page(browser: Browser, watch: Watch) -> Iterator[Page]:
    with browser.new_context(permissions=["clipboard-read", "clipboard-write"]) as context:
        watch.listen(context)
        yield context.new_page()

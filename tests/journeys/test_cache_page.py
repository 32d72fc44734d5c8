"""The page of the cache in a real Chromium, with and without scripts: seen, pinned, verified, deleted."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from api.config import ApiConfig
from api.handoff.jobs.store import JobStore
from indexer.catalog.store import Catalog
from indexer.records import Batch
from tests.api.handoff.cache.making import ONE, TWO, put, put_ours
from tests.factories import make_models
from tests.journeys.browsing import Watch
from tests.journeys.running import Product, read_line

pytestmark = pytest.mark.browser

MINE, OURS = "openai-community/gpt2", "TheBloke/CodeLlama-7B-GGUF"
ENDLESS = f"a-lab-{'of-endless-names-' * 4}x/{'very-long-name-' * 5}7b"


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """What Hubdex downloaded, what is the user's, and what is broken."""
    config = ApiConfig(home=tmp_path / "home", hub_cache=tmp_path / "hub")
    with Catalog(config.database_url) as catalog:
        catalog.apply(Batch(make_models()))
    with JobStore(config.jobs_url) as store:
        put_ours(store, config.hub_cache, OURS, ONE, {"x.Q4_K_M.gguf": b"x" * 5_000}, ref="main")
    put(config.hub_cache, MINE, TWO, {"model-00001-of-00002.safetensors": b"half"}, ref="refs/pr/1")
    put(config.hub_cache, ENDLESS, ONE, {"wrong.bin": b"a", "b" * 90: b"b"})
    next((config.hub_cache / f"models--{ENDLESS.replace('/', '--')}" / "blobs").iterdir()).write_bytes(b"?")
    (config.hub_cache / "models--broken").mkdir()
    return config.hub_cache


@pytest.fixture
def service(cache: Path, tmp_path: Path) -> Iterator[str]:
    settings = {"HF_HUB_CACHE": str(cache), "HUBDEX_CACHE_LIMIT": "1gb", "HUBDEX_LOG": "warning"}
    with Product(tmp_path / "home", "https://huggingface.co", settings).running("api") as process:
        yield read_line(process, "Hubdex on ").split()[-1]


@pytest.mark.parametrize("scripts", [True, False])
def test_a_revision_is_pinned_verified_and_deleted(
    browser: Browser, service: str, cache: Path, *, scripts: bool
) -> None:
    context = browser.new_context(java_script_enabled=scripts)
    watch = Watch()
    watch.listen(context)
    page = context.new_page()
    page.goto(f"{service}/-/status")
    page.get_by_role("navigation").get_by_role("link", name="Cache").click()
    expect(page.get_by_role("heading", name="3 revisions")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text=MINE)).to_contain_text("incomplete")

    page.get_by_role("button", name=f"Pin {OURS}").click()
    expect(page.get_by_role("row").filter(has_text=OURS)).to_contain_text("pinned")
    page.get_by_role("link", name=f"Delete {OURS}").click()
    expect(page.get_by_text("It stays: it is pinned")).to_be_visible()
    page.get_by_role("link", name="Back").click()
    page.get_by_role("button", name=f"Unpin {OURS}").click()

    page.get_by_role("button", name=f"Verify {ENDLESS}").click()
    while not page.get_by_role("row").filter(has_text="wrong: ").count():
        page.reload()

    page.get_by_role("link", name=f"Delete {OURS}").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_role("heading", name="2 revisions")).to_be_visible()
    page.get_by_role("link", name=f"Delete {MINE}").click()
    expect(page.get_by_text("these files are yours")).to_be_visible()
    page.get_by_role("link", name="Keep it").click()

    left = {path.name for path in cache.glob("models--*")}
    assert f"models--{OURS.replace('/', '--')}" not in left
    assert {f"models--{MINE.replace('/', '--')}", "models--broken"} <= left
    assert (watch.complaints, watch.outside) == ([], [])
    context.close()


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("size", [(1280, 900), (320, 640)])
def test_everybody_can_use_it(browser: Browser, service: str, size: tuple[int, int], colours: str) -> None:
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme="dark" if colours == "dark" else "light"
    )
    page = context.new_page()
    for path in (
        "/-/cache", f"/-/cache/delete?model={MINE}&revision={TWO}", f"/-/cache/delete?model={ENDLESS}",
        "/-/cache/delete"
    ):  # fmt: skip
        page.goto(service + path)
        found = Axe().run(page).response["violations"]
        assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == [], path
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth"), path
    context.close()

"""Every page in every state, light and dark, wide and narrow: axe finds nothing, and nothing is cut off."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from indexer.catalog.store import Catalog
from indexer.config import HomeConfig
from indexer.records import Batch, Removal
from tests.downloads import fill_jobs
from tests.factories import NAMES, fill_home, make_family, make_listed, make_models
from tests.journeys.browsing import Watch
from tests.journeys.running import Product, read_line
from tests.stock import MANY, QUANTS, SIZELESS, make_stock

pytestmark = pytest.mark.browser

WIDE, PHONE, ZOOMED = (1280, 900), (320, 640), (640, 450)
"""The last is the first at a zoom of 200 %."""
ENDLESS = make_family()[-1].record.repo_id
GONE = make_listed("acme/gone")


RECOMMENDED = "models:" + "".join(
    f"\n- {{model: {name}, title: A good model, why: {'good ' * 20}x, variants: {{1gb: Q2_K, 4gb: Q8_0}}}}"
    for name in (QUANTS, MANY, SIZELESS, "acme/base-7b", *NAMES[:6])
)


def _fill_whole(home: Path) -> None:
    stock, trees = make_stock()
    fill_home(home, make_family() + make_models() + (GONE,) + stock, trees=trees)
    (home / "recommended.yaml").write_text(RECOMMENDED)
    fill_jobs(home)
    with Catalog(HomeConfig(home=home).database_url) as catalog:
        catalog.apply(Batch(removals=(Removal(GONE.record.key, "gone"),)))


def _fill_without_index(home: Path) -> None:
    fill_home(home, make_family())
    shutil.rmtree(HomeConfig(home=home).index_folder)


HOMES: dict[str, Callable[[Path], None]] = {
    "whole": _fill_whole,
    "stale": lambda home: fill_home(home, days_ago=5),
    "no index": _fill_without_index,
    "nothing": lambda _home: None,
}


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Where a service over each of the homes is."""
    with ExitStack() as running, pytest.MonkeyPatch.context() as patch:
        patch.setenv("HUBDEX_LOG", "warning")
        urls = {}
        for name, fill in HOMES.items():
            home = tmp_path_factory.mktemp("home")
            fill(home)
            process = running.enter_context(Product(home, "https://huggingface.co", {}).running("api"))
            urls[name] = read_line(process, "Hubdex on ").split()[-1]
        yield urls


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    watch = Watch()  # errors are pages here: what the console says of their status is no complaint
    with browser.new_context() as opened:
        watch.listen(opened)
        yield opened
    assert watch.outside == []
    assert [text for text in watch.complaints if "Failed to load resource" not in text] == []


def violations(page: Page, *rules: str) -> list[str]:
    """What axe finds; it is put into the page by the debugger, past the strict policy that stays in force."""
    options = {"resultTypes": ["violations"], **({"runOnly": list(rules)} if rules else {})}
    found = Axe().run(page, options=options).response["violations"]
    return [f"{one['id']}: {node['html']}" for one in found for node in one["nodes"]]


def open_menu(page: Page) -> None:
    page.locator("#narrowing summary").first.click()


def open_recommended(page: Page) -> None:
    page.locator(".recommended summary").click()


def open_memory(page: Page) -> None:
    page.locator("#narrowing .mine summary").click()


def choose_a_hit(page: Page) -> None:
    page.locator("#q").press("ArrowDown")
    expect(page.locator('[role="option"][aria-selected="true"]')).to_have_count(1)


def lose_the_network(page: Page) -> None:
    page.context.set_offline(True)
    page.locator("#q").fill("lla")
    expect(page.locator("#notice")).to_contain_text("offline")


def wait_for_an_answer(page: Page) -> None:
    page.route("**/-/results*", lambda _route: None)
    page.locator("#q").fill("lla")
    expect(page.locator("#hits")).to_have_attribute("aria-busy", "true")


def open_details(page: Page) -> None:
    for summary in page.locator("main summary").all():
        summary.click()


def choose_an_app(page: Page) -> None:
    page.get_by_text("Ollama", exact=True).click()
    expect(page.get_by_text("Modelfile", exact=True)).to_be_visible()


def nothing(_page: Page) -> None:
    """Look at the page as it comes."""


STATES: dict[str, tuple[str, str, Callable[[Page], None]]] = {
    "all models": ("whole", "/", nothing),
    "recommended for a memory": ("whole", "/?memory=6gb%2B4gb", open_recommended),
    "downloads": ("whole", "/-/cache", nothing),
    "a download that failed": ("whole", f"/{QUANTS}?use=Q8_0", nothing),
    "a download under way": ("whole", f"/{QUANTS}?use=Q4_K_M", nothing),
    "hits": ("whole", "/?q=llama", nothing),
    "a chosen hit": ("whole", "/?q=llama", choose_a_hit),
    "an open menu": ("whole", "/?q=llama", open_menu),
    "endless names": ("whole", "/?q=endless", nothing),
    "made from a model": ("whole", "/?q=tag:base_model:quantized:acme/base-7b", nothing),
    "a slip": ("whole", "/?q=whispr", nothing),
    "no hit": ("whole", "/?q=zzzz+format:gguf+-chat", nothing),
    "behind the last": ("whole", "/?q=llama&offset=500", nothing),
    "refused": ("whole", f"/?q={'a' * 301}", nothing),
    "waited for": ("whole", "/?q=llama", wait_for_an_answer),
    "offline": ("whole", "/?q=llama", lose_the_network),
    "matching variants": ("whole", "/?q=poet+gguf+%3C9gb+fits:6gb%2B4gb", nothing),
    "variants": ("whole", "/?q=acme/&kind=variant&memory=6gb%2B4gb", nothing),
    "the memory there is": ("whole", "/?q=q4_k_m&memory=6gb%2B4gb", open_memory),
    "variants of a model": ("whole", f"/{QUANTS}?memory=6gb%2B4gb", nothing),
    "a variant to be got": ("whole", f"/{QUANTS}?use=BF16", choose_an_app),
    "many variants": ("whole", f"/{MANY}", open_details),
    "a variant of unknown size": ("whole", f"/{SIZELESS}", nothing),
    "a model": ("whole", "/acme/base-7b", nothing),
    "a merge": ("whole", "/zoo/a-merge", nothing),
    "a model with endless names": ("whole", f"/{ENDLESS}", nothing),
    "a disabled model": ("whole", "/acme/other", nothing),
    "an owner": ("whole", "/TheBloke", nothing),
    "no hit of an owner": ("whole", "/TheBloke?q=zzzz", nothing),
    "the status": ("whole", "/-/status", nothing),
    "the API": ("whole", "/docs", nothing),
    "no such model": ("whole", "/nobody/nothing", nothing),
    "a removed model": ("whole", "/acme/gone", nothing),
    "no such address": ("whole", "/a/b/c/d", nothing),
    "old hits": ("stale", "/?q=llama", nothing),
    "an old model": ("stale", "/TheBloke/CodeLlama-7B-GGUF", nothing),
    "no index": ("no index", "/?q=llama", nothing),
    "a model without an index": ("no index", "/zoo/a-merge", nothing),
    "an owner without an index": ("no index", "/zoo", nothing),
    "nothing yet": ("nothing", "/", nothing),
    "the status of nothing": ("nothing", "/-/status", nothing),
    "a model of nothing": ("nothing", "/acme/base-7b", nothing),
}
"""State: the home, the path, and what is done there."""


@pytest.mark.parametrize("state", STATES)
def test_axe_finds_nothing(context: BrowserContext, services: dict[str, str], state: str) -> None:
    home, path, act = STATES[state]
    page = context.new_page()
    page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
    page.goto(services[home] + path, wait_until="networkidle")
    act(page)
    context.set_offline(False)  # axe asks nobody, but the page may go on

    for width, height in (WIDE, PHONE, ZOOMED):
        page.set_viewport_size({"width": width, "height": height})
        overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(overflow) <= 0, f"{state} is wider than {width} pixels"
        if width != ZOOMED[0]:
            assert violations(page) == [], f"{state}, {width} pixels, light"
            page.emulate_media(color_scheme="dark")  # which changes nothing but colours
            assert violations(page, "color-contrast") == [], f"{state}, {width} pixels, dark"
            page.emulate_media(color_scheme="light")


def test_axe_is_awake(context: BrowserContext, services: dict[str, str]) -> None:
    page = context.new_page()
    page.goto(services["whole"])
    page.evaluate("""() => {
        document.querySelector("main h1").remove();
        document.styleSheets[0].insertRule("#count { color: #ddd !important }");
    }""")

    assert {one.partition(":")[0] for one in violations(page)} == {"color-contrast", "page-has-heading-one"}
    assert violations(page, "color-contrast") != []

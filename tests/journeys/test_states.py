"""What a page says and does when something is not as it should be, and by keys alone."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from indexer.config import HomeConfig
from tests.factories import fill_home, make_family, make_models
from tests.journeys.browsing import HITS, Watch, ids
from tests.journeys.running import Product, read_line, wait_until

pytestmark = pytest.mark.browser

FOCUS = """() => {
    const one = document.activeElement;
    const box = one.getBoundingClientRect();
    const seen = document.elementFromPoint(box.left + Math.min(box.width, 20) / 2, box.top + 5);
    const outline = getComputedStyle(one);
    return {
        name: one.getAttribute("href") ?? one.textContent.trim() ?? one.id,
        isOutlined: outline.outlineStyle !== "none" && parseFloat(outline.outlineWidth) > 0,
        isSeen: seen !== null && (one.contains(seen) || seen.contains(one)),
        isLost: one === document.body,
    };
}"""


@pytest.fixture(scope="module")
def filled_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    fill_home(home, make_family() + make_models())
    return home


@pytest.fixture
def indexless(filled_home: Path, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A service whose index is gone, and its home."""
    shutil.copytree(filled_home, tmp_path, dirs_exist_ok=True)
    shutil.rmtree(HomeConfig(home=tmp_path).index_folder)
    with Product(tmp_path, "https://huggingface.co", {}).running("api") as process:
        yield read_line(process, "Hubdex on ").split()[-1], tmp_path


def forgive(watch: Watch, *words: str) -> None:
    """Take what the console says of a request that was meant to fail for no complaint."""
    watch.complaints[:] = [one for one in watch.complaints if not any(word in one for word in words)]


def test_a_browser_without_a_network_keeps_the_answer_and_goes_on(
    page: Page, service: str, watch: Watch
) -> None:
    page.goto(f"{service}/?q=llama")
    shown = ids(page)

    page.context.set_offline(True)
    page.locator("#q").fill("whisper")

    notice = page.locator("#notice")
    expect(notice).to_have_text(
        "This browser is offline. What you see is the last answer; it goes on by itself."
    )
    assert ids(page) == shown
    page.context.set_offline(False)
    expect(notice).to_be_hidden()
    expect(page.locator("#count")).to_have_text("1 model matches")
    assert ids(page) == ["openai/whisper-large-v3"]
    forgive(watch, "ERR_INTERNET_DISCONNECTED")


def test_a_long_wait_is_shown_and_a_short_one_is_not(page: Page, service: str) -> None:
    held: list[Route] = []
    page.clock.install(time=0)
    page.goto(service)
    page.clock.pause_at(60_000)  # else it goes on with the machine's
    page.route("**/-/results?q=llama", lambda route: held.append(route))  # noqa: PLW0108
    hits = page.locator("#hits")
    line = "getComputedStyle(document.querySelector('.box'), '::after').opacity"

    page.locator("#q").fill("llama")
    page.clock.run_for(70)  # the pause in which the next letter may come
    while not held:
        page.wait_for_timeout(10)
    page.clock.run_for(140)
    assert hits.get_attribute("aria-busy") != "true"
    page.clock.run_for(20)

    expect(hits).to_have_attribute("aria-busy", "true")
    wait_until(lambda: page.evaluate(line) == "1", "the line below the box")
    held[0].fallback()
    expect(page.locator("#count")).to_have_text("10 models match")
    expect(hits).to_have_attribute("aria-busy", "false")
    wait_until(lambda: page.evaluate(line) == "0", "the line to go")


def test_the_number_of_hits_is_told_to_who_cannot_see_it(page: Page, service: str) -> None:
    page.goto(service)
    told = page.get_by_role("status")
    page.evaluate("document.querySelector('[role=status]').wasHere = true")

    for text, words in (
        ("whisper", "1 model matches"),
        ("qwen", "5 models match"),
        ("zzzz", "No model matches"),
    ):
        page.locator("#q").fill(text)
        expect(told).to_have_text(words)

    assert page.evaluate("document.querySelector('[role=status]').wasHere")  # a new one would not be heard


def test_a_page_that_could_not_be_shown_comes_by_itself(page: Page, tmp_path: Path, watch: Watch) -> None:
    with Product(tmp_path, "https://huggingface.co", {}).running("api") as process:
        page.goto(read_line(process, "Hubdex on ").split()[-1] + "/acme/base-7b")
        expect(page.locator("h1")).to_have_text("Not right now")

        fill_home(tmp_path, make_family())

        expect(page.locator("h1")).to_have_text("acme/base-7b", timeout=20_000)
    forgive(watch, "503")


def test_without_an_index_the_search_says_what_to_do_and_goes_on(
    page: Page, indexless: tuple[str, Path], watch: Watch
) -> None:
    url, home = indexless
    response = page.goto(f"{url}/?q=whisper")

    assert response is not None
    assert response.status == 503
    expect(page.locator("#after")).to_contain_text("The search index is being built")
    expect(page.locator("#after")).to_contain_text("hubdex index sync")
    fill_home(home, make_models())
    expect(page.locator(HITS)).to_have_count(1, timeout=20_000)
    forgive(watch, "503")


def test_without_a_script_a_page_offers_to_look_again(
    browser: Browser, indexless: tuple[str, Path], service: str
) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(indexless[0])
        fill_home(indexless[1], make_models())
        page.get_by_role("link", name="Look again").click()
        assert len(ids(page)) == 20

        page.goto(f"{service}/acme/base-7b")
        assert page.get_by_role("button", name="Copy").count() == 0
        page.get_by_role("link", name="All 7 quantized copies").click()
        assert len(ids(page)) == 7
        page.locator("#count a").click()
        expect(page.locator("h1")).to_have_text("acme/base-7b")


def test_folded_files_open_without_a_script(browser: Browser, service: str) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(service + "/?q=endless")
        page.locator(HITS).click()
        rest = page.locator("details .files")
        expect(rest).to_be_hidden()

        page.get_by_text("1,188 more files").click()

        expect(rest).to_be_visible()


def test_everything_is_reached_by_keys_alone(page: Page, service: str) -> None:
    page.goto(service)
    press = page.keyboard.press
    page.keyboard.type("llama")
    expect(page.locator("#count")).to_have_text("10 models match")

    menus = page.locator("#narrowing summary")
    for _ in range(3):  # two buttons of the box, then the first menu
        press("Tab")
    expect(menus.first).to_be_focused()
    press("Enter")
    press("Tab")
    expect(page.locator("#narrowing li a").first).to_be_focused()
    with page.expect_response(lambda response: "/-/results" in response.url):
        press("Enter")
    expect(page.locator("#q")).to_have_value("llama format:safetensors")
    expect(menus.first).to_be_focused()
    for _ in range(3):
        press("Shift+Tab")
    expect(page.locator("#q")).to_be_focused()
    expect(page.locator("#hits")).not_to_have_attribute("aria-busy", "true")
    press("ArrowDown")
    chosen = page.locator('[role="option"][aria-selected="true"]').get_attribute("href")
    press("Enter")
    expect(page).to_have_url(f"{service}{chosen}")
    page.go_back()

    expect(page.locator("#q")).to_have_value("llama format:safetensors")
    press("/")
    expect(page.locator("#q")).to_be_focused()


@pytest.mark.parametrize(
    "path", ["/acme/base-7b", "/zoo/a-merge", "/TheBloke", "/-/status", "/nobody/nothing"]
)
@pytest.mark.parametrize("key", ["Tab", "Shift+Tab"])
def test_what_is_focused_is_always_seen(page: Page, service: str, path: str, key: str, watch: Watch) -> None:
    page.set_viewport_size({"width": 640, "height": 450})
    page.goto(service + path)
    page.evaluate("document.activeElement.blur()")
    names = []
    for _ in range(80):
        page.keyboard.press(key)
        focus = page.evaluate(FOCUS)
        if focus["isLost"]:
            break
        names.append(focus["name"])
        assert focus["isOutlined"], focus
        assert focus["isSeen"], focus

    assert "/docs" in names
    assert len(names) >= 4
    forgive(watch, "404")


def test_nothing_moves_for_who_wants_it_still(page: Page, tmp_path: Path, watch: Watch) -> None:
    moving = "document.getAnimations().filter((one) => one.playState === 'running').length"
    with Product(tmp_path, "https://huggingface.co", {}).running("api") as process:
        page.goto(read_line(process, "Hubdex on ").split()[-1])
        assert page.evaluate(moving) == 3

        page.emulate_media(reduced_motion="reduce")

        assert page.evaluate(moving) == 0
        page.evaluate("document.getElementById('hits').setAttribute('aria-busy', 'true')")
        assert page.evaluate(moving) == 0
    forgive(watch, "503")

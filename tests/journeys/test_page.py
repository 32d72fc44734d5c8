"""The page in a real Chromium: typing, keys, late answers, without a script, and back again."""

import re
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Error, Page, Route, expect

from tests.factories import NAMES, fill_home
from tests.journeys.browsing import HITS, Watch, ids
from tests.journeys.running import Product, read_line

pytestmark = pytest.mark.browser

BLOKE_LLAMAS = {
    "TheBloke/Llama-2-7B-Chat-GGUF",
    "TheBloke/CodeLlama-7B-GGUF",
    "TheBloke/TinyLlama-1.1B-Chat-v1.0-GGUF",
}


def test_typing_lists_what_is_meant(page: Page, service: str) -> None:
    page.goto(service)
    expect(page.locator("#q")).to_be_focused()
    assert ids(page) == list(NAMES[:20])

    page.keyboard.type("TheBloke/llama", delay=15)

    expect(page.locator("#count")).to_have_text("3 models match")
    assert set(ids(page)) == BLOKE_LLAMAS
    assert page.locator("mark").all_text_contents() == ["Llama"] * 3
    assert page.url == f"{service}/?q=TheBloke%2Fllama"
    expect(page.locator("#coverage")).to_contain_text(f"{len(NAMES)} models")


def test_keys_choose_and_open_a_hit(page: Page, service: str) -> None:
    page.goto(f"{service}/?q=/qwen")
    box = page.locator("#q")
    box.focus()
    count = len(ids(page))
    expect(box).to_have_attribute("aria-expanded", "true")

    for key, place in (
        ("ArrowDown", 0), ("ArrowDown", 1), ("End", count - 1), ("ArrowUp", count - 2), ("Home", 0)
    ):  # fmt: skip
        box.press(key)
        expect(box).to_have_attribute("aria-activedescendant", f"hit-{place}")
        expect(page.locator('[role="option"][aria-selected="true"]')).to_have_id(f"hit-{place}")
    box.press("ArrowUp")
    expect(box).not_to_have_attribute("aria-activedescendant", re.compile(""))
    chosen = ids(page)[-1]
    box.press("ArrowUp")
    box.press("Enter")

    expect(page).to_have_url(f"{service}/{chosen}")


def test_an_owner_is_picked_by_keys_and_its_models_typed_on(page: Page, service: str) -> None:
    asked: list[str] = []
    page.goto(service)
    page.on("request", lambda request: asked.append(urlsplit(request.url).path))
    box = page.locator("#q")

    box.press_sequentially("theb", delay=15)
    owner = page.get_by_role("listbox").get_by_role("group", name="Owners").get_by_role("option")
    expect(owner).to_have_accessible_name("Owner TheBloke 6 models")
    expect(owner.locator("mark")).to_have_text("TheB")
    box.press("ArrowDown")
    expect(box).to_have_attribute("aria-activedescendant", "owner-0")
    expect(owner).to_have_attribute("aria-selected", "true")
    box.press("ArrowDown")
    expect(box).to_have_attribute("aria-activedescendant", "hit-0")
    box.press("ArrowUp")
    box.press("Enter")

    expect(box).to_have_value("TheBloke/")
    expect(page.locator("#count")).to_have_text("6 models match")
    expect(owner).to_have_count(0)
    page.keyboard.type("lla", delay=15)
    expect(page.locator("#count")).to_have_text("3 models match")
    assert set(ids(page)) == BLOKE_LLAMAS
    assert {path for path in asked if "static" not in path} == {"/-/results", "/-/narrowing"}
    page.go_back()
    expect(box).to_have_value("theb")
    expect(owner).to_have_count(1)


def test_owners_are_picked_and_visited_by_a_click(page: Page, service: str) -> None:
    page.goto(f"{service}/?q=m")
    expect(page.locator("#owners li")).to_have_count(3)
    page.locator("#q").fill("micr")
    expect(page.locator("#owners li")).to_have_count(1)

    page.locator("#owners a.pick").click()
    expect(page.locator("#q")).to_have_value("microsoft/")
    expect(page.locator("#q")).to_be_focused()
    page.get_by_role("link", name="Page of microsoft").click()
    expect(page).to_have_url(f"{service}/microsoft")

    page.goto(f"{service}/?q=micr")
    page.locator("#owners a.page").click()
    expect(page).to_have_url(f"{service}/microsoft")


def test_escape_clears(page: Page, service: str) -> None:
    page.goto(f"{service}/?q=whisper")
    box = page.locator("#q")

    box.press("Escape")

    expect(box).to_have_value("")
    expect(page.locator(HITS)).to_have_count(20)
    assert page.url == f"{service}/"


@pytest.mark.parametrize("script", ["", "AbortController.prototype.abort = () => {}"])
def test_a_late_answer_is_dropped(page: Page, service: str, script: str) -> None:
    page.add_init_script(script)  # a question that cannot be given up any more is answered all the same
    page.goto(service)
    held: list[Route] = []
    page.route("**/-/results?q=whisper", lambda route: held.append(route))  # noqa: PLW0108
    box = page.locator("#q")

    box.fill("whisper")
    while not held:
        page.wait_for_timeout(10)
    box.fill("bloom")
    expect(page.locator("#count")).to_have_text("1 model matches")
    with suppress(Error):  # the page has given this question up already
        held[0].fallback()
    page.wait_for_timeout(200)

    assert ids(page) == ["bigscience/bloom"]
    assert page.url == f"{service}/?q=bloom"


def test_back_and_reload_keep_the_query(page: Page, service: str) -> None:
    page.goto(service)
    page.keyboard.type("codellama")
    expect(page.locator("#count")).to_have_text("2 models match")

    page.locator(HITS).first.click()
    expect(page.locator("h1")).to_contain_text("CodeLlama")
    page.go_back()

    for _ in range(2):
        expect(page.locator("#q")).to_have_value("codellama")
        expect(page.locator(HITS)).to_have_count(2)
        page.reload()


def test_a_search_is_narrowed_down_ordered_and_taken_back(page: Page, service: str) -> None:
    page.goto(service)
    page.locator("#q").press_sequentially("llama", delay=15)
    menus = page.locator("#narrowing summary")
    expect(menus.first).to_have_text("Format")
    counted = page.locator("#narrowing a", has_text="gguf").locator(".number")
    expect(counted).to_have_text(str(len([one for one in NAMES if "llama" in one.lower() and "GGUF" in one])))

    menus.first.click()
    page.locator("#narrowing a", has_text="gguf").click()
    expect(menus.first).to_have_text("gguf")
    expect(menus.first).to_be_focused()
    expect(page.locator("#q")).to_have_value("llama format:gguf")
    assert all("GGUF" in one for one in ids(page))
    menus.last.click()
    page.locator("#narrowing a", has_text="newest").click()
    expect(menus.last).to_have_text("Order: newest")
    assert page.url == f"{service}/?q=llama%20format%3Agguf&sort=created"

    page.go_back()
    expect(menus.last).to_have_text("Order: best match")
    page.go_back()
    expect(page.locator("#q")).to_have_value("llama")
    expect(menus.first).to_have_text("Format")


def test_a_menu_closes_by_escape_and_by_a_click_beside_it(page: Page, service: str) -> None:
    page.goto(service)
    menus = page.locator("#narrowing details")
    summary = menus.first.locator("summary")

    summary.press("Enter")
    expect(menus.first).to_have_attribute("open", "")
    summary.press("Escape")
    expect(menus.first).not_to_have_attribute("open", "")
    summary.click()
    page.locator("#coverage").click()
    expect(menus.first).not_to_have_attribute("open", "")


def test_more_hits_are_added_below(page: Page, service: str) -> None:
    page.goto(service)

    for count in (40, len(NAMES)):
        page.locator("a[rel=next]").click()
        expect(page.locator(HITS)).to_have_count(count)

    assert ids(page) == list(NAMES)
    expect(page.locator("#after a")).to_have_count(0)


def test_a_service_that_is_gone_leaves_the_last_answer(page: Page, service: str, watch: Watch) -> None:
    page.goto(f"{service}/?q=whisper")
    page.route("**/-/results*", lambda route: route.abort())

    page.locator("#q").fill("whisper-l")

    expect(page.locator("#notice")).to_contain_text("Hubdex does not answer")
    assert ids(page) == ["openai/whisper-large-v3"]
    page.unroute("**/-/results*")
    expect(page.locator("#notice")).to_be_hidden()
    assert [text for text in watch.complaints if "ERR_FAILED" not in text] == []
    watch.complaints.clear()


def test_the_waiting_page_fills_by_itself(page: Page, tmp_path: Path, watch: Watch) -> None:
    with Product(tmp_path, "https://huggingface.co", {}).running("api") as process:
        page.goto(read_line(process, "Hubdex on ").split()[-1])
        expect(page.locator("#after")).to_contain_text("The first models are on their way")

        fill_home(tmp_path)

        expect(page.locator(HITS)).to_have_count(20, timeout=20_000)
    assert ["503" in text for text in watch.complaints] == [True]
    watch.complaints.clear()


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (0, "TheBloke/CodeLlama-7B-GGUF"),
        (1, "hf download TheBloke/CodeLlama-7B-GGUF model.safetensors config.json"),
    ],
)
def test_a_model_page_hands_its_id_and_commands_over(page: Page, service: str, at: int, text: str) -> None:
    page.goto(f"{service}/TheBloke/CodeLlama-7B-GGUF")

    page.get_by_role("button", name="Copy").nth(at).click()

    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    expect(page.get_by_role("status").nth(at)).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == text


def test_the_api_page_draws_itself(page: Page, service: str) -> None:
    page.goto(f"{service}/docs")

    expect(page.locator(".operation h2").first).to_have_text("GET/v1/search")
    expect(page.locator(".operation dt").get_by_text("offset", exact=True)).to_be_visible()
    expect(page.locator(".operation dt:text-is('author') + dd").first).to_have_text(
        "string, may be repeated Owners; of several, any."
    )


def test_typing_on_the_page_of_an_owner_stays_there(page: Page, service: str) -> None:
    page.goto(f"{service}/TheBloke/CodeLlama-7B-GGUF")
    page.locator("h1 a.owner").click()
    expect(page).to_have_url(f"{service}/TheBloke")
    expect(page.locator(HITS)).to_have_count(6)

    page.locator("#q").fill("llama")

    expect(page.locator("#count")).to_have_text("3 models match")
    assert set(ids(page)) == BLOKE_LLAMAS
    assert page.url == f"{service}/TheBloke?q=llama"
    expect(page).to_have_title("llama - TheBloke - Hubdex")
    page.locator("#q").press("Escape")
    expect(page.locator(HITS)).to_have_count(6)
    assert page.url == f"{service}/TheBloke"


PLAIN = ["/", "/?q=m", "/?q=zzzzzzz", "/TheBloke/CodeLlama-7B-GGUF", "/docs", "/TheBloke", "/-/status"]


@pytest.mark.parametrize("path", PLAIN)
def test_nothing_is_wider_than_a_small_phone(page: Page, service: str, path: str) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(service + path, wait_until="networkidle")  # also what a script fetches and draws

    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_everything_works_without_a_script(browser: Browser, watch: Watch, service: str) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        watch.listen(context)
        page = context.new_page()
        page.goto(service)

        page.locator("#q").fill("TheBloke/llama")
        page.get_by_role("button", name="Search").click()
        assert set(ids(page)) == BLOKE_LLAMAS

        page.locator("#q").fill("theb")
        page.get_by_role("button", name="Search").click()
        page.get_by_role("link", name="Owner TheBloke").click()
        expect(page.locator("#q")).to_have_value("TheBloke/")
        page.get_by_role("link", name="Page of TheBloke").click()
        expect(page).to_have_url(f"{service}/TheBloke")

        page.goto(f"{service}/?q=TheBloke/llama")
        page.locator(HITS, has_text="CodeLlama").click()
        expect(page.locator("h1")).to_have_text("TheBloke/CodeLlama-7B-GGUF")
        page.go_back()
        expect(page.locator("#q")).to_have_value("TheBloke/llama")

        page.goto(service)
        page.get_by_role("link", name="More").click()
        assert ids(page) == list(NAMES[20:40])
        page.get_by_role("link", name="Previous").click()
        assert ids(page) == list(NAMES[:20])

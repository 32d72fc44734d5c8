"""Getting a variant in a real Chromium: picked in the table, for the app somebody uses, without a script."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.factories import fill_home
from tests.journeys.browsing import Watch
from tests.journeys.running import Product, read_line
from tests.stock import QUANTS, make_stock

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = tmp_path_factory.mktemp("home")
    models, trees = make_stock()
    fill_home(home, models, trees=trees)
    with Product(home, "https://huggingface.co", {}).running("api") as process:
        yield read_line(process, "Hubdex on ").split()[-1]


def test_a_variant_is_picked_for_the_app_somebody_uses(page: Page, stocked: str) -> None:
    page.goto(f"{stocked}/{QUANTS}")
    getting = page.locator("#getting")
    expect(getting.locator(".chosen .label")).to_have_text("Q4_K_M")
    expect(getting.get_by_text("hf download", exact=True)).to_be_visible()
    getting.get_by_role("radio", name="hf download").focus()
    page.keyboard.press("ArrowRight")
    expect(getting.get_by_role("radio", name="Ollama")).to_be_checked()
    expect(getting.locator(".given:visible code")).to_have_text([f"ollama run hf.co/{QUANTS}:Q4_K_M"])

    page.get_by_role("link", name="Use Q8_0").click()
    expect(getting.locator(".chosen .label")).to_have_text("Q8_0")
    expect(page.get_by_role("heading", name="Get it")).to_be_focused()
    expect(page.locator('a.use[aria-current="true"]')).to_have_text("Use Q8_0")
    assert page.url == f"{stocked}/{QUANTS}?use=Poet-8B-Instruct-Q8_0.gguf#get"
    getting.locator(".given:visible").get_by_role("button", name="Copy").click()
    expect(getting.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == f"ollama run hf.co/{QUANTS}:Q8_0"

    page.goto(f"{stocked}/{QUANTS}?use=BF16")
    expect(getting.get_by_role("radio", name="Ollama")).to_be_checked()
    expect(getting.locator(".given:visible code").nth(1)).to_contain_text("FROM ./merged.gguf")


def test_the_best_that_fits_is_offered_when_memory_is_said(page: Page, stocked: str) -> None:
    page.goto(f"{stocked}/{QUANTS}")
    page.get_by_label("Graphics card").fill("5")
    page.get_by_role("button", name="Does it fit?").click()
    expect(page.locator("#getting .chosen .label")).to_have_text("Q2_K")
    expect(page.locator("#getting .chosen .fit")).to_have_text("fits")
    assert page.url == f"{stocked}/{QUANTS}?ctx=4096"

    page.reload()
    expect(page.locator("#getting .chosen .label")).to_have_text("Q2_K")
    page.get_by_role("link", name="Use Q8_0").click()
    expect(page.locator("#getting .chosen .fit")).to_have_text("does not fit")
    assert "memory" not in page.url


def test_it_works_without_a_script(browser: Browser, watch: Watch, stocked: str) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        watch.listen(context)
        page = context.new_page()
        page.goto(f"{stocked}/{QUANTS}?memory=6gb")
        page.get_by_role("link", name="Use Q2_K").click()

        expect(page.locator("#getting .chosen .label")).to_have_text("Q2_K")
        expect(page.locator("#getting .chosen .fit")).to_have_text("fits")
        page.get_by_text("llama.cpp", exact=True).click()
        expect(page.locator("#getting .given:visible code")).to_have_text([f"llama-server -hf {QUANTS}:Q2_K"])

"""Variants in a real Chromium: the memory that is remembered, models or variants, chips, and no script."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.factories import fill_home
from tests.journeys.browsing import HITS, Watch, ids
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


def say_memory(page: Page, vram: str, ram: str = "") -> None:
    menu = page.locator("#narrowing .mine")
    menu.locator("summary").click()
    menu.get_by_label("Graphics card").fill(vram)
    menu.get_by_label("Machine").fill(ram)
    menu.get_by_role("button", name="Use it").click()


def test_memory_is_remembered_and_every_variant_says_whether_it_fits(page: Page, stocked: str) -> None:
    page.goto(stocked)
    page.locator("#q").press_sequentially("poet q4_k_m", delay=15)
    expect(page.locator(".matching .label")).to_have_text("Q4_K_M")
    expect(page.locator(".matching .fit")).to_have_count(0)

    say_memory(page, "6", "4")
    expect(page.locator(".matching .fit")).to_have_text("needs RAM too")
    expect(page.locator("#narrowing .mine summary")).to_have_text("6 + 4 GiB")
    assert page.url == f"{stocked}/?q=poet%20q4_k_m"

    page.reload()
    expect(page.locator(".matching .fit")).to_have_text("needs RAM too")
    page.locator("a.variant").click()
    expect(page.locator("tr:target .fit")).to_have_text("needs RAM too")

    page.goto(f"{stocked}/{QUANTS}")
    expect(page.locator("#variants .fit").first).to_have_text("needs RAM too")
    page.get_by_label("Graphics card").fill("48")
    page.get_by_label("Context").select_option("128k")
    page.get_by_role("button", name="Does it fit?").click()
    expect(page.locator("#variants .fit").first).to_have_text("fits the card")
    expect(page.locator("#variants .sum").first).to_contain_text("16.0 GiB context at 128k")
    assert page.url == f"{stocked}/{QUANTS}?ctx=131072"

    page.goto(f"{stocked}/?q=q4_k_m")
    page.locator("#narrowing .mine summary").click()
    page.get_by_role("link", name="Forget it").click()
    expect(page.locator("#narrowing .mine summary")).to_have_text("My memory")
    expect(page.locator(".matching .fit")).to_have_count(0)


def test_models_or_variants_and_back(page: Page, stocked: str) -> None:
    page.goto(f"{stocked}/?q=poet")
    page.locator("#narrowing").get_by_role("link", name="Variants").click()

    expect(page.locator("#count")).to_contain_text("variants match")
    expect(page.locator(f"{HITS} .label").first).to_have_text("Q4_K_M")
    assert page.url == f"{stocked}/?q=poet&kind=variant"
    expect(page.locator("#narrowing .switch [aria-current]")).to_have_text("Variants")
    page.locator("#q").fill("poet q8_0")
    expect(page.locator("#count")).to_have_text("1 variant matches")
    page.locator("#q").press("ArrowDown")
    page.locator("#q").press("Enter")
    expect(page.locator("tr:target .label")).to_have_text("Q8_0")
    page.go_back()
    page.locator("#narrowing").get_by_role("link", name="Models").click()
    expect(page.locator("#count")).to_have_text("1 model matches")


def test_a_chip_takes_its_filter_out(page: Page, stocked: str) -> None:
    page.goto(stocked)
    page.locator("#q").press_sequentially("poet <5gb q4_k_m", delay=15)
    expect(page.locator(".chip")).to_have_text(["Take out: up to 5 GB", "Take out: Q4_K_M"])

    page.locator(".chip").last.click()

    expect(page.locator("#q")).to_have_value("poet <5gb")
    expect(page.locator("#q")).to_be_focused()
    expect(page.locator(".chip")).to_have_count(1)
    expect(page.locator(".matching .label")).to_have_text(["Q4_K_M", "Q2_K", "IQ4_KS", "Q6_K"])
    page.go_back()
    expect(page.locator(".chip")).to_have_count(2)


def test_all_of_it_works_without_a_script(browser: Browser, watch: Watch, stocked: str) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        watch.listen(context)
        page = context.new_page()
        page.goto(f"{stocked}/?q=poet+q4_k_m&sort=likes")
        say_memory(page, "6", "4")
        expect(page.locator(".matching .fit")).to_have_text("needs RAM too")
        expect(page.locator("#q")).to_have_value("poet q4_k_m")

        page.locator("#q").fill("poet q2_k")
        page.get_by_role("button", name="Search").click()
        expect(page.locator(".matching .fit")).to_have_text("fits the card")
        page.locator("a.variant").click()
        expect(page.locator("tr:target .label")).to_have_text("Q2_K")
        expect(page.locator("tr:target .fit")).to_have_text("fits the card")
        page.get_by_label("Graphics card").fill("1")
        page.get_by_role("button", name="Does it fit?").click()
        row = page.locator("#variants tr", has_text="Q2_K")
        expect(row.locator(".fit")).to_have_text("needs RAM too")
        page.go_back()
        page.go_back()
        page.get_by_role("link", name="Variants").click()
        assert ids(page)[0].startswith(QUANTS)

"""The bar below the search box: links that change what stands in it."""

import html
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from starlette.testclient import TestClient

from indexer.filters import with_filter
from tests.factories import NAMES


def menus(text: str) -> dict[str, dict[str, str]]:
    """The choices of each menu, by its title: words and where they lead."""
    found = {}
    for menu in re.findall(r"<details[^>]*>(.*?)</details>", text, re.DOTALL):
        title = re.search(r"<summary>(.*?)</summary>", menu)
        assert title is not None
        choices = re.findall(r'<a href="([^"]*)"[^>]*>([^<]*)', menu)
        found[html.unescape(title[1])] = {words.strip(): html.unescape(path) for path, words in choices}
    return found


def asked(path: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}


def test_a_choice_puts_a_filter_into_the_box_and_taking_it_again_takes_it_out(client: TestClient) -> None:
    before = menus(client.get("/", params={"q": "llama"}).text)
    path = before["Format"]["gguf"]
    after = client.get(path)

    assert asked(path) == {"q": "llama format:gguf"}
    assert 'value="llama format:gguf"' in after.text
    assert after.text.count('class="hit"') == sum("llama" in one.lower() and "GGUF" in one for one in NAMES)
    assert asked(menus(after.text)["gguf"]["gguf"]) == {"q": "llama"}


def test_numbers_beside_choices_are_of_all_that_was_found(client: TestClient) -> None:
    text = client.get("/", params={"q": "llama"}).text

    gguf = sum("llama" in one.lower() and "GGUF" in one for one in NAMES)
    assert f'>gguf <span class="number">{gguf}</span>' in text


def test_an_order_is_kept_from_page_to_page_and_in_the_form(client: TestClient) -> None:
    path = menus(client.get("/").text)["Order: best match"]["most likes"]
    text = client.get(path).text

    assert asked(path) == {"sort": "likes"}
    assert '<input type="hidden" name="sort" value="likes">' in text
    assert 'rel="next" href="/?sort=likes&amp;offset=20"' in text
    assert "Order: most likes" in menus(text)
    assert "Most liked first" in text


def test_parameters_are_chosen_one_range_at_a_time(client: TestClient) -> None:
    one = menus(client.get("/", params={"q": "params:<1b qwen"}).text)

    assert asked(one["under 1B"]["under 1B"]) == {"q": "qwen"}
    assert asked(one["under 1B"]["4B to 9B"]) == {"q": "qwen params:4b-9b"}


def test_an_owners_page_stays_the_owners(client: TestClient) -> None:
    page = menus(client.get("/TheBloke").text)
    piece = menus(client.get("/-/narrowing", params={"owner": "TheBloke"}).text)

    assert page == piece
    assert page["Format"]["gguf"].startswith("/TheBloke?q=")


def test_without_an_answer_there_is_nothing_to_narrow_down(
    client: TestClient, empty_client: TestClient
) -> None:
    assert menus(empty_client.get("/").text) == {}
    assert menus(client.get("/", params={"q": "x" * 301}).text) == {}
    assert menus(client.get("/-/narrowing", params={"q": "x" * 301}).text) == {}


@pytest.mark.parametrize("sort", ["colour", "", "relevance", "x" * 20])
def test_a_strange_order_is_the_usual_one(client: TestClient, sort: str) -> None:
    assert "Order: best match" in menus(client.get("/", params={"sort": sort}).text)


@pytest.mark.parametrize(
    ("text", "values", "changed"),
    [
        ("llama", ["gguf"], "llama format:gguf"),
        ("format:onnx llama FORMAT:mlx", ["gguf", "onnx"], "llama format:gguf,onnx"),
        ("llama format:gguf 7b", [], "llama 7b"),
        ("format: task:x", ["gguf"], "format: task:x format:gguf"),
        ("", ["gguf"], "format:gguf"),
        ("", [], ""),
    ],
)
def test_a_filter_takes_the_place_of_those_before(text: str, values: list[str], changed: str) -> None:
    assert with_filter(text, "format", values) == changed

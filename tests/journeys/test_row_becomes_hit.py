"""A row of the Hub's listing becomes a hit: crawl, sync, search, with the product's own commands."""

from pathlib import Path

from tests.fakes.hub import FakeHub, ListSource, make_row
from tests.journeys.running import Product

IDS = (
    "TheBloke/Llama-2-7B-Chat-GGUF",
    "TheBloke/CodeLlama-7B-GGUF",
    "TheBloke/TinyLlama-1.1B-Chat-v1.0-GGUF",
    "TheBloke/Mistral-7B-Instruct-v0.2-GGUF",
    "meta-llama/Llama-2-7b-chat-hf",
)


def rows() -> list[dict[str, object]]:
    return [
        make_row(_id=f"{number:024x}", id=repo_id, author=repo_id.split("/")[0], downloads=1_000 - number)
        for number, repo_id in enumerate(IDS)
    ]


def found(product: Product, text: str) -> list[str]:
    answer = product.run("indexer", "search", text, "--json").json()
    hits = answer["hits"]
    assert isinstance(hits, list)
    return [hit["id"] for hit in hits]


def test_a_listing_row_becomes_a_hit(tmp_path: Path) -> None:
    with FakeHub(ListSource(rows())) as hub:
        product = Product(tmp_path, hub.url, {})
        crawl = product.run("crawler", "full", "--json")
        sync = product.run("indexer", "sync", "--json")

    assert (crawl.code, crawl.json()["new"]) == (0, 5)
    assert (sync.code, sync.json()["written"]) == (0, 5)
    assert found(product, "TheBloke/llama") == list(IDS[:3])
    assert found(product, "llama chat 7b") == [IDS[0], IDS[4]]


def test_what_happens_on_the_hub_reaches_the_answers(tmp_path: Path) -> None:
    source = ListSource(rows())
    with FakeHub(source) as hub:
        product = Product(tmp_path, hub.url, {})
        product.run("crawler", "full")
        product.run("indexer", "sync")
        source.rename("TheBloke/CodeLlama-7B-GGUF", "TheBloke/Code-Renamed-GGUF")
        source.change("TheBloke/TinyLlama-1.1B-Chat-v1.0-GGUF", downloads=10**6)
        source.add(make_row(_id=f"{99:024x}", id="TheBloke/New-Llama-GGUF", author="TheBloke", downloads=5))
        product.run("crawler", "full")
        sync = product.run("indexer", "sync", "--json")

    assert sync.json()["done"] == "followed"
    assert found(product, "TheBloke/llama") == [
        "TheBloke/Llama-2-7B-Chat-GGUF",
        "TheBloke/New-Llama-GGUF",
        "TheBloke/TinyLlama-1.1B-Chat-v1.0-GGUF",
    ]
    assert found(product, "renamed") == ["TheBloke/Code-Renamed-GGUF"]


def test_a_search_before_the_first_crawl_says_what_to_do(tmp_path: Path) -> None:
    ended = Product(tmp_path, "http://127.0.0.1:9", {}).run("indexer", "search", "llama")

    assert ended.code == 75
    assert ended.err.strip().splitlines() == [
        "hubdex: There is no catalog yet; start a crawl first (hubdex crawl head)."
    ]


def test_bad_input_is_refused_with_code_2(tmp_path: Path) -> None:
    product = Product(tmp_path, "http://127.0.0.1:9", {})

    assert product.run("indexer", "search", "x" * 400).code == 2
    assert product.run("indexer", "search", "x", "--limit", "0").code == 2
    assert product.run("indexer", "juggle").code == 2
    assert Product(tmp_path, "ftp://x", {}).run("crawler", "head").code == 2
    assert Product(tmp_path, "http://127.0.0.1:9", {"HUBDEX_LOG": "loud"}).run("indexer", "sync").code == 2

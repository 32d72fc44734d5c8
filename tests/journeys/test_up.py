"""`hubdex up`: one command, and the page answers."""

import signal
import subprocess
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import urlopen

import orjson

from tests.fakes.hub import FakeHub, Fault, GeneratedSource
from tests.journeys.running import Product, read_line, wait_until


def ask(url: str, text: str) -> dict[str, object] | None:
    """An answer of the service, or nothing while it cannot answer."""
    try:
        with urlopen(f"{url}/v1/search?q={quote(text)}", timeout=10) as answer:
            found: dict[str, object] = orjson.loads(answer.read())
            return found
    except HTTPError as error:
        if error.code == 503:
            return None
        raise


def ids(answer: dict[str, object] | None) -> list[str]:
    hits = (answer or {}).get("hits", [])
    assert isinstance(hits, list)
    return [hit["id"] for hit in hits]


def test_up_crawls_indexes_and_answers(tmp_path: Path) -> None:
    with FakeHub(GeneratedSource(3_000), quota=100_000) as hub:
        product = Product(tmp_path, hub.url, {})
        with product.running("scheduler", "up") as up:
            url = read_line(up, "Hubdex on ").split()[-1]
            wait_until(lambda: "TheBloke/Llama-2-7B-Chat-GGUF" in ids(ask(url, "TheBloke/llama")), "a hit")
            wait_until(
                lambda: product.run("indexer", "status", "--json").json()["index_models"] == 3_000, "all"
            )
            up.send_signal(signal.SIGTERM)
            assert up.wait(60) == 0
        assert children_of(tmp_path) == []


def test_an_upstream_that_cannot_be_reached_is_said_in_one_sentence(tmp_path: Path) -> None:
    product = Product(tmp_path, "http://127.0.0.1:9", {"HUBDEX_RETRY_BASE_SECONDS": "0.01"})
    with product.running("scheduler", "up") as up:
        url = read_line(up, "Hubdex on ").split()[-1]
        said = _stderr_until(up, "hubdex: ")
        assert ask(url, "llama") is None
        up.send_signal(signal.SIGINT)
        assert up.wait(60) == 0

    assert "127.0.0.1:9" in said
    assert "HUBDEX_UPSTREAM" in said
    assert said.count("\n") == 1


def test_what_is_known_is_answered_while_the_hub_is_away(tmp_path: Path) -> None:
    with FakeHub(GeneratedSource(2_000), quota=100_000) as hub:
        product = Product(tmp_path, hub.url, {})
        assert product.run("crawler", "head").code == 0
    away = Product(tmp_path, "http://127.0.0.1:9", {"HUBDEX_RETRY_BASE_SECONDS": "0.01"})
    with away.running("scheduler", "up") as up:
        url = read_line(up, "Hubdex on ").split()[-1]
        wait_until(lambda: bool(ids(ask(url, "llama"))), "an answer from what was crawled before")


def test_the_page_outlives_a_hub_that_fails(tmp_path: Path) -> None:
    with FakeHub(GeneratedSource(3_000), quota=100_000, faults=[Fault.answer(503, at=2)]) as hub:
        product = Product(tmp_path, hub.url, {"HUBDEX_RETRY_BASE_SECONDS": "0.01"})
        with product.running("scheduler", "up") as up:
            url = read_line(up, "Hubdex on ").split()[-1]
            wait_until(lambda: _total(ask(url, "")) == 3_000, "all models despite the fault")


def _total(answer: dict[str, object] | None) -> object:
    return answer["total"] if answer else None


def _stderr_until(process: "subprocess.Popen[str]", beginning: str) -> str:
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith(beginning):
            return line
    raise AssertionError("it ended without a word")


def children_of(home: Path) -> list[str]:
    """Processes that still hold a lock in the home: none may be left."""
    left = []
    for lock in (home / "locks").glob("*.lock"):
        pid = lock.read_text().strip()
        if pid and Path(f"/proc/{pid}").exists():
            left.append(lock.name)
    return left

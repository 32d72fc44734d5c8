"""Searches are answered while a crawl, a sync and a rebuild run: not one fails, not one is empty."""

import json
import logging
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPConnection
from itertools import cycle, pairwise
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from tests.fakes.hub import FakeHub, GeneratedSource, Life, ListSource
from tests.journeys.running import Ended, Product, read_line, wait_until

logger = logging.getLogger(__name__)

MODELS = 3_000
CLIENTS = 3
SETTINGS = {"HUBDEX_HEAD_PAGES": "1", "HUBDEX_TRENDING_PAGES": "1", "HUBDEX_RETRY_BASE_SECONDS": "0.01"}
QUERIES = (
    "",
    "llama",
    "TheBloke/",
    "TheBloke/llama",
    "qwen 7b",
    "7b",
    "instruct gguf",
    "q",
    "lama-2",
    "gguf -llama",
)


@dataclass
class Client:
    """Somebody who asks without pause, and looks at every answer."""

    address: str
    known: "World"
    answers: Counter[str] = field(default_factory=Counter)
    complaints: list[str] = field(default_factory=list)
    totals: list[int] = field(default_factory=list)
    """How many models an empty query was told, one time after the other."""

    def ask_until(self, stop: threading.Event) -> None:
        connection = HTTPConnection(self.address, timeout=30)
        try:
            for text in cycle(QUERIES):
                if stop.is_set():
                    return
                self._ask(connection, text)
        except Exception as error:  # noqa: BLE001
            self.complaints.append(repr(error))
        finally:
            connection.close()

    def _ask(self, connection: HTTPConnection, text: str) -> None:
        found = json.loads(self._get(connection, f"/v1/search?limit=50&q={quote(text)}") or "{}")
        hits: list[dict[str, Any]] = found.get("hits", [])
        strangers = [hit["id"] for hit in hits if not self.known.has(hit["id"])]
        if strangers or not hits or found["total"] < len(hits):
            self.complaints.append(f"{text!r}: {len(hits)} of {found.get('total')}, {strangers}")
        if text == "":
            self.totals.append(found.get("total", 0))
        for hit in hits[:1]:
            self._get(connection, f"/v1/models/{quote(hit['id'])}", gone=hit["id"])
        self._get(connection, f"/?q={quote(text)}")
        for path in ("/readyz", "/v1/status", "/-/status", "/TheBloke"):
            self._get(connection, path)

    def _get(self, connection: HTTPConnection, path: str, gone: str = "") -> bytes:
        connection.request("GET", path)
        response = connection.getresponse()
        content = response.read()
        if response.status != 200 and not (response.status == 404 and self.known.has_lost(gone)):
            self.complaints.append(f"{path}: {response.status} {content[:200]!r}")
        self.answers[path.partition("?")[0] if "models" not in path else "/v1/models"] += 1
        return content


@dataclass
class World:
    """A Hub that lives, and every id it ever had."""

    source: ListSource
    life: Life
    ever: set[str]
    alive: bool = False
    """Whether something happens at every request by now."""

    def pace(self, request: int) -> None:
        if self.alive:
            self.life(request)

    def has(self, repo_id: str) -> bool:
        if repo_id not in self.ever:
            self.ever |= {change.new_id or change.id for change in list(self.life.changes)}
        return repo_id in self.ever

    def has_lost(self, repo_id: str) -> bool:
        return any(repo_id in {one.id, one.new_id} for one in list(self.life.changes))


def make_world() -> World:
    rows = list(GeneratedSource(MODELS).rows())
    source = ListSource(rows)
    life = Life(
        source, lambda: datetime.now(UTC), kinds=("create", "push", "drift", "rename", "delete", "hide")
    )
    return World(source, life, {str(row["id"]) for row in rows})


@contextmanager
def asking(url: str, world: World) -> Iterator[list[Client]]:
    stop = threading.Event()
    clients = [Client(urlsplit(url).netloc, world) for _ in range(CLIENTS)]
    threads = [threading.Thread(target=client.ask_until, args=(stop,)) for client in clients]
    for thread in threads:
        thread.start()
    try:
        yield clients
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def while_asked(clients: list[Client], product: Product, room: str, *arguments: str) -> Ended:
    """Run a room to its end, and have every client go all around meanwhile."""
    before = [len(client.totals) for client in clients]
    ended = product.run(room, *arguments)
    assert ended.code == 0, ended.err

    def all_went_around() -> bool:
        counts = zip(clients, before, strict=True)
        return all(len(client.totals) > count or client.complaints for client, count in counts)

    wait_until(all_went_around, f"every client to be answered around {room} {arguments}")
    return ended


def assert_no_complaint(clients: list[Client], world: World) -> None:
    assert [client.complaints[:3] for client in clients] == [[]] * CLIENTS
    removed = len(world.life.deleted | world.life.keys("hide"))
    for client in clients:
        assert all(after >= before - removed for before, after in pairwise(client.totals))
        assert set(client.answers) == {
            "/v1/search", "/v1/models", "/", "/readyz", "/v1/status", "/-/status", "/TheBloke"
        }  # fmt: skip


def test_every_search_is_answered_while_everything_else_runs(tmp_path: Path) -> None:
    world = make_world()
    with FakeHub(world.source, quota=100_000, gateway_limit=600, on_request=world.pace) as hub:
        product = Product(tmp_path, hub.url, SETTINGS)
        assert product.run("crawler", "head").code == 0
        assert product.run("indexer", "sync").code == 0
        with product.running("api") as service:
            url = read_line(service, "Hubdex on ").split()[-1]
            world.alive = True
            with asking(url, world) as clients:
                first = while_asked(clients, product, "crawler", "full", "--json").json()
                while_asked(clients, product, "indexer", "sync")
                while_asked(clients, product, "indexer", "rebuild")
                with product.running("indexer", "sync", "--follow", "--interval", "0.1"):
                    while_asked(clients, product, "crawler", "full")
                    models = product.run("indexer", "status", "--json").json()["models"]
                    wait_until(
                        lambda: all(client.totals[-1] == models or client.complaints for client in clients),
                        "the newest total",
                    )
                wait_until(
                    lambda: (
                        sum(client.answers.total() for client in clients) > 700
                        or any(client.complaints for client in clients)
                    ),
                    "so many answers",
                )
            service.send_signal(signal.SIGTERM)
            out, err = service.communicate(timeout=60)

    answers = sum((client.answers for client in clients), Counter())
    logger.info("answers: %s", dict(answers))
    assert_no_complaint(clients, world)
    assert answers.total() > 700
    assert first["new"] != 0
    assert len(world.life.changes) > MODELS // 600
    assert (service.returncode, out, err) == (0, "", "")

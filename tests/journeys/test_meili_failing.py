"""A search server that is down, frozen, wrong, full or emptied: everything else goes on, and it is said."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.testclient import TestClient

from indexer.engines.meilisearch.fields import KINDS, PREFIX
from indexer.engines.opening import open_replicas
from indexer.following import follow_all
from indexer.process import StopRequest
from indexer.query import parse_query
from tests.fakes.hub import FakeHub, GeneratedSource
from tests.journeys.forking import Forks
from tests.journeys.running import Product, read_line, wait_until
from tests.journeys.shared import (
    MASTER,
    MeiliHome,
    answers_of,
    ask,
    ours,
    said,
    stored_serial,
)
from tests.servers.meilisearch import MeiliServer

pytestmark = pytest.mark.meilisearch

MODEL = "owner6/Qwen-27-7b"
"""One that stays as it is."""
TRIES = 5


@pytest.fixture(scope="module")
def server(meilisearch_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MeiliServer]:
    with MeiliServer(tmp_path_factory.mktemp("server"), master_key=MASTER) as server:
        yield server


@pytest.fixture(scope="module")
def shared_home(forks: Forks, server: MeiliServer, tmp_path_factory: pytest.TempPathFactory) -> MeiliHome:
    return MeiliHome(tmp_path_factory.mktemp("home"), forks, server)


@pytest.fixture
def home(shared_home: MeiliHome, server: MeiliServer) -> MeiliHome:
    """A home with a new change in its index, whatever the test before has left."""
    server.limit_files(None)
    if not server.is_healthy():
        server.kill()
        server.start()
    shared_home.urls, shared_home.key = [server.url], MASTER
    shared_home.change()
    shared_home.sync()
    return shared_home


@contextmanager
def answering(status: int, content: bytes, *, path: str = "/") -> Iterator[str]:
    """Let something answer below a path always the same, and say nothing to anything else."""

    class Handler(BaseHTTPRequestHandler):
        def do_any(self) -> None:
            if not self.path.startswith(path):
                return
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(status)
            self.send_header("Content-Type", "text/html" if content.startswith(b"<") else "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_any  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def seconds(client: TestClient, status: int = 503) -> float:
    began = time.monotonic()
    assert client.get("/v1/search?q=llama").status_code == status
    return time.monotonic() - began


def assert_away(client: TestClient, *words: str, page: str = "The search is away for a moment") -> None:
    """Searches are refused in words; all that needs no search is answered."""
    refused = client.get("/v1/search?q=llama")
    assert refused.status_code == 503
    assert refused.json().keys() == {"error", "message"}
    assert refused.json()["error"] == "engine_unavailable"
    assert all(word in refused.json()["message"] for word in words), refused.text
    assert client.get(f"/v1/models/{MODEL}").json()["id"] == MODEL
    assert client.get(f"/{MODEL}").status_code == 200
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 503
    status = client.get("/v1/status")
    assert (status.status_code, status.json()["ready"]) == (200, False)
    [trouble] = status.json()["catalog"]["servers"]
    assert all(word in trouble["message"] for word in words), trouble
    for path in ("/?q=llama", "/", "/-/results?q=llama"):
        shown = client.get(path)
        assert page in shown.text, shown.text
        assert shown.status_code == (200 if path.startswith("/-/") else 503)
    assert client.get("/-/status").status_code == 200
    for one in (refused, status, client.get("/?q=llama"), client.get("/-/status")):
        assert MASTER not in one.text


def test_without_its_server_the_service_answers_what_it_can(home: MeiliHome, server: MeiliServer) -> None:
    with home.api() as client:
        total = client.get("/v1/search?q=llama").json()["total"]
        server.stop()

        assert_away(client, server.url, "cannot be reached")
        assert min(seconds(client) for _ in range(TRIES)) < 0.2
        began = time.monotonic()
        refused = home.run("sync")
        assert (refused.code, said(refused)) == (75, f"The search server {server.url} cannot be reached.")
        assert time.monotonic() - began < 10
        assert home.run("rebuild").code == 75
        assert home.run("status").code == 0
        assert home.run("check").code == 1

        server.start()
        wait_until(lambda: client.get("/readyz").status_code == 200, "the server to be asked again")
        assert client.get("/v1/search?q=llama").json()["total"] == total > 0


def test_without_its_server_a_crawl_goes_on(home: MeiliHome, server: MeiliServer) -> None:
    server.stop()

    with FakeHub(GeneratedSource(300), quota=100_000) as hub:
        ended = Product(home.folder, hub.url, home.settings).run("crawler", "head")

    assert ended.code == 0, ended.err
    assert MASTER not in ended.out + ended.err
    server.start()
    home.sync()
    home.assert_right(server)


def test_a_server_killed_while_it_is_searched_is_an_answer_in_words(
    home: MeiliHome, server: MeiliServer
) -> None:
    outcomes: Counter[object] = Counter()
    stop = threading.Event()
    product = Product(home.folder, "https://huggingface.co", home.settings)

    def search(address: str) -> None:
        with httpx2.Client(base_url=address, timeout=30) as client:
            while not stop.is_set():
                answer = client.get("/v1/search?q=llama")
                known = answer.json().get("error") or answer.json().get("total")
                outcomes[answer.status_code, known] += 1

    with product.running("api") as service:
        address = read_line(service, "Hubdex on ").split()[-1]
        threads = [threading.Thread(target=search, args=(address,)) for _ in range(3)]
        for thread in threads:
            thread.start()
        found, away = (200, len(answers_of(home.reader())["llama"][0])), (503, "engine_unavailable")
        try:
            for end in (MeiliServer.kill, MeiliServer.stop, MeiliServer.kill):
                outcomes.clear()
                wait_until(lambda: outcomes[found] > 20, "answers")
                end(server)
                wait_until(lambda: outcomes[away] > 20, "the server to be missed")
                server.start()
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        service.terminate()
        out, err = service.communicate(timeout=30)
    assert set(outcomes) <= {found, away}
    assert MASTER not in out + err
    assert "Traceback" not in err


def test_a_frozen_server_is_waited_for_once(home: MeiliHome, server: MeiliServer) -> None:
    server.freeze()
    firsts, others = [], []

    for _ in range(3):
        with home.api() as client:
            firsts.append(seconds(client))
            others.append(seconds(client))
    assert min(firsts) < 1.0
    assert min(others) < 0.2
    refused = home.run("sync", constants={"indexer.engines.meilisearch.server.FIRST_SECONDS": 0.3})
    assert refused.code == 75
    assert server.url in said(refused)

    with home.api() as client:
        assert client.get(f"/v1/models/{MODEL}").status_code == client.get("/v1/status").status_code == 200
        server.thaw()
        wait_until(lambda: client.get("/readyz").status_code == 200, "the server to be asked again")


def test_a_refused_key_is_told_and_not_shown(home: MeiliHome, server: MeiliServer) -> None:
    home.key = "AnotherPlantedKeyThatIsWrong"

    with home.api() as client:
        assert_away(client, server.url, "refuses the key")
    for command in ("sync", "rebuild"):
        refused = home.run(command)
        assert refused.code == 1
        assert said(refused).startswith(f"The search server {server.url} refuses the key")
    assert home.run("check").code == 1


def test_a_server_that_is_too_old_is_told(home: MeiliHome) -> None:
    with answering(200, b'{"pkgVersion": "1.10.0"}', path="/version") as url:
        home.urls = [url]
        refused = home.run("sync")

    assert refused.code == 1
    assert said(refused) == f"The search server {url} is Meilisearch 1.10.0; Hubdex needs 1.15 or newer."


@pytest.mark.parametrize(
    ("status", "content"),
    [(200, b"<h1>Welcome</h1>"), (404, b"<h1>Not found</h1>"), (200, b"[]"), (200, b'{"results": 1}')],
)
def test_something_else_at_the_address_is_told(home: MeiliHome, status: int, content: bytes) -> None:
    with answering(status, content) as url:
        home.urls = [url]
        with home.api() as client:
            assert_away(client, f"What answers at {url} is no Meilisearch server.")
        for command in ("sync", "rebuild"):
            refused = home.run(command)
            assert (refused.code, said(refused)) == (1, f"What answers at {url} is no Meilisearch server.")


def test_somebody_who_hangs_up_is_no_answer(home: MeiliHome) -> None:
    with answering(200, b"", path="/nothing") as url:
        home.urls = [url]
        with home.api() as client:
            assert_away(client, url, "hangs up")
        refused = home.run("sync")

    assert refused.code == 75
    assert said(refused) == f"The search server {url} cannot be reached."


@pytest.mark.parametrize(
    ("command", "limit_bytes"), [("sync", 1_000), ("sync", 200_000), ("rebuild", 1_000), ("rebuild", 200_000)]
)
def test_on_a_full_disk_a_sync_ends_and_goes_on_when_there_is_room(
    home: MeiliHome, server: MeiliServer, command: str, limit_bytes: int
) -> None:
    before, serial = answers_of(home.reader()), home.serial()
    home.change()
    server.limit_files(limit_bytes)

    refused = home.run(command)

    assert refused.code == 1, refused.err
    assert server.url in said(refused)
    assert stored_serial(server) == serial
    assert answers_of(home.reader()) == before
    server.limit_files(None)
    home.sync()
    home.assert_right(server)
    assert answers_of(home.reader()) != before


@pytest.mark.parametrize("kind", KINDS)
def test_an_index_deleted_by_hand_is_built_anew_and_never_answers_empty(
    home: MeiliHome, server: MeiliServer, kind: str
) -> None:
    reader, empty, stop = home.reader(), list[object](), threading.Event()
    ask(server, "DELETE", f"/indexes/{PREFIX}-{kind}")
    wait_until(lambda: f"{PREFIX}-{kind}" not in ours(server), "the index to be gone")

    def search() -> None:
        while not stop.is_set():
            with suppress(Exception):
                found = reader.search(parse_query("llama"))
                if not found.selected:
                    empty.append(found)

    if kind != "variants":
        with home.api() as client:
            assert_away(client, "There is no index yet", page="The search index is being built")
    thread = threading.Thread(target=search)
    thread.start()
    home.sync()
    stop.set()
    thread.join()

    home.assert_right(server)
    assert empty == []


OTHERS = (
    "models",
    "hubdex",
    "hubdexmodels",
    "hubdex-models-of-others",
    "hubdex-others",
    f"models-{'a0' * 16}",
)


def test_indexes_of_others_are_left_alone(home: MeiliHome, server: MeiliServer) -> None:
    for uid in OTHERS:
        ask(server, "POST", f"/indexes/{uid}/documents", [{"id": "1", "text": uid}])

    home.change()
    home.sync()
    assert home.run("rebuild").code == 0
    ask(server, "DELETE", f"/indexes/{PREFIX}-models")
    ask(server, "POST", "/indexes", {"uid": f"{PREFIX}-models-{'a0' * 16}"})
    home.sync()

    for uid in OTHERS:
        assert ask(server, "GET", f"/indexes/{uid}/documents")["results"] == [{"id": "1", "text": uid}]
        assert ask(server, "GET", f"/tasks?indexUids={uid}&types=documentAdditionOrUpdate")["total"] == 1
    assert [uid for uid in ours(server) if uid not in OTHERS] == sorted(f"{PREFIX}-{kind}" for kind in KINDS)
    for uid in OTHERS:
        ask(server, "DELETE", f"/indexes/{uid}")


@contextmanager
def following(home: MeiliHome, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Follow the catalog in a thread, with less patience."""
    monkeypatch.setattr("indexer.following.RETRY_SECONDS", 0.05)
    monkeypatch.setattr("indexer.engines.meilisearch.server.FIRST_SECONDS", 0.5)
    stop, faults = StopRequest(), list[BaseException]()

    def follow() -> None:
        try:
            follow_all(home.config, open_replicas(home.config), stop, 0.05, lambda _name, _report: None)
        except BaseException as error:  # noqa: BLE001
            faults.append(error)

    thread = threading.Thread(target=follow)
    thread.start()
    try:
        yield
        assert thread.is_alive()
    finally:
        stop.set()
        thread.join()
    assert faults == []


def test_who_follows_survives_it_all(
    home: MeiliHome, server: MeiliServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "indexer.following")

    def told(words: str) -> int:
        return sum(words in record.message for record in caplog.records)

    def assert_missed_then_caught_up(end: Callable[[], None], begin: Callable[[], Any]) -> None:
        times = told("server is back") + 1
        end()
        home.change()
        wait_until(lambda: told("left behind") >= times, "the trouble to be told")
        begin()
        wait_until(lambda: told("server is back") >= times, "the server to be fed again")
        # that sync may have begun before the last of the changes, which the next brings
        wait_until(lambda: stored_serial(server) == home.serial(), "the last change")

    with following(home, monkeypatch):
        assert_missed_then_caught_up(server.stop, server.start)
        assert_missed_then_caught_up(server.kill, server.start)
        assert_missed_then_caught_up(server.freeze, server.thaw)
        assert_missed_then_caught_up(lambda: server.limit_files(1_000), lambda: server.limit_files(None))
        server.restart()
        ask(server, "DELETE", f"/indexes/{PREFIX}-models")
        home.change()
        wait_until(lambda: stored_serial(server) == home.serial(), "the newest change")

    home.assert_right(server)
    assert MASTER not in caplog.text


def test_who_follows_nobody_ends_when_asked(home: MeiliHome, server: MeiliServer) -> None:
    server.stop()
    product = Product(home.folder, "https://huggingface.co", home.settings)
    with product.running("indexer", "sync", "--follow", "--interval", "0.1") as follower:
        assert follower.stderr is not None
        assert "index left behind" in follower.stderr.readline()
        follower.terminate()
        assert follower.wait(20) == 0

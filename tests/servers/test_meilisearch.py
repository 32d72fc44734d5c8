"""The server for tests does what tests want of it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import pytest

from tests.conftest import ROOT
from tests.journeys.running import wait_until
from tests.servers.meilisearch import MeiliServer, NotStartedError

pytestmark = pytest.mark.meilisearch

STARTS_ONE = """
import sys
from pathlib import Path
from tests.servers.meilisearch import MeiliServer

with MeiliServer(Path(sys.argv[1])) as server:
    print(server.pid, server.url, flush=True)
    sys.stdin.read()
"""


def ask(
    server: MeiliServer, path: str, body: object = None, *, key: str | None = None, patience: float = 30
) -> Any:
    headers = {"Content-Type": "application/json"}
    if key is not None:
        headers["Authorization"] = f"Bearer {key}"
    data = None if body is None else json.dumps(body).encode()
    with urlopen(Request(f"{server.url}{path}", data, headers), timeout=patience) as answer:
        return json.load(answer)


def outcome(server: MeiliServer, task: Any) -> Any:
    """Wait for a task and give what became of it."""
    path = f"/tasks/{task['taskUid']}"
    wait_until(lambda: ask(server, path)["status"] in {"succeeded", "failed", "canceled"}, path)
    return ask(server, path)


def put(server: MeiliServer, count: int) -> Any:
    documents = [{"id": n, "text": f"{n * 7919:x} " * 20} for n in range(count)]
    return outcome(server, ask(server, "/indexes/texts/documents", documents))


def total(server: MeiliServer) -> int:
    found: int = ask(server, "/indexes/texts/stats")["numberOfDocuments"]
    return found


def is_refused(url: str) -> bool:
    """Tell whether nothing listens there."""
    try:
        urlopen(f"{url}/health", timeout=30).close()
    except URLError as error:
        return isinstance(error.reason, ConnectionRefusedError)
    except ConnectionError:  # it died with the question in hand
        return False
    return False


def test_one_server_is_there_for_all(meilisearch: MeiliServer) -> None:
    assert ask(meilisearch, "/version")["pkgVersion"] == "1.21.0"
    assert meilisearch.url.startswith("http://127.0.0.1:")


@pytest.mark.parametrize("end", [MeiliServer.stop, MeiliServer.kill])
def test_one_that_ended_starts_again_with_its_data_where_it_was(
    start_meilisearch: Callable[..., MeiliServer], tmp_path: Path, end: Callable[[MeiliServer], None]
) -> None:
    server = start_meilisearch(tmp_path)
    url, pid = server.url, server.pid
    assert put(server, 3)["status"] == "succeeded"

    end(server)

    assert is_refused(url)
    server.start()
    assert total(server) == 3
    assert server.url == url
    assert server.pid != pid


def test_a_restart_keeps_the_data(start_meilisearch: Callable[..., MeiliServer], tmp_path: Path) -> None:
    server = start_meilisearch(tmp_path)
    assert put(server, 3)["status"] == "succeeded"
    pid = server.pid

    server.restart()

    assert total(server) == 3
    assert server.pid != pid


def test_one_that_is_frozen_answers_when_it_thaws(
    start_meilisearch: Callable[..., MeiliServer], tmp_path: Path
) -> None:
    server = start_meilisearch(tmp_path)

    server.freeze()

    with pytest.raises(TimeoutError):
        ask(server, "/health", patience=0.3)
    server.thaw()
    assert ask(server, "/health") == {"status": "available"}


def test_one_that_is_frozen_can_be_stopped(
    start_meilisearch: Callable[..., MeiliServer], tmp_path: Path
) -> None:
    server = start_meilisearch(tmp_path)
    server.freeze()

    server.stop()

    assert is_refused(server.url)


def test_what_does_not_fit_the_disk_fails_and_the_server_lives(
    start_meilisearch: Callable[..., MeiliServer], tmp_path: Path
) -> None:
    server = start_meilisearch(tmp_path, file_limit_bytes=1_000_000)
    assert put(server, 1)["status"] == "succeeded"

    task = put(server, 3_000)

    assert (task["status"], task["error"]["code"]) == ("failed", "io_error")
    assert total(server) == 1
    server.limit_files(None)
    assert put(server, 3_000)["status"] == "succeeded"
    server.limit_files(1_000_000)
    assert put(server, 3_001)["status"] == "failed"
    assert total(server) == 3_000


def test_one_with_a_key_refuses_who_has_none(
    start_meilisearch: Callable[..., MeiliServer], tmp_path: Path
) -> None:
    server = start_meilisearch(tmp_path, master_key="a key of the test's own")

    with pytest.raises(HTTPError) as refused:
        ask(server, "/version")
    with refused.value as answer:
        assert answer.code == 401
    assert ask(server, "/version", key="a key of the test's own")["pkgVersion"] == "1.21.0"


def test_arguments_win_over_the_defaults(
    start_meilisearch: Callable[..., MeiliServer], tmp_path: Path
) -> None:
    server = start_meilisearch(tmp_path, arguments=["--max-indexing-threads", "2", "--log-level", "INFO"])

    assert ask(server, "/health") == {"status": "available"}
    assert "INFO" in (tmp_path / "log").read_text()


@pytest.mark.usefixtures("meilisearch_binary")
def test_one_that_does_not_start_says_why(tmp_path: Path) -> None:
    with pytest.raises(NotStartedError, match="unexpected argument '--no-such'"):
        MeiliServer(tmp_path, arguments=["--no-such"]).__enter__()


@pytest.mark.usefixtures("meilisearch_binary")
def test_one_whose_test_run_is_killed_dies_too(tmp_path: Path) -> None:
    run = subprocess.Popen(
        [sys.executable, "-c", STARTS_ONE, str(tmp_path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert run.stdout is not None
    pid, url = run.stdout.readline().split()
    assert not is_refused(url)

    run.kill()

    run.communicate()
    try:
        wait_until(lambda: is_refused(url), "the end of a server whose test run is gone")
    except AssertionError:
        os.kill(int(pid), signal.SIGKILL)
        raise

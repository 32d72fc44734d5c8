"""Several search servers that hold the same: one may be away, behind, frozen or new, and nobody notices."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from indexer.engines.contract import EngineReader
from indexer.engines.meilisearch import reader as reading
from indexer.engines.meilisearch import replica as replicas
from indexer.errors import EngineUnavailable
from indexer.query import parse_query
from tests.journeys.forking import Forks
from tests.journeys.running import wait_until
from tests.journeys.shared import MASTER, MeiliHome, answers_of, said, stored_serial
from tests.journeys.test_meili_failing import following
from tests.servers.meilisearch import MeiliServer

pytestmark = pytest.mark.meilisearch

ASKED = 12


@pytest.fixture
def servers(start_meilisearch: Callable[..., MeiliServer], tmp_path: Path) -> list[MeiliServer]:
    return [start_meilisearch(tmp_path / f"server{at}", master_key=MASTER) for at in range(2)]


@pytest.fixture
def home(forks: Forks, servers: Sequence[MeiliServer], tmp_path: Path) -> MeiliHome:
    home = MeiliHome(tmp_path / "home", forks, *servers)
    home.sync()
    return home


def serials(servers: Sequence[MeiliServer]) -> list[int | None]:
    return [stored_serial(server) for server in servers]


def read_from(reader: EngineReader) -> set[int]:
    """Give the serials of the servers that answer one search after the other."""
    return {reader.search(parse_query("llama")).state.serial for _ in range(ASKED)}


def test_where_one_is_stopped_the_others_answer_and_are_fed(
    home: MeiliHome, servers: list[MeiliServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = servers
    reader, old = home.reader(), home.serial()
    assert serials(servers) == [old, old]
    first.stop()
    assert read_from(reader) == {old}
    home.change()

    refused = home.run("sync")

    assert (refused.code, said(refused)) == (75, f"The search server {first.url} cannot be reached.")
    assert f"Index on {second.url} followed" in refused.out
    assert stored_serial(second) == home.serial() > old
    assert read_from(reader) == {home.serial()}
    with home.api() as client:
        found = client.get("/v1/status").json()["catalog"]["servers"]
        assert [(one["url"], one["message"] == "") for one in found] == [
            (first.url, False), (second.url, True)
        ]  # fmt: skip

        first.start()
        monkeypatch.setattr(reading, "LOOK_SECONDS", 0.0)
        reader = home.reader()
        wait_until(lambda: read_from(reader) == {home.serial()}, "the one that is behind to be left alone")
        assert serials(servers) == [old, home.serial()]
        assert all(read_from(reader) == {home.serial()} for _ in range(3))

        home.sync()
        assert serials(servers) == [home.serial()] * 2
        home.assert_right(*servers)
        second.stop()
        assert read_from(home.reader()) == {home.serial()}
        first.stop()
        assert client.get("/v1/search?q=llama").status_code == 503
        assert client.get("/readyz").status_code == 503
    with pytest.raises(EngineUnavailable):
        reader.search(parse_query("llama"))


def test_who_follows_feeds_each_by_itself(
    home: MeiliHome, servers: list[MeiliServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = servers
    with following(home, monkeypatch):
        for end, begin in ((first.stop, first.start), (first.freeze, first.thaw)):
            end()
            home.change()
            wait_until(lambda: stored_serial(second) == home.serial(), "the other server")
            begin()
            wait_until(lambda: stored_serial(first) == home.serial(), "the server that is back")
    home.assert_right(*servers)


def test_a_frozen_one_costs_one_answer_half_its_time(home: MeiliHome, servers: list[MeiliServer]) -> None:
    servers[0].freeze()
    firsts, others = [], []

    for _ in range(3):
        reader = home.reader()
        times = []
        for _ in range(4):
            began = time.monotonic()
            reader.search(parse_query("llama"))
            times.append(time.monotonic() - began)
        firsts.append(max(times[:2]))
        others.append(max(times[2:]))

    # A look beside the answers may find the frozen one out first: then nobody waits for it.
    assert max(firsts) > reading.SHARE * reading.ANSWER_SECONDS * 0.9
    assert min(firsts) < 1.0
    assert min(others) < 0.2


def test_a_new_server_is_filled_and_read(
    home: MeiliHome,
    servers: list[MeiliServer],
    start_meilisearch: Callable[..., MeiliServer],
    tmp_path: Path,
) -> None:
    third = start_meilisearch(tmp_path / "server2", master_key=MASTER)
    home.urls.append(third.url)
    answers = answers_of(home.reader())
    assert all(answers_of(home.reader()) == answers for _ in range(3))

    home.sync()

    home.assert_right(*servers, third)
    for server in servers:
        server.stop()
    assert answers_of(home.reader()) == answers


def test_two_frozen_ones_of_three_leave_the_third_its_time(
    home: MeiliHome,
    servers: list[MeiliServer],
    start_meilisearch: Callable[..., MeiliServer],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    third = start_meilisearch(tmp_path / "server2", master_key=MASTER)
    home.urls.append(third.url)
    home.sync()
    monkeypatch.setattr(reading, "LOOK_SECONDS", 1e9)  # only those who ask find out
    monkeypatch.setattr(replicas, "LEFT_ALONE_SECONDS", 1e9)
    for frozen in ([servers[0], third], servers, [servers[1], third]):
        for server in frozen:
            server.freeze()
        assert len(read_from(home.reader())) == 1
        for server in frozen:
            server.thaw()

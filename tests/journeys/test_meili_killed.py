"""Whoever writes to a search server is killed at any request, and the server at any task: all ends whole."""

import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from random import Random

import pytest

from indexer.engines.contract import EngineReader
from indexer.process import holder_of
from indexer.query import parse_query
from tests.journeys.forking import Forks
from tests.journeys.relay import Moment, Relay
from tests.journeys.running import looking
from tests.journeys.shared import MASTER, Answers, MeiliHome, answers_of, ask, ours, stored_serial
from tests.servers.meilisearch import MeiliServer

pytestmark = pytest.mark.meilisearch

KILLS = 10
"""Requests of a command that it is killed at, evenly among all of them."""
SERVER_KILLS = 3
LOST = 6
"""Requests whose answers are lost, evenly among those that are to change something."""
MOMENTS: tuple[Moment, Moment] = ("before", "after")

Start = Callable[..., MeiliServer]


class Scene:
    """A home that writes through a relay, and one who searches without it."""

    def __init__(self, folder: Path, forks: Forks, server: MeiliServer, relay: Relay) -> None:
        self.server = server
        self.relay = relay
        self.home = MeiliHome(folder / "home", forks, server)
        self.reader = self.home.reader()
        self.home.urls = [relay.url]
        self.home.sync()

    def requests_of(self, command: str) -> list[str]:
        self.relay.kill_at()
        done = self.home.run(command)
        assert done.code == 0, done.err
        return self.relay.requests


@pytest.fixture
def scene(forks: Forks, start_meilisearch: Start, tmp_path: Path) -> Iterator[Scene]:
    server = start_meilisearch(tmp_path / "server", master_key=MASTER)

    def writing() -> int:
        holder = holder_of(tmp_path / "home" / "locks", "index sync")
        assert holder is not None
        return int(holder.process)

    with Relay(server.url, writing) as relay:
        yield Scene(tmp_path, forks, server, relay)


def sampled(count: int) -> list[tuple[int, Moment]]:
    """Give requests to be killed at, evenly, in turn before they are passed on and after."""
    places = [1 + at * count // KILLS for at in range(KILLS)] if count > KILLS else list(range(1, count + 1))
    return [(place, MOMENTS[turn % 2]) for turn, place in enumerate(places)]


def polling(reader: EngineReader) -> AbstractContextManager[list[object]]:
    """Ask without pause; gives what was wrong with the answers."""

    def look() -> object | None:
        found = reader.search(parse_query("llama"))
        return None if found.selected else found

    return looking(look, 0.002)


def assert_between(before: Answers, amid: Answers, after: Answers) -> None:
    """Nothing is missing that is there before and after, and nothing is there that is in neither.

    The server goes on with what it was sent: a total can be older than its page for a moment.
    """
    for text, (numbers, _) in amid.items():
        old, new = before[text][0], after[text][0]
        assert old & new <= numbers <= old | new, text


@pytest.mark.parametrize("command", ["sync", "rebuild"])
def test_killed_at_any_request_the_next_sync_ends_as_if_undisturbed(scene: Scene, command: str) -> None:
    home, relay = scene.home, scene.relay
    home.change()
    count = len(scene.requests_of(command))
    assert count > KILLS

    for place, moment in sampled(count - 2):
        home.change()
        before, serial = answers_of(scene.reader), stored_serial(scene.server)
        with polling(scene.reader) as complaints:
            relay.kill_at(place, moment)
            killed = home.run(command)
            assert killed.code == -signal.SIGKILL, (killed, relay.requests)
            amid, reached = answers_of(scene.reader), stored_serial(scene.server)
            relay.kill_at()
            home.sync()
        after = answers_of(scene.reader)

        assert complaints == [], (place, moment)
        home.assert_right(scene.server)
        assert before != after
        if command == "rebuild":
            assert (amid, reached) in [(before, serial), (after, home.serial())]
        else:
            assert_between(before, amid, after)
            assert reached != home.serial() or amid == after


@pytest.mark.parametrize("command", ["sync", "rebuild"])
def test_where_an_answer_is_lost_all_is_done_once(scene: Scene, command: str) -> None:
    home, relay = scene.home, scene.relay
    home.change()
    requests = scene.requests_of(command)
    telling = [at for at, what in enumerate(requests, 1) if not what.startswith("GET")]
    swaps = [at for at in telling if requests[at - 1].endswith("swap-indexes")]

    for place in {*telling[:: 1 + len(telling) // LOST], *swaps}:
        home.change()
        relay.kill_at()
        relay.loses = lambda request, place=place: request == place  # type: ignore[misc]
        done = home.run(command)
        relay.loses = lambda _request: False

        assert done.code == 0, (requests[place - 1], done.err)
        home.assert_right(scene.server)


@pytest.mark.parametrize("command", ["sync", "rebuild"])
def test_a_server_killed_at_any_task_is_fed_to_the_end_when_it_is_back(scene: Scene, command: str) -> None:
    home, server, relay = scene.home, scene.server, scene.relay
    home.change()
    places = Random(20261121).sample(range(2, len(scene.requests_of(command))), SERVER_KILLS)

    for place in places:
        home.change()
        reached, back = threading.Event(), threading.Event()

        def loses(request: int, place: int = place) -> bool:
            if request != place:
                return False
            reached.set()  # noqa: B023
            return back.wait(30)  # noqa: B023

        relay.kill_at()
        relay.loses = loses
        with ThreadPoolExecutor(1) as beside:
            running = beside.submit(home.run, command)
            assert reached.wait(30)
            server.kill()
            server.start()
            back.set()
            done = running.result()
        relay.loses = lambda _request: False

        assert done.code == 0, (place, done.err)
        home.assert_right(server)


def test_half_a_build_with_work_before_it_is_removed_by_the_next_sync(scene: Scene) -> None:
    home, server = scene.home, scene.server
    half = f"hubdex-models-{'a0' * 16}"
    documents = [{"id": f"{n}", "text": f"{n * 7919:x} " * 30} for n in range(10_000)]
    for some in (documents, documents[:1], documents[:2]):  # the first is at work while the others wait
        ask(server, "POST", f"/indexes/{half}/documents", some)
    ask(server, "POST", "/indexes", {"uid": f"hubdex-state-{'a0' * 16}"})
    assert ask(server, "GET", "/tasks?statuses=enqueued,processing")["total"] > 2

    home.sync()

    home.assert_right(server)
    assert half not in ours(server)

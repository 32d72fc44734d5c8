"""One crawl at a time: who is refused, who waits, who gives way."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from crawler.turns import RUNNING, WAITING, turn, wanted_by
from indexer.errors import Busy
from indexer.process import exclusive, holder_of
from tests.crawler.conftest import Crawler
from tests.fakes.hub import FakeHub

StartHub = Callable[..., FakeHub]


class Patient:
    """Time that passes only while somebody waits, and what happens meanwhile."""

    def __init__(self, meanwhile: Callable[[], None] = lambda: None, pace: float = 1.0) -> None:
        self.seconds = 0.0
        self._pace = pace
        self._meanwhile = meanwhile

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds * self._pace
        self._meanwhile()

    def now(self) -> float:
        return self.seconds


def test_a_crawl_says_which_it_is(tmp_path: Path) -> None:
    with turn(tmp_path, "full"):
        holder = holder_of(tmp_path, RUNNING)

    assert holder is not None
    assert holder.note == "full"
    assert holder_of(tmp_path, RUNNING) is None


@pytest.mark.parametrize(
    ("running", "second"), [("head", "head"), ("head", "recent"), ("recent", "counters")]
)
def test_a_crawl_of_no_higher_rank_is_refused_at_once(tmp_path: Path, running: str, second: str) -> None:
    time = Patient()

    with (
        turn(tmp_path, running),
        pytest.raises(Busy, match=rf"Another crawl \({running}\) is running"),
        turn(tmp_path, second, time.sleep, time.now),
    ):
        raise AssertionError("both hold the turn")

    assert time.seconds == 0


def test_a_crawl_of_a_higher_rank_asks_and_waits(tmp_path: Path) -> None:
    asked: list[str | None] = []
    running = turn(tmp_path, "full")
    running.__enter__()
    assert wanted_by(tmp_path, "full") is None

    def give_way() -> None:
        asked.append(wanted_by(tmp_path, "full"))
        asked.append(wanted_by(tmp_path, "head"))
        running.__exit__(None, None, None)

    time = Patient(give_way)
    with turn(tmp_path, "recent", time.sleep, time.now):
        assert wanted_by(tmp_path, "recent") is None

    assert asked == ["recent", None]


def test_one_waits_at_most_two_minutes_and_only_one(tmp_path: Path) -> None:
    time = Patient(pace=50)

    with turn(tmp_path, "full"):
        with exclusive(tmp_path, WAITING, "head"), pytest.raises(Busy, match="waiting"):
            turn(tmp_path, "recent", time.sleep, time.now).__enter__()
        with pytest.raises(Busy):
            turn(tmp_path, "recent", time.sleep, time.now).__enter__()

        assert 100 < time.seconds < 200
        assert wanted_by(tmp_path, "full") is None


def test_a_full_pass_gives_way_and_goes_on_later(crawler: Crawler, start_hub: StartHub) -> None:
    asked, may_answer = threading.Event(), threading.Event()

    def slowly(_seconds: float) -> None:
        asked.set()
        may_answer.wait(60)

    hub = start_hub(6_300, latency_seconds=1, sleep=slowly)
    with crawler.start(hub.url, "full", "--json") as full:
        assert asked.wait(30)
        with crawler.start(hub.url, "recent") as recent:
            assert full.stderr is not None
            assert any("crawl gives way to=recent" in line for line in full.stderr)
            may_answer.set()
            said, _ = full.communicate(timeout=60)
            assert recent.wait(60) == 0

    assert full.returncode == 75
    assert '"given_way_to":"recent"' in said
    ended = crawler.run(hub.url, "full", "--json")
    assert ended.code == 0, ended.err
    with crawler.open() as catalog:
        assert catalog.state().models == 6_300

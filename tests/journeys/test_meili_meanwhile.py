"""Searches while the indexes on a server are rebuilt, swapped and synced: none fails, none is empty."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path

import pytest

from indexer.engines.contract import EngineReader
from tests.journeys.forking import Forks
from tests.journeys.running import wait_until
from tests.journeys.shared import MASTER, QUERIES, MeiliHome, answers_of
from tests.servers.meilisearch import MeiliServer

pytestmark = pytest.mark.meilisearch

SEARCHERS = 3
ROUNDS = 4


class Searchers:
    """Ask through one reader without pause, and look at every answer."""

    def __init__(self, reader: EngineReader) -> None:
        self.reader = reader
        self.answers: Counter[str] = Counter()
        self.totals: dict[str, set[int]] = {text: set() for text in QUERIES}
        self.complaints: list[object] = []
        self._stop = threading.Event()

    @contextmanager
    def asking(self) -> Iterator[None]:
        threads = [threading.Thread(target=self._ask, args=(own,)) for own in range(SEARCHERS)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()

    def wait_for_all(self) -> None:
        """Wait until each query has been answered once more."""
        before = self.answers.copy()
        wait_until(
            lambda: self.complaints != [] or all(self.answers[text] > before[text] for text in QUERIES),
            "every query to be answered",
        )

    def _ask(self, own: int) -> None:
        for text in islice(cycle(QUERIES), own, None):
            if self._stop.is_set():
                return
            try:
                found = self.reader.search(QUERIES[text])
                owners = self.reader.owners("o", 3).owners
            except Exception as error:  # noqa: BLE001
                self.complaints.append(error)
                continue
            if not found.selected or not owners:
                self.complaints.append((text, found, owners))
            self.totals[text].add(found.total)
            self.answers[text] += 1


def test_every_search_finds_while_indexes_are_fed_and_swapped(
    forks: Forks, start_meilisearch: Callable[..., MeiliServer], tmp_path: Path
) -> None:
    server = start_meilisearch(tmp_path / "server", master_key=MASTER)
    home = MeiliHome(tmp_path / "home", forks, server)
    home.sync()
    searchers = Searchers(home.reader())
    totals = {text: {total} for text, (_, total) in answers_of(searchers.reader).items()}

    with searchers.asking():
        for _ in range(ROUNDS):
            home.change()
            assert home.run("rebuild").code == 0
            for text, (_, total) in answers_of(searchers.reader).items():
                totals[text].add(total)
            searchers.wait_for_all()
        of_rebuilds = {text: seen.copy() for text, seen in searchers.totals.items()}
        for _ in range(ROUNDS):
            home.change()
            home.sync()
            searchers.wait_for_all()

    assert searchers.complaints == []
    assert of_rebuilds == totals
    assert any(len(different) > 2 for different in totals.values())
    assert searchers.answers.total() > 100
    home.assert_right(server)

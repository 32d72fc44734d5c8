"""A Hub that lives while it is crawled: nothing lost, nothing invented, and at rest all is as it is there."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from indexer.catalog.store import Catalog
from tests.fakes.hub import HAPPENINGS, FakeHub, GeneratedSource, Happening, Life, ListSource
from tests.journeys.comparing import Models, assert_same, held, public, stored
from tests.journeys.running import Product

MODELS = 2_000
GATEWAY_ROWS = 300
"""Pages end up at 250 rows: a crawl is long enough to live through."""


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Pace:
    """How much happens at every request; nothing at rest."""

    life: Life
    times: int = 0

    def __call__(self, request: int) -> None:
        for _ in range(self.times):
            self.life(request)


@dataclass
class World:
    """A Hub that may live, somebody who crawls it, and what was ever there to be seen."""

    home: Path
    source: ListSource
    hub: FakeHub
    pace: Pace
    ever: set[tuple[str, str]]
    """Every key with every id it had before the life began."""
    known: set[tuple[str, str]] = field(default_factory=set)
    """Every key with every id under which the catalog has held it."""

    @property
    def life(self) -> Life:
        return self.pace.life

    def crawl(self, name: str, *, times: int = 0) -> Models:
        """Crawl while so much happens at every request; give what the catalog holds then."""
        self.pace.times = times
        settings = {"HF_TOKEN": "", "HUBDEX_RETRY_BASE_SECONDS": "0.002"}
        ended = Product(self.home, self.hub.url, settings).run("crawler", name, "--json")
        self.pace.times = 0
        assert ended.code == 0, ended.err
        with self.open() as catalog:
            ours = held(catalog)
        self.known |= {(key, record.repo_id) for key, (record, _) in ours.items()}
        return ours

    def open(self) -> Catalog:
        return Catalog(f"sqlite:///{self.home / 'catalog.db'}", read_only=True)

    def assert_nothing_invented(self) -> None:
        told = {(change.key, change.new_id or change.id) for change in self.life.changes}
        assert self.known <= self.ever | told

    def assert_nothing_lost(self, ours: Models) -> None:
        """Hold what was there all the time to be known; of one whose id another took, nobody can tell."""
        taken = self.life.ids("create")
        displaced = {one.key for one in self.life.changes if one.new_id is not None and one.id in taken}
        always = {key for key, _ in self.ever} - self.life.deleted - self.life.keys("hide")
        assert always - displaced - ours.keys() == set()


@contextmanager
def world(home: Path, seed: int, kinds: Sequence[Happening] = HAPPENINGS) -> Iterator[World]:
    source = ListSource(GeneratedSource(MODELS, seed).rows())
    pace = Pace(Life(source, now, seed=seed, kinds=kinds))
    ever = {(key, record.repo_id) for key, (record, _) in public(source).items()}
    with FakeHub(source, quota=10_000, gateway_limit=GATEWAY_ROWS, on_request=pace) as hub:
        yield World(home, source, hub, pace, ever)


@pytest.mark.parametrize("seed", [1, 2])
def test_full_passes_of_a_living_hub_lose_nothing_and_end_as_it_is(tmp_path: Path, seed: int) -> None:
    with world(tmp_path, seed) as here:
        here.assert_nothing_lost(here.crawl("full", times=2))
        here.assert_nothing_lost(here.crawl("full", times=2))
        here.assert_nothing_invented()
        assert {change.kind for change in here.life.changes} == set(HAPPENINGS) - {"succeed"}

        assert_fresh(here.crawl("recent"), here)
        here.crawl("full")

        with here.open() as catalog:
            assert_same(catalog, here.source)
        assert_old_names_lead_on(here)


def assert_fresh(ours: Models, here: World) -> None:
    """Hold what was created or pushed to be as it is now."""
    theirs = public(here.source)
    touched = theirs.keys() & (here.life.keys("create") | here.life.keys("push"))
    assert len(touched) > 9
    assert {key: ours.get(key) for key in touched} == {key: theirs[key] for key in touched}


def assert_old_names_lead_on(here: World) -> None:
    """Hold every id under which the catalog has known a model, and that no other took, to lead to it."""
    alive = {key for key, _ in here.life.alive}
    taken = here.life.ids("create")
    former = {(one.key, one.id) for one in here.life.changes if one.new_id is not None and one.key in alive}
    kept = [(key, repo_id) for key, repo_id in former & here.known if repo_id not in taken]
    assert len(kept) > 4
    with here.open() as catalog:
        assert all(catalog.find(repo_id).record.key == key for key, repo_id in kept)


def test_recent_passes_of_a_living_hub_lose_and_invent_nothing(tmp_path: Path) -> None:
    with world(tmp_path, 3) as here:
        here.crawl("full")

        ours = here.crawl("recent", times=9)

        here.assert_nothing_lost(ours)
        here.assert_nothing_invented()
        assert_fresh(here.crawl("recent"), here)


def test_counters_passes_of_a_drifting_hub_move_counters_only(tmp_path: Path) -> None:
    with world(tmp_path, 4, kinds=["drift"]) as here:
        here.crawl("full")
        with here.open() as catalog:
            before, serial = stored(catalog), catalog.state().serial

        here.crawl("counters", times=3)
        here.crawl("counters")

        with here.open() as catalog:
            assert_same(catalog, here.source)
            assert list(catalog.changes_since(serial)) == []
            moved = [one.model for page in catalog.counters_since(serial) for one in page]
            assert {one.record.key for one in moved if one is not None} == here.life.keys("drift")
            after = stored(catalog)
        assert [(one.record, one.serial) for one in after] == [(one.record, one.serial) for one in before]

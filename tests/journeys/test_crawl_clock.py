"""Clocks wrong, set back or set ahead, between crawls and during one: nothing is lost or waited for."""

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import orjson
import pytest

from indexer.catalog.store import Catalog
from tests.crawler.conftest import model_rows
from tests.fakes.hub import FakeHub, Fault, ListSource, make_row
from tests.journeys.comparing import assert_same
from tests.journeys.forking import Done, Forks

MODELS, ROWS = 120, 10
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
BEFORE, AFTER = NOW - timedelta(days=3), NOW + timedelta(days=3)
LONG_AGO, FAR_AHEAD = datetime(1970, 1, 2, tzinfo=UTC), datetime(2046, 1, 1, tzinfo=UTC)


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    with FakeHub(ListSource(model_rows(MODELS)), quota=100_000) as hub:
        hub.script([Fault.short(ROWS)] * 1_000)
        yield hub


def run(
    forks: Forks,
    home: Path,
    hub: FakeHub,
    *command: str,
    clock: Sequence[datetime] = (),
    constants: dict[str, int] | None = None,
) -> Done:
    environment = {"HF_TOKEN": "", "HUBDEX_HOME": str(home), "HUBDEX_UPSTREAM": hub.url}
    moments = [moment.timestamp() for moment in clock]
    return forks.run(*command, environment=environment, moments=moments, constants=constants)


def models_of(hub: FakeHub) -> ListSource:
    assert isinstance(hub.source, ListSource)
    return hub.source


def live(hub: FakeHub, turn: int) -> None:
    """Let something of every kind happen to models of their own each turn."""
    source, first = models_of(hub), turn * 10
    moment = (NOW + timedelta(hours=turn)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    source.delete(f"acme/gale-{first}")
    source.rename(f"acme/gale-{first + 1}", f"storm/gale-{first}")
    source.change(f"acme/gale-{first + 2}", sha=f"{turn:040}", lastModified=moment)
    source.change(f"acme/gale-{first + 3}", downloads=first)
    source.add(make_row(id=f"acme/new-{turn}", createdAt=moment))


def assert_all_known(forks: Forks, home: Path, hub: FakeHub, clock: Sequence[datetime]) -> None:
    with Catalog(f"sqlite:///{home / 'catalog.db'}", read_only=True) as catalog:
        assert_same(catalog, models_of(hub))
    status = run(forks, home, hub, "indexer", "status", clock=clock)
    assert (status.code, status.err) == (0, "")
    assert len(status.out.splitlines()) < 40


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (NOW, [NOW]),  # it stands still
        (AFTER, [NOW]),
        (NOW, [LONG_AGO]),
        (FAR_AHEAD, [LONG_AGO]),
        (LONG_AGO, [FAR_AHEAD]),
        (BEFORE, [NOW] * 9 + [BEFORE]),  # it is set while a crawl is under way
        (BEFORE, [BEFORE] * 9 + [LONG_AGO] * 9 + [FAR_AHEAD]),
    ],
)
def test_whatever_the_clock_shows_a_crawl_goes_on_and_the_next_sweeps(
    forks: Forks, tmp_path: Path, hub: FakeHub, first: datetime, then: list[datetime]
) -> None:
    assert run(forks, tmp_path, hub, "crawler", "full", clock=[first]).code == 0
    live(hub, 1)
    assert run(forks, tmp_path, hub, "crawler", "full", "--limit-pages", "3", clock=[first]).code == 0

    for turn in (2, 3):
        ended = run(forks, tmp_path, hub, "crawler", "full", clock=then)
        assert ended.code == 0, ended.err
        assert_all_known(forks, tmp_path, hub, then[-1:])
        live(hub, turn)


@pytest.mark.parametrize("first", [BEFORE, FAR_AHEAD, LONG_AGO])
@pytest.mark.parametrize("then", [NOW, LONG_AGO])
def test_whatever_the_clock_showed_what_is_recent_is_found(
    forks: Forks, tmp_path: Path, hub: FakeHub, first: datetime, then: datetime
) -> None:
    assert run(forks, tmp_path, hub, "crawler", "full", clock=[first]).code == 0
    for turn in (1, 2):
        for number in range(turn * 40, turn * 40 + 30):  # three pages
            moment = NOW + timedelta(days=turn, minutes=number)
            said = moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")
            models_of(hub).change(f"acme/gale-{number}", sha=f"{turn:040}", lastModified=said)

        ended = run(forks, tmp_path, hub, "crawler", "recent", clock=[then + timedelta(days=turn, hours=2)])

        assert ended.code == 0, ended.err
        assert_all_known(forks, tmp_path, hub, [then])


@pytest.mark.parametrize("ahead_seconds", [200.0, 40_000.0, 1e12])
def test_a_quota_kept_under_a_clock_that_was_ahead_is_not_waited_for(
    forks: Forks, tmp_path: Path, hub: FakeHub, ahead_seconds: float
) -> None:
    file = tmp_path / "quota" / "api-anonymous.json"
    file.parent.mkdir()
    window = {"bucket": "api", "limit": 500, "left": 0, "window_seconds": 60.0}
    file.write_bytes(orjson.dumps({**window, "resets_at": time.time() + ahead_seconds, "upstream": hub.url}))

    ended = run(forks, tmp_path, hub, "crawler", "full")

    assert ended.code == 0, ended.err
    assert "quota spent" not in ended.err
    assert_all_known(forks, tmp_path, hub, ())


def test_a_page_is_waited_for_as_long_as_was_set(forks: Forks, tmp_path: Path, hub: FakeHub) -> None:
    hub.script([Fault.stall(at=2)])
    timeout = {"crawler.crawling.DOWNLOAD_TIMEOUT_SECONDS": 1}

    ended = run(forks, tmp_path, hub, "crawler", "full", "--json", constants=timeout)

    assert ended.code == 0, ended.err
    assert "did not answer in time" in ended.err
    report = orjson.loads(ended.out)
    assert cast("float", report["seconds"]) < 10  # scrapy's own patience
    assert_all_known(forks, tmp_path, hub, ())

"""The Hub's quota, kept for real: no request too many, no window left unused, whichever process asks."""

import signal
import time
from collections import Counter
from collections.abc import Callable
from math import ceil
from pathlib import Path

from indexer.catalog.store import Catalog
from tests.fakes.hub import FakeHub, Fault, GeneratedSource, ListSource
from tests.journeys.comparing import assert_same
from tests.journeys.running import Product

QUOTA, WINDOW_SECONDS = 16, 3
PAGES, PAGE_ROWS = 50, 40
"""Three windows are used up, and the fourth holds no more than may be sent at once."""
SPARE_PAGES = 50


class SinceTheFirst:
    """A clock that begins with the first request, and so with a whole window."""

    def __init__(self) -> None:
        self._began: float | None = None

    def begin(self, _request: int) -> None:
        self._began = self._began or time.monotonic()

    def __call__(self) -> float:
        return 0.0 if self._began is None else time.monotonic() - self._began


def product(home: Path, hub: FakeHub) -> Product:
    return Product(home, hub.url, {"HF_TOKEN": "", "HUBDEX_RETRY_BASE_SECONDS": "0.01"})


def test_a_crawl_over_four_windows_is_never_throttled_and_wastes_none(tmp_path: Path) -> None:
    source, clock = ListSource(GeneratedSource(PAGES * PAGE_ROWS).rows()), SinceTheFirst()
    short = [Fault.short(PAGE_ROWS)] * (PAGES + SPARE_PAGES)
    hub = FakeHub(
        source, quota=QUOTA, window_seconds=WINDOW_SECONDS, clock=clock, on_request=clock.begin, faults=short
    )

    with hub:
        ended = product(tmp_path, hub).run("crawler", "full", "--json")

    assert ended.code == 0, ended.err
    moments = [request.moment for request in hub.requests]
    assert PAGES <= len(moments) <= PAGES + 2
    assert hub.throttled == ended.json()["throttled"] == 0
    windows = ceil(len(moments) / QUOTA)
    assert windows == 4
    used = Counter(moment // WINDOW_SECONDS for moment in moments)
    assert min(used[number] for number in range(windows - 1)) >= 0.75 * QUOTA
    # The Hub tells of its windows in whole seconds: each begins up to one later for who must not be early.
    # An idle machine takes 1.1 times the least, a busy one a little more.
    assert moments[-1] - moments[0] <= 1.4 * (windows - 1) * WINDOW_SECONDS
    with Catalog(f"sqlite:///{tmp_path / 'catalog.db'}", read_only=True) as catalog:
        assert_same(catalog, source)


def at_request(number: int, happening: Callable[[], None]) -> Callable[[int], None]:
    return lambda request: happening() if request == number else None


def test_the_next_process_knows_that_the_quota_is_spent(tmp_path: Path) -> None:
    source = ListSource(GeneratedSource(500).rows())
    hub = FakeHub(
        source, quota=100, window_seconds=3_600, on_request=at_request(1, lambda: hub.let_others_spend(99))
    )
    with hub:
        product(tmp_path, hub).run("crawler", "head", "--limit-pages", "1")

        with product(tmp_path, hub).running("crawler", "recent") as recent:
            assert recent.stderr is not None
            assert "quota spent wait_seconds=" in recent.stderr.readline()
            recent.send_signal(signal.SIGTERM)
            assert recent.wait(30) == 75

    assert (len(hub.requests), hub.throttled) == (1, 0)

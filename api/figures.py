"""The figures of what is stored: of crawls, the catalog, the index, downloads and the cache.

Read at each scrape, whichever process wrote them; nothing is counted that is many, and no label is a text of
a user's or the name of a model.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import TypeAlias

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from api.handoff.cache.watched import WatchedCache
from api.handoff.jobs.running import Downloads
from api.measuring import hubdex_version
from api.sources import Sources
from api.standing import Standing, standing_of
from indexer.allowances import Allowance
from indexer.engines.contract import IndexState
from indexer.engines.opening import EMBEDDED
from indexer.errors import CatalogError, HubdexError
from indexer.runs import Ledger

MOST_JOBS = 50
"""Records of what runs; there are some ten."""
CRAWL = "crawl-"
ANSWERS, UNANSWERED = "answers_", "unanswered"
CHANGES = ("new", "changed", "removed", "counters")

Rows: TypeAlias = Iterable[tuple[Sequence[str], float | None]]
"""Values of labels, and a figure; without one there is nothing to show."""
_STATUS = re.compile(r"[1-5]\d\d")


class StoredFigures(Collector):
    """Reads the figures.

    Args:
        sources: the catalog, the index, the records of runs and the quota.
        downloads: the jobs.
        held: the cache.
        now: the clock.

    """

    def __init__(
        self, sources: Sources, downloads: Downloads, held: WatchedCache, now: Callable[[], datetime]
    ) -> None:
        self._sources = sources
        self._downloads = downloads
        self._held = held
        self._now = now

    def collect(self) -> Iterator[Metric]:
        """Give the figures; what cannot be read is left out."""
        now = self._now()
        ledgers = self._sources.activity().ledgers[:MOST_JOBS]
        try:
            standing = standing_of(self._sources)
        except CatalogError as error:
            standing = Standing(str(error))
        yield gauge(
            "hubdex_build_info",
            "Always 1; which Hubdex this is.",
            ("version", "engine"),
            [((hubdex_version(), self._sources.engine), 1)],
        )
        yield gauge("hubdex_ready", "Whether searches can be answered.", (), [((), float(standing.ready))])
        yield from of_crawls(ledgers)
        yield from of_jobs(ledgers)
        yield from of_quota(self._sources.allowances(), now)
        yield from of_catalog(standing, now)
        yield from of_indexes(standing, now)
        yield from self._of_downloads()
        yield from self._of_cache()

    def _of_downloads(self) -> Iterator[Metric]:
        try:
            counts = self._downloads.counts()
        except HubdexError:
            return
        states = sorted(counts.items())
        yield gauge(
            "hubdex_downloads",
            "Downloads by their state.",
            ("state",),
            [((state,), one.jobs) for state, one in states],
        )
        yield gauge(
            "hubdex_download_bytes",
            "Bytes on the disk of downloads, by their state.",
            ("state",),
            [((state,), one.bytes) for state, one in states],
        )

    def _of_cache(self) -> Iterator[Metric]:
        seen = self._held.glance()
        if seen is None:
            return
        yield gauge(
            "hubdex_cache_bytes",
            "Bytes in the Hugging Face cache: of all revisions, of those Hubdex downloaded, and unfinished.",
            ("what",),
            [
                (("all",), seen.bytes),
                (("downloaded",), seen.downloaded_bytes),
                (("partial",), seen.partial_bytes),
            ],
        )
        yield gauge("hubdex_cache_limit_bytes", "HUBDEX_CACHE_LIMIT.", (), [((), seen.limit)])
        yield gauge("hubdex_cache_free_bytes", "Bytes free on its disk.", (), [((), seen.free_bytes)])


def of_crawls(ledgers: Iterable[Ledger]) -> Iterator[Metric]:
    """Give what crawls have counted since the first one, those that run too."""
    counted = {one.name.removeprefix(CRAWL): one.counted() for one in ledgers if one.name.startswith(CRAWL)}
    answers = [
        ((crawl, "none" if name == UNANSWERED else name.removeprefix(ANSWERS)), value)
        for crawl, figures in counted.items()
        for name, value in sorted(figures.items())
        if name == UNANSWERED or (name.startswith(ANSWERS) and _STATUS.fullmatch(name, len(ANSWERS)))
    ]
    yield counter(
        "hubdex_hub_requests",
        "Requests to the Hub; none: no answer.",
        ("crawl", "status"),
        answers,
    )
    rows = [((crawl,), figures.get("rows", 0)) for crawl, figures in counted.items()]
    yield counter("hubdex_rows", "Rows of the Hub's listing that were read.", ("crawl",), rows)
    changes = [
        ((crawl, change), figures.get(change, 0)) for crawl, figures in counted.items() for change in CHANGES
    ]
    yield counter(
        "hubdex_changes", "Models that crawls found new, changed, or gone.", ("crawl", "change"), changes
    )


def of_jobs(ledgers: Sequence[Ledger]) -> Iterator[Metric]:
    """Give how runs ended."""
    ended = [((one.name, outcome), count) for one in ledgers for outcome, count in one.outcomes().items()]
    yield counter("hubdex_job_runs", "Runs that have ended, by how.", ("name", "outcome"), ended)
    running = [((one.name,), float(one.newest is not one.last)) for one in ledgers]
    yield gauge("hubdex_job_running", "Whether it runs now.", ("name",), running)
    took = [((one.name,), one.last.seconds) for one in ledgers if one.last]
    yield gauge("hubdex_job_last_duration_seconds", "How long the last run took.", ("name",), took)
    ends = [((one.name,), _seconds(one.last.ended_at)) for one in ledgers if one.last]
    yield gauge("hubdex_job_last_end_timestamp_seconds", "When the last run ended.", ("name",), ends)
    done = [((one.name,), _seconds(one.finished_at)) for one in ledgers]
    yield gauge("hubdex_job_last_done_timestamp_seconds", "When a run was last done.", ("name",), done)


def of_quota(allowances: Iterable[Allowance], now: datetime) -> Iterator[Metric]:
    """Give what the Hub still grants."""
    given = [((one.window.bucket, one.who), one.window) for one in allowances]
    labels = ("bucket", "who")
    left = [(names, window.left) for names, window in given]
    yield gauge("hubdex_quota_left", "Requests left in the Hub's present window.", labels, left)
    limits = [(names, window.limit) for names, window in given]
    yield gauge("hubdex_quota_limit", "Requests the Hub grants in a window.", labels, limits)
    resets = [(names, max(0.0, window.resets_at - now.timestamp())) for names, window in given]
    yield gauge("hubdex_quota_reset_seconds", "Seconds until the window ends.", labels, resets)


def of_catalog(standing: Standing, now: datetime) -> Iterator[Metric]:
    """Give what is known, how old and how complete it is."""
    catalog, coverage = standing.catalog, standing.coverage
    if catalog is None:
        return
    yield gauge("hubdex_catalog_models", "Models in the catalog.", (), [((), catalog.models)])
    yield gauge("hubdex_catalog_serial", "Serial of the catalog's newest change.", (), [((), catalog.serial)])
    yield gauge("hubdex_catalog_set_aside", "Rows of the Hub without meaning.", (), [((), catalog.set_aside)])
    ages = [((one.name,), _age(one.last_finished_at, now)) for one in catalog.passes]
    yield gauge("hubdex_pass_age_seconds", "Seconds since a pass last ended.", ("pass",), ages)
    going = [((one.name,), float(one.is_under_way)) for one in catalog.passes]
    yield gauge("hubdex_pass_under_way", "Whether a pass has begun and not ended.", ("pass",), going)
    if coverage is None:
        return
    yield gauge(
        "hubdex_index_age_seconds",
        "Seconds since the newest page.",
        (),
        [((), coverage.age_seconds)],
    )
    complete = [((), float(coverage.complete))]
    yield gauge("hubdex_index_complete", "Whether the whole Hub was ever read.", (), complete)
    stale = [((), float(bool(coverage.stale)))]
    yield gauge("hubdex_index_stale", "Whether it is older than twice its schedule.", (), stale)


def of_indexes(standing: Standing, now: datetime) -> Iterator[Metric]:
    """Give how far each index follows: the embedded one, or that of each server."""
    states: dict[str, IndexState | None] = {one.name: one.state for one in standing.servers}
    if not states and standing.catalog is not None:
        states = {EMBEDDED: standing.index}
    labels, serial = ("index",), standing.catalog.serial if standing.catalog else 0
    known = [((name,), state) for name, state in states.items() if state is not None]
    there = [((name,), float(state is not None)) for name, state in states.items()]
    yield gauge("hubdex_index_up", "Whether it can be asked, and holds something.", labels, there)
    models = [(name, state.models) for name, state in known]
    yield gauge("hubdex_index_models", "Models that can be found.", labels, models)
    variants = [(name, state.variants) for name, state in known]
    yield gauge("hubdex_index_variants", "Variants that can be found.", labels, variants)
    lags = [(name, max(0, serial - state.serial)) for name, state in known]
    yield gauge("hubdex_index_serial_lag", "Changes of the catalog that are not in it yet.", labels, lags)
    ages = [(name, _age(state.synced_at, now)) for name, state in known]
    yield gauge(
        "hubdex_index_synced_age_seconds", "Seconds since it was known to hold all there is.", labels, ages
    )


def gauge(name: str, about: str, labels: Sequence[str], rows: Rows) -> Metric:
    """Give a figure that rises and falls."""
    return _filled(GaugeMetricFamily(name, about, labels=labels), rows)


def counter(name: str, about: str, labels: Sequence[str], rows: Rows) -> Metric:
    """Give a figure that only rises; `_total` is put behind its name."""
    return _filled(CounterMetricFamily(name, about, labels=labels), rows)


def _filled(family: GaugeMetricFamily | CounterMetricFamily, rows: Rows) -> Metric:
    for values, figure in rows:
        if figure is not None:
            family.add_metric(values, figure)
    return family


def _seconds(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()


def _age(then: datetime | None, now: datetime) -> float | None:
    return None if then is None else max(0.0, (now - then).total_seconds())

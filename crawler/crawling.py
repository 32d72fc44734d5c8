"""Running a crawl: scrapy is set up, walks the passes once, and leaves a report."""

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass, replace

from scrapy import signals
from scrapy.crawler import AsyncCrawlerProcess
from twisted.python.failure import Failure

from crawler.answers import Judge
from crawler.config import CrawlConfig
from crawler.full import MOST_CHAINS
from crawler.gate import Gate
from crawler.journey import Journey
from crawler.passes import expected_rows, passes_of, share_of
from crawler.report import CrawlReport, Progress
from crawler.retries import Patience
from crawler.spiders.listing import ListingSpider
from crawler.stopping import StopSignal
from crawler.sweep import SweepCounts, SweepLeg
from crawler.trees import TreeCounts, TreesLeg
from crawler.walk import Known, Walk
from indexer.catalog.store import Catalog, utc_now
from indexer.errors import CatalogError, HubdexError
from indexer.process import collect_garbage_rarely

logger = logging.getLogger(__name__)

MAX_PAGE_BYTES = 64 * 2**20
DOWNLOAD_TIMEOUT_SECONDS = 60

_MIDDLEWARES = {
    "scrapy.downloadermiddlewares.downloadtimeout.DownloadTimeoutMiddleware": 350,
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": 590,
    "scrapy.downloadermiddlewares.httpproxy.HttpProxyMiddleware": 750,
    "crawler.middlewares.GateMiddleware": 900,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a crawl ended."""

    report: CrawlReport
    error: HubdexError | None = None
    stopped_by: int | None = None
    """The signal that ended it, if one did."""


def run_crawl(
    config: CrawlConfig,
    name: str,
    *,
    limit_pages: int | None = None,
    budget: int | None = None,
    wanted_by: Callable[[], str | None] = lambda: None,
    note: Callable[[dict[str, float]], None] = lambda _figures: None,
) -> Outcome:
    """Walk the passes of the crawl `name`, going on where an earlier run was cut off.

    Runs once a process: Twisted's reactor cannot be started again.

    Args:
        config: the settings.
        name: one of `CRAWLS`.
        limit_pages: stop after so many pages.
        budget: stop after so many requests.
        wanted_by: tells which crawl of a higher rank waits for this one.
        note: told what has been counted, page by page and at the end.

    Raises:
        CatalogError: the catalog cannot be opened.

    """
    _trust_private_authorities()
    collect_garbage_rarely()
    with Catalog(config.database_url) as catalog:
        journey = _journey(config, name, catalog, limit_pages)
        journey.wanted_by = wanted_by
        journey.budget = budget
        journey.note = note
        _run_spider(journey)
        _store_rest(journey)
        journey.progress.end()
        note(journey.tally.figures())
    return Outcome(_report(journey, name), journey.error, journey.stop.signal)


def _report(journey: Journey, name: str) -> CrawlReport:
    finished = journey.walk.finished and journey.error is None
    leg = journey.walk.leg
    counts = leg.counts if isinstance(leg, SweepLeg) else SweepCounts()
    trees = leg.counts if isinstance(leg, TreesLeg) else TreeCounts()
    report = journey.tally.report(
        name,
        seconds=journey.seconds,
        finished=finished,
        following=None if journey.walk.finished else journey.walk.leg.name,
    )
    return replace(
        report,
        requests=journey.gate.requests,
        suspects=counts.suspects,
        unclear=counts.unclear,
        trees=trees.read,
        hidden=trees.hidden,
        missed=trees.missed,
        given_way_to=None if finished else journey.stop.given_way_to,
    )


def _journey(config: CrawlConfig, name: str, catalog: Catalog, limit_pages: int | None) -> Journey:
    passes = passes_of(name, config)
    known = Known({mark.name: mark for mark in catalog.checkpoints()}, catalog.waypoints())
    stop, progress = StopSignal(), Progress()
    headers = {"User-Agent": config.user_agent, "Accept": "application/json"}
    if config.token is not None:
        headers["Authorization"] = f"Bearer {config.token.get_secret_value()}"
    file = config.quota_file("api")
    models = catalog.state().models
    return Journey(
        walk=Walk(
            passes,
            config.upstream,
            known,
            removal_percent=config.removal_percent,
            limit_pages=limit_pages,
            now=utc_now,
        ),
        catalog=catalog,
        judge=Judge(config.upstream, Patience(config.retry_base_seconds), config.token),
        gate=Gate(stop.sleep, on_wait=progress.waiting, file=file, share=share_of(name, config)),
        stop=stop,
        headers=headers,
        progress=progress,
        expected_rows=expected_rows(passes, config.upstream, known.checkpoints, models, utc_now()),
    )


def _run_spider(journey: Journey) -> None:
    # Scrapy and Twisted name whole addresses in their messages; what matters is said in ours.
    for library in ("scrapy", "twisted"):
        logging.getLogger(library).propagate = False
    process = AsyncCrawlerProcess(_settings())
    for library in ("scrapy", "twisted"):
        logging.getLogger(library).setLevel(logging.CRITICAL + 1)
    crawler = process.create_crawler(ListingSpider)

    def on_fault(failure: Failure, **_: object) -> None:
        kind = type(failure.value).__name__
        logger.error("crawl broke kind=%s", kind, exc_info=failure.value)
        journey.error = HubdexError(f"The crawl broke by a fault of its own ({kind}).")

    crawler.signals.connect(on_fault, signal=signals.spider_error)
    process.crawl(crawler, journey=journey)
    process.start(install_signal_handlers=False)
    if journey.error is None and not journey.is_over:
        journey.error = HubdexError("The crawl ended without an answer to its last request.")


def _store_rest(journey: Journey) -> None:
    """Store what was read and waited for company; the crawl may have ended by whatever it was."""
    rest = journey.walk.rest()
    if rest is None or isinstance(journey.error, CatalogError):
        return
    try:
        applied = journey.catalog.apply(rest)
    except CatalogError as error:
        journey.error = journey.error or error
    else:
        journey.tell(0, rest, applied)


def _settings() -> dict[str, object]:
    return {
        "DOWNLOADER_MIDDLEWARES_BASE": {},
        "DOWNLOADER_MIDDLEWARES": _MIDDLEWARES,
        "SPIDER_MIDDLEWARES_BASE": {},  # among them: errors hidden from the spider, a limit on URL lengths
        "EXTENSIONS_BASE": {},
        "TELNETCONSOLE_ENABLED": False,
        "ROBOTSTXT_OBEY": False,
        "COOKIES_ENABLED": False,
        "AUTOTHROTTLE_ENABLED": False,
        "RETRY_ENABLED": False,
        "REDIRECT_ENABLED": False,
        "CONCURRENT_REQUESTS": MOST_CHAINS,  # the walk gives no more errands than the quota asks for
        "CONCURRENT_REQUESTS_PER_DOMAIN": MOST_CHAINS,
        "DOWNLOAD_DELAY": 0,
        "DOWNLOAD_TIMEOUT": DOWNLOAD_TIMEOUT_SECONDS,
        "DOWNLOAD_MAXSIZE": MAX_PAGE_BYTES,
        "DOWNLOAD_WARNSIZE": 0,
        "DOWNLOAD_VERIFY_CERTIFICATES": True,  # scrapy's default is to believe any certificate
        "LOG_ENABLED": False,
        "LOG_INSTALL_ROOT_HANDLER": False,
    }


def _trust_private_authorities() -> None:
    """Let the variable that requests and curl users set count for OpenSSL too, which reads SSL_CERT_FILE."""
    bundle = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
    if bundle and not os.environ.get("SSL_CERT_FILE"):
        os.environ["SSL_CERT_FILE"] = bundle

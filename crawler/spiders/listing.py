"""The spider of the model listing: one chain of pages, each naming the next."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from scrapy import Request, Spider
from scrapy.http import Response
from twisted.python.failure import Failure

from crawler.answers import Again, Answer, Elsewhere, FromTheStart, Judge, Page, Verdict, WithoutFields
from crawler.failures import cause_of
from crawler.gate import Gate
from crawler.middlewares import plain_headers
from crawler.pipeline import store_page
from crawler.report import Progress, Tally
from crawler.retries import Attempts
from crawler.stopping import Stopped, StopSignal
from crawler.walk import Walk
from indexer.catalog.store import Catalog
from indexer.errors import HubdexError
from indexer.records import Checkpoint


@dataclass
class Journey:
    """All that one crawl needs and leaves behind."""

    walk: Walk
    catalog: Catalog
    judge: Judge
    gate: Gate
    stop: StopSignal
    headers: dict[str, str]
    progress: Progress
    tally: Tally = field(default_factory=Tally)
    started_at: float = field(default_factory=time.monotonic)
    is_heard: bool = False
    """Whether the Hub has ever answered."""
    error: HubdexError | None = None
    """What ended the crawl early."""

    @property
    def seconds(self) -> float:
        """How long the crawl has been under way."""
        return time.monotonic() - self.started_at

    @property
    def is_over(self) -> bool:
        """Tell whether no further page is to be asked for."""
        return self.error is not None or self.stop.is_set or self.walk.url is None


class ListingSpider(Spider):
    """Asks for a page, and while it is stored already for the next one."""

    name = "listing"

    def __init__(self, journey: Journey) -> None:
        super().__init__()
        self.gate = journey.gate
        self._journey = journey
        self._storing = asyncio.Lock()  # first come, first served: pages commit in their order

    async def start(self) -> AsyncIterator[Request]:
        """Ask for the first page."""
        self._journey.stop.listen()
        for request in self._next_request():
            yield request

    async def parse(self, response: Response) -> AsyncIterator[Request]:
        """Read an answer: ask for the next page, then store this one."""
        journey = self._journey
        journey.is_heard = True
        answer = Answer(response.url, response.status, plain_headers(response), response.body)
        journey.tally.throttled += answer.status == 429
        try:
            verdict = journey.judge.judge(answer, _attempts(response.request))
            if not isinstance(verdict, Page):
                for request in self._next_request(await self._prepare(verdict)):
                    yield request
                return
            async with self._storing:
                behind = journey.walk.page_read(verdict.next_url, len(verdict.rows))
                for request in self._next_request():
                    yield request
                await self._store(verdict, behind)
        except HubdexError as error:
            journey.error = journey.error or error
        except Stopped:
            return

    async def failed(self, failure: Failure) -> AsyncIterator[Request]:
        """Try again after a request that got no whole answer."""
        journey = self._journey
        if isinstance(failure.value, Stopped):
            return
        try:
            verdict = journey.judge.again(
                _attempts(getattr(failure, "request", None)), cause_of(failure.value), heard=journey.is_heard
            )
            for request in self._next_request(await self._prepare(verdict)):
                yield request
        except HubdexError as error:
            journey.error = journey.error or error
        except Stopped:
            return

    async def _prepare(self, verdict: Verdict) -> Attempts:
        """Do what has to be done before the page in hand is asked for again; give what counts for it."""
        walk = self._journey.walk
        match verdict:
            case Again():
                self._journey.tally.retries += 1
                self._journey.progress.trouble(
                    "request failed pass=%s page=%d cause=%r wait_seconds=%.1f",
                    walk.current.name,
                    walk.checkpoint.pages + 1,
                    verdict.cause,
                    verdict.after_seconds,
                )
                await self._journey.stop.sleep(verdict.after_seconds)
                return verdict.attempts
            case Elsewhere():
                walk.moved(verdict.url)
                return verdict.attempts
            case WithoutFields():
                self._journey.progress.trouble(
                    "fields refused by the hub names=%s", ",".join(sorted(verdict.fields))
                )
                walk.without(verdict.fields)
            case FromTheStart():
                self._journey.progress.trouble(
                    "cursor refused by the hub, pass restarted pass=%s", walk.current.name
                )
                walk.restart()
        return Attempts()

    def _next_request(self, attempts: Attempts | None = None) -> list[Request]:
        journey = self._journey
        if journey.is_over or journey.walk.url is None:
            return []
        return [
            Request(
                journey.walk.url,
                callback=self.parse,
                errback=self.failed,
                headers=journey.headers,
                dont_filter=True,
                # The Hub's own `next` link must arrive byte by byte as it came.
                meta={"attempts": attempts or Attempts(), "verbatim_url": True},
            )
        ]

    async def _store(self, page: Page, behind: Checkpoint) -> None:
        journey = self._journey
        if journey.error is not None:
            return  # a page before this one could not be stored: its checkpoint must not be passed
        # In a thread: the next page travels meanwhile.
        batch, applied = await asyncio.to_thread(store_page, journey.catalog, page.rows, behind)
        journey.tally.add(len(page.rows), batch, applied)
        window = journey.gate.window
        journey.progress.page_stored(
            behind,
            applied,
            journey.tally,
            seconds=journey.seconds,
            left=None if window is None else window.left,
        )


def _attempts(request: Request | None) -> Attempts:
    attempts = None if request is None else request.meta.get("attempts")
    return attempts if isinstance(attempts, Attempts) else Attempts()

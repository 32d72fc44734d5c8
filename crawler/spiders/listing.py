"""The spider: sends what the walk asks for, at most one request for each of its errands at a time."""

import asyncio
from collections.abc import AsyncIterator, Callable
from math import ceil

from scrapy import Request, Spider
from scrapy.http import Response
from twisted.python.failure import Failure

from crawler.answers import Again, Answer, Elsewhere, FromTheStart, Verdict, WithoutFields
from crawler.chain import HEARD, Page, Unclear
from crawler.failures import cause_of, is_timeout
from crawler.full import FullLeg
from crawler.journey import Journey
from crawler.middlewares import plain_headers
from crawler.pipeline import store_page
from crawler.retries import Attempts
from crawler.stopping import Stopped
from crawler.sweep import SweepLeg
from crawler.trees import TreesLeg
from crawler.walk import Errand
from indexer.errors import HubdexError, UpstreamError
from indexer.records import Batch

LESS_AFTER_FAILURES = 2
"""A page that timed out so often is asked for in halves."""
LOOK_SECONDS = 0.5
"""How often a crawl looks whether another one waits for it."""


class ListingSpider(Spider):
    """Asks for a page, and while it is stored already for the next one."""

    name = "listing"

    def __init__(self, journey: Journey) -> None:
        super().__init__()
        self.gate = journey.gate
        self._journey = journey
        self._busy: set[int] = set()
        self._storing = asyncio.Lock()  # first come, first served: pages commit in their order

    async def start(self) -> AsyncIterator[Request]:
        """Ask for the first pages."""
        journey = self._journey
        journey.stop.listen()
        self._watch = asyncio.ensure_future(journey.stop.watch(journey.wanted_by, LOOK_SECONDS))
        try:
            async with self._storing:
                await self._provide()
        except HubdexError as error:
            journey.error = error
        for request in self._requests():
            yield request

    def closed(self, reason: str) -> None:  # noqa: ARG002
        """Stop looking for others."""
        self._watch.cancel()

    async def parse(self, response: Response) -> AsyncIterator[Request]:
        """Read an answer: ask for the next page, then store this one."""
        journey, errand, attempts = self._journey, *_meant(response.request)
        journey.is_heard = True
        self._widen(response)
        answer = Answer(response.url, response.status, plain_headers(response), response.body)
        journey.tally.statuses[answer.status] += 1
        async for request in self._follow(
            errand, lambda: journey.judge.judge(answer, attempts, errand.about)
        ):
            yield request

    async def failed(self, failure: Failure) -> AsyncIterator[Request]:
        """Try again after a request that got no whole answer."""
        journey, error = self._journey, failure.value
        if isinstance(error, Stopped):
            return
        journey.tally.unanswered += 1
        errand, attempts = _meant(getattr(failure, "request", None))

        def judge() -> Verdict:
            heard = journey.is_heard
            return journey.judge.again(attempts, cause_of(error), heard=heard, is_timeout=is_timeout(error))

        async for request in self._follow(errand, judge):
            yield request

    async def _follow(self, errand: Errand, judge: Callable[[], Verdict]) -> AsyncIterator[Request]:
        """Do what follows from an answer, or from none."""
        journey = self._journey
        try:
            verdict = self._verdict(errand, judge)
            if not isinstance(verdict, HEARD):
                again = await self._prepare(errand, verdict)
                for request in self._requests(errand, again):
                    yield request
                return
            async with self._storing:
                behind = journey.walk.read(errand, verdict)
                for request in self._requests(errand):
                    yield request
                if behind is not None:
                    page = verdict if isinstance(verdict, Page) else None
                    # What a tree's page says is in the batch already.
                    await self._store(None if errand.about == "tree" else page, behind)
                await self._provide()
            for request in self._requests():
                yield request
        except HubdexError as error:
            journey.error = journey.error or error
        except Stopped:
            return

    def _verdict(self, errand: Errand, judge: Callable[[], Verdict]) -> Verdict:
        """Give the verdict; one tree that cannot be had does not end a crawl that gets others."""
        try:
            return judge()
        except UpstreamError:
            if errand.about == "tree" and self._journey.is_heard:
                return Unclear()
            raise

    async def _prepare(self, errand: Errand, verdict: Verdict) -> Attempts:
        """Do what has to be done before an errand is sent again; give what counts for it."""
        journey = self._journey
        match verdict:
            case Again():
                journey.tally.retries += 1
                journey.progress.trouble(
                    "request failed name=%s cause=%r wait_seconds=%.1f",
                    errand.name,
                    verdict.cause,
                    verdict.after_seconds,
                )
                if verdict.is_timeout and verdict.attempts.failures >= LESS_AFTER_FAILURES:
                    errand.ask_less()
                await journey.stop.sleep(verdict.after_seconds)
                return verdict.attempts
            case Elsewhere():
                errand.moved(verdict.url)
                return verdict.attempts
            case WithoutFields():
                journey.progress.trouble(
                    "fields refused by the hub names=%s", ",".join(sorted(verdict.fields))
                )
                journey.walk.without(verdict.fields)
            case FromTheStart():
                journey.progress.trouble("cursor refused by the hub name=%s", errand.name)
                journey.walk.restart(errand)
        return Attempts()

    def _requests(self, done: Errand | None = None, attempts: Attempts | None = None) -> list[Request]:
        """Give the requests that are due; `done` is an errand whose request has been answered."""
        if done is not None:
            self._busy.discard(id(done))
        due = []
        while not self._journey.is_over:
            open_errands = self._journey.walk.errands(len(self._busy))
            errand = next((one for one in open_errands if id(one) not in self._busy), None)
            if errand is None or errand.url is None:
                break
            self._busy.add(id(errand))
            self._journey.asked += 1
            counted = attempts if errand is done else None
            due.append(self._request(errand, errand.url, counted or Attempts()))
        return due

    def _request(self, errand: Errand, url: str, attempts: Attempts) -> Request:
        return Request(
            url,
            callback=self.parse,
            errback=self.failed,
            headers=self._journey.headers,
            dont_filter=True,
            # The Hub's own `next` link must arrive byte by byte as it came.
            meta={"errand": errand, "attempts": attempts, "verbatim_url": True},
        )

    def _widen(self, response: Response) -> None:
        """Let as many requests travel as the quota asks for at the pace at which the Hub answers."""
        leg, window = self._journey.walk.leg, self._journey.gate.window
        latency = response.meta.get("download_latency")
        if isinstance(leg, FullLeg | TreesLeg) and window is not None and isinstance(latency, float):
            leg.widen(ceil(window.limit / window.window_seconds * latency))

    async def _store(self, page: Page | None, behind: Batch) -> None:
        journey = self._journey
        if journey.error is not None:
            return  # a page before this one could not be stored: its checkpoint must not be passed
        # In a thread: the next pages travel meanwhile.
        batch, applied = await asyncio.to_thread(store_page, journey.catalog, page, behind)
        journey.tell(0 if page is None else len(page.rows), batch, applied)

    async def _provide(self) -> None:
        """Give a sweep its next suspects, or the trees that are due."""
        journey = self._journey
        leg = journey.walk.leg
        if not isinstance(leg, SweepLeg | TreesLeg) or not leg.wants_more:
            return
        if journey.error is not None or journey.stop.is_set:
            return
        await asyncio.to_thread(leg.load, journey.catalog)
        if isinstance(leg, SweepLeg):
            journey.error = leg.refusal
        journey.walk.loaded()


def _meant(request: Request | None) -> tuple[Errand, Attempts]:
    if request is None:
        raise TypeError("An answer belongs to no request.")
    return request.meta["errand"], request.meta["attempts"]

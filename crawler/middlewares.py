"""The downloader middleware that puts every request through the gate."""

from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response

from crawler.gate import Gate
from crawler.stopping import Stopped


class GateMiddleware:
    """Holds a request back until the quota allows it, and reads the quota from every answer.

    It stands next to the downloader, so that it sees what really goes over the wire: errors and
    redirects cost quota too.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Make the middleware of a crawler; its spider carries the gate."""
        return cls(crawler)

    async def process_request(self, request: Request) -> None:  # noqa: ARG002
        """Wait for the gate to open."""
        await self._gate.enter()

    def process_response(self, request: Request, response: Response) -> Response:  # noqa: ARG002
        """Read what is left."""
        self._gate.leave(plain_headers(response))
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:  # noqa: ARG002
        """Count a request that got no answer; one that was called off never left."""
        if not isinstance(exception, Stopped):
            self._gate.leave({})

    @property
    def _gate(self) -> Gate:
        gate = getattr(self._crawler.spider, "gate", None)
        if not isinstance(gate, Gate):
            raise TypeError("The spider carries no gate.")
        return gate


def plain_headers(response: Response) -> dict[str, str]:
    """Give the headers by lower-case name; one that came several times is joined by commas."""
    return {
        name.decode("latin-1").lower(): b", ".join(response.headers.getlist(name)).decode("utf-8", "replace")
        for name in response.headers
    }

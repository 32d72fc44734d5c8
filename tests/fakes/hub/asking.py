"""The plainest client there is and a clock that is told the time, for the stand-in Hub's own tests."""

import http.client
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.fakes.hub.rows import Row
from tests.fakes.hub.server import FakeHub


class Clock:
    """Time that moves when told."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def json(self) -> object:
        return json.loads(self.body)

    @property
    def rows(self) -> list[Row]:
        rows = self.json()
        assert isinstance(rows, list)
        return rows

    @property
    def error(self) -> str:
        refusal = self.json()
        assert isinstance(refusal, dict)
        return str(refusal["error"])

    @property
    def next_url(self) -> str | None:
        link = self.headers["Link"]
        if link is None:
            return None
        assert link.startswith("<")
        assert link.endswith('>; rel="next"')
        return str(link[1 : -len('>; rel="next"')])


def ask(
    hub: FakeHub,
    target: str,
    *,
    method: str = "GET",
    token: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """One request on a connection of its own; the target is a path or a whole URL of this Hub or its CDN."""
    base = hub.cdn_url if target.startswith(f"{hub.cdn_url}/") else hub.url
    connection = http.client.HTTPConnection("127.0.0.1", urlsplit(base).port or 0, timeout=30)
    sent = dict(headers or {}) | ({} if token is None else {"Authorization": f"Bearer {token}"})
    try:
        connection.request(method, target.removeprefix(base), headers=sent)
        with connection.getresponse() as response:
            return Reply(response.status, response.headers, response.read())
    finally:
        connection.close()


def model_of(reply: Reply) -> Row:
    """The one model of an answer."""
    row = reply.json()
    assert isinstance(row, dict)
    return row


def pages(hub: FakeHub, target: str) -> Iterator[list[Row]]:
    """Every page, following Link verbatim."""
    url: str | None = target
    while url is not None:
        reply = ask(hub, url)
        assert reply.status == 200, reply.body
        yield reply.rows
        url = reply.next_url


def walk(hub: FakeHub, target: str) -> list[Row]:
    return [row for page in pages(hub, target) for row in page]

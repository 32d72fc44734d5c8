"""Paths as no browser sends them, sent as they stand to a service that really listens."""

import json
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.journeys.running import Product, read_line

ODD = [
    "%00", "a%00b", "a/%00", "%ff%fe", "a/%ff", "a%2Fb%2Fc", "%2F%2F", "..%2f..%2fetc%2fpasswd",
    "../../etc/passwd", "%2e%2e/x", "%2e", "a/..%2f..", "a/../b/c", "/a//b", "/evil.example",
    "/evil.example/..", "/evil.example/%2f..", "a//b", "a/b//", "//", "%0d%0aset-cookie:x", "a/b%0a",
    "%3Fq=x", "a%23b", "%25", "%", "%zz", "a" * 300, "a/" + "b" * 5_000, "a/" * 2_000, "%F0%9F%92%A5",
    "%20/%20", "a;b/c", "a:b", "%3Cb%3E", "~", "a/b/tree/%00", "http://evil.example/a", "[", "a/[::1",
    "?", "&", "\\", "%5c%5ca",
]  # fmt: skip
API = ["/v1/", "/v1/models/", "/-/", "/-/static/", "/docs/", "/api/models/", "/owner/name/resolve/", "/.x/"]


@pytest.fixture(scope="module")
def connection(home: Path) -> Iterator[HTTPConnection]:
    with Product(home, "https://hub.example", {}).running("api") as service:
        parts = urlsplit(read_line(service, "Hubdex on ").split()[-1])
        opened = HTTPConnection(parts.hostname or "", parts.port, timeout=20)
        yield opened
        opened.close()


def ask(connection: HTTPConnection, path: str) -> tuple[int, str, bytes]:
    connection.request("GET", path)
    response = connection.getresponse()
    return response.status, response.headers["content-type"], response.read()


@pytest.mark.parametrize("odd", ODD)
def test_an_odd_path_of_the_api_is_refused_in_json(connection: HTTPConnection, odd: str) -> None:
    for prefix in API:
        status, kind, content = ask(connection, prefix + odd)

        assert 400 <= status < 500, prefix
        assert kind == "application/json"
        assert set(json.loads(content)) == {"error", "message"}
        assert len(content) < 1_000


@pytest.mark.parametrize("odd", [one for one in ODD if one != "?"])
def test_an_odd_path_of_a_page_is_refused_on_a_page(connection: HTTPConnection, odd: str) -> None:
    status, kind, content = ask(connection, "/" + odd)

    assert 400 <= status < 500
    if odd.startswith((".", "%2e")):  # hidden names are nobody's page
        assert kind == "application/json"
    else:
        assert kind == "text/html; charset=utf-8"
        assert b'id="search"' in content
    assert b"\0" not in content
    assert len(content) < 10_000


def test_a_request_for_another_site_does_not_lead_there(connection: HTTPConnection) -> None:
    connection.request("GET", "//evil.example/a/b/tree/main")
    response = connection.getresponse()
    response.read()

    assert response.status == 404
    assert "location" not in response.headers

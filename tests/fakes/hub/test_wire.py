"""Connections that fail, answers that come late or not at all, and bodies that are no page."""

import http.client
import socket
from collections.abc import Iterator

import pytest

from tests.fakes.hub import FakeHub, Fault, ListSource, Route, make_row
from tests.fakes.hub.asking import Clock, ask, pages, walk

TARGETS: dict[Route, str] = {"listing": "/api/models", "model": "/api/models/o/m1"}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def hub(clock: Clock) -> Iterator[FakeHub]:
    source = ListSource(make_row(id=f"o/m{number}") for number in range(12))
    with FakeHub(source, clock=clock, sleep=clock.sleep) as running:
        yield running


def send(hub: FakeHub, target: str) -> socket.socket:
    """Ask on a bare socket, so that the very way the connection ends can be seen."""
    connection = socket.create_connection(("127.0.0.1", int(hub.url.rpartition(":")[2])), timeout=30)
    connection.sendall(f"GET {target} HTTP/1.1\r\nHost: hub\r\n\r\n".encode())
    return connection


def listen(connection: socket.socket, heard: bytearray) -> None:
    while more := connection.recv(4096):
        heard += more


@pytest.mark.parametrize("route", TARGETS)
def test_a_reset_comes_before_any_byte(hub: FakeHub, route: Route) -> None:
    hub.script([Fault.reset(route=route)])
    with send(hub, TARGETS[route]) as connection, pytest.raises(ConnectionResetError):
        connection.recv(1)
    assert [request.status for request in hub.requests] == [0]
    assert ask(hub, TARGETS[route]).status == 200


@pytest.mark.parametrize("route", TARGETS)
def test_a_reset_comes_midway(hub: FakeHub, route: Route) -> None:
    whole = ask(hub, TARGETS[route])
    hub.script([Fault.reset(midway=True, route=route)])
    heard = bytearray()
    with send(hub, TARGETS[route]) as connection, pytest.raises(ConnectionResetError):
        listen(connection, heard)
    head, _, body = heard.partition(b"\r\n\r\n")
    assert f"Content-Length: {len(whole.body)}".encode() in head
    assert body == whole.body[: len(whole.body) // 2]
    assert [request.status for request in hub.requests] == [200, 200]


def test_a_slow_answer_comes_late_and_whole(hub: FakeHub, clock: Clock) -> None:
    hub.script([Fault.slow(45), Fault.slow(5, route="model")])
    assert len(ask(hub, TARGETS["listing"]).rows) == 12
    assert clock.now == 1_045
    assert ask(hub, TARGETS["model"]).status == 200
    assert clock.now == 1_050


def test_a_stalled_answer_lasts_until_the_client_hangs_up(hub: FakeHub) -> None:
    hub.script([Fault.stall()])
    with send(hub, "/api/models") as connection:
        connection.settimeout(0.05)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        # Somebody else is served meanwhile.
        assert ask(hub, "/api/models").status == 200
        connection.settimeout(30)
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1) == b""
    assert [request.status for request in hub.requests] == [0, 200]


def test_a_stalled_answer_lasts_until_the_hub_stops(hub: FakeHub) -> None:
    hub.script([Fault.stall(route="model")])
    with send(hub, "/api/models/o/m1") as connection:
        ask(hub, "/api/models")
        hub.stop()
        assert connection.recv(1) == b""


@pytest.mark.parametrize("body", [b"{}", b"null", b"", b"[", b'{"error": "no"}'])
def test_a_garbage_body_comes_with_200_and_no_link(hub: FakeHub, body: bytes) -> None:
    hub.script([Fault.garbage(body, "application/json")])
    reply = ask(hub, "/api/models?limit=2")
    assert (reply.status, reply.body, reply.next_url) == (200, body, None)
    assert reply.headers["Content-Type"] == "application/json"
    assert ask(hub, "/api/models?limit=2").next_url is not None


def test_a_page_of_html_is_garbage_too(hub: FakeHub) -> None:
    hub.script([Fault.garbage(), Fault.garbage(route="model")])
    for target in TARGETS.values():
        reply = ask(hub, target)
        assert (reply.status, reply.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        assert reply.body.startswith(b"<!DOCTYPE html>")


@pytest.mark.parametrize("sort", ["", "&sort=createdAt&direction=1", "&sort=likes", "&search=m"])
def test_empty_and_short_pages_lose_nothing(hub: FakeHub, sort: str) -> None:
    hub.script([Fault.empty(at=1), Fault.empty(at=3), Fault.short(2, at=4), Fault.short(99, at=5)])
    found = list(pages(hub, f"/api/models?limit=5{sort}"))
    assert [len(page) for page in found] == [0, 5, 0, 2, 5]
    assert len({str(row["id"]) for page in found for row in page}) == 12


def test_an_empty_page_at_the_end_is_the_end(hub: FakeHub) -> None:
    hub.script([Fault.empty()])
    reply = ask(hub, "/api/models?author=nobody")
    assert (reply.rows, reply.next_url) == ([], None)


def test_malformed_rows_come_after_the_good_ones(hub: FakeHub) -> None:
    odd: list[object] = [None, 5, {"id": 3}, {"_id": "x", "downloads": 10**30}, ["o/m"], {"id": "\ud800"}]
    hub.script([Fault.rows(odd)])
    first = ask(hub, "/api/models?limit=2&expand[]=likes")
    assert [set(row) for row in first.rows[:2]] == [{"_id", "id", "likes"}] * 2
    assert first.rows[2:] == odd
    assert first.next_url is not None
    assert len(walk(hub, first.next_url)) == 10


def test_rows_wait_for_a_page_that_can_hold_them(hub: FakeHub) -> None:
    hub.script([Fault.rows([5], at=1), Fault.short(2, at=2)])
    asked = ["limit=0", "expand[]=none", "limit=3", "limit=3", "limit=3"]
    replies = [ask(hub, f"/api/models?{query}") for query in asked]
    assert [reply.status for reply in replies] == [400, 400, 200, 200, 200]
    assert sorted(len(reply.rows) for reply in replies[2:]) == [2, 3, 4]


def test_an_error_can_speak_in_words_of_its_own(hub: FakeHub) -> None:
    hub.script([Fault.says(418, b"short and stout", {"X-Error-Message": "tea"})])
    reply = ask(hub, "/api/models")
    assert (reply.status, reply.body, reply.headers["X-Error-Message"]) == (418, b"short and stout", "tea")


@pytest.mark.parametrize("status", [500, 503])
def test_each_route_has_faults_of_its_own(hub: FakeHub, status: int) -> None:
    hub.script([Fault.answer(status, route="model"), Fault.answer(429, retry_after=9, route="model", at=3)])
    assert [ask(hub, TARGETS["listing"]).status for _ in range(4)] == [200] * 4
    replies = [ask(hub, TARGETS["model"]) for _ in range(4)]
    assert [reply.status for reply in replies] == [status, 200, 429, 200]
    assert replies[2].headers["Retry-After"] == "9"


def test_every_fault_can_strike_a_model() -> None:
    faults = [Fault.drop(route="model"), Fault.truncate(route="model"), Fault.redirect(route="model")]
    with FakeHub(ListSource([make_row(id="o/m1")]), faults=faults) as hub:
        with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
            ask(hub, "/api/models/o/m1")
        with pytest.raises(http.client.IncompleteRead):
            ask(hub, "/api/models/o/m1")
        assert ask(hub, "/api/models/o/m1?blobs=true").headers["Location"] == "/api/models/o/m1?blobs=true"
        assert hub.faults_left == 0


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_gateway_answers_in_html(hub: FakeHub, status: int) -> None:
    date = "Fri, 20 Nov 2026 10:00:00 GMT"
    hub.script([Fault.answer(status, retry_after=date), Fault.answer(status, rate_headers=False)])
    said, unsaid = ask(hub, "/api/models"), ask(hub, "/api/models")
    assert said.headers["Content-Type"] == "text/html; charset=utf-8"
    assert f"<title>{status} ".encode() in said.body
    assert (said.headers["Retry-After"], unsaid.headers["Retry-After"]) == (date, None)
    assert (said.headers["RateLimit"], unsaid.headers["RateLimit"]) == ('"api";r=499;t=300', None)

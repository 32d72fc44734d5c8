import http.client
from collections.abc import Iterator

import pytest

from tests.fakes.hub import FakeHub, Fault, ListSource, make_row
from tests.fakes.hub.asking import Clock, ask, walk


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def hub(clock: Clock) -> Iterator[FakeHub]:
    source = ListSource(make_row(id=f"o/m{number}") for number in range(12))
    with FakeHub(source, quota=5, token="hf_x", token_quota=8, clock=clock, sleep=clock.sleep) as running:
        yield running


def test_every_answer_carries_the_quota(hub: FakeHub) -> None:
    targets = ["/api/models", "/api/models/O/M1", "/api/models/none", "/api/models?sort=x", "/nowhere", "/"]
    replies = [ask(hub, target) for target in targets]
    assert [reply.status for reply in replies] == [200, 307, 401, 400, 404, 429]
    assert [reply.headers["RateLimit"] for reply in replies] == [
        f'"api";r={left};t=300' for left in (4, 3, 2, 1, 0, 0)
    ]
    assert {reply.headers["RateLimit-Policy"] for reply in replies} == {'"fixed window";"api";q=5;w=300'}
    assert all(reply.headers["X-HF-Warning"].startswith("unauthenticated; ") for reply in replies)


def test_over_quota_is_plain_text_without_retry_after(hub: FakeHub, clock: Clock) -> None:
    for _ in range(5):
        ask(hub, "/api/models?limit=1")
    clock.now += 100.5
    refused = ask(hub, "/api/models")
    assert refused.status == 429
    assert refused.body.startswith(b"We had to rate limit your IP (127.0.0.1).")
    assert refused.headers["Content-Type"].startswith("text/plain")
    assert refused.headers["Retry-After"] is None
    assert refused.headers["RateLimit"] == '"api";r=0;t=199'
    assert hub.throttled == 1
    clock.now += 199
    assert ask(hub, "/api/models").status == 429
    clock.now += 1
    assert ask(hub, "/api/models").headers["RateLimit"].startswith('"api";r=4;')
    assert hub.throttled == 2


def test_others_at_the_same_address_spend_from_the_same_quota(hub: FakeHub, clock: Clock) -> None:
    hub.let_others_spend(4)
    assert [ask(hub, "/api/models").status for _ in range(2)] == [200, 429]
    assert {request.moment for request in hub.requests} == {clock.now}


def test_windows_are_fixed_not_sliding(hub: FakeHub, clock: Clock) -> None:
    clock.now += 299
    for _ in range(5):
        assert ask(hub, "/api/models?limit=1").status == 200
    clock.now += 1
    for _ in range(5):
        assert ask(hub, "/api/models?limit=1").status == 200


def test_a_token_has_a_quota_of_its_own(hub: FakeHub) -> None:
    for _ in range(6):
        ask(hub, "/api/models?limit=1")
    allowed = ask(hub, "/api/models?limit=1", token="hf_x")
    assert allowed.status == 200
    assert allowed.headers["RateLimit"].startswith('"api";r=7;')
    assert "X-HF-Warning" not in allowed.headers


def test_a_429_may_come_with_quota_left(hub: FakeHub) -> None:
    hub.script([Fault.answer(429, retry_after=7), Fault.answer(429), Fault.answer(429, rate_headers=False)])
    replies = [ask(hub, "/api/models") for _ in range(4)]
    assert [reply.status for reply in replies] == [429, 429, 429, 200]
    assert [reply.headers["Retry-After"] for reply in replies] == ["7", None, None, None]
    assert [reply.headers["RateLimit"] for reply in replies] == [
        '"api";r=4;t=300', '"api";r=3;t=300', None, '"api";r=1;t=300',
    ]  # fmt: skip
    assert hub.throttled == 3
    assert hub.faults_left == 0


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_error_strikes_once(hub: FakeHub, status: int) -> None:
    hub.script([Fault.answer(status)])
    assert ask(hub, "/api/models/o/m1").status == 200
    assert [ask(hub, "/api/models").status for _ in range(2)] == [status, 200]


def test_a_fault_can_wait_for_its_request() -> None:
    with FakeHub(ListSource([make_row()]), faults=[Fault.answer(503, at=3)]) as hub:
        assert [ask(hub, "/api/models").status for _ in range(4)] == [200, 200, 503, 200]


def test_a_dropped_connection_says_nothing_and_is_remembered(hub: FakeHub) -> None:
    hub.script([Fault.drop()])
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        ask(hub, "/api/models")
    assert [request.status for request in hub.requests] == [0]
    assert ask(hub, "/api/models").status == 200


def test_a_truncated_body_is_shorter_than_announced(hub: FakeHub) -> None:
    hub.script([Fault.truncate()])
    with pytest.raises(http.client.IncompleteRead):
        ask(hub, "/api/models")
    assert ask(hub, "/api/models").status == 200


def test_a_redirect_leads_back_or_elsewhere(hub: FakeHub) -> None:
    hub.script([Fault.redirect(), Fault.redirect("https://elsewhere.example/api/models")])
    back, away = ask(hub, "/api/models?limit=2"), ask(hub, "/api/models")
    assert (back.status, back.headers["Location"]) == (307, "/api/models?limit=2")
    assert (away.status, away.headers["Location"]) == (307, "https://elsewhere.example/api/models")


def test_latency_is_spent_before_each_page_and_model(clock: Clock) -> None:
    source = ListSource(make_row(id=f"o/m{number}") for number in range(9))
    with FakeHub(source, latency_seconds=0.67, clock=clock, sleep=clock.sleep) as hub:
        assert len(walk(hub, "/api/models?limit=3")) == 9
        ask(hub, "/api/models/o/m1")
    assert clock.now == pytest.approx(1_000 + 4 * 0.67)


def test_requests_are_remembered(hub: FakeHub) -> None:
    ask(hub, "/api/models?limit=2&expand[]=likes", token="hf_x")
    ask(hub, "/api/models", method="HEAD")
    ask(hub, "/api/models", method="POST")
    first, second, third = hub.requests
    assert (first.method, first.path, first.status) == ("GET", "/api/models", 200)
    assert first.params == (("limit", "2"), ("expand[]", "likes"))
    assert first.headers["authorization"] == "Bearer hf_x"
    assert (second.method, second.status) == ("HEAD", 200)
    assert (third.method, third.status) == ("POST", 404)
    hub.forget()
    assert hub.requests == []


def test_one_connection_serves_many_requests(hub: FakeHub) -> None:
    connection = http.client.HTTPConnection(hub.url.removeprefix("http://"), timeout=30)
    try:
        for _ in range(3):
            connection.request("GET", "/api/models?limit=1")
            with connection.getresponse() as response:
                assert response.version == 11
                response.read()
                assert not response.will_close
    finally:
        connection.close()


def test_a_stopped_hub_comes_back_at_its_address(hub: FakeHub) -> None:
    url = hub.url
    hub.stop()
    with pytest.raises(ConnectionRefusedError):
        ask(hub, "/api/models")
    hub.start()
    assert hub.url == url
    assert ask(hub, "/api/models").status == 200

import hashlib
import http.client
import threading
from collections.abc import Iterator

import pytest

from tests.fakes.hub import FakeHub, Fault, ListSource, make_row
from tests.fakes.hub.asking import Clock, Reply, ask

CONFIG = b'{"model_type": "gale"}\n'
WEIGHTS = bytes(range(256)) * 4_000
SMALL = "/acme/Gale/resolve/main/config.json"
LARGE = "/acme/Gale/resolve/main/model.gguf"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def hub(clock: Clock) -> Iterator[FakeHub]:
    files = [
        {"rfilename": "config.json", "content": CONFIG},
        {"rfilename": "model.gguf", "content": WEIGHTS},
        {"rfilename": "made.gguf", "size": 3_000_000},
    ]
    source = ListSource([make_row(id="acme/Gale", siblings=files)])
    with FakeHub(source, clock=clock, sleep=clock.sleep) as running:
        yield running


def follow(hub: FakeHub, target: str, **headers: str) -> Reply:
    return ask(hub, ask(hub, target).headers["Location"], headers=headers)


@pytest.mark.parametrize("status", [403, 429, 500, 503])
def test_an_error_strikes_the_route_it_is_meant_for(hub: FakeHub, status: int) -> None:
    hub.script([Fault.answer(status, route="resolve"), Fault.answer(status, retry_after=3, route="cdn")])

    assert ask(hub, LARGE).status == status
    failed, good = follow(hub, LARGE), follow(hub, LARGE)
    assert (failed.status, failed.headers["Retry-After"], good.status) == (status, "3", 200)


@pytest.mark.parametrize("target", [LARGE, "/acme/Gale/resolve/main/made.gguf", SMALL])
def test_one_byte_is_wrong(hub: FakeHub, target: str) -> None:
    hub.script([Fault.wrong_byte(route="resolve" if target == SMALL else "cdn")])
    ask(hub, target, method="HEAD")
    wrong, right = follow(hub, target), follow(hub, target)

    assert len(wrong.body) == len(right.body)
    places = [at for at, (one, other) in enumerate(zip(wrong.body, right.body, strict=True)) if one != other]
    assert places == [len(right.body) // 2]


def test_a_wrong_byte_in_a_part(hub: FakeHub) -> None:
    hub.script([Fault.wrong_byte()])

    part = follow(hub, LARGE, Range="bytes=1000-")
    assert part.status == 206
    assert part.body != WEIGHTS[1000:]
    assert part.body[:400_000] == WEIGHTS[1000:401_000]


def test_a_short_file_is_framed_as_if_it_were_whole(hub: FakeHub) -> None:
    hub.script([Fault.short_file(), Fault.short_file()])
    whole, part = follow(hub, LARGE), follow(hub, LARGE, Range="bytes=1000-")

    assert (whole.status, whole.body) == (200, WEIGHTS[: len(WEIGHTS) // 2])
    assert part.body == WEIGHTS[1000:512_500]
    assert part.headers["Content-Range"] == "bytes 1000-512499/512500"
    assert follow(hub, LARGE).body == WEIGHTS


def test_a_body_breaks_off_and_a_head_does_not(hub: FakeHub) -> None:
    first = Fault.drop(route="cdn", at=1)
    midway = Fault.reset(midway=True, route="cdn")
    hub.script([first, Fault.truncate(route="cdn"), midway, Fault.drop(route="cdn")])
    link = ask(hub, LARGE).headers["Location"]

    with pytest.raises(http.client.RemoteDisconnected):
        ask(hub, link, method="HEAD")
    with pytest.raises(http.client.IncompleteRead) as broken:
        ask(hub, link)
    assert broken.value.partial == WEIGHTS[: len(WEIGHTS) // 2]
    with pytest.raises((ConnectionResetError, http.client.IncompleteRead)):
        ask(hub, link)
    with pytest.raises(http.client.RemoteDisconnected):
        ask(hub, link)
    assert [one.status for one in hub.cdn_requests] == [0, 200, 200, 0]
    assert ask(hub, link).body == WEIGHTS


def test_what_befalls_a_body_waits_for_one(hub: FakeHub) -> None:
    hub.script([Fault.truncate(route="resolve")])

    assert ask(hub, SMALL, method="HEAD").status == 307
    cached = ask(hub, SMALL).headers["Location"]
    assert ask(hub, cached, method="HEAD").status == 200
    assert hub.faults_left == 1
    with pytest.raises(http.client.IncompleteRead):
        ask(hub, cached)


def test_a_redirect_leads_where_it_is_told_to_with_all_that_makes_it_believed(hub: FakeHub) -> None:
    good = ask(hub, LARGE)
    hub.script([Fault.redirect("http://10.0.0.1/x", route="resolve"), Fault.redirect(route="resolve")])
    astray, loop = ask(hub, LARGE), ask(hub, LARGE)

    assert (astray.status, astray.headers["Location"]) == (302, "http://10.0.0.1/x")
    assert astray.headers["X-Linked-ETag"] == good.headers["X-Linked-ETag"]
    assert (loop.status, loop.headers["Location"]) == (307, LARGE)
    hub.script([Fault.redirect("http://10.0.0.1/x", route="cdn")])
    assert ask(hub, good.headers["Location"]).headers["Location"] == "http://10.0.0.1/x"


def test_a_slow_answer_takes_the_time_it_is_told(hub: FakeHub, clock: Clock) -> None:
    hub.script([Fault.slow(7, route="resolve"), Fault.slow(20, route="cdn")])

    assert follow(hub, LARGE).status == 200
    assert clock.now == 1_027


def test_a_stalled_answer_ends_with_its_client(hub: FakeHub) -> None:
    hub.script([Fault.stall(route="cdn")])
    link = ask(hub, LARGE).headers["Location"]
    connection = connect(hub)
    connection.request("GET", link.removeprefix(hub.cdn_url))
    connection.close()

    assert ask(hub, link).body == WEIGHTS


def connect(hub: FakeHub) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(hub.cdn_url.removeprefix("http://"), timeout=30)


def test_a_held_body_goes_on_when_it_is_released(hub: FakeHub) -> None:
    hub.script([Fault.hold(after_bytes=1_000)])
    link = ask(hub, LARGE).headers["Location"]
    connection = connect(hub)
    connection.request("GET", link.removeprefix(hub.cdn_url))
    with connection.getresponse() as response:
        hub.wait_until_held()
        first = response.read(1_000)
        hub.release()
        rest = response.read()
    connection.close()

    assert hashlib.sha256(first + rest).digest() == hashlib.sha256(WEIGHTS).digest()


def test_a_held_body_ends_with_its_client(hub: FakeHub) -> None:
    hub.script([Fault.hold(after_bytes=1_000)])
    link = ask(hub, LARGE).headers["Location"]
    connection = connect(hub)
    connection.request("GET", link.removeprefix(hub.cdn_url))
    hub.wait_until_held()
    connection.close()

    hub.wait_until_held(0)
    assert ask(hub, link).body == WEIGHTS
    with pytest.raises(TimeoutError):
        hub.wait_until_held(1, seconds=0)


def test_a_held_body_ends_with_the_hub(hub: FakeHub) -> None:
    hub.script([Fault.hold(after_bytes=1_000)])
    link = ask(hub, LARGE).headers["Location"]
    caught: list[Exception] = []

    def read() -> None:
        try:
            ask(hub, link)
        except (http.client.IncompleteRead, OSError) as error:
            caught.append(error)

    reading = threading.Thread(target=read)
    reading.start()
    hub.wait_until_held()
    hub.stop()
    reading.join(30)
    assert len(caught) == 1
    hub.start()
    assert ask(hub, link).body == WEIGHTS

import http.client
import json
import signal
import socket
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from api.__main__ import main
from api.access import require_key
from api.config import ApiConfig
from api.serving import listen, url_of
from tests.factories import NAMES, fill_home
from tests.journeys.running import Product, read_line

UPSTREAM = "https://hub.example"
SECRET = "0123456789abcdef-secret"


def get(url: str, path: str, **headers: str) -> tuple[int, bytes]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
    try:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


@pytest.mark.usefixtures("hears_ctrl_c")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_the_service_starts_before_anything_is_there_and_ends_cleanly(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    with Product(tmp_path, UPSTREAM, {}).running("api") as service:
        url = read_line(service, "Hubdex on http://127.0.0.1:").split()[-1]
        before = get(url, "/v1/search")
        fill_home(tmp_path)
        after = get(url, "/v1/search?q=bloom")
        service.send_signal(number)
        out, err = service.communicate(timeout=20)

    assert before[0] == 503
    assert after[0] == 200
    assert json.loads(after[1])["index"]["models"] == len(NAMES)
    assert service.returncode == code
    assert out == err == ""


def test_the_service_refuses_foreign_names_and_endless_heads(home: Path) -> None:
    with Product(home, UPSTREAM, {}).running("api") as service:
        url = read_line(service, "Hubdex on ").split()[-1]
        foreign = get(url, "/v1/search", Host="rebound.example")
        with socket.create_connection(("127.0.0.1", urlsplit(url).port or 0), timeout=20) as raw:
            raw.sendall(b"GET /" + b"a" * 20_000)
            endless = raw.recv(100)

    assert foreign[0] == 400
    assert endless.startswith(b"HTTP/1.1 400 ")


def test_answers_leave_at_once() -> None:
    listener = listen("127.0.0.1", 0)
    with listener:
        # asyncio turns Nagle's algorithm off for sockets of this protocol only; else an answer takes 40 ms.
        assert listener.proto == socket.IPPROTO_TCP
        assert url_of(listener, "127.0.0.1") == f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_taken_port_is_told_in_one_sentence(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = Product(home, UPSTREAM, {}).run("api", "--port", port)

    assert ended.code == 1
    assert ended.out == ""
    assert ended.err == f"hubdex: Port {port} on 127.0.0.1 is taken; stop what uses it, or set HUBDEX_PORT.\n"


def test_a_host_that_is_not_ours_is_told(home: Path) -> None:
    ended = Product(home, UPSTREAM, {"HUBDEX_API_KEY": SECRET}).run("api", "--host", "192.0.2.1")

    assert ended.code == 1
    assert "cannot listen on 192.0.2.1" in ended.err


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "models.example", "", "::ffff:0.0.0.0"])
def test_no_network_is_let_in_without_a_key(
    home: Path, capsys: pytest.CaptureFixture[str], host: str
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HUBDEX_HOME", str(home))
        code = main(["--host", host, "--port", "0"])

    out, err = capsys.readouterr()
    assert (code, out) == (2, "")
    assert err.startswith(f"hubdex: On {host or 'every address'} other machines reach Hubdex")
    assert "set HUBDEX_API_KEY" in err
    assert err.count("\n") == 1


def test_the_whole_refuses_to_start_as_well(home: Path) -> None:
    ended = Product(home, UPSTREAM, {"HUBDEX_HOST": "0.0.0.0"}).run("scheduler", "up")

    assert ended.code == 2
    assert "set HUBDEX_API_KEY" in ended.err


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "localhost", "::1"])
def test_this_machine_needs_no_key(host: str) -> None:
    require_key(ApiConfig(host=host))


def send(url: str, method: str, path: str, body: Iterable[bytes] | None, **headers: str) -> tuple[int, bytes]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
    try:
        connection.request(method, path, body, headers, encode_chunked=True)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def test_a_service_in_a_network_is_written_to_with_the_key_which_nothing_repeats(home: Path) -> None:
    settings = {"HUBDEX_API_KEY": SECRET, "HUBDEX_HOST": "0.0.0.0", "HUBDEX_LOG": "debug"}
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    chunked = {"Content-Type": "application/json", "Transfer-Encoding": "chunked"}
    bearer = {"Authorization": f"Bearer {SECRET}"}
    with Product(home, UPSTREAM, settings).running("api") as service:
        url = read_line(service, "Hubdex on http://127.0.0.1:").split()[-1]
        answers = [
            get(url, "/v1/search"),
            send(url, "POST", "/-/key", [f"key={SECRET}".encode()], **form),
            send(url, "POST", "/-/key", [b"key=wrong"], **form),
            send(url, "POST", "/v1/nothing", None, **bearer),
            send(url, "POST", "/v1/nothing", None, Authorization=f"Bearer {SECRET}x"),
            send(url, "DELETE", "/v1/nothing", None),
            send(url, "POST", "/v1/nothing", [b" " * 1_000] * 70, **chunked, **bearer),
            send(url, "POST", "/v1/nothing", [b" " * 1_000] * 60, **chunked, **bearer),
            send(url, "POST", "/v1/nothing", None, Host="rebound.example", Origin="http://rebound.example"),
        ]
        service.send_signal(signal.SIGTERM)
        out, err = service.communicate(timeout=20)

    assert [status for status, _ in answers] == [200, 303, 401, 405, 401, 401, 413, 405, 400]
    assert SECRET not in out + err
    assert not any(SECRET.encode() in content for _, content in answers)


def test_a_wrong_setting_ends_the_start(home: Path) -> None:
    ended = Product(home, "nowhere", {}).run("api")

    assert ended.code == 2
    assert "HUBDEX_UPSTREAM" in ended.err


def test_a_wrong_port_is_bad_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--port", "65536"])

    assert "between 0 and 65535" in capsys.readouterr().err

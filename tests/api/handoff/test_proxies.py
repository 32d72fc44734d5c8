"""Through a proxy: it is asked for all that NO_PROXY does not name; literal addresses are judged too."""

import socket
import threading
from collections.abc import Iterator

import pytest

from api.handoff.errors import BadRedirect
from tests.api.handoff.conftest import LARGE, REPO, SHA1, SHA256, SMALL, MakeHub
from tests.fakes.hub import FakeHub, Fault


class Proxy:
    """Passes a request on to the stand-in, whatever host it names, and writes down what was asked."""

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.asked: list[str] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            with client, socket.create_connection(self._target) as server:
                head = b""
                while b"\r\n\r\n" not in head:
                    head += client.recv(65_536)
                first, rest = head.split(b"\r\n", 1)
                method, url, version = first.decode().split(" ")
                self.asked.append(url)
                path = "/" + url.split("/", 3)[3]
                server.sendall(f"{method} {path} {version}\r\nConnection: close\r\n".encode() + rest)
                while piece := server.recv(65_536):
                    client.sendall(piece)


@pytest.fixture
def proxy(fake: FakeHub) -> Iterator[Proxy]:
    host, port = fake.url.removeprefix("http://").split(":")
    running = Proxy((host, int(port)))
    yield running
    running.close()


def test_the_proxy_is_asked(make_hub: MakeHub, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    hub = make_hub(upstream="http://hub.example")

    assert hub.head(REPO, "main", SMALL).etag == SHA1
    assert len(proxy.asked) == 2
    assert all(url.startswith("http://hub.example/") for url in proxy.asked)


def test_no_proxy_is_heeded(
    make_hub: MakeHub, fake: FakeHub, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy.url)
    monkeypatch.setenv("NO_PROXY", "127.0.0.0/8")

    assert make_hub().head(REPO, "main", LARGE).etag == SHA256
    assert proxy.asked == []


def test_numbers_are_judged_all_the_same(
    make_hub: MakeHub, fake: FakeHub, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    fake.script([Fault.redirect("http://10.0.0.1/x", route="resolve")])

    with pytest.raises(BadRedirect):
        make_hub(upstream="http://hub.example").head(REPO, "main", LARGE)
    assert len(proxy.asked) == 1

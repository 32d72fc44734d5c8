"""A stand-in Hub with a few files, a cache, and somebody who looks on."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from pydantic import SecretStr

from api.handoff.hub import Hub
from api.handoff.layout import Layout
from indexer.hub import HubConfig
from tests.fakes.hub import FakeHub, ListSource, make_row
from tests.fakes.hub.asking import Clock

TOKEN = "hf_valid"
REPO = "acme/Gale"
COMMIT = "5" * 40
CONFIG = b'{"model_type": "gale"}\n'
WEIGHTS = hashlib.shake_128(b"weights").digest(3_000_000)
SHA256 = hashlib.sha256(WEIGHTS).hexdigest()
SHA1 = hashlib.sha1(b"blob %d\0" % len(CONFIG) + CONFIG, usedforsecurity=False).hexdigest()
LARGE, SMALL = "q/model b+ü%.gguf", "config.json"

MakeHub = Callable[..., Hub]


class Looking:
    """Writes down what it is told, and breaks off when it is told to."""

    def __init__(self, breaks: Callable[["Looking"], None] = lambda _self: None) -> None:
        self.done = 0
        self.starts: list[int] = []
        self.verified = 0
        self.whys: list[str] = []
        self._breaks = breaks

    def resumed(self, done_bytes: int) -> None:
        self.done = done_bytes
        self.starts.append(done_bytes)

    def received(self, count: int) -> None:
        self.done += count
        self._breaks(self)

    def verifying(self) -> None:
        self.verified += 1

    def waiting(self, why: str) -> None:
        if why and why not in self.whys:
            self.whys.append(why)
        self._breaks(self)


def make_source() -> ListSource:
    files = [
        {"rfilename": SMALL, "content": CONFIG},
        {"rfilename": LARGE, "content": WEIGHTS},
        {"rfilename": "empty", "content": b""},
    ]
    return ListSource(
        [
            make_row(id=REPO, sha=COMMIT, siblings=files),
            make_row(id="acme/Copy", sha="6" * 40, siblings=files[:2]),
            make_row(id="acme/Shut", sha="7" * 40, gated="auto", siblings=files),
            make_row(id="acme/Off", sha="8" * 40, disabled=True, siblings=files),
        ]
    )


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def source() -> ListSource:
    return make_source()


@pytest.fixture
def fake(source: ListSource, clock: Clock) -> Iterator[FakeHub]:
    with FakeHub(source, token=TOKEN, clock=clock, sleep=clock.sleep) as running:
        yield running


@pytest.fixture
def make_hub(fake: FakeHub, clock: Clock) -> Iterator[MakeHub]:
    """Gives hubs over the stand-in whose waits take no time."""
    with ExitStack() as stack:

        def make(*, token: str = "", upstream: str = "", **how: float) -> Hub:
            config = HubConfig(upstream=upstream or fake.url, token=SecretStr(token))
            hub = Hub(config, sleep=clock.sleep, now=clock, **how)  # type: ignore[arg-type]
            stack.callback(hub.close)
            return hub

        yield make


@pytest.fixture
def hub(make_hub: MakeHub) -> Hub:
    return make_hub()


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "cache")

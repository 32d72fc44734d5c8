"""What holds for every test: no network beyond this machine, no settings from outside."""

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest_plugins = ["tests.servers.fixtures"]

ROOT = Path(__file__).parent.parent
_LOOPBACK = ("127.", "::1", "localhost")


_LONG = ("tests/journeys/", "tests/deploy/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long, so that no core is idle at the end."""
    items.sort(key=lambda item: not item.nodeid.startswith(_LONG))


class OutsideNetworkError(RuntimeError):
    """A test tried to reach beyond this machine."""


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse to connect anywhere but to this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        if self.family in {socket.AF_INET, socket.AF_INET6}:
            host = address[0] if isinstance(address, tuple) else str(address)
            if not str(host).startswith(_LOOPBACK):
                raise OutsideNetworkError(f"a test tried to connect to {address}")
        connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(autouse=True, scope="session")
def clean_environment() -> Iterator[None]:
    """Take out every setting of the machine's own."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            is_ours = name.startswith(("HUBDEX_", "HF_", "HUGGING", "MEILI_"))
            if is_ours and not name.startswith("HUBDEX_TEST_"):
                patch.delenv(name)
            if name.lower() in {"http_proxy", "https_proxy", "all_proxy", "no_proxy"}:
                patch.delenv(name)
        patch.setenv("PYTHONPATH", str(ROOT))
        yield


@pytest.fixture(autouse=True)
def own_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let the home be a folder of the test's."""
    monkeypatch.setenv("HUBDEX_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))


@pytest.fixture
def real_data() -> Path:
    """The folder of real Hub data, when this machine has it."""
    folder = os.environ.get("HUBDEX_TEST_DATA", "")
    if not folder or not (Path(folder) / "models.jsonl.gz").is_file():
        pytest.skip("no real data: set HUBDEX_TEST_DATA to a folder with models.jsonl.gz")
    return Path(folder)


@pytest.fixture
def hears_ctrl_c() -> Iterator[None]:
    """What is started in the background, as these tests can be, is deaf to Ctrl-C, with all it starts."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)

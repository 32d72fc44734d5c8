import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import orjson
import pytest

from indexer.catalog.store import Catalog
from tests.fakes.hub import FakeHub, ListSource, make_row
from tests.journeys.running import run_room


@dataclass(frozen=True)
class Ended:
    """How a crawl, run as a process of its own, ended."""

    code: int
    out: str
    err: str

    @property
    def report(self) -> dict[str, object]:
        return cast("dict[str, object]", orjson.loads(self.out))


class Crawler:
    """Runs `python -m crawler` against a Hub, with nothing of this machine's environment but its PATH."""

    def __init__(self, home: Path, **settings: str) -> None:
        self.home = home
        self._settings = settings

    @property
    def database_url(self) -> str:
        return f"sqlite:///{self.home / 'catalog.db'}"

    def open(self, *, read_only: bool = True) -> Catalog:
        return Catalog(self.database_url, read_only=read_only)

    def start(self, upstream: str, *arguments: str, **settings: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "crawler", *arguments],
            env=self._environment(upstream, settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, upstream: str, *arguments: str, **settings: str) -> Ended:
        done = run_room("crawler", arguments, self._environment(upstream, settings))
        return Ended(done.code, done.out, done.err)

    def _environment(self, upstream: str, settings: dict[str, str]) -> dict[str, str]:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "HF_TOKEN": "",
            "HUBDEX_HOME": str(self.home),
            "HUBDEX_UPSTREAM": upstream,
            "HUBDEX_RETRY_BASE_SECONDS": "0.01",
        }
        return environment | self._settings | settings


@pytest.fixture
def crawler(tmp_path: Path) -> Crawler:
    return Crawler(tmp_path / "home")


@pytest.fixture
def start_hub() -> Iterator[Callable[..., FakeHub]]:
    """Start a Hub of so many models; its other settings are passed on."""
    with ExitStack() as stack:

        def start(models: int, **settings: object) -> FakeHub:
            source = ListSource(model_rows(models))
            return stack.enter_context(FakeHub(source, **settings))  # type: ignore[arg-type]

        yield start


def model_rows(count: int) -> list[dict[str, object]]:
    return [
        make_row(
            id=f"acme/gale-{number}",
            downloads=number,
            trendingScore=count - number,
            createdAt=f"2024-05-{number % 28 + 1:02}T06:47:21.000Z",
            tags=["gguf"],
            siblings=[{"rfilename": "model.gguf"}],
        )
        for number in range(count)
    ]

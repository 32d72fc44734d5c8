"""Both engines, each in a folder of its own below one folder that holds a copy of the catalog."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from indexer.catalog.store import Catalog
from indexer.engines.contract import EngineReader, EngineWriter
from indexer.engines.embedded.reader import EmbeddedReader
from indexer.engines.embedded.writer import EmbeddedWriter
from indexer.engines.meilisearch.server import Server
from indexer.engines.meilisearch.writer import MeiliWriter
from indexer.engines.opening import EMBEDDED, MEILISEARCH, meili_reader
from indexer.search import Search
from tests.benchmarks.asking import database_of
from tests.benchmarks.changing import copy_catalog
from tests.benchmarks.figures import say, size_of, to_megabytes
from tests.servers.meilisearch import MeiliServer, NoMeilisearchError

SETTINGS = ("--max-indexing-memory", "4GiB", "--max-indexing-threads", "unlimited")
"""Of the server; `unlimited` is its default for threads, and means half of the processors."""
SETTINGS_NOTE = "server with 4 GiB for indexing, threads by default"


@dataclass(frozen=True, slots=True)
class Side:
    """One engine, with all that is needed to feed it, to ask it and to measure it."""

    name: str
    home: Path
    """Where the catalog lies."""
    folder: Path
    """All that is the engine's own."""
    open_reader: Callable[[], EngineReader]
    open_writer: Callable[[], EngineWriter]
    server: MeiliServer | None = None

    @contextmanager
    def opened(self) -> Iterator[Search]:
        """Open it for searching; nothing is remembered yet."""
        with Catalog(database_of(self.home), read_only=True) as catalog:
            yield Search(catalog, self.open_reader())

    def size(self) -> float:
        """Give what it takes on disk, in MB."""
        return size_of(self.folder.rglob("*"))


@contextmanager
def both_sides(home: Path, *, keep: bool) -> Iterator[tuple[Side, Side]]:
    """Give the embedded engine and a server, both empty, over a copy of a home's catalog."""
    with folder_of(home, "engines", keep=keep) as folder:
        say(f"engines: copying the catalog of {home.name}")
        copy_catalog(home, folder)
        with running(folder / "meilisearch") as server:
            yield _embedded(folder), _meilisearch(folder, server)


@contextmanager
def folder_of(home: Path, name: str, *, keep: bool) -> Iterator[Path]:
    """Make a folder in a home, anew; removed afterwards unless it is to be kept."""
    folder = home / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        yield folder
    finally:
        if not keep:
            shutil.rmtree(folder)


@contextmanager
def running(folder: Path) -> Iterator[MeiliServer]:
    """Run a server on a folder."""
    try:
        server = MeiliServer(folder, arguments=SETTINGS)
    except (NoMeilisearchError, FileNotFoundError) as error:
        raise SystemExit(str(error)) from None
    with server:
        yield server


def memory_of(process: int) -> dict[str, float]:
    """Give a process's memory in MB, by the kernel's names: `VmHWM`, `RssAnon` and others."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    fields = (line.split() for line in lines if line.endswith(" kB"))
    return {name.rstrip(":"): to_megabytes(int(kilobytes)) for name, kilobytes, _ in fields}


def _embedded(home: Path) -> Side:
    folder = home / "index"
    return Side(EMBEDDED, home, folder, lambda: EmbeddedReader(folder), lambda: EmbeddedWriter(folder))


def _meilisearch(home: Path, server: MeiliServer) -> Side:
    return Side(
        MEILISEARCH,
        home,
        server.folder / "data",
        lambda: meili_reader([server.url], None, None),
        lambda: MeiliWriter(Server(server.url, None)),
        server,
    )

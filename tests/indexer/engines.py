"""Both engines, for tests of what they have in common: such a test runs once on each."""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from indexer.engines.contract import EngineReader, EngineWriter
from indexer.engines.embedded.reader import EmbeddedReader
from indexer.engines.embedded.writer import EmbeddedWriter
from indexer.engines.meilisearch.server import Server
from indexer.engines.meilisearch.writer import MeiliWriter
from indexer.engines.opening import meili_reader


class Engine(Protocol):
    """One of the engines; each folder stands for an index of its own."""

    def reader(self, folder: Path) -> EngineReader: ...

    def writer(self, folder: Path) -> EngineWriter: ...


class Embedded:
    def reader(self, folder: Path) -> EngineReader:
        return EmbeddedReader(folder)

    def writer(self, folder: Path) -> EngineWriter:
        return EmbeddedWriter(folder)


class Meili:
    """A real server; indexes of different folders have different names."""

    def __init__(self, url: str) -> None:
        self.url = url

    def prefix(self, folder: Path) -> str:
        return f"test-{sha256(str(folder.absolute()).encode()).hexdigest()[:16]}"

    def reader(self, folder: Path) -> EngineReader:
        return meili_reader([self.url], None, None, self.prefix(folder))

    def writer(self, folder: Path) -> EngineWriter:
        return MeiliWriter(Server(self.url, None), self.prefix(folder))

    def clear(self) -> None:
        """Remove every index there is."""
        server = Server(self.url, None)
        server.drop(server.indexes())


_in_use: list[Engine] = [Embedded()]


def engine() -> Engine:
    """The engine that the tests of this module run on at the moment."""
    return _in_use[-1]


def reader(folder: Path) -> EngineReader:
    return engine().reader(folder)


def writer(folder: Path) -> EngineWriter:
    return engine().writer(folder)


@contextmanager
def using(one: Engine) -> Iterator[Engine]:
    _in_use.append(one)
    try:
        yield one
    finally:
        _in_use.pop()

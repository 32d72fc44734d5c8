"""Both engines, for tests of what they have in common: such a test runs once on each."""

import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from indexer.documents import Document
from indexer.engines.contract import EngineReader, EngineWriter
from indexer.engines.embedded import feeding
from indexer.engines.embedded import folder as folders
from indexer.engines.embedded.reader import EmbeddedReader
from indexer.engines.embedded.writer import EmbeddedWriter
from indexer.engines.meilisearch.feeding import Feed
from indexer.engines.meilisearch.fields import (
    ID,
    KINDS,
    MODELS,
    STATE,
    STATE_ID,
    VARIANTS,
    Payload,
    to_payload,
    to_variant_payloads,
)
from indexer.engines.meilisearch.server import Server
from indexer.engines.meilisearch.writer import MeiliWriter
from indexer.engines.opening import meili_reader
from indexer.engines.terms import NUMBER

PATIENCE_SECONDS = 30.0
"""A machine that runs every test at once may be slow to answer; how long is told elsewhere."""


class Engine(Protocol):
    """One of the engines; each folder stands for an index of its own."""

    def reader(self, folder: Path) -> EngineReader: ...

    def writer(self, folder: Path) -> EngineWriter: ...

    def spoil(
        self, folder: Path, documents: Sequence[Document], removed: Sequence[int] = (), *, twice: bool = False
    ) -> None:
        """Write to an index behind its catalog's back; `twice`: beside what it holds of the same number."""

    def make_version(self, folder: Path, version: int) -> None:
        """Let an index say that it is of another version."""

    def drop(self, folder: Path) -> None:
        """Delete an index by hand."""

    def move(self, folder: Path, to: Path) -> None:
        """Put an index in another place."""

    def builds(self, folder: Path) -> int:
        """Count the indexes there are, whether whole or not."""


class Embedded:
    def reader(self, folder: Path) -> EngineReader:
        return EmbeddedReader(folder)

    def writer(self, folder: Path) -> EngineWriter:
        return EmbeddedWriter(folder)

    def spoil(
        self, folder: Path, documents: Sequence[Document], removed: Sequence[int] = (), *, twice: bool = False
    ) -> None:
        feed = feeding.Feed(_live_in(folder), 60_000_000, 1)
        for number in removed:
            feed.remove(number)
        for document in documents:
            (feed.add if twice else feed.replace)(document)
        feed.commit()
        feed.finish()

    def change_state(self, folder: Path, **fields: int) -> None:
        file = folders.state_file(_live_in(folder))
        file.write_text(json.dumps({**json.loads(file.read_text()), **fields}))

    def make_version(self, folder: Path, version: int) -> None:
        self.change_state(folder, schema_version=version)

    def drop(self, folder: Path) -> None:
        shutil.rmtree(folder)

    def move(self, folder: Path, to: Path) -> None:
        folder.rename(to)

    def builds(self, folder: Path) -> int:
        return len(list(folder.glob("models-*")))


def _live_in(folder: Path) -> Path:
    live = folders.live_folder(folder)
    assert live is not None
    return live


class Meili:
    """A real server; indexes of different folders have different names."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.server = Server(url, None)

    def prefix(self, folder: Path) -> str:
        return f"test-{sha256(str(folder.absolute()).encode()).hexdigest()[:16]}"

    def uid(self, folder: Path, kind: str = MODELS) -> str:
        return f"{self.prefix(folder)}-{kind}"

    def reader(self, folder: Path) -> EngineReader:
        return meili_reader([self.url], None, None, self.prefix(folder), PATIENCE_SECONDS)

    def writer(self, folder: Path) -> EngineWriter:
        return MeiliWriter(Server(self.url, None), self.prefix(folder))

    def spoil(
        self, folder: Path, documents: Sequence[Document], removed: Sequence[int] = (), *, twice: bool = False
    ) -> None:
        other: Payload = {ID: "another-key"} if twice else {}
        replaced = [] if twice else [document.number for document in documents]
        for kind, numbers in ((MODELS, removed), (VARIANTS, [*removed, *replaced])):
            if numbers:
                condition = f"{NUMBER} IN [{', '.join(map(str, numbers))}]"
                self.server.wait(self.server.remove(self.uid(folder, kind), condition))
        self.put(folder, [to_payload(document) | other for document in documents], whole=True)
        variants = [one for document in documents for one in to_variant_payloads(document).values()]
        self.put(folder, variants, VARIANTS, whole=True)

    def put(
        self, folder: Path, payloads: Iterable[Payload], kind: str = MODELS, *, whole: bool = False
    ) -> None:
        """Store fields of documents, or whole ones, straight on the server."""
        feed = Feed(self.server, self.uid(folder, kind), partial=not whole)
        feed.add(payloads)
        feed.finish()

    def make_version(self, folder: Path, version: int) -> None:
        self.put(folder, [{ID: STATE_ID, "version": version}], STATE)

    def drop(self, folder: Path) -> None:
        self.server.drop([self.uid(folder, kind) for kind in KINDS])

    def move(self, folder: Path, to: Path) -> None:
        for kind in KINDS:
            self.server.create(self.uid(to, kind), {})
        self.server.swap([(self.uid(folder, kind), self.uid(to, kind)) for kind in KINDS])
        self.drop(folder)

    def builds(self, folder: Path) -> int:
        return sum(uid.startswith(self.uid(folder)) for uid in self.server.indexes())

    def clear(self) -> None:
        """Remove every index there is."""
        self.server.drop(self.server.indexes())


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

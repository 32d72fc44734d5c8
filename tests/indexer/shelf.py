"""An index over a list of ids, without a catalog, for tests of engines."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from indexer.documents import Document, to_document
from indexer.engines.contract import IndexState
from indexer.query import Sort, parse_query
from indexer.records import Outline
from tests.indexer import engines
from tests.indexer.script import key_of

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def state(models: int, serial: int = 1) -> IndexState:
    return IndexState("a-catalog", serial, serial, models, NOW)


def document(number: int, repo_id: str, **fields: Any) -> Document:
    return to_document(Outline(number, repo_id, key_of(number), **fields))


def documents(ids: Sequence[str]) -> list[Document]:
    """Earlier ids are the more popular ones; numbers start at 1."""
    return [
        document(number, repo_id, downloads=len(ids) - number) for number, repo_id in enumerate(ids, start=1)
    ]


class Shelf:
    """An index over a list of ids, asked in words."""

    def __init__(self, root: Path, ids: Sequence[str]) -> None:
        self.root = root
        self.writer = engines.writer(root)
        self.writer.rebuild([partial(documents, ids)], state(len(ids)))
        self.reader = engines.reader(root)

    def total(self, text: str) -> int:
        return self.reader.search(parse_query(text)).total

    def found(self, text: str = "", sort: Sort = "relevance") -> list[int]:
        return [one.number for one in self.reader.search(parse_query(text, sort=sort)).selected]

    def differences(self, *held: Document) -> dict[int, str]:
        wanted = {one.number: one for one in held}
        return self.reader.hold().differences(list(wanted), wanted, words=True)

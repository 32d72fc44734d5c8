"""All real models in a home of their own, to be asked."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson

from indexer.catalog.store import Catalog
from indexer.engines.embedded.reader import EmbeddedReader
from indexer.query import parse_query
from indexer.search import Search
from tests.fakes.hub import FakeHub, ReplaySource
from tests.journeys.running import Product


@dataclass(frozen=True)
class Replayed:
    search: Search
    catalog: Catalog
    home: Path
    listed: frozenset[str]
    """Ids of the recording that are public."""

    def ask(self, text: str, limit: int = 100, offset: int = 0) -> list[str]:
        page = self.search.answer(parse_query(text, limit=limit, offset=offset))
        return [hit.model.record.repo_id for hit in page.hits]

    def total(self, text: str) -> int:
        return self.search.answer(parse_query(text)).total


@contextmanager
def replay(folder: Path, home: Path) -> Iterator[Replayed]:
    """Crawl the recording through the stand-in Hub, and index it."""
    with FakeHub(ReplaySource(folder), quota=100_000) as hub:
        product = Product(home, hub.url, {})
        assert product.run("crawler", "full").code == 0
    assert product.run("indexer", "sync").code == 0
    with Catalog(f"sqlite:///{home / 'catalog.db'}", read_only=True) as catalog:
        search = Search(catalog, EmbeddedReader(home / "index"))
        yield Replayed(search, catalog, home, _public_ids(folder))


def _public_ids(folder: Path) -> frozenset[str]:
    with gzip.open(folder / "models.jsonl.gz") as lines:
        rows = [orjson.loads(line) for line in lines]
    return frozenset(row["id"] for row in rows if row.get("private") is not True)

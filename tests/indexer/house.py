"""A catalog, its index and the search over both, for tests."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from indexer.catalog.store import Catalog
from indexer.query import parse_query
from indexer.ranking import Step
from indexer.records import Batch, Checkpoint, Counters, Listed, ModelRecord
from indexer.search import Search, SearchPage
from indexer.sync import Sync
from tests.indexer import engines

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def listed(number: int, repo_id: str, downloads: int = 0, tags: tuple[str, ...] = ()) -> Listed:
    return Listed(ModelRecord(f"{number:024x}", repo_id, tags=tags), Counters(downloads=downloads))


class House:
    """A catalog, its index and the search over both; models are named most popular first."""

    def __init__(self, folder: Path, ids: Iterable[str] | Mapping[str, tuple[str, ...]]) -> None:
        self.folder = folder
        self.ids = list(ids)
        tags = ids if isinstance(ids, Mapping) else {}
        self.catalog = Catalog(f"sqlite:///{folder / 'catalog.db'}", now=lambda: NOW)
        rows = [
            listed(n, repo_id, len(self.ids) - n, tags.get(repo_id, ())) for n, repo_id in enumerate(self.ids)
        ]
        self.catalog.apply(Batch(tuple(rows), checkpoints=(Checkpoint("full", "u", NOW),)))
        self.sync()
        later = NOW + timedelta(seconds=90)
        self.search = Search(self.catalog, engines.reader(folder / "index"), now=lambda: later)

    def sync(self) -> None:
        writer = engines.writer(self.folder / "index")
        Sync(self.catalog, writer, now=lambda: NOW).run()
        writer.close()

    def found(self, text: str, limit: int = 100, offset: int = 0) -> list[str]:
        return ids(self.ask(text, limit, offset))

    def steps(self, text: str) -> list[Step]:
        return [hit.step for hit in self.ask(text).hits]

    def ask(self, text: str, limit: int = 100, offset: int = 0) -> SearchPage:
        return self.search.answer(parse_query(text, limit=limit, offset=offset))


def ids(page: SearchPage) -> list[str]:
    return [hit.model.record.repo_id for hit in page.hits]

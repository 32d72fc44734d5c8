"""A catalog and an index of it that can be compared, for tests."""

from dataclasses import replace
from pathlib import Path

from indexer.checking import CheckReport, check_index
from indexer.documents import Document
from indexer.records import Batch, Listed, Outline, Removal
from indexer.sync import Sync
from tests.factories import make_models
from tests.indexer import engines
from tests.indexer.script import key_of, open_catalog

QUANTS = ("Q4_K_M", "Q8_0", "Q2_K")


def _held(number: int, one: Listed) -> Listed:
    record = replace(one.record, key=key_of(number))
    if "GGUF" in record.repo_id:
        record = replace(record, files=tuple(f"{record.name}.{quant}.gguf" for quant in QUANTS))
    return replace(one, record=record)


MODELS = tuple(_held(number, one) for number, one in enumerate(make_models(), 1))
"""The first has the number 1, and a variant for each of `QUANTS`."""


class Home:
    """A catalog and an index of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.index = folder / "index"
        self.catalog = open_catalog(folder / "catalog.db")

    def put(self, *rows: Listed, removed: tuple[int, ...] = ()) -> None:
        self.catalog.apply(Batch(rows, tuple(Removal(key_of(number), "gone") for number in removed)))

    def sync(self, *, rebuild: bool = False) -> str:
        writer = engines.writer(self.index)
        sync = Sync(self.catalog, writer)
        report = sync.rebuild() if rebuild else sync.run()
        writer.close()
        return report.done

    def check(self, sample: int | None = None, **options: object) -> CheckReport:
        return check_index(self.catalog, engines.reader(self.index), sample=sample, **options)  # type: ignore[arg-type]

    def spoil(self, *documents: Document, removed: tuple[int, ...] = (), twice: bool = False) -> None:
        """Write to the index what is not in the catalog, as if it had been synced."""
        engines.engine().spoil(self.index, documents, removed, twice=twice)

    def outline(self, number: int) -> Outline:
        return self.catalog.standings([number])[number].outline


def words(report: CheckReport) -> list[str]:
    return [f"{one.id or one.number}: {one.what}" for one in report.comparison.differences]

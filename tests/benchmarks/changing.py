"""Changing a catalog: a copy of it, the models that change, and what becomes of them."""

import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from indexer.catalog.store import Catalog
from indexer.records import Batch, Listed, StoredModel
from tests.benchmarks.building import PAGE

CHANGED = 10_000
"""Models that were pushed to; fewer where they would be more than a tenth of all."""
COUNTED = 100_000
"""Popular models whose counters moved; the same."""

Change = Callable[[StoredModel], Listed]
"""Gives what has become of a model."""


def copy_catalog(home: Path, folder: Path) -> None:
    """Copy the catalog of a home into a folder, where it may change."""
    with (
        closing(sqlite3.connect(home / "catalog.db")) as old,
        closing(sqlite3.connect(folder / "catalog.db")) as new,
    ):
        old.backup(new)
    os.sync()  # else the first commit waits for the copy to reach the disk


def apply_to(catalog: Catalog, numbers: Sequence[int], change: Change) -> float:
    """Apply a change to models, page by page as a crawl does; gives the seconds it took."""
    busy = 0.0
    for at in range(0, len(numbers), PAGE):
        stored = catalog.by_numbers(numbers[at : at + PAGE])
        batch = Batch(tuple(change(model) for model in stored.values()))
        began = time.perf_counter()
        catalog.apply(batch)
        busy += time.perf_counter() - began
    return busy


def evenly(home: Path, count: int) -> list[int]:
    """Give the numbers of so many models, old and new."""
    with closing(sqlite3.connect(home / "catalog.db")) as database:
        numbers = [row[0] for row in database.execute("select number from models order by number")]
    return numbers[:: max(1, len(numbers) // count)][:count]


def popular(home: Path, count: int) -> list[int]:
    """Give the numbers of every second of the popular models."""
    query = "select number from models order by downloads desc nulls last limit ?"
    with closing(sqlite3.connect(home / "catalog.db")) as database:
        return [row[0] for row in database.execute(query, (2 * count,))][::2]


def pushed(model: StoredModel) -> Listed:
    """Let somebody push to a model."""
    sha = f"{model.number + time.time_ns():040x}"
    return Listed(replace(model.record, sha=sha, updated_at=datetime.now(UTC)), model.counters)


def tagged(model: StoredModel) -> Listed:
    """Let somebody push to a model, and give it one more tag."""
    new = pushed(model)
    return replace(new, record=replace(new.record, tags=(*new.record.tags, "lately-tagged")))


def downloaded(model: StoredModel) -> Listed:
    """Let somebody download a model."""
    return Listed(model.record, replace(model.counters, downloads=(model.counters.downloads or 0) + 1))

"""The stage that follows: models change in a copy of the home, and its index follows them.

The home itself stays as it was, so that the stage can be run again and others find what was built.
"""

import argparse
import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from indexer.catalog.store import Catalog
from indexer.engines.embedded.writer import EmbeddedWriter
from indexer.process import collect_garbage_rarely
from indexer.records import Batch, Listed, StoredModel
from indexer.search import Search
from indexer.sync import Sync
from tests.benchmarks.asking import WARM, ask, ask_all, database_of, opened, timings_of
from tests.benchmarks.building import PAGE
from tests.benchmarks.figures import Figure, amount, peak_memory, say, size_of, spread
from tests.benchmarks.questions import Question, distinct, ids_typed, names_to_type

CHANGED = 10_000
"""Models that were pushed to; fewer where they would be more than a tenth of all."""
COUNTED = 100_000
"""Popular models whose counters moved; the same."""
ASKED_AFTER = 5
"""Afterwards every so many-th keystroke is asked."""
FIRST, SECOND = "llama 7b instruct", "qwen 7b instruct"


@dataclass(frozen=True, slots=True)
class _Copy:
    """A home that may change."""

    home: Path
    catalog: Catalog
    writer: EmbeddedWriter
    search: Search


def sync_stage(arguments: argparse.Namespace) -> Iterator[Figure]:
    """Change models through the catalog, follow them, and search right behind the commit."""
    collect_garbage_rarely()
    names = names_to_type(arguments.home, arguments.names)
    with _copy_of(arguments.home) as copy:
        models = copy.catalog.state().models
        changed = _evenly(copy.home, min(CHANGED, models // 10))
        yield from _followed(copy, "changed models", changed, _pushed)
        counted = _popular(copy.home, min(COUNTED, models // 10))
        yield from _followed(copy, "moved counters", counted, _downloaded)
        began = time.perf_counter()
        copy.writer.close()
        yield amount("closing the writer, merges ended", time.perf_counter() - began, "s")
        yield from _keystrokes(copy.home, distinct(ids_typed(names))[::ASKED_AFTER])
        yield amount("index on disk afterwards", size_of((copy.home / "index").rglob("*")), "MB")
        yield peak_memory("sync")


def _followed(
    copy: _Copy, what: str, numbers: Sequence[int], change: Callable[[StoredModel], Listed]
) -> Iterator[Figure]:
    """Apply a change to models, page by page as a crawl does, then let the index follow."""
    ask(copy.search, Question("", WARM))
    busy = 0.0
    for at in range(0, len(numbers), PAGE):
        stored = copy.catalog.by_numbers(numbers[at : at + PAGE])
        batch = Batch(tuple(change(model) for model in stored.values()))
        began = time.perf_counter()
        copy.catalog.apply(batch)
        busy += time.perf_counter() - began
    count = f"{len(numbers):,} {what}"
    yield amount(f"{count}: into the catalog", busy, "s", note=f"{len(numbers) / busy:,.0f} a second")
    processor = time.process_time()
    with Catalog(database_of(copy.home), read_only=True) as catalog:
        report = Sync(catalog, copy.writer).run()
    processor = time.process_time() - processor
    first, second = (ask(copy.search, Question("", text)).took_ms for text in (FIRST, SECOND))
    note = f"{report.done}{f' ({report.why})' if report.why else ''}, {report.written:,} documents"
    yield amount(f"{count}: into the index", report.seconds, "s", note=note)
    yield amount(f"{count}: into the index, a second", report.per_second, "documents/s")
    yield amount(f"{count}: a processor second", report.written / processor, "documents/s")
    yield amount(
        f"{count}: first search after the commit", first, "ms", note=f"the one after it: {second} ms"
    )


def _keystrokes(home: Path, typed: Sequence[Question]) -> Iterator[Figure]:
    """Search an index that has followed: it has more, and smaller, parts than one just built."""
    with opened(home) as search:
        ask(search, Question("", WARM))
        asked = timings_of(ask_all(search, typed))
    yield spread("hits and total afterwards, keystrokes", asked, p50=3, p99=12)


@contextmanager
def _copy_of(home: Path) -> Iterator[_Copy]:
    folder = home / "changed"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        say(f"sync: copying {home.name}")
        with (
            closing(sqlite3.connect(home / "catalog.db")) as old,
            closing(sqlite3.connect(folder / "catalog.db")) as new,
        ):
            old.backup(new)
        shutil.copytree(home / "index", folder / "index")
        os.sync()  # else the first commit waits for the copy to reach the disk
        with Catalog(database_of(folder)) as catalog, opened(folder) as search:
            yield _Copy(folder, catalog, EmbeddedWriter(folder / "index"), search)
    finally:
        shutil.rmtree(folder)


def _evenly(home: Path, count: int) -> list[int]:
    """Give the numbers of so many models, old and new."""
    with closing(sqlite3.connect(home / "catalog.db")) as database:
        numbers = [row[0] for row in database.execute("select number from models order by number")]
    return numbers[:: max(1, len(numbers) // count)][:count]


def _popular(home: Path, count: int) -> list[int]:
    """Give the numbers of every second of the popular models."""
    query = "select number from models order by downloads desc nulls last limit ?"
    with closing(sqlite3.connect(home / "catalog.db")) as database:
        return [row[0] for row in database.execute(query, (2 * count,))][::2]


def _pushed(model: StoredModel) -> Listed:
    sha = f"{model.number + time.time_ns():040x}"
    return Listed(replace(model.record, sha=sha, updated_at=datetime.now(UTC)), model.counters)


def _downloaded(model: StoredModel) -> Listed:
    return Listed(model.record, replace(model.counters, downloads=(model.counters.downloads or 0) + 1))

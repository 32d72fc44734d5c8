"""The stage that follows: models change in a copy of the home, and its index follows them.

The home itself stays as it was, so that the stage can be run again and others find what was built.
"""

import argparse
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from indexer.catalog.store import Catalog
from indexer.engines.embedded.writer import EmbeddedWriter
from indexer.process import collect_garbage_rarely
from indexer.search import Search
from indexer.sync import Sync
from tests.benchmarks.asking import WARM, ask, ask_all, database_of, opened, timings_of
from tests.benchmarks.changing import (
    CHANGED,
    COUNTED,
    Change,
    apply_to,
    copy_catalog,
    downloaded,
    evenly,
    popular,
    pushed,
)
from tests.benchmarks.figures import Figure, amount, peak_memory, say, size_of, spread
from tests.benchmarks.questions import Question, distinct, ids_typed, names_to_type

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
        changed = evenly(copy.home, min(CHANGED, models // 10))
        yield from _followed(copy, "changed models", changed, pushed)
        counted = popular(copy.home, min(COUNTED, models // 10))
        yield from _followed(copy, "moved counters", counted, downloaded)
        began = time.perf_counter()
        copy.writer.close()
        yield amount("closing the writer, merges ended", time.perf_counter() - began, "s")
        yield from _keystrokes(copy.home, distinct(ids_typed(names))[::ASKED_AFTER])
        yield amount("index on disk afterwards", size_of((copy.home / "index").rglob("*")), "MB")
        yield peak_memory("sync")


def _followed(copy: _Copy, what: str, numbers: Sequence[int], change: Change) -> Iterator[Figure]:
    """Apply a change to models, page by page as a crawl does, then let the index follow."""
    ask(copy.search, Question("", WARM))
    busy = apply_to(copy.catalog, numbers, change)
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
        shutil.copytree(home / "index", folder / "index")
        copy_catalog(home, folder)
        with Catalog(database_of(folder)) as catalog, opened(folder) as search:
            yield _Copy(folder, catalog, EmbeddedWriter(folder / "index"), search)
    finally:
        shutil.rmtree(folder)

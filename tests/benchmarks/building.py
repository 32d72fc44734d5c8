"""Stages that build: rows -> catalog, catalog -> index."""

import argparse
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice

import orjson

from crawler.rows import parse_row
from indexer.catalog.store import Catalog
from indexer.engines.embedded.writer import EmbeddedWriter
from indexer.process import collect_garbage_rarely
from indexer.records import Batch, Checkpoint, Listed, Waypoint
from indexer.sync import Sync
from tests.benchmarks.asking import database_of
from tests.benchmarks.figures import Figure, amount, peak_memory, processor_seconds, say, size_of
from tests.fakes.hub import GeneratedSource, ReplaySource

PAGE = 1_000


def pages_of(arguments: argparse.Namespace) -> Iterator[bytes]:
    """The listing's pages as bytes, as the crawler gets them."""
    source = ReplaySource(arguments.replay) if arguments.replay else GeneratedSource(arguments.models)
    rows = iter(source.rows())
    while page := list(islice(rows, PAGE)):
        yield orjson.dumps(page)


def crawl_stage(arguments: argparse.Namespace) -> Iterator[Figure]:
    """Bytes of a page -> rows -> records -> catalog; making the pages is not counted."""
    arguments.home.mkdir(parents=True, exist_ok=True)
    busy, processor, rows, new, slowest = 0.0, 0.0, 0, 0, 0.0
    with Catalog(database_of(arguments.home)) as catalog:
        began_at = datetime.now(UTC)
        checkpoint = Checkpoint("full", None, began_at)
        for page in pages_of(arguments):
            began, began_processor = time.perf_counter(), time.process_time()
            parsed = [parse_row(row) for row in orjson.loads(page)]
            checkpoint = checkpoint.after_page(None, len(parsed))
            listed = tuple(one for one in parsed if isinstance(one, Listed))
            waypoint = Waypoint("https://hub.example/next", began_at + timedelta(seconds=rows))
            batch = Batch(listed, checkpoints=(checkpoint,), seen_by=began_at, waypoint=waypoint)
            new += catalog.apply(batch).new
            took = time.perf_counter() - began
            busy, slowest, rows = busy + took, max(slowest, took), rows + len(parsed)
            processor += time.process_time() - began_processor
            if rows % 500_000 == 0:
                say(f"  {rows:,} rows, {rows / busy:,.0f} rows/s")
        catalog.apply(Batch(checkpoints=(replace(checkpoint, finished_at=datetime.now(UTC)),)))
    note = f"{rows:,} rows, {new:,} of them new"
    yield amount("rows -> catalog", rows / busy, "rows/s", at_least=8_000, note=note)
    yield amount("rows -> catalog, a processor second", rows / processor, "rows/s")
    yield amount("slowest page of 1,000 rows", slowest * 1000, "ms")
    yield peak_memory("rows -> catalog")


def index_stage(arguments: argparse.Namespace) -> Iterator[Figure]:
    """Build the index from the catalog."""
    collect_garbage_rarely()
    processor = processor_seconds()
    with Catalog(database_of(arguments.home), read_only=True) as catalog:
        report = Sync(catalog, EmbeddedWriter(arguments.home / "index")).rebuild()
    processor = processor_seconds() - processor
    note = f"{report.written:,} documents"
    yield amount("index build", report.seconds, "s", at_most=180, note=note)
    yield amount("index build, a second", report.per_second, "documents/s", at_least=15_000)
    yield amount("index build, a processor second", report.written / processor, "documents/s")
    index = arguments.home / "index"
    yield amount("index of models on disk", size_of(index.glob("models-*/*")), "MB", at_most=900)
    yield amount("index of variants on disk", size_of(index.glob("models-*/variants/*")), "MB", at_most=600)
    yield amount("catalog on disk", size_of(arguments.home.glob("catalog.db*")), "MB", at_most=3_500)
    yield peak_memory("index build")

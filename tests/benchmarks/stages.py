"""The stages of the benchmark."""

import argparse
import random
import resource
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import median

import orjson

from crawler.rows import parse_row
from indexer.catalog.store import Catalog
from indexer.engines.embedded.reader import EmbeddedReader
from indexer.engines.embedded.writer import EmbeddedWriter
from indexer.process import collect_garbage_rarely
from indexer.query import parse_query
from indexer.ranking import Step
from indexer.records import Batch, Checkpoint, Listed, Waypoint
from indexer.search import Search
from indexer.sync import Sync
from tests.fakes.hub import GeneratedSource, ReplaySource

PAGE = 1_000


def database_of(home: Path) -> str:
    return f"sqlite:///{home / 'catalog.db'}"


def say(text: str) -> None:
    print(text, flush=True)


def memory() -> str:
    """Peak memory of this process (RSS, mapped files included)."""
    return f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB peak"


def pages_of(arguments: argparse.Namespace) -> Iterator[bytes]:
    """The listing's pages as bytes, as the crawler gets them."""
    source = ReplaySource(arguments.replay) if arguments.replay else GeneratedSource(arguments.models)
    rows = iter(source.rows())
    while page := list(islice(rows, PAGE)):
        yield orjson.dumps(page)


def crawl_stage(arguments: argparse.Namespace) -> None:
    """Bytes of a page -> rows -> records -> catalog; making the pages is not counted."""
    arguments.home.mkdir(parents=True, exist_ok=True)
    busy, processor, rows, slowest = 0.0, 0.0, 0, 0.0
    with Catalog(database_of(arguments.home)) as catalog:
        began_at = datetime.now(UTC)
        checkpoint = Checkpoint("full", None, began_at)
        for page in pages_of(arguments):
            began, began_processor = time.perf_counter(), time.process_time()
            parsed = [parse_row(row) for row in orjson.loads(page)]
            checkpoint = checkpoint.after_page(None, len(parsed))
            listed = tuple(one for one in parsed if isinstance(one, Listed))
            waypoint = Waypoint("https://hub.example/next", began_at + timedelta(seconds=rows))
            catalog.apply(Batch(listed, checkpoints=(checkpoint,), seen_by=began_at, waypoint=waypoint))
            took = time.perf_counter() - began
            busy, slowest, rows = busy + took, max(slowest, took), rows + len(parsed)
            processor += time.process_time() - began_processor
            if rows % 500_000 == 0:
                say(f"  {rows:,} rows, {rows / busy:,.0f} rows/s")
        catalog.apply(Batch(checkpoints=(replace(checkpoint, finished_at=datetime.now(UTC)),)))
        models = catalog.state().models
    size = sum(path.stat().st_size for path in arguments.home.glob("catalog.db*"))
    say(
        f"crawl side: {rows:,} rows, {models:,} models, {rows / busy:,.0f} rows/s "
        f"({rows / processor:,.0f} a processor second), slowest page {slowest * 1000:,.0f} ms, "
        f"catalog {size / 1e6:,.0f} MB, {memory()}"
    )


def index_stage(arguments: argparse.Namespace) -> None:
    """Build the index from the catalog."""
    collect_garbage_rarely()
    processor = time.process_time()
    with Catalog(database_of(arguments.home), read_only=True) as catalog:
        report = Sync(catalog, EmbeddedWriter(arguments.home / "index")).rebuild()
    processor = time.process_time() - processor
    size = sum(path.stat().st_size for path in (arguments.home / "index").rglob("*") if path.is_file())
    say(
        f"index side: {report.written:,} documents in {report.seconds:,.0f} s, {report.per_second:,.0f}/s "
        f"({report.written / processor:,.0f} a processor second), index {size / 1e6:,.0f} MB, {memory()}"
    )


def search_stage(arguments: argparse.Namespace) -> None:
    """Type names as people do, key by key; every keystroke is a search for twenty hits."""
    collect_garbage_rarely()
    names = _names_to_type(arguments.home, arguments.names)
    with Catalog(database_of(arguments.home), read_only=True) as catalog:
        engine = EmbeddedReader(arguments.home / "index")
        search = Search(catalog, engine)
        search.answer(parse_query("warm"))

        def ask(text: str) -> None:
            search.answer(parse_query(text))

        typed = [name[: end + 1] for name in names for end in range(len(name))]
        fresh = list(dict.fromkeys(typed))
        say(f"search: {len(names)} names, {len(typed):,} keystrokes, {len(fresh):,} of them distinct")
        timings = [(_milliseconds(partial(ask, text)), text) for text in fresh]
        _report("first time each", timings)
        by_length: dict[str, list[tuple[float, str]]] = {}
        for took, text in timings:
            kind = (
                "1 key"
                if len(text) == 1
                else "2 keys"
                if len(text) == 2
                else "owner/"
                if "/" in text
                else "name"
            )
            by_length.setdefault(kind, []).append((took, text))
        for kind, some in by_length.items():
            _report(f"  {kind}", some)
        again = [(_milliseconds(partial(ask, text)), text) for text in typed]
        _report("as typed, remembered", again)
        steps = [search.answer(parse_query(name)).hits[:1] for name in names]
        first = sum(1 for hits in steps if hits and hits[0].step is Step.EXACT_ID)
        say(f"  {first} of {len(names)} whole ids came first; {memory()}")
    _like_scan(arguments.home, random.Random(1).sample(fresh, min(20, len(fresh))))


def _milliseconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000


def _report(what: str, timings: list[tuple[float, str]]) -> None:
    ordered = sorted(timings)
    p99 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))][0]
    worst, text = ordered[-1]
    say(
        f"{what}: {len(ordered):,} searches, p50 {median(took for took, _ in ordered):.2f} ms, "
        f"p99 {p99:.2f} ms, worst {worst:.1f} ms ({text!r})"
    )


def _names_to_type(home: Path, count: int) -> list[str]:
    """Names people look for: half of them drawn from the popular tenth, half from all."""
    with sqlite3.connect(home / "catalog.db") as database:
        total = database.execute("select count(*) from models").fetchone()[0]
        by_popularity = "select repo_id from models order by downloads desc nulls last limit ?"
        popular = [row[0] for row in database.execute(by_popularity, (max(count, total // 10),))]
        numbers = random.Random(7).sample(range(1, total + 1), count)
        one = "select repo_id from models where number = ?"
        anyone = [row[0] for number in numbers for row in database.execute(one, (number,))]
    chosen = random.Random(3)
    return [*chosen.sample(popular, count // 2), *chosen.sample(anyone, count - count // 2)]


def _like_scan(home: Path, texts: list[str]) -> None:
    """What a plain scan of the names costs for the same question: count and top twenty."""
    top = "select repo_id from models where repo_id like ? order by downloads desc limit 20"
    count = "select count(*) from models where repo_id like ?"
    timings = []
    with sqlite3.connect(home / "catalog.db") as database:

        def scan(pattern: str) -> None:
            for query in (top, count):
                database.execute(query, (pattern,)).fetchall()

        for text in texts:
            pattern = "%" + "%".join(text.lower().split("/")) + "%"
            timings.append((_milliseconds(partial(scan, pattern)), text))
    _report("the same as LIKE scans", timings)

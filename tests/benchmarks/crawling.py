"""Stages that run whole crawls: the product's own process against a stand-in Hub in a process beside it."""

import argparse
import multiprocessing
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice
from multiprocessing.connection import Connection

import orjson

from indexer.catalog.store import Catalog
from tests.benchmarks.asking import database_of
from tests.benchmarks.figures import Figure, amount, memory, say, size_of
from tests.fakes.hub import ChangedSource, FakeHub, GeneratedSource, ModelSource, Order, Row

RECENT = 20_000
"""Models that were pushed to since the last look; the Hub sees about as many in two days."""
POPULAR = 130_000
"""The counters of every second of these have moved since the last look."""
QUOTAS = {"nobody's": (500, 300), "a free account's": (1_000, 300), "PRO's": (2_500, 300)}
"""Requests and seconds of a window (published 2026)."""


def full_stage(arguments: argparse.Namespace) -> Iterator[Figure]:
    """Every model over HTTP, as fast as both sides can: what is left when the quota is no limit."""
    yield from _crawl(arguments, "full", lambda: GeneratedSource(arguments.models))


def recent_stage(arguments: argparse.Namespace) -> Iterator[Figure]:
    """What `RECENT` pushes since the last full pass cost."""
    with Catalog(database_of(arguments.home), read_only=True) as catalog:
        full = catalog.checkpoint("full")
    since = full.started_at if full is not None else datetime.now(UTC)

    def changed() -> ModelSource:
        source = ChangedSource(base := GeneratedSource(arguments.models))
        step = max(1, arguments.models // RECENT)
        source.update(_pushed(base, range(0, arguments.models, step), since))
        return source

    yield from _crawl(arguments, "recent", changed)


def counters_stage(arguments: argparse.Namespace) -> Iterator[Figure]:
    """What it costs to follow the counters of the popular models."""

    def drifted() -> ModelSource:
        source = ChangedSource(base := GeneratedSource(arguments.models))
        popular = islice(base.after(Order("downloads"), None), 0, POPULAR, 2)
        source.update([row | {"downloads": _number(row["downloads"]) + 1} for row in popular])
        return source

    yield from _crawl(arguments, "counters", drifted)


def _pushed(base: GeneratedSource, numbers: Iterable[int], since: datetime) -> Iterator[Row]:
    for place, number in enumerate(numbers):
        moment = (since + timedelta(milliseconds=place)).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
        yield base.row(number) | {"lastModified": f"{moment}Z", "sha": f"{place:040x}"}


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _crawl(arguments: argparse.Namespace, name: str, make: Callable[[], ModelSource]) -> Iterator[Figure]:
    arguments.home.mkdir(parents=True, exist_ok=True)
    with _hub(make) as url:
        settings = {"HUBDEX_HOME": str(arguments.home), "HUBDEX_UPSTREAM": url, "HF_TOKEN": ""}
        began = time.perf_counter()
        crawl = subprocess.run(
            [sys.executable, "-m", "crawler", name, "--json"],
            env=os.environ | settings, capture_output=True, check=False,
        )  # fmt: skip
        took = time.perf_counter() - began
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
    if crawl.returncode:
        raise SystemExit(crawl.stderr.decode())
    yield from _figures(orjson.loads(crawl.stdout), took, used)
    catalog = size_of(arguments.home.glob("catalog.db*"))
    yield amount(f"crawl {name}: catalog on disk", catalog, "MB", at_most=3_500)


def _figures(report: dict[str, int], took: float, used: resource.struct_rusage) -> Iterator[Figure]:
    what = f"crawl {report['pass']}"
    rows, requests = report["rows"], report["requests"]
    say(
        f"{what}: {rows:,} rows ({report['new']:,} new, {report['changed']:,} changed, "
        f"{report['counters']:,} counters) in {took:,.1f} s"
    )
    shares = "; ".join(
        f"{requests / limit:.1%} of {whose} window ({requests * seconds / limit:,.0f} s)"
        for whose, (limit, seconds) in QUOTAS.items()
    )
    yield amount(f"{what}: requests", requests, note=shares)
    yield amount(f"{what}: a second", rows / took, "rows/s", note=f"{rows:,} rows")
    yield amount(f"{what}: a processor second", rows / (used.ru_utime + used.ru_stime), "rows/s")
    yield memory(what, used)


@contextmanager
def _hub(make: Callable[[], ModelSource]) -> Iterator[str]:
    """Run a Hub without a limit in a process of its own; gives its address."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    hub = context.Process(target=_serve, args=(make, theirs))
    hub.start()
    theirs.close()
    try:
        yield ours.recv()
    finally:
        ours.send(None)
        hub.join()


def _serve(make: Callable[[], ModelSource], pipe: Connection) -> None:
    with FakeHub(make(), quota=1_000_000) as hub:
        pipe.send(hub.url)
        pipe.recv()

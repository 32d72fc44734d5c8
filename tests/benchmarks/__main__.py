"""Figures of the whole way: `python -m tests.benchmarks --home DIR [--models N | --replay DIR]`.

Prints what each stage measures and, at the end, one table of it beside what is wanted; never fails on time.
The figures are kept in the home (`figures.json`): stages can be run one by one, on different days, and
`--stages table` prints them all. Stages build on one another in the same home:

crawl     rows -> catalog, without a network; or full: the same by a whole crawl over HTTP
recent, counters  crawls of what changed since a full one
index     catalog -> index
search    every keystroke of many names, and every other kind of query
variants  the same keystrokes for variants, and what variants must be
serve     the same keystrokes over HTTP, against the product's own service
sync      the index follows changes, in a copy of the home
engines   both engines side by side; needs a Meilisearch server (HUBDEX_TEST_MEILISEARCH), about an hour
download  files from the stand-in Hub into a cache, beside huggingface_hub
grams     what a server's index would be with fewer lengths of grams; the same
freshness 14 days beside a Hub that lives, in virtual time (minutes); builds on nothing
check     totals compared with their definition, over every id (minutes)
table     all figures that were kept
"""

import argparse
import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from indexer.catalog.store import Catalog
from indexer.errors import CatalogMissing
from tests.benchmarks.asking import database_of
from tests.benchmarks.building import crawl_stage, index_stage
from tests.benchmarks.checking import check_stage
from tests.benchmarks.choosing import variants_stage
from tests.benchmarks.crawling import counters_stage, full_stage, recent_stage
from tests.benchmarks.downloading import downloading_stage
from tests.benchmarks.engines import engines_stage
from tests.benchmarks.figures import Figure, Run, keep, say, shown
from tests.benchmarks.gramming import grams_stage
from tests.benchmarks.living import freshness_stage
from tests.benchmarks.searching import search_stage
from tests.benchmarks.serving import serve_stage
from tests.benchmarks.syncing import sync_stage
from tests.benchmarks.table import print_table

STAGES: dict[str, Callable[[argparse.Namespace], Iterator[Figure]]] = {
    "crawl": crawl_stage,
    "full": full_stage,
    "recent": recent_stage,
    "counters": counters_stage,
    "index": index_stage,
    "search": search_stage,
    "variants": variants_stage,
    "serve": serve_stage,
    "sync": sync_stage,
    "download": downloading_stage,
    "engines": engines_stage,
    "grams": grams_stage,
    "freshness": freshness_stage,
    "check": check_stage,
}
TABLE = "table"
DEFAULT = ["crawl", "index", "search", "serve", "sync", TABLE]


def main() -> None:
    arguments = _parser().parse_args()
    for stage in arguments.stages:
        if stage == TABLE:
            print_table(arguments.home, list(STAGES))
            continue
        # Each in a process of its own, as in the product: memory and caches are its own too.
        child = os.fork()
        if child == 0:
            _run(stage, arguments)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status:
            raise SystemExit(1)


def _run(stage: str, arguments: argparse.Namespace) -> None:
    began, busy, own = time.monotonic(), _busy_seconds(), _own_seconds()
    figures = []
    for figure in STAGES[stage](arguments):
        say(f"{figure.what}: {shown(figure)}{f' ({figure.note})' if figure.note else ''}")
        figures.append(figure)
    models = 0
    with suppress(CatalogMissing), Catalog(database_of(arguments.home), read_only=True) as catalog:
        models = catalog.state().models
    others = (_busy_seconds() - busy - (_own_seconds() - own)) / (time.monotonic() - began)
    at = datetime.now(UTC).isoformat(timespec="seconds")
    keep(arguments.home, stage, Run(at, models, max(0.0, others), figures))


def _busy_seconds() -> float:
    """Give what all processors together have worked since the machine began."""
    ticks = [int(field) for field in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    idle, waiting = ticks[3:5]
    return (sum(ticks) - idle - waiting) / os.sysconf("SC_CLK_TCK")


def _own_seconds() -> float:
    """Give what this process and those it waited for have worked."""
    return sum(os.times()[:4])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--home", type=Path, required=True, help="an empty or earlier folder")
    parser.add_argument("--models", type=int, default=100_000)
    parser.add_argument("--replay", type=Path, help="folder of models.jsonl.gz, instead of generating")
    parser.add_argument("--names", type=int, default=500, help="names to type")
    parser.add_argument(
        "--clients", type=int, nargs="+", default=[1, 4], help="clients at a time, of one run each"
    )
    parser.add_argument("--keep", action="store_true", help="leave what `engines` and `grams` built")
    parser.add_argument("--stages", nargs="+", choices=[*STAGES, TABLE], default=DEFAULT)
    return parser


if __name__ == "__main__":
    main()

"""First figures: `python -m tests.benchmarks --home DIR [--models N | --replay DIR] [--stages ...]`.

Each stage prints what it measured; none ever fails on time. Stages build on one another in the
same home: `crawl` (rows -> catalog, no network), or `full` (the same by a whole crawl over HTTP);
`recent` and `counters` (crawls of what changed since); `index` (catalog -> index); `search` (every
keystroke).
"""

import argparse
import os
from pathlib import Path

from tests.benchmarks.crawling import counters_stage, full_stage, recent_stage
from tests.benchmarks.stages import crawl_stage, index_stage, search_stage

STAGES = {
    "crawl": crawl_stage,
    "full": full_stage,
    "recent": recent_stage,
    "counters": counters_stage,
    "index": index_stage,
    "search": search_stage,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="an empty or earlier folder")
    parser.add_argument("--models", type=int, default=100_000)
    parser.add_argument("--replay", type=Path, help="folder of models.jsonl.gz, instead of generating")
    parser.add_argument("--names", type=int, default=500, help="names to type")
    parser.add_argument("--stages", nargs="+", choices=list(STAGES), default=["crawl", "index", "search"])
    arguments = parser.parse_args()
    for stage in arguments.stages:
        # Each in a process of its own, as in the product: memory and caches are its own too.
        child = os.fork()
        if child == 0:
            STAGES[stage](arguments)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status:
            raise SystemExit(1)


if __name__ == "__main__":
    main()

"""The stage of freshness: fourteen days beside a Hub that lives and has trouble, in virtual time."""

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

from tests.benchmarks.figures import Figure, amount, say
from tests.journeys.forking import Forks
from tests.journeys.freshness import FORTNIGHT, RIGHT, live
from tests.journeys.staleness import at_share

HOUR = timedelta(hours=1)


def freshness_stage(arguments: argparse.Namespace) -> Iterator[Figure]:
    """Live through a fortnight in a home of its own; the table is kept beside the figures."""
    with tempfile.TemporaryDirectory() as folder, Forks(is_virtual=True) as forks:
        fresh = live(Path(folder), forks, FORTNIGHT, tell=say)
    say(fresh.table())
    arguments.home.mkdir(parents=True, exist_ok=True)
    (arguments.home / "freshness.md").write_text(f"{fresh.table()}\n")
    yield amount("429s of 14 days", fresh.throttled, at_most=0)
    yield amount(
        "anonymous quota, worst day", max(fresh.share(day) for day in fresh.days) * 100, "%", at_most=60
    )
    yield _late("new models not known", fresh.late("new"), p50=1)
    yield _late("models not right", fresh.spared(*RIGHT), p99=24)
    yield _late("models not right, all of them", fresh.late(*RIGHT))
    yield _late("counters not right", fresh.late("counters"))


def _late(what: str, late: Sequence[timedelta], **at_most: float) -> Figure:
    p50, p99 = at_share(0.5, late) / HOUR, at_share(0.99, late) / HOUR
    measured = {"p50": p50, "p99": p99, "worst": max(late) / HOUR}
    return Figure(what, measured, "h", at_most, note=f"{len(late):,} of them; the outage is not counted")

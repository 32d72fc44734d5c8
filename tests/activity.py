"""Homes in which things ran: what is told of a night."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from indexer.config import HomeConfig
from indexer.errors import HubdexError, UpstreamUnavailable
from indexer.planned import Plan, Planned, write_plan
from indexer.runs import Outcome, Run, Runs

AWAY = "huggingface.co cannot be reached (Connection refused); tried 5 times."


def record(
    home: Path,
    name: str,
    begun: datetime,
    minutes: float,
    figures: Mapping[str, float] | None = None,
    *,
    error: HubdexError | None = None,
    outcome: Outcome = "done",
) -> None:
    """Write a run down that began then and took so long."""
    moments = iter([begun, begun + timedelta(minutes=minutes)])
    try:
        with Runs(HomeConfig(home=home), now=lambda: next(moments)).running(name) as run:
            run.note(figures or {})
            run.end(outcome)
            if error is not None:
                raise error
    except HubdexError:
        pass


def record_night(home: Path, now: datetime) -> None:
    """Write down a night in which the Hub was away for a while, and what was done since."""
    hour = timedelta(hours=1)
    full = {"answers_200": 3_104, "rows": 3_103_211, "new": 2_914, "changed": 8_120, "removed": 311}
    record(home, "crawl-full", now - 9 * hour, 34, full)
    record(home, "crawl-counters", now - 5 * hour, 2.2, {"rows": 135_000, "counters": 41_203})
    record(home, "crawl-recent", now - 2.1 * hour, 3, error=UpstreamUnavailable(AWAY))
    record(home, "crawl-recent", now - 1.1 * hour, 0.1, {"rows": 2_000, "new": 131, "changed": 240})
    record(home, "crawl-files", now - 3 * hour, 22, {"rows": 1_000, "answers_429": 1}, outcome="later")
    record(home, "index-sync", now - 9 * hour, 410, {"syncs": 30, "written": 51_234, "removed": 311})
    lost = Run(now - 6 * hour, "running", figures={"rows": 1}, process=1)
    runs = Runs(HomeConfig(home=home))
    ledger = runs.ledger("index-upkeep")
    runs.write(type(ledger)("index-upkeep", (lost,)))


def plan_day(home: Path, now: datetime) -> None:
    """Write down what is next."""
    minute = timedelta(minutes=1)
    jobs = (
        Planned("crawl-head", "once", None, waits_for="it has done its work"),
        Planned("crawl-recent", "every 1h", now + 12 * minute),
        Planned("crawl-full", "at 03:30", now + 900 * minute),
        Planned("crawl-counters", "off", None, waits_for="it is off"),
        Planned("crawl-files", "every 1h", now - minute),
    )
    write_plan(HomeConfig(home=home), Plan(now, jobs))

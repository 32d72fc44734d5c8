"""What a scheduler will run next: written by it, for everybody to read."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter, ValidationError

from indexer.config import HomeConfig
from indexer.process import holder_of

SCHEDULE_LOCK = "schedule"
"""Held by the scheduler that runs; its note says by which command."""
MAX_BYTES = 100_000


@dataclass(frozen=True, slots=True)
class Planned:
    """When one job runs."""

    name: str
    """The name of its runs' records."""
    trigger: str
    """In words: `at 03:30`, `every 6h`, `off`."""
    due_at: datetime | None = None
    """`None`: it runs, or waits for something else."""
    is_running: bool = False
    waits_for: str = ""
    """Why it has no time, in a clause; empty where it has one or runs."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What one scheduler will do."""

    written_at: datetime
    jobs: tuple[Planned, ...] = ()
    """The most urgent kind first."""


_PLAN = TypeAdapter(Plan)


def read_plan(config: HomeConfig) -> Plan | None:
    """Give what is next; `None` where no scheduler runs or what it wrote cannot be read."""
    if holder_of(config.lock_folder, SCHEDULE_LOCK) is None:
        return None
    try:
        with config.plan_path.open("rb") as opened:
            return _PLAN.validate_json(opened.read(MAX_BYTES))
    except (OSError, ValidationError):
        return None


def write_plan(config: HomeConfig, plan: Plan) -> None:
    """Write down what is next, whole; where that cannot be, it is not told."""
    temporary = config.plan_path.with_suffix(".new")
    with suppress(OSError):
        temporary.write_bytes(_PLAN.dump_json(plan))
        temporary.replace(config.plan_path)

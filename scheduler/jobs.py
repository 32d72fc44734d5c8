"""What is to run, as data; pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta, tzinfo
from enum import Enum

from indexer.records import TREES, Checkpoint
from scheduler.config import ScheduleConfig
from scheduler.triggers import Cron, Every, Once, Timing, Trigger

CACHE_EVERY = timedelta(hours=1)
"""Downloads keep to the limit by themselves; this is for one that was made smaller."""


class Stage(Enum):
    """How much of the Hub the catalog holds: first the popular models, then everything, then what is new."""

    EMPTY = "nothing"
    POPULAR = "the popular models"
    WHOLE = "the whole Hub"


ALWAYS = frozenset(Stage)
BEGUN = ALWAYS - {Stage.EMPTY}
WHOLE = frozenset({Stage.WHOLE})


@dataclass(frozen=True, slots=True)
class Job:
    """Something that runs as a process of its own."""

    name: str
    """Its record's name."""
    room: str
    arguments: tuple[str, ...]
    trigger: Trigger | None
    """`None`: it is off."""
    rank: int
    """A lower one goes first; a crawl gives way to one of a lower."""
    limit: timedelta
    """How long it may take; it is then ended, and goes on at its next run."""
    stages: frozenset[Stage] = ALWAYS
    """When it makes sense."""
    ends_with: str | None = None
    """The checkpoint that tells when it was last done; `None`: only its record does."""
    resumes: tuple[str, ...] = ()
    """Checkpoints that, while they are under way, are reason enough to go on at once."""

    @property
    def is_crawl(self) -> bool:
        """Whether it is one of those of which one runs at a time."""
        return self.room == "crawler"


SYNC = Job("index-sync", "indexer", ("sync",), None, 9, timedelta(hours=6))
"""Follows a crawl where nothing follows the catalog all the time."""


def jobs_of(config: ScheduleConfig) -> tuple[Job, ...]:
    """Give every job, in the order of rank, also those that are off."""
    zone, hour = config.zone, timedelta(hours=1)
    files = ("files", "--budget", str(config.schedule_files_budget))
    recent, full = bound(config.schedule_recent, zone), bound(config.schedule_full, zone)
    counters, trees = bound(config.schedule_counters, zone), bound(config.schedule_files, zone)
    upkeep = bound(config.schedule_upkeep, zone)
    head = None if full is None else Once()
    jobs = [
        Job("crawl-head", "crawler", ("head",), head, 0, hour, frozenset({Stage.EMPTY}), "trending"),
        Job("crawl-recent", "crawler", ("recent",), recent, 1, hour, WHOLE, "created"),
        Job("crawl-full", "crawler", ("full",), full, 2, 12 * hour, BEGUN, "full", ("full", "sweep")),
        Job("crawl-counters", "crawler", ("counters",), counters, 3, hour, WHOLE, "likes"),
        Job("crawl-files", "crawler", files, trees, 4, 2 * hour, WHOLE, TREES, (TREES,)),
        Job("index-upkeep", "indexer", ("upkeep",), upkeep, 5, 2 * hour, WHOLE),
    ]
    if config.cache_limit:
        jobs.append(Job("cache-evict", "api", ("cache", "evict"), Every(CACHE_EVERY), 6, hour))
    return tuple(jobs)


def bound(timing: Timing, zone: tzinfo) -> Trigger | None:
    """Give what a setting says as a trigger that knows its zone."""
    return timing.within(zone) if isinstance(timing, Cron) else timing


def stage_of(checkpoints: Iterable[Checkpoint]) -> Stage:
    """Tell how much of the Hub a catalog with these checkpoints holds."""
    passes = {checkpoint.name: checkpoint for checkpoint in checkpoints}
    full, trending = passes.get("full"), passes.get("trending")
    if full is not None and full.last_finished_at is not None:
        return Stage.WHOLE
    if full is not None or (trending is not None and trending.last_finished_at is not None):
        return Stage.POPULAR
    return Stage.EMPTY

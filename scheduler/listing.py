"""`hubdex schedule --list`: each job, when it runs, how it last ended and when it is next."""

from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo
from typing import TypedDict

from indexer.answers import moment
from indexer.catalog.store import utc_now
from indexer.errors import EXIT_DONE
from indexer.planned import SCHEDULE_LOCK
from indexer.process import holder_of
from indexer.terminal import json_line, printable
from scheduler.config import ScheduleConfig
from scheduler.running import planned_of
from scheduler.seeing import Sight
from scheduler.timetable import Entry
from scheduler.up import timetable_of


class JobAnswer(TypedDict):
    """One job."""

    name: str
    trigger: str
    running: bool
    last_started_at: str | None
    last_ended_at: str | None
    last_outcome: str | None
    last_message: str
    due_at: str | None
    waits_for: str


class ScheduleAnswer(TypedDict):
    """All jobs."""

    scheduler: str | None
    """The command of the scheduler that runs; `None`: none does."""
    jobs: list[JobAnswer]


def list_schedule(config: ScheduleConfig, *, as_json: bool) -> int:
    """Print what ran and what is next; gives the exit code."""
    now = utc_now()
    entries = timetable_of(config).entries(Sight(config)(), now)
    holder = holder_of(config.lock_folder, SCHEDULE_LOCK)
    scheduler = None if holder is None else holder.note
    answer = schedule_answer(entries, scheduler)
    print(json_line(answer) if as_json else "\n".join(schedule_lines(entries, scheduler, config.zone, now)))  # noqa: T201
    return EXIT_DONE


def schedule_answer(entries: Sequence[Entry], scheduler: str | None) -> ScheduleAnswer:
    """Give what is listed, for programs."""
    return {"scheduler": scheduler, "jobs": [_job_answer(entry) for entry in entries]}


def schedule_lines(
    entries: Sequence[Entry], scheduler: str | None, zone: tzinfo, now: datetime
) -> Iterator[str]:
    """Give what is listed, for people: times are those of the clocks in the zone."""
    rows = [("job", "runs", "last", "next")]
    for entry, planned in zip(entries, planned_of(entries), strict=True):
        rows.append((planned.name, planned.trigger, _last(entry, zone), _next(entry, zone, now)))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for *columns, end in rows:
        cells = (f"{cell:<{width}}" for cell, width in zip(columns, widths, strict=True))
        yield f"{'  '.join(cells)}  {end}".rstrip()
    yield f"{scheduler} runs." if scheduler else "No scheduler runs: start one with hubdex up."


def _job_answer(entry: Entry) -> JobAnswer:
    newest = entry.newest
    return {
        "name": entry.job.name,
        "trigger": "off" if entry.job.trigger is None else str(entry.job.trigger),
        "running": entry.is_running,
        "last_started_at": moment(newest.started_at) if newest else None,
        "last_ended_at": moment(newest.ended_at) if newest and newest.ended_at else None,
        "last_outcome": newest.outcome if newest else None,
        "last_message": newest.message if newest else "",
        "due_at": moment(entry.due_at) if entry.due_at else None,
        "waits_for": entry.waits_for,
    }


def _last(entry: Entry, zone: tzinfo) -> str:
    newest = entry.newest
    if newest is None:
        return "never"
    if entry.is_running:
        return f"running since {_time(newest.started_at, zone)}"
    return f"{newest.outcome} {_time(newest.ended_at or newest.started_at, zone)}"


def _next(entry: Entry, zone: tzinfo, now: datetime) -> str:
    if entry.due_at is not None:
        return "now" if entry.due_at <= now else _time(entry.due_at, zone)
    return f"- ({printable(entry.waits_for)})" if entry.waits_for else "-"


def _time(time: datetime, zone: tzinfo) -> str:
    return f"{time.astimezone(zone):%Y-%m-%d %H:%M}"

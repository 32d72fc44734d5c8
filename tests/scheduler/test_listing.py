"""`hubdex schedule --list`."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import orjson
import pytest

from indexer.records import Checkpoint
from indexer.runs import Run
from scheduler.__main__ import main
from scheduler.config import ScheduleConfig
from scheduler.jobs import jobs_of
from scheduler.listing import schedule_answer, schedule_lines
from scheduler.timetable import Known, Timetable

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def test_jobs_are_listed_with_what_was_and_what_is_next(tmp_path: Path) -> None:
    config = ScheduleConfig(home=tmp_path, schedule_zone="Europe/Berlin", schedule_counters=None)
    done = Run(NOW, "done", NOW, "Read.", {"answers_200": 1})
    marks = tuple(
        Checkpoint(name, None, NOW, finished_at=NOW, last_finished_at=NOW) for name in ("full", "created")
    )
    known = Known(marks, {"crawl-recent": (done,), "crawl-full": (Run(NOW),)})
    entries = Timetable(jobs_of(config)).entries(known, NOW)
    lines = list(schedule_lines(entries, None, ZoneInfo("Europe/Berlin"), NOW))
    answer = schedule_answer(entries, "hubdex up")

    assert [" ".join(line.split()) for line in lines] == [
        "job runs last next",
        "crawl-head once never - (it has done its work)",
        "crawl-recent every 1h done 2026-11-21 13:00 2026-11-21 14:00",
        "crawl-full at 03:30 running since 2026-11-21 13:00 -",
        "crawl-counters off never - (it is off)",
        "crawl-files every 1h never now",
        "index-upkeep every 1d never now",
        "No scheduler runs: start one with hubdex up.",
    ]
    assert answer["scheduler"] == "hubdex up"
    assert answer["jobs"][1] == {
        "name": "crawl-recent",
        "trigger": "every 1h",
        "running": False,
        "last_started_at": "2026-11-21T12:00:00Z",
        "last_ended_at": "2026-11-21T12:00:00Z",
        "last_outcome": "done",
        "last_message": "Read.",
        "due_at": "2026-11-21T13:00:00Z",
        "waits_for": "",
    }


def test_an_empty_home_is_listed_and_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schedule", "--list", "--json"]) == 0
    answer = orjson.loads(capsys.readouterr().out)

    assert answer["scheduler"] is None
    assert [job["name"] for job in answer["jobs"] if job["due_at"]] == ["crawl-head"]
    assert not (tmp_path / "home").exists()

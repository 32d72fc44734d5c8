"""Settings of the scheduler, and the jobs they make."""

from datetime import timedelta
from pathlib import Path

import pytest

from crawler.passes import CRAWLS
from indexer.config import read_config
from indexer.errors import SettingsError
from scheduler.config import ScheduleConfig
from scheduler.jobs import jobs_of


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("HUBDEX_SCHEDULE_FULL", "sometimes"),
        ("HUBDEX_SCHEDULE_FULL", "30 99 * * *"),
        ("HUBDEX_SCHEDULE_RECENT", "every 5 parsecs"),
        ("HUBDEX_SCHEDULE_COUNTERS", "25:00"),
        ("HUBDEX_SCHEDULE_FILES", "[1]"),
        ("HUBDEX_SCHEDULE_UPKEEP", "{}"),
        ("HUBDEX_SCHEDULE_ZONE", "Mars/Olympus"),
        ("HUBDEX_SCHEDULE_ZONE", "../../etc/passwd"),
        ("HUBDEX_SCHEDULE_ZONE", "/etc/localtime"),
        ("HUBDEX_SCHEDULE_JITTER", "-1"),
        ("HUBDEX_SCHEDULE_FILES_BUDGET", "0"),
    ],
)
def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=variable) as raised:
        read_config(ScheduleConfig)
    assert raised.value.exit_code == 2


def test_settings_make_jobs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in {
        "FULL": "30 3 * * mon-fri",
        "RECENT": "every 20m",
        "COUNTERS": "off",
        "FILES": "",
        "ZONE": "Europe/Berlin",
        "FILES_BUDGET": "17",
    }.items():
        monkeypatch.setenv(f"HUBDEX_SCHEDULE_{name}", value)
    monkeypatch.setenv("HUBDEX_CACHE_LIMIT", "200gb")
    jobs = {job.name: job for job in jobs_of(read_config(ScheduleConfig))}

    assert {name: job.trigger and str(job.trigger) for name, job in jobs.items()} == {
        "crawl-head": "once",
        "crawl-recent": "every 20m",
        "crawl-full": "30 3 * * mon-fri",
        "crawl-counters": None,
        "crawl-files": "every 1h",
        "index-upkeep": "every 1d",
        "cache-evict": "every 1h",
    }
    assert jobs["crawl-files"].arguments == ("files", "--budget", "17")
    assert jobs["cache-evict"].arguments == ("cache", "evict")


def test_without_a_limit_the_cache_is_left_alone_and_without_full_nothing_begins(tmp_path: Path) -> None:
    jobs = jobs_of(ScheduleConfig(home=tmp_path, schedule_full=None))
    off = [job.name for job in jobs if job.trigger is None]

    assert "cache-evict" not in [job.name for job in jobs]
    assert off == ["crawl-head", "crawl-full"]


def test_ranks_and_names_are_those_of_the_crawls(tmp_path: Path) -> None:
    jobs = [job for job in jobs_of(ScheduleConfig(home=tmp_path)) if job.is_crawl]

    assert [job.arguments[0] for job in jobs] == list(CRAWLS)
    assert [job.name for job in jobs] == [f"crawl-{name}" for name in CRAWLS]
    assert [job.rank for job in jobs] == list(range(len(CRAWLS)))
    assert all(timedelta(minutes=1) < job.limit <= timedelta(days=1) for job in jobs)

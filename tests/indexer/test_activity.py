"""What ran, what runs and what is next, in words: for whoever looks once a month."""

from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest

from indexer.__main__ import main
from indexer.activity import (
    MENDED_FOR,
    OUTCOMES,
    Activity,
    advice_of,
    did_words,
    next_answers,
    next_words,
    run_answers,
    troubles_of,
)
from indexer.config import HomeConfig
from indexer.errors import CatalogError, EngineUnavailable, HubdexError, TooManyGone, UpstreamUnavailable
from indexer.planned import SCHEDULE_LOCK, Planned, read_plan
from indexer.process import exclusive
from indexer.quota import Window
from indexer.runs import Ledger, Outcome, Run, Runs
from indexer.terminal import activity_lines
from tests.activity import AWAY, plan_day, record, record_night
from tests.factories import fill_home

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def activity_in(home: Path) -> Activity:
    config = HomeConfig(home=home)
    return Activity(tuple(Runs(config).ledgers()), read_plan(config))


@pytest.fixture
def night(tmp_path: Path) -> Activity:
    record_night(tmp_path, NOW)
    plan_day(tmp_path, NOW)
    with exclusive(HomeConfig(home=tmp_path).lock_folder, SCHEDULE_LOCK):
        return activity_in(tmp_path)


def test_jobs_are_told_in_the_order_of_the_plan_then_what_nobody_planned(night: Activity) -> None:
    planned = ["crawl-head", "crawl-recent", "crawl-full", "crawl-counters", "crawl-files"]
    assert list(night.names) == [*planned, "index-sync", "index-upkeep"]
    assert Activity().names == ()


def test_lines_tell_what_ran_what_is_next_and_what_to_do(night: Activity) -> None:
    told = "\n".join(activity_lines(night, Window("api", 500, 412, 0, 300), NOW))

    assert "quota    412 of 500 requests left" in told
    assert (
        "crawl full       done 2026-11-21T03:34:00Z (8 hours ago) in 34 minutes; 3,103,211 rows read, "
        in told
    )
    assert "; next in 15 hours (at 03:30)" in told
    assert "crawl files      goes on later" in told
    assert "1 refused by the Hub (429); next now" in told
    assert "crawl counters   done" in told
    assert told.count("it is off") == 1
    assert "trouble  index upkeep: killed 2026-11-21T06:00:00Z (6 hours ago)\n" in told
    assert "trouble  crawl recent: goes on later 2026-11-21T09:57:00Z (2 hours ago); done since" in told
    assert f"         {AWAY}\n         It is tried again by itself." in told
    assert told.index("index upkeep: killed") < told.index("crawl recent: goes on later")


def test_answers_tell_the_same(night: Activity) -> None:
    runs, following = run_answers(night), next_answers(night.planned)

    assert [one["job"] for one in runs[:2]] == ["crawl-recent", "crawl-recent"]
    assert runs[0]["did"] == "2,000 rows read, 131 new, 240 changed"
    assert (runs[0]["seconds"], runs[0]["advice"]) == (6, "")
    assert runs[1]["outcome"] == "later"
    assert runs[1]["did"] == AWAY
    assert runs[1]["advice"].startswith("It is tried again by itself.")
    assert following[1] == {
        "job": "crawl-recent",
        "trigger": "every 1h",
        "due_at": "2026-11-21T12:12:00Z",
        "running": False,
        "waits_for": "",
    }


def test_what_runs_is_told_first_with_its_figures(tmp_path: Path) -> None:
    record(tmp_path, "crawl-recent", NOW, 1)
    with Runs(HomeConfig(home=tmp_path), now=lambda: NOW - HOUR).running("crawl-full") as run:
        run.note({"rows": 5_000, "new": 12}, at_once=True)
        activity = activity_in(tmp_path)
    told = "\n".join(activity_lines(activity, None, NOW))

    assert activity.newest()[0][0] == "crawl-full"
    assert "crawl full       running since 2026-11-21T11:00:00Z (1 hour ago); 5,000 rows read, 12 new" in told
    assert "quota    not asked lately" in told
    assert "trouble" not in told


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (UpstreamUnavailable(AWAY), "`HTTPS_PROXY`"),
        (TooManyGone(27, 1_300, 2.0), "next full pass"),
        (CatalogError("The disk is full."), "`HUBDEX_HOME`"),
        (EngineUnavailable("It is away."), "search server"),
        (HubdexError("It broke."), "log"),
    ],
)
def test_each_error_comes_with_something_to_do(tmp_path: Path, error: HubdexError, advice: str) -> None:
    record(tmp_path, "crawl-full", NOW, 1, error=error)
    [trouble] = troubles_of(activity_in(tmp_path).ledgers, NOW)

    assert trouble.run.message == str(error)
    assert advice in advice_of(trouble.run)
    assert not trouble.is_mended


def test_what_was_made_up_for_is_told_for_a_day() -> None:
    wrong, done = Run(NOW, "failed", NOW, "It failed.", word="failed"), Run(NOW + HOUR, "done", NOW + HOUR)
    ledger = Ledger("crawl-full", (done, wrong))

    assert [one.is_mended for one in troubles_of([ledger], NOW + MENDED_FOR)] == [True]
    assert troubles_of([ledger], NOW + MENDED_FOR + HOUR) == []
    assert len(troubles_of([Ledger("crawl-full", (wrong,))], NOW + 99 * MENDED_FOR)) == 1


@pytest.mark.parametrize("outcome", list(OUTCOMES))
def test_making_room_stopping_and_running_are_no_trouble(outcome: Outcome) -> None:
    run = Run(NOW, outcome, NOW)
    is_trouble = bool(troubles_of([Ledger("crawl-files", (run,))], NOW))
    assert is_trouble is (outcome in {"failed", "killed"})
    assert bool(advice_of(run)) is is_trouble


def test_words_for_little() -> None:
    assert did_words(Run(NOW, "done", NOW)) == "nothing was new"
    assert did_words(Run(NOW, "done", NOW, "Removed 3 copies.")) == "Removed 3 copies."
    assert did_words(Run(NOW)) == ""
    assert next_words(Planned("crawl-full", "off")) == "off"
    assert next_words(Planned("crawl-full", "at 03:30", NOW)) == ""
    assert next_words(None) == ""


@pytest.fixture
def status(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    now = datetime.now(UTC)
    home = tmp_path / "home"
    fill_home(home, days_ago=5)
    record_night(home, now)
    plan_day(home, now)

    def run(*arguments: str) -> str:
        with ExitStack() as held:
            held.enter_context(exclusive(HomeConfig(home=home).lock_folder, SCHEDULE_LOCK))
            assert main(["status", *arguments]) == 0
        return capsys.readouterr().out

    return run


def test_the_command_says_it_all(status: Callable[..., str]) -> None:
    told = status()

    assert told.startswith(
        "stale    What is new on the Hub was last read 5 days ago, and should be every hour"
    )
    assert "crawl recent     done" in told
    assert "trouble  index upkeep: killed" in told


def test_the_command_says_it_in_json(status: Callable[..., str]) -> None:
    told = orjson.loads(status("--json"))

    assert told["stale"] is True
    assert "5 days ago" in told["message"]
    assert [one["job"] for one in told["next"]][:2] == ["crawl-head", "crawl-recent"]
    assert told["runs"][0]["job"] == "crawl-recent"
    assert told["quota"] is None
    assert told["passes"][0]["name"] == "full"

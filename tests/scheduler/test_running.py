"""Running what is due, in virtual time, with pretended processes."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from scheduler.config import ScheduleConfig
from scheduler.running import end_all
from tests.scheduler.world import BEGIN, Fate, World

HOUR = 3_600.0


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(ScheduleConfig(home=tmp_path, schedule_zone="UTC", schedule_jitter=0))


@pytest.fixture
def filled(world: World) -> World:
    world.fill()
    return world


def test_a_new_home_gets_the_popular_models_then_everything_then_the_rest(world: World) -> None:
    world.run(world.runner(), 20 * 60)

    assert world.names() == [
        "crawl-head",
        "crawl-full",
        "crawl-recent",
        "index-upkeep",
        "crawl-counters",
        "crawl-files",
    ]


def test_a_day_and_a_night(filled: World) -> None:
    filled.fates["crawl-full"] = Fate(seconds=40 * 60)
    filled.run(filled.runner(), 24 * HOUR)
    names = filled.names()
    full = [when for name, when, _ in filled.started if name == "crawl-full"]

    assert f"{full[0]:%H:%M}" == "03:30"
    assert 23 <= names.count("crawl-recent") <= 24
    assert names.count("crawl-counters") == 3
    assert names.count("index-upkeep") == 1
    # A recent one came in between, and the full pass went on right after it.
    assert len(full) == 2
    assert full[1] - full[0] < timedelta(minutes=40)
    assert filled.ledgers["crawl-full"].runs[0].outcome == "done"


def test_a_higher_crawl_makes_a_lower_one_give_way_and_that_one_goes_on(filled: World) -> None:
    filled.fates["crawl-files"] = Fate(seconds=5 * HOUR)
    filled.marks["trees"] = replace(filled.marks["trees"], finished_at=None)
    filled.run(filled.runner(), 1.5 * HOUR)

    assert filled.names() == ["crawl-files", "crawl-recent", "crawl-files"]
    assert [run.outcome for run in filled.ledgers["crawl-recent"].runs] == ["done", "done"]


def test_a_machine_that_slept_for_days_catches_up_once(filled: World) -> None:
    runner = filled.runner()
    filled.run(runner, 60)
    filled.now += timedelta(days=5)  # the ticks stand still while a machine sleeps
    filled.run(runner, 30 * 60)

    assert sorted(filled.names()) == [
        "crawl-counters",
        "crawl-files",
        "crawl-full",
        "crawl-recent",
        "index-upkeep",
    ]


@pytest.mark.parametrize("days", [-400, -1, 1, 400])
def test_a_clock_that_is_set_starts_each_job_once_and_then_all_is_as_ever(filled: World, days: int) -> None:
    runner = filled.runner()
    filled.run(runner, 60)
    filled.now += timedelta(days=days)
    filled.run(runner, 30 * 60)
    once = filled.names()
    filled.now -= timedelta(days=days)
    filled.run(runner, 30 * 60)

    assert len(once) == len(set(once)) == 5
    assert all(filled.names().count(name) <= 3 for name in once)
    filled.started.clear()
    filled.run(runner, 24 * HOUR)
    assert 22 <= filled.names().count("crawl-recent") <= 25
    assert filled.names().count("crawl-full") == 1


@pytest.mark.parametrize("writes", [True, False])
@pytest.mark.parametrize(("code", "longest"), [(75, 15 * 60), (1, HOUR), (2, HOUR), (-9, HOUR)])
def test_what_fails_is_tried_after_pauses_that_grow(
    filled: World, code: int, longest: float, *, writes: bool
) -> None:
    filled.fates["crawl-recent"] = Fate(seconds=2, code=code, writes=writes)
    filled.run(filled.runner(), 7 * HOUR)
    ticks = [ticks for name, _, ticks in filled.started if name == "crawl-recent"]
    pauses = [after - before for before, after in pairwise(ticks)]

    assert 60 <= pauses[0] < 80
    assert all(before <= after + 60 for before, after in pairwise(pauses))
    assert longest <= pauses[-1] < longest + 60
    # The rest is not kept from its work.
    assert filled.names().count("crawl-counters") >= 1


def test_a_child_that_hangs_is_asked_and_then_killed(filled: World, caplog: pytest.LogCaptureFixture) -> None:
    filled.fates["crawl-recent"] = Fate(hangs=True)
    filled.fates["crawl-counters"] = Fate(hangs=True, is_deaf=True)
    runner = filled.runner()
    filled.run(runner, 12 * HOUR)
    ended = {one.name: one.ended for one in filled.processes if one.ended not in {0, None}}

    assert ended["crawl-recent"] == 75
    assert ended["crawl-counters"] == -9
    assert "crawl-recent has taken longer than 1:00:00 and is asked to end" in caplog.text
    assert "crawl-counters did not end when it was asked to, and is killed" in caplog.text
    filled.fates.clear()
    filled.run(runner, 3 * HOUR)
    assert filled.ledgers["crawl-recent"].runs[0].outcome == "done"
    assert filled.ledgers["crawl-counters"].runs[0].outcome == "done"


def test_a_child_that_is_killed_is_started_again(filled: World) -> None:
    runner = filled.runner()
    filled.run(runner, HOUR)
    victim = filled.processes[-1]
    victim.kill()
    filled.run(runner, 10 * 60)

    assert filled.names().count(victim.name) >= 2
    assert filled.ledgers[victim.name].runs[0].outcome == "done"


def test_somebody_elses_crawl_is_left_alone_and_counts(filled: World) -> None:
    filled.fates["crawl-recent"] = Fate(seconds=2 * HOUR)
    runner = filled.runner()
    filled.run(runner, 50 * 60)
    filled.begin("crawl-recent", is_ours=False)
    filled.run(runner, 1.5 * HOUR)
    assert filled.names() == []

    filled.run(runner, HOUR)
    assert filled.names().count("crawl-recent") == 1


def test_what_is_next_is_told_when_it_changes(filled: World) -> None:
    runner = filled.runner()
    filled.run(runner, 30 * 60)
    (plan,) = filled.plans
    filled.run(runner, HOUR)

    assert {one.name: one.due_at for one in plan.jobs}["crawl-recent"] == BEGIN + timedelta(hours=1)
    assert any(one.is_running for plan in filled.plans for one in plan.jobs)
    assert filled.plans[-1] != plan


def test_once_runs_each_job_that_is_due_and_syncs_after_each_crawl(world: World) -> None:
    runner = world.runner(is_single=True)
    world.run(runner, HOUR)

    names = [name for name in world.names() if name != "index-sync"]
    assert names == [
        "crawl-head",
        "crawl-full",
        "crawl-recent",
        "index-upkeep",
        "crawl-counters",
        "crawl-files",
    ]
    assert world.names().count("index-sync") >= 3
    assert world.names()[-1] == "index-sync"
    assert runner.children == []


def test_once_goes_on_with_the_rest_where_something_fails(filled: World) -> None:
    filled.now += timedelta(days=2)
    filled.fates["crawl-recent"] = Fate(code=1)
    filled.fates["crawl-full"] = Fate(code=75)
    runner = filled.runner(is_single=True)
    filled.run(runner, HOUR)

    assert {name: code for name, code in runner.codes.items() if code} == {
        "crawl-recent": 1,
        "crawl-full": 75,
    }
    assert {"crawl-counters", "crawl-files"} <= set(filled.names())


def test_at_the_end_all_are_asked_at_once_and_the_deaf_are_killed(filled: World) -> None:
    filled.now += timedelta(days=2)
    filled.fates["crawl-recent"] = Fate(hangs=True)
    filled.fates["index-upkeep"] = Fate(hangs=True, is_deaf=True)
    runner = filled.runner()
    runner.look()
    before = filled.ticks
    end_all(runner.children, runner._clock)

    assert {one.name: one.ended for one in filled.processes} == {"crawl-recent": 75, "index-upkeep": -9}
    assert 15 <= filled.ticks - before < 16

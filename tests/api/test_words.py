from datetime import timedelta

import pytest

from api.pages.coverage import coverage_html
from api.pages.hits import marked
from api.pages.markup import prose
from api.pages.words import compact_count, time_ago, time_until
from indexer.search import Coverage
from tests.factories import NOON


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "0"), (999, "999"), (1_000, "1k"), (1_234, "1.2k"), (9_960, "10k"), (12_345, "12k"),
        (999_499, "999k"), (999_999, "1M"), (1_250_000, "1.2M"), (7_241_732_096, "7.2B"),
        (671_000_000_000, "671B"), (1_100_000_000_000, "1.1T"),
    ],
)  # fmt: skip
def test_counts_are_short(number: int, words: str) -> None:
    assert compact_count(number) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "just now"), (59, "just now"), (60, "1 minute ago"), (7_200, "2 hours ago"),
        (86_400 * 3, "3 days ago"), (86_400 * 15, "2 weeks ago"), (86_400 * 800, "2 years ago"),
    ],
)  # fmt: skip
def test_times_are_told_in_one_unit(seconds: float, words: str) -> None:
    assert time_ago(seconds) == words


def test_what_is_to_come_is_told_in_one_unit() -> None:
    assert [time_until(seconds) for seconds in (-3, 0.4, 1, 59, 60, 7_300)] == [
        "now", "now", "in 1 second", "in 59 seconds", "in 1 minute", "in 2 hours",
    ]  # fmt: skip


def test_marks_stay_inside_their_part() -> None:
    assert marked("a<b", [(-3, -1), (1, 2), (2, 9)]) == "a<mark>&lt;</mark>b"


def test_what_stands_in_backticks_is_code() -> None:
    assert prose("run `a<b`, or `c") == "run <code>a&lt;b</code>, or <code>c</code>"
    assert prose("plain & simple") == "plain &amp; simple"


def coverage(**overrides: object) -> str:
    told: dict[str, object] = {
        "models": 1_000, "catalog_models": 1_000, "serial": 1, "behind": 0, "synced_at": NOON,
        "crawled_at": NOON, "age_seconds": 180.0, "complete": True, "completed_at": NOON,
    }  # fmt: skip
    told.update(overrides)
    return coverage_html(Coverage(**told), NOON)  # type: ignore[arg-type]


def test_a_whole_and_fresh_index_makes_no_fuss() -> None:
    text = coverage()

    assert "state fresh" in text
    assert text.endswith("1,000 models \N{MIDDLE DOT} as of 3 minutes ago")


def test_an_index_without_the_whole_hub_says_so() -> None:
    assert "still running" in coverage(complete=False)


def test_an_old_index_says_so() -> None:
    text = coverage(age_seconds=86_400.0 * 5, stale="It is old.")

    assert "state stale" in text
    assert "as of 5 days ago" in text


def test_an_index_that_lags_is_as_old_as_its_last_sync() -> None:
    text = coverage(behind=500, synced_at=NOON - timedelta(days=3))

    assert "as of 3 days ago" in text
    assert "500 changes not indexed yet" in text

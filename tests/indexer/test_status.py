"""What `hubdex status` says: passes, ages, rows set aside; and what never reaches a terminal."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest

from indexer.__main__ import main
from indexer.catalog.store import Catalog
from indexer.conditions import status_answer
from indexer.config import HomeConfig
from indexer.engines.contract import IndexState
from indexer.records import Batch, CatalogState, Checkpoint, SetAside
from indexer.terminal import json_line, printable, status_lines
from tests.factories import fill_home

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def catalog_state(*checkpoints: Checkpoint) -> CatalogState:
    return CatalogState("uuid", 12, models=3, removed=1, set_aside=2, checkpoints=checkpoints)


def lines(state: CatalogState, index: IndexState | None = None) -> str:
    return "\n".join(status_lines(state, index, (), NOW))


def test_status_tells_of_passes_not_of_their_chains() -> None:
    full = Checkpoint("full", "u", NOW - HOUR, 7, 7_000, NOW - HOUR, last_finished_at=NOW - 30 * HOUR)
    chain = Checkpoint("full/down", "u", NOW - HOUR, 4, 4_000, updated_at=NOW - timedelta(minutes=5))
    head = Checkpoint("head", None, NOW, 3, 3_000, NOW - 2 * HOUR, finished_at=NOW - 2 * HOUR)
    index = IndexState("uuid", 10, 10, 3, NOW)
    state = catalog_state(full, chain, head)

    told = lines(state, index)
    answer = status_answer(state, index, (), NOW)

    assert "full/down" not in told
    assert "full     under way since 2026-11-21T11:00:00Z (1 hour ago), 7,000 rows in 7 pages" in told
    assert "the one before ended 2026-11-20T06:00:00Z (1 day ago)" in told
    assert "head     ended 2026-11-21T10:00:00Z (2 hours ago), 3,000 rows in 3 pages" in told
    assert "newest   stored 2026-11-21T11:55:00Z (5 minutes ago)" in told  # a chain's page is a page
    assert "3 models, 2 changes behind" in told
    assert [(one["name"], one["state"]) for one in answer["passes"]] == [
        ("full", "under_way"),
        ("head", "ended"),
    ]
    assert (answer["age_seconds"], answer["index_behind"], answer["complete"]) == (300, 2, True)


def test_status_before_anything_was_crawled() -> None:
    assert "nothing has been crawled yet" in lines(catalog_state())
    assert status_answer(catalog_state(), None, (), NOW)["age_seconds"] is None


def test_no_age_is_below_zero_when_the_clock_was_set_back() -> None:
    later = NOW + timedelta(days=400)
    state = catalog_state(Checkpoint("full", None, later, 1, 1, later, later, later))

    told = lines(state, IndexState("uuid", 12, 12, 3, later))
    answer = status_answer(state, None, (), NOW)

    assert "-" not in told.replace("2027-12-26T12:00:00Z", "")
    assert "2027-12-26T12:00:00Z (ahead of this machine's clock)" in told
    assert "clock was set back" in told
    assert answer["age_seconds"] == answer["passes"][0]["age_seconds"] == 0


@pytest.fixture
def status(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    home = tmp_path / "home"
    fill_home(home)
    nasty = SetAside("no key \x1b[2J", "acme/\x9b31mgale\u202e", '{"id": "\x07😀"}')
    with Catalog(HomeConfig(home=home).database_url) as catalog:
        mark = Checkpoint("recent", "u", datetime.now(UTC))
        catalog.apply(Batch(set_aside=(SetAside("no id", "", "{}" * 5_000),), checkpoints=(mark,)))
        catalog.apply(Batch(set_aside=(nasty,), checkpoints=(mark,)))
        catalog.apply(Batch(set_aside=(nasty,), checkpoints=(mark,)))

    def run(*arguments: str) -> str:
        assert main(["status", *arguments]) == 0
        return capsys.readouterr().out

    return run


def test_set_aside_rows_are_listed_newest_first(status: Callable[..., str]) -> None:
    told = status("--set-aside").splitlines()

    assert told[0].startswith("acme/\\x9b31mgale\\u202e: recent, ")
    assert told[0].endswith(", 2 times")
    assert told[1:3] == ["    no key \\x1b[2J", '    {"id": "\\x07😀"}']
    assert told[3].startswith("(no name): recent, ")
    assert told[5].endswith("...")
    assert max(map(len, told)) < 400
    assert told[-1] == "2 of 2 rows set aside"
    assert status("--set-aside", "1").splitlines()[-1] == "1 of 2 rows set aside"


@pytest.mark.parametrize("arguments", [("--set-aside",), ("--set-aside", "--json"), (), ("--json",)])
def test_nothing_that_steers_a_terminal_is_printed(
    status: Callable[..., str], arguments: tuple[str, ...]
) -> None:
    assert status(*arguments).replace("\n", "").isprintable()


def test_set_aside_rows_as_json(status: Callable[..., str]) -> None:
    answer = orjson.loads(status("--set-aside", "1", "--json"))

    assert answer["set_aside"] == 2
    [row] = answer["rows"]
    assert (row["id"], row["reason"]) == ("acme/\x9b31mgale\u202e", "no key \x1b[2J")
    assert row["excerpt"] == '{"id": "\x07😀"}'
    assert (row["pass_name"], row["times"]) == ("recent", 2)
    assert orjson.loads(status("--json"))["passes"][0]["name"] == "full"


@pytest.mark.parametrize("count", ["0", "-1", "x", "100000000"])
def test_a_wrong_count_is_a_wrong_usage(count: str) -> None:
    with pytest.raises(SystemExit) as raised:
        main(["status", f"--set-aside={count}"])
    assert raised.value.code == 2


def test_printable_spells_out_what_does_not_print() -> None:
    assert printable("Crème 模型 a/b") == "Crème 模型 a/b"
    assert printable("\x1b]0;x\x07\x7f\u2028\ud800") == "\\x1b]0;x\\x07\\x7f\\u2028\\ud800"
    assert orjson.loads(json_line({"a": "é\x7f😀\x1b"})) == {"a": "é\x7f😀\x1b"}
    assert json_line({"a": "é\x7f😀\x1b"}).isascii()

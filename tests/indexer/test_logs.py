"""Log lines as JSON: one object a line, whatever is logged, and nothing beside."""

import logging
import subprocess
import sys
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.config import HomeConfig, read_config
from indexer.errors import SettingsError
from indexer.logs import MAX_TEXT, JsonLines


def line(message: object, *arguments: object) -> dict[str, object]:
    record = logging.LogRecord("crawler.report", logging.INFO, "x.py", 1, message, arguments, None)
    record.created = 1_795_262_400.1234
    written = JsonLines().format(record)
    assert "\n" not in written
    read: dict[str, object] = orjson.loads(written)
    return read


def test_a_line_tells_when_who_how_grave_and_what() -> None:
    assert line("chain added name=%s from=%s", "full/2", 7) == {
        "time": "2026-11-21T12:00:00.123+00:00",
        "level": "info",
        "logger": "crawler.report",
        "message": "chain added name=full/2 from=7",
        "fields": {"name": "full/2", "from": 7},
    }


@pytest.mark.parametrize(
    ("message", "arguments", "fields"),
    [
        ("left server=%s why=%s", ("http://a", "It is away."), {"server": "http://a", "why": "It is away."}),
        ("quota spent wait_seconds=%.0f", (12.5,), {"wait_seconds": 12.5}),
        ("%d %% done rows=%d", (3, 4), {"rows": 4}),
        ("literal code=7 and=that", (), {"code": "7", "and": "that"}),
        ("nothing to tell of %s", ("a=b",), None),
        ("said=%(x)s", ({"x": 1},), {"said": "1"}),
        ("none", (), None),
    ],
)  # fmt: skip
def test_fields_are_what_is_filled_in(
    message: str, arguments: tuple[object, ...], fields: dict[str, object] | None
) -> None:
    assert line(message, *arguments).get("fields") == fields


@given(text=st.text(st.characters(), max_size=200), value=st.one_of(st.integers(), st.floats(), st.text()))
def test_whatever_is_logged_is_one_object_on_one_line(text: str, value: object) -> None:
    told = line(text.replace("%", "") + " value=%s", value)
    assert isinstance(told["message"], str)
    assert set(told) >= {"time", "level", "logger", "message"}


def test_half_characters_and_endless_ones_are_bounded() -> None:
    told = line("\ud800" + "x" * 3 * MAX_TEXT)
    assert str(told["message"]).startswith("\\ud800x")
    assert len(str(told["message"])) <= MAX_TEXT + 6


TALKING = """
import logging, threading, warnings
from indexer.errors import UpstreamUnavailable
from indexer.process import configure_logging, run_command
configure_logging({log!r})
logging.getLogger("uvicorn.error").warning("Invalid HTTP request received.")
logging.getLogger("scrapy.core").info("unheard")
logging.getLogger("crawler.walk").debug("step at=%d", 3)
warnings.warn("old")
thread = threading.Thread(target=lambda: 1 / 0); thread.start(); thread.join()
def away(): raise UpstreamUnavailable("The Hub is away.")
assert run_command(away) == 75
raise ValueError("a\\nb")
"""


def talk(log: str) -> list[str]:
    ended = subprocess.run(
        [sys.executable, "-c", TALKING.format(log=log)], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert ended.stdout == ""
    return ended.stderr.splitlines()


def test_everything_that_is_said_is_json() -> None:
    told = [orjson.loads(one) for one in talk("json:debug")]

    assert [(one["logger"], one["level"]) for one in told] == [
        ("uvicorn.error", "warning"),
        ("crawler.walk", "debug"),
        ("py.warnings", "warning"),
        ("hubdex", "critical"),
        ("hubdex", "error"),
        ("hubdex", "critical"),
    ]
    assert told[1]["fields"] == {"at": 3}
    assert "ZeroDivisionError" in told[3]["trace"]
    assert told[4]["message"] == "The Hub is away."
    assert told[5]["fields"] == {"kind": "ValueError"}


def test_json_alone_is_as_loud_as_usual_and_lines_are_lines() -> None:
    assert not [one for one in talk("json") if "crawler.walk" in one]
    said = talk("info")
    assert said[0].endswith("WARNING uvicorn.error Invalid HTTP request received.")
    assert "hubdex: The Hub is away." in said


@pytest.mark.parametrize("log", ["json", "json:debug", "json:error", "warning"])
def test_the_setting_takes_json_and_a_level(tmp_path: Path, log: str) -> None:
    assert HomeConfig(home=tmp_path, log=log).log == log


@pytest.mark.parametrize("log", ["json:", "json:loud", "jsonl", "debug:json", "INFO\n"])
def test_the_setting_takes_nothing_else(monkeypatch: pytest.MonkeyPatch, log: str) -> None:
    monkeypatch.setenv("HUBDEX_LOG", log)
    with pytest.raises(SettingsError, match="HUBDEX_LOG"):
        read_config(HomeConfig)

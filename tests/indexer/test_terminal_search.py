import io
import os
import pty
import re
from pathlib import Path
from typing import cast

import pytest

from indexer.__main__ import main
from indexer.answers import SearchAnswer
from indexer.asking import Question
from indexer.errors import BadRequest, EngineError, EngineUnavailable
from indexer.query import SearchQuery, parse_query
from indexer.remote import ask_service
from indexer.terminal import answer_lines, has_colours
from tests.factories import fill_home, make_models
from tests.fakes.hub import FakeHub, ListSource
from tests.journeys.running import Product, read_line
from tests.stock import make_stock

ASKED_ANYWHERE = (
    ["TheBloke/llama", "--facets", "format", "author"],
    ["poet", "gguf", "--kind", "variant", "--memory", "6gb+4gb", "--ctx", "8k", "--facets", "quant"],
    ["acme/poet", "bits:4-9", "<9gb", "quant:q4_k_m,q8_0", "--fits", "6.5gb", "--sort", "size"],
)
ASKED = Question(parse_query("llama"))


def answer(repo_id: str, highlights: list[list[int]]) -> SearchAnswer:
    hit = {
        "kind": "model", "id": repo_id, "downloads": 1_204, "task": None, "highlights": highlights,
        "matched_tags": [], "variants": [], "variants_total": 0,
    }  # fmt: skip
    index = {"models": 41, "age_seconds": None, "complete": True, "stale": False}
    told = {"hits": [hit], "total": 1, "total_exact": True, "facets": {}, "query": {"kind": "model"}}
    return cast("SearchAnswer", {**told, "index": index})


def test_matched_letters_stand_out_on_a_terminal() -> None:
    first, last = answer_lines(answer("TheBloke/CodeLlama", [[0, 3], [13, 18]]), colours=True)

    assert first.startswith("\x1b[1;33mThe\x1b[0mBloke/Code\x1b[1;33mLlama\x1b[0m  ")
    assert first.endswith("1,204")
    assert "\x1b" not in last


def test_a_name_cannot_steer_the_terminal() -> None:
    for colours in (True, False):
        text = "".join(answer_lines(answer("a/\x1b[2Jb", [[3, 4]]), colours=colours))

        assert "\x1b[2J" not in text
        assert "\\x1b" in text


def test_colours_are_for_terminals_that_want_them() -> None:
    leader, follower = pty.openpty()
    with os.fdopen(follower, "w") as terminal, os.fdopen(leader, "rb"):
        assert has_colours(terminal, {"TERM": "xterm"})
        assert not has_colours(terminal, {"TERM": "xterm", "NO_COLOR": "1"})
        assert not has_colours(terminal, {"TERM": "dumb"})
    assert not has_colours(io.StringIO(), {"TERM": "xterm"})


def test_a_running_service_answers_as_the_index_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    models, trees = make_stock()
    fill_home(tmp_path / "there", make_models() + models, trees=trees)
    with Product(tmp_path / "there", "https://hub.example", {}).running("api") as service:
        url = read_line(service, "Hubdex on ").split()[-1]
        far = [(main(["search", "--url", url, *asked]), capsys.readouterr().out) for asked in ASKED_ANYWHERE]
        with pytest.raises(BadRequest, match="301 characters"):
            ask_service(url, Question(SearchQuery("a" * 301)))
    monkeypatch.setenv("HUBDEX_HOME", str(tmp_path / "there"))
    near = [(main(["search", *asked]), capsys.readouterr().out) for asked in ASKED_ANYWHERE]

    assert far == near
    names, variants, models_with = (out for _, out in far)
    assert names.count("TheBloke/") == 3
    assert "\nauthor: thebloke 3\n" in names
    q4 = re.search(
        r"^acme/Poet-8B-Instruct-GGUF +Q4_K_M +4\.92 GB +4\.90 bits  (.*)$", variants, re.MULTILINE
    )
    assert q4 is not None
    assert q4[1] == "needs RAM too (6.7 GiB)"
    assert "IQ4_KS" in variants
    assert "ik_llama.cpp only" in variants
    assert "2 of 3 files missing" in variants
    assert "\n    Q4_K_M            4.92 GB   4.90 bits  fits (6.2 GiB)\n" in models_with
    assert "Q8_0" not in models_with


def test_a_service_that_cannot_answer_yet_is_asked_later(tmp_path: Path) -> None:
    with Product(tmp_path, "https://hub.example", {}).running("api") as service:
        url = read_line(service, "Hubdex on ").split()[-1]

        with pytest.raises(EngineUnavailable, match="on their way"):
            ask_service(url, ASKED)


def test_what_is_no_service_is_told_in_a_sentence() -> None:
    with FakeHub(ListSource(), quota=100) as hub, pytest.raises(EngineError, match="is no Hubdex"):
        ask_service(hub.url, ASKED)
    with pytest.raises(EngineUnavailable, match="cannot be reached"):
        ask_service("http://127.0.0.1:9", ASKED)
    for wrong in ("127.0.0.1:8017", "file:///etc/passwd", "http://"):
        with pytest.raises(BadRequest, match="--url must be"):
            ask_service(wrong, ASKED)

"""The table of hand-offs: every kind of variant, every app, the exact command or the reason."""

import json

import pytest

from api.handoff.apps.jan import State, model_json
from api.handoff.choice import Choice
from api.handoff.plan import APPS, plan_handoffs
from tests.api.handoff.kinds import KINDS, read_table, told

EXPECTED = dict(read_table())


@pytest.mark.parametrize("kind", KINDS)
def test_each_app_is_given_what_the_table_says(kind: str) -> None:
    case = KINDS[kind]
    handoffs = plan_handoffs(case.repository(), case.variant())

    assert "".join(map(told, handoffs)) == EXPECTED[kind]


def test_the_table_is_about_every_kind_and_every_app() -> None:
    assert list(EXPECTED) == list(KINDS)
    words = [app.word for app in APPS]
    for kind, lines in EXPECTED.items():
        named = [line.split(" | ")[0] for line in lines.splitlines() if not line.startswith(" ")]
        assert list(dict.fromkeys(named)) == words, kind
    for word in words:  # each is given something, and each refuses something
        lines = "".join(EXPECTED.values())
        assert f"\n{word} | not | " in lines or word == "hf", word
        assert any(f"\n{word} | {one}" in "\n" + lines for one in ("command", "link", "file")), word


@pytest.mark.parametrize("kind", KINDS)
def test_a_handoff_says_something_or_why_not(kind: str) -> None:
    case = KINDS[kind]
    for one in plan_handoffs(case.repository(), case.variant()):
        assert bool(one.text) is (one.why_not is None)
        assert one.why_not is None or one.why_not.endswith(".")
        assert (one.file is not None) is (one.kind == "file" and one.why_not is None)
        assert (one.url is not None) is (one.kind == "request" and one.why_not is None)
        assert len(one.steps) != 1 or one.kind == "file"


@pytest.mark.parametrize("state", [None, "downloading", "ready", "error"])
def test_a_model_json_is_what_jan_reads(state: State) -> None:
    case = KINDS["one GGUF file"]
    written = json.loads(model_json(Choice(case.repository(), case.variant()), state))

    assert written["state"] == state
    assert set(written) == {
        "sources", "id", "object", "name", "version", "description", "format", "state", "settings",
        "parameters", "metadata", "engine",
    }  # fmt: skip
    assert (written["object"], written["format"], written["id"]) == (
        "model", "gguf", "llama-2-7b-chat.Q4_K_M",
    )  # fmt: skip
    assert written["settings"]["ctx_len"] == 4_096
    assert written["metadata"] == {"author": "TheBloke", "tags": ["text-generation", "gguf"], "size": None}

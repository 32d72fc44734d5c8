"""What people write into recommended.yaml: read whole, or refused by line and field."""

import logging
import os
import re
from importlib.resources import files
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from api.handoff.plain_yaml import MAX_DEPTH, BadYaml, read_yaml
from api.handoff.recommended import BadRecommendations, Parameters, Recommended, Step, read_recommended
from api.handoff.shelf import Shelves, packaged
from indexer.measures import GIB, read_memory

ONE = """\
models:
  - model: a-lab/Poet-GGUF
    title: Poet
    why: Rhymes
    variants:
      8gb: Q6_K
      4gb: Q4_K_M
"""


def test_a_file_is_read_into_records() -> None:
    (one,) = read_recommended(
        ONE + "    parameters: {ctx: 4096, temperature: 0.7, top_k: 20, stop: [a, b]}\n"
    )

    assert (one.model, one.title, one.why) == ("a-lab/Poet-GGUF", "Poet", "Rhymes")
    assert one.variants == (Step(4 * GIB, "Q4_K_M"), Step(8 * GIB, "Q6_K"))
    assert (one.parameters.ctx, one.parameters.temperature, one.parameters.top_p) == (4096, 0.7, None)
    assert one.parameters.stop == ("a", "b")


def test_our_own_are_a_dozen_of_all_sizes() -> None:
    models = packaged()
    least = [one.variants[0].memory // GIB for one in models]

    assert 12 <= len(models) <= 16
    assert (min(least), max(least)) == (1, 32)
    assert read_recommended("models: []") == ()


@pytest.mark.parametrize(
    ("memory", "variant"),
    [
        (None, "Q4_K_M"), ("2gb", "Q4_K_M"), ("4gb", "Q4_K_M"), ("7.9gb", "Q4_K_M"), ("8gb", "Q6_K"),
        ("64gb", "Q6_K"), ("4gb+32gb", "Q4_K_M"), ("2gb+32gb", "Q6_K"), ("0gb+4gb", "Q4_K_M"),
    ],
)  # fmt: skip
def test_the_variant_is_the_one_for_the_card_else_for_all_memory(memory: str | None, variant: str) -> None:
    (one,) = read_recommended(ONE)

    assert one.step_for(read_memory(memory) if memory else None).variant == variant


@pytest.mark.parametrize(
    ("changed", "line", "field", "words"),
    [
        (ONE + "    colour: red\n", 8, "colour", "not permitted"),
        (ONE.replace("a-lab/Poet-GGUF", "../../etc"), 2, "model", "owner/name"),
        (ONE.replace("Rhymes", "|\n      two\n      lines"), 4, "why", "one line"),
        (ONE.replace("Rhymes", "r" * 141), 4, "why", "at most 140"),
        (ONE.replace("    why: Rhymes\n", ""), 2, "why", "required"),
        (ONE.replace("title: Poet", "title: 5"), 3, "title", "string"),
        (ONE.replace("8gb:", "much:"), 6, "variants", "`much` is none"),
        (ONE.replace("8gb:", "8gb+4gb:"), 6, "variants", "is none"),
        (ONE.replace("Q6_K", "[]"), 6, "variants", "`8gb`"),
        (ONE + "    parameters: {temperature: 7}\n", 8, "temperature", "less than or equal to 5"),
        (ONE + "    parameters:\n      top_p: .nan\n", 9, "top_p", "less than or equal to 1"),
        (ONE + "    parameters:\n      ctx: true\n", 9, "ctx", "integer"),
        (ONE + "    title: Twice\n", 8, "", "`title` stands there twice"),
        (ONE + ONE.replace("models:\n", "").replace("a-lab", "A-LAB"), 8, "model", "stands there twice"),
        (ONE.replace("Poet\n", "Poet: x\n"), 3, "", "mapping values"),
        (ONE + "    parameters: &p {}\n  - *p\n", 9, "", "stands for another part"),
        (ONE.replace("Rhymes", "!!python/object:os.system x"), 4, "", "not read here"),
        ("", 1, "", "must begin with `models:`"),
        ("models: 5", 1, "models", "list"),
        ("[" * 60_000, 1, "", "too deep"),
        ("#" * 70_000, 0, "", "65,536 characters"),
        ("\0", 0, "", "characters that no YAML has"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_by_line_and_field(changed: str, line: int, field: str, words: str) -> None:
    with pytest.raises(BadRecommendations) as caught:
        read_recommended(changed)

    assert (caught.value.line, caught.value.field) == (line, field), str(caught.value)
    assert words in str(caught.value)


@given(st.text(max_size=200) | st.text("models:-{}[]&*!|>'\"\n abc012.,#?", max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        line = read_yaml(text).line_of(("nowhere", 5))
    except BadYaml as error:
        line = error.line

    assert 0 <= line <= len(text) + 2


# As an old line break, U+0085 is read as a space where it was written unquoted.
TEXT = st.text(st.characters(exclude_characters="\x85", exclude_categories=["Cs"]), max_size=20)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | TEXT,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
        max_leaves=5,
    ).filter(lambda value: str(value).count("[") + str(value).count("{") <= MAX_DEPTH),
    st.sampled_from([False, True]),
)
def test_what_is_written_is_read_again(value: object, flow: object) -> None:
    text = yaml.safe_dump(value, default_flow_style=bool(flow), allow_unicode=True)

    assert read_yaml(text).value == value


def test_a_file_in_the_home_counts_as_soon_as_it_is_there(tmp_path: Path) -> None:
    shelves = Shelves(tmp_path)
    assert shelves.current().models == packaged()

    file = tmp_path / "recommended.yaml"
    file.write_text(ONE)
    assert [one.title for one in shelves.current().models] == ["Poet"]
    assert shelves.current() is shelves.current()

    file.write_text(ONE.replace("title: Poet", "title: A Poet"))
    assert [one.title for one in shelves.current().models] == ["A Poet"]

    file.unlink()
    assert shelves.current().models == packaged()
    assert shelves.current().warning == ""


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "it is not there"),
        (b"models: [\n", "line 2"),
        (b"\xff\xfe", "not written in UTF-8"),
        (b"x" * 70_000, "65,536"),
    ],
)
def test_a_broken_file_is_a_warning_and_our_own_count(
    tmp_path: Path, content: bytes | None, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "mine.yaml"
    if content is not None:
        file.write_bytes(content)

    with caplog.at_level(logging.WARNING):
        shelf = Shelves(tmp_path, file).current()

    assert shelf.models == packaged()
    assert shelf.warning.startswith("mine.yaml is not used: ")
    assert words in shelf.warning
    assert str(tmp_path) not in shelf.warning
    assert "recommendations not used" in caplog.text


def test_a_pipe_for_a_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "recommended.yaml")

    assert "is no file" in Shelves(tmp_path).current().warning


def test_the_file_says_what_can_stand_in_it() -> None:
    text = files("api").joinpath("handoff", "recommended.yaml").read_text()
    head = text[: text.index("models:\n")]

    for field in (*Recommended.model_fields, *Parameters.model_fields):
        assert re.search(rf"\b{field}\b", head), field

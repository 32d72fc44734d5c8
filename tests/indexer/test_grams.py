"""How names are cut and found again."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.grams import Term, cut, find, terms_of
from indexer.text import compact, fold, words_of


def test_text_is_folded() -> None:
    assert fold("Crème-BRÛLÉE") == "creme-brulee"
    assert words_of("Qwen2.5_7B.Chat-GGUF") == ["qwen2.5", "7b", "chat", "gguf"]
    assert compact("Qwen2.5-7B") == "qwen257b"


def test_cut_gives_starts_insides_and_wholes() -> None:
    name = cut("Llama2-7B.v1-5")

    assert name.starts == ("llama27bv15", "27b", "7bv15", "v15", "15", "5")
    assert name.insides == (("lama2", "ama2", "ma2", "a2"), ("b",), (), ())
    assert "llama27b" in name.wholes
    assert {"llama", "2"} <= set(name.wholes)
    assert name.compact == "llama27bv15"


@pytest.mark.parametrize(
    ("term", "name", "found"),
    [
        ("llama", "CodeLlama-7B", "Llama"),
        ("llama2", "Llama-2-7b", "Llama-2"),
        ("qwen25", "Qwen2.5-7B", "Qwen2.5"),
        ("qwen2.5", "Qwen2.5-7B", "Qwen2.5"),
        ("qwen2.5", "qwen-2-5", "qwen-2-5"),
        ("sdxl", "sd_xl-base", "sd_xl"),
        ("7b", "Llama-2-7B", "7B"),
        ("7b", "Mistral7B", "7B"),
        ("1.5", "stable-diffusion-v1-5", "1-5"),
        ("1.1b", "TinyLlama-1.1B", "1.1B"),
        ("7b", "Qwen2.5-27B", None),
        ("7b", "Qwen-1.7B", None),
        ("17b", "Qwen-1.7B", None),
        ("35", "Qwen3-235B", None),
        ("lama2", "Llama-2-7b", None),
        ("ma27", "Llama-2-7b", None),
        ("creme", "crème-7b", "crème"),
        ("20240806", "gpt-2024-08-06", "2024-08-06"),
    ],
)
def test_a_term_is_found_in_a_name(term: str, name: str, found: str | None) -> None:
    span = find(terms_of(term)[0], name)

    assert (span and name[span[0] : span[1]]) == found


def test_an_underscore_between_two_digits_is_a_point_nobody_could_write() -> None:
    assert [term.text for term in terms_of("llama-3_1_8b")] == ["llama", "3.1", "8b"]
    assert [term.text for term in terms_of("2_7b 2024_08 v1_2.5")] == ["2", "7b", "2024", "08", "v1", "2.5"]


def test_a_start_is_preferred_to_an_inside() -> None:
    assert find(Term("llama"), "codellama-llama") == (10, 15)


NAMES = st.text(alphabet="abz12.-_", min_size=1, max_size=14)


@settings(max_examples=2_000, deadline=None)
@given(NAMES, NAMES)
def test_what_is_cut_and_what_the_text_says_agree(name: str, query: str) -> None:
    pieces = cut(name)
    for term in terms_of(query):
        from_start = any(start.startswith(form) for start in pieces.starts for form in term.forms)
        inside = len(term.forms[0]) > 1 and any(
            piece.startswith(term.forms[0]) for word in pieces.insides for piece in word
        )

        assert (find(term, name) is not None) == (from_start or inside), (term, name, pieces)


@settings(max_examples=500, deadline=None)
@given(st.text(max_size=60))
def test_any_text_can_be_cut_and_asked(text: str) -> None:
    cut(text)
    for term in terms_of(text):
        assert term.forms
        find(term, text)

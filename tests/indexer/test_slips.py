"""What may have been meant by a word with a slip in it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.slips import LONGEST, slips_of


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("mistrl", "mistral"),
        ("misttral", "mistral"),
        ("mistrel", "mistral"),
        ("mitsral", "mistral"),
        ("imstral", "mistral"),
        ("mistralx", "mistral"),
        ("istral", "mistral"),
        ("gema", "gemma"),
        ("qwne2", "qwen2"),
        ("lama31", "llama31"),
        ("gema3b", "gemma3b"),
    ],
)
def test_one_slip_leads_to_what_was_meant(typed: str, meant: str) -> None:
    assert meant in set(slips_of(typed))


@pytest.mark.parametrize(
    ("typed", "other"),
    [
        ("qwen2", "qwen3"),
        ("qwen2", "qwen25"),
        ("qwen25", "qwen2"),
        ("gemma2b", "gemma2"),
        ("misrtla", "mistral"),
        ("35", "235"),
        ("7b", "7"),
        ("gtp", "gpt"),
        ("phi4", "phi"),
    ],
)
def test_digits_short_words_and_two_slips_are_not_guessed(typed: str, other: str) -> None:
    assert other not in set(slips_of(typed))


@given(st.text())
def test_no_word_has_more_neighbours_than_are_quickly_looked_up(word: str) -> None:
    meant = list(slips_of(word))

    assert len(meant) == len(set(meant)) <= 54 * LONGEST + 26
    assert word not in meant

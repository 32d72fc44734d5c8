"""How a name is cut into grams, and how a term finds them again. The heart of matching; pure.

A term matches a name

- *from a start*: at the start of a word, running on across separators (`llama2` finds Llama-2); or
- *inside a word*: anywhere in it, not across separators (`llama` finds CodeLlama).

A term that begins with a digit matches only where a number begins, never right after a digit or a
decimal point (`7b` is not 27B and not 1.7B), and runs across a decimal point only where it has one
itself (`17b` is not 1.7B, `1.7b` is, and so is v1-7B).

So a name is cut into *starts* (from each start to the end of the name) and *insides* (from each
later letter of a word to the word's end). Engines store every beginning of these up to `GRAM`
characters: one look-up answers a term up to that length exactly; a longer one is looked up by
overlapping pieces and checked against the text.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from indexer.text import POINT, fold, words_of

GRAM = 8
"""Beginnings of starts and insides are stored up to this many characters."""
WHOLE_WORDS = 3
"""A term matches *whole* when it ends with a word, at most so many words after its start."""

_NAME_AND_NUMBER = re.compile(r"([^\W\d_]{2,})(\d.*)")
_UNDERSCORE_FOR_POINT = re.compile(r"(?<![\d.])(\d)_(\d)(?![^\W_]|\.)")
_NUMBER_IN_WORD = re.compile(r"(?<=[^\W\d_])\d")


@dataclass(frozen=True, slots=True)
class Cut:
    """A name, cut for matching."""

    starts: tuple[str, ...]
    insides: tuple[tuple[str, ...], ...]
    """Of each word, what begins at its later letters."""
    wholes: tuple[str, ...]
    """Runs of one to three words, from a word's start to a word's end; `qwen` and `2.5` of `qwen2.5` too."""
    compact: str
    """The whole name without separators: what an exact name is compared with."""


def cut(text: str) -> Cut:
    """Cut a name (or an owner) into what a term can match."""
    words = words_of(text)
    flat = [word.replace(POINT, "") for word in words]
    starts: list[str] = []
    wholes: list[str] = []
    for index, word in enumerate(words):
        source = words if word[0].isdigit() else flat
        starts.append("".join(source[index:]))
        run = ""
        for part in source[index : index + WHOLE_WORDS]:
            run += part
            wholes.append(run)
        if not word.isalpha():
            starts.extend(_numbers_in(words, index))
            wholes.extend(_halves(word))
    return Cut(tuple(starts), tuple(map(_insides, flat)), tuple(wholes), "".join(flat))


def _halves(word: str) -> tuple[str, ...]:
    """Give the name and the number of a word made of both: some write `llama2`, others `llama 2`."""
    parted = _NAME_AND_NUMBER.fullmatch(word)
    return parted.groups() if parted else ()


@lru_cache(maxsize=65_536)
def _insides(word: str) -> tuple[str, ...]:
    """Words repeat: a few hundred thousand make up millions of names."""
    return tuple(word[at:] for at in range(1, len(word)) if not word[at].isdigit())


def _numbers_in(words: list[str], index: int) -> list[str]:
    """Starts where a number begins inside a word; they run on only into words that are numbers."""
    end = index + 1
    while end < len(words) and words[end][0].isdigit():
        end += 1
    following = "".join(words[index + 1 : end])
    return [words[index][match.start() :] + following for match in _NUMBER_IN_WORD.finditer(words[index])]


@dataclass(frozen=True, slots=True)
class Term:
    """One word of a query, folded; points between its digits are kept."""

    text: str

    @property
    def forms(self) -> tuple[str, ...]:
        """What to look for: a number with a point as it is written and without."""
        flat = self.text.replace(POINT, "")
        if self.starts_with_digit and flat != self.text:
            return (self.text, flat)
        return (flat,)

    @property
    def keyword(self) -> str:
        """What is looked for among keywords."""
        return self.forms[0]

    @property
    def starts_with_digit(self) -> bool:
        """Whether it begins with a digit, so that it never matches inside a number."""
        return self.text[0].isdigit()


def terms_of(text: str) -> tuple[Term, ...]:
    """Give the terms of a text, each once, in order; `3_1` is how code writes 3.1 (and `2_7b` is no 2.7B)."""
    pointed = _UNDERSCORE_FOR_POINT.sub(r"\1.\2", text)
    return tuple(dict.fromkeys(Term(word) for word in words_of(pointed)))


def find(term: Term, text: str) -> tuple[int, int] | None:
    """Give where a term matches a text (start, end), from a start rather than inside, or `None`.

    This is the last word on every hit: grams select, this decides. Offsets are those of the folded
    text, which are those of the text itself for everything the Hub allows in a name.
    """
    folded = fold(text)
    for pattern in _patterns(term):
        match = pattern.search(folded)
        if match is not None:
            return match.span()
    return None


_SEPARATORS = r"[\W_]*"
_NO_POINT = r"(?!\.\d)[\W_]*"
_POINT_OR_NOTHING = r"(?:(?<=\d)\.(?=\d))?"
_WORD_START = r"(?<![^\W_])(?<!\d\.)"
_IN_WORD_NUMBER = r"(?<=[^\W\d_])"
_INSIDE = r"(?<=[^\W_])|(?<=\d\.)"


@lru_cache(maxsize=1024)
def _patterns(term: Term) -> tuple[re.Pattern[str], ...]:
    if term.starts_with_digit:
        crossing = [_joined(form, _NO_POINT, _SEPARATORS, _SEPARATORS) for form in term.forms]
        numbers = [_joined(form, _NO_POINT, _SEPARATORS, "") for form in term.forms]
        patterns = [_WORD_START + rest for rest in crossing] + [_IN_WORD_NUMBER + rest for rest in numbers]
    else:
        flat = term.forms[0]
        patterns = [
            r"(?<![^\W_])" + _joined(flat, _SEPARATORS, _SEPARATORS, _SEPARATORS),
            f"(?:{_INSIDE})" + _joined(flat, _POINT_OR_NOTHING, "", ""),
        ]
    return tuple(re.compile(pattern) for pattern in patterns)


def _joined(form: str, in_number: str, to_number: str, to_letter: str) -> str:
    """Join the characters of a form by what may stand in the text between two of them."""
    pattern = re.escape(form[0])
    for before, char in pairwise(form):
        if POINT not in (before, char):
            to_digit = in_number if before.isdigit() else to_number
            pattern += to_digit if char.isdigit() else to_letter
        pattern += re.escape(char)
    return pattern

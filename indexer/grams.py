"""How a name is cut into grams, and how a term finds them again. The heart of matching; pure.

A term matches a name

- *from a start*: at the start of a word, running on across separators (`llama2` finds Llama-2); or
- *inside a word*: anywhere in it, not across separators (`llama` finds CodeLlama); but not a single
  letter, which says nothing there: four of five names have any common one somewhere.

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
from itertools import accumulate, pairwise
from typing import NamedTuple

from indexer.text import POINT, fold, words_of

GRAM = 8
"""Beginnings of starts and insides are stored up to this many characters."""
INSIDE = 2
"""Letters of a term, at least, that is found inside a word too."""
WHOLE_WORDS = 3
"""A term matches *whole* when it ends with a word, at most so many words after its start."""

_NAME_AND_NUMBER = re.compile(r"([^\W\d_]{2,})(\d.*)")
_UNDERSCORE_FOR_POINT = re.compile(r"(?<![\d.])(\d)_(\d)(?![^\W_]|\.)")
_NUMBER_IN_WORD = re.compile(r"(?<=[^\W\d_])\d")


class Cut(NamedTuple):
    """A name, cut for matching. Millions are made: a tuple is in a third of a data class's time."""

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
    parts = list(map(_cut_word, words))
    pointed = compact = "".join(words)
    pointed_edges = edges = [0, *accumulate(map(len, words))]
    if POINT in pointed:
        compact = pointed.replace(POINT, "")
        edges = [0, *accumulate([len(part.flat) for part in parts])]
    starts: list[str] = []
    wholes: list[str] = []
    for index, word in enumerate(words):
        # Only what begins with a number keeps its points.
        source, at = (pointed, pointed_edges) if word[0].isdigit() else (compact, edges)
        start = at[index]
        starts.append(source[start:])
        wholes += [source[start:end] for end in at[index + 1 : index + 1 + WHOLE_WORDS]]
        part = parts[index]
        if part.numbers:
            following = _numbers_behind(words, index)
            starts += [number + following for number in part.numbers]
        wholes += part.halves
    return Cut(tuple(starts), tuple([part.insides for part in parts]), tuple(wholes), compact)


class _Word(NamedTuple):
    """A word, cut by itself."""

    flat: str
    """Without points."""
    insides: tuple[str, ...]
    numbers: tuple[str, ...]
    """From where numbers begin inside the word to its end."""
    halves: tuple[str, ...]
    """The name and the number of a word made of both: some write `llama2`, others `llama 2`."""


@lru_cache(maxsize=65_536)
def _cut_word(word: str) -> _Word:
    """Words repeat: a few hundred thousand make up millions of names."""
    flat = word.replace(POINT, "")
    insides = tuple(flat[at:] for at in range(1, len(flat)) if not flat[at].isdigit())
    numbers = tuple(word[match.start() :] for match in _NUMBER_IN_WORD.finditer(word))
    parted = _NAME_AND_NUMBER.fullmatch(word)
    return _Word(flat, insides, numbers, parted.groups() if parted else ())


def _numbers_behind(words: list[str], index: int) -> str:
    """Give what a number inside a word runs on into: the words behind it that are numbers."""
    end = index + 1
    while end < len(words) and words[end][0].isdigit():
        end += 1
    return "".join(words[index + 1 : end])


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
    def is_found_inside(self) -> bool:
        """Whether it is looked for inside words too."""
        return len(self.forms[0]) >= INSIDE

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
        match = _compiled(pattern).search(folded)
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
def _patterns(term: Term) -> tuple[str, ...]:
    if term.starts_with_digit:
        crossing = [_joined(form, _NO_POINT, _SEPARATORS, _SEPARATORS) for form in term.forms]
        numbers = [_joined(form, _NO_POINT, _SEPARATORS, "") for form in term.forms]
        patterns = [_WORD_START + rest for rest in crossing] + [_IN_WORD_NUMBER + rest for rest in numbers]
    else:
        flat = term.forms[0]
        patterns = [r"(?<![^\W_])" + _joined(flat, _SEPARATORS, _SEPARATORS, _SEPARATORS)]
        if term.is_found_inside:
            patterns.append(f"(?:{_INSIDE})" + _joined(flat, _POINT_OR_NOTHING, "", ""))
    return tuple(patterns)


_compiled = lru_cache(maxsize=4096)(re.compile)
"""While somebody types, every key makes a new term, and compiling takes longer than searching."""


def _joined(form: str, in_number: str, to_number: str, to_letter: str) -> str:
    """Join the characters of a form by what may stand in the text between two of them."""
    pattern = re.escape(form[0])
    for before, char in pairwise(form):
        if POINT not in (before, char):
            to_digit = in_number if before.isdigit() else to_number
            pattern += to_digit if char.isdigit() else to_letter
        pattern += re.escape(char)
    return pattern

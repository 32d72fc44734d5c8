"""One slip of the finger: what a word that nobody wrote may have been meant to be; pure.

A slip is a letter missing, doubled or too many, a wrong letter, or two letters the wrong way round. Digits
are never guessed, nor what stands behind them: `qwen2` is no slip for Qwen3, and 35 none for 235.
"""

import re
import string
from collections.abc import Iterator

SHORTEST, LONGEST = 4, 24
"""Letters of a word that may hold a slip: a shorter word has too many neighbours, a longer one is none."""

_LETTERS = re.compile(r"[^\W\d_]+")


def slips_of(text: str) -> Iterator[str]:
    """Give what was meant by a folded word, if one of the letters it begins with is a slip."""
    letters = _LETTERS.match(text)
    if letters is None or not SHORTEST <= len(letters[0]) <= LONGEST:
        return
    rest = text[letters.end() :]
    meant = {*_without_a_letter(letters[0]), *_with_a_letter(letters[0])}
    for word in sorted(meant - {letters[0]}):
        yield word + rest


def _without_a_letter(word: str) -> Iterator[str]:
    """Drop a letter; or put two the other way round."""
    for at in range(len(word)):
        yield word[:at] + word[at + 1 :]
        yield word[:at] + word[at : at + 2][::-1] + word[at + 2 :]


def _with_a_letter(word: str) -> Iterator[str]:
    """Insert a letter, or put it in the place of another one."""
    for letter in string.ascii_lowercase:
        for at in range(len(word) + 1):
            yield word[:at] + letter + word[at:]
            yield word[:at] + letter + word[at + 1 :]

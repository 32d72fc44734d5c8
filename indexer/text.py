"""How text is read: case, accents and separators do not matter; a decimal point does, to a number.

A *word* is a run of letters and digits; a point between two digits stays inside it (`qwen2.5`).
Everything else separates. Both what is indexed and what is asked go through here.
"""

import re
import unicodedata

POINT = "."

_WORD = re.compile(r"[^\W_]+(?:(?<=\d)\.(?=\d)[^\W_]+)*")


def fold(text: str) -> str:
    """Lower the case and drop the accents: `Crème` becomes `creme`."""
    if text.isascii():
        return text.lower()
    parts = unicodedata.normalize("NFKD", text)
    return "".join(char for char in parts if not unicodedata.combining(char)).lower()


def words_of(text: str) -> list[str]:
    """Give the words of a text, folded: `Qwen2.5_7B` is `qwen2.5` and `7b`."""
    return _WORD.findall(fold(text))


def compact(text: str) -> str:
    """Give the text folded and without any separator: `Qwen2.5-7B` is `qwen257b`."""
    return "".join(words_of(text)).replace(POINT, "")


def is_storable(text: str) -> bool:
    """Tell whether the text can be written as UTF-8: JSON can carry half a surrogate pair."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True

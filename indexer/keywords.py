"""What finds a model beside its id: the words of its tags, its task and its library; pure."""

from functools import lru_cache

from indexer.grams import Term
from indexer.text import words_of

MAX_KEYWORDS = 200
"""Keywords of a model; what is said beyond them finds it no more."""
MAX_LENGTH = 60
"""Letters of a keyword; nobody types a longer one."""

_MACHINES_OWN = frozenset({
    "autonlp_compatible", "autotrain_compatible", "endpoints_compatible", "infinity_compatible",
    "model-index", "text-embeddings-inference", "text-generation-inference",
})  # fmt: skip
"""What the Hub adds by itself: where a model can be run, never what it is."""


def keywords_of(*said: str | None) -> tuple[str, ...]:
    """Give the keywords of a model, each once.

    A tag is a keyword as a whole (`text-to-image` is `texttoimage`), and so is each of its words that is
    no number: `4-bit` is no Llama 4. Tags with a key (`license:mit`, `base_model:..`) are for filters.

    Args:
        said: its tags, its task and its library, as far as they are known.

    """
    found: dict[str, None] = {}
    for text in said:
        if text:
            found.update(_of_tag(text))
    return tuple(found)[:MAX_KEYWORDS]


def tag_with(keyword: str, *said: str | None) -> str | None:
    """Give the shortest of these texts that has a keyword, or `None`: it says why a model was found."""
    return min((text for text in said if text and keyword in _of_tag(text)), key=len, default=None)


@lru_cache(maxsize=262_144)
def _of_tag(tag: str) -> dict[str, None]:
    """Tags repeat: some thousands make up nearly all that are given."""
    if ":" in tag or tag.lower() in _MACHINES_OWN:
        return {}
    words = words_of(tag)
    whole = "".join(words)
    keywords = [Term(whole).keyword] if whole else []
    keywords += [word for word in words if word.isalpha()]
    return dict.fromkeys(word for word in keywords if len(word) <= MAX_LENGTH)

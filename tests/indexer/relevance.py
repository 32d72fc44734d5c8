"""What people type and what they must be answered, as a table; `relevance.txt` says how it is read."""

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from fnmatch import translate
from pathlib import Path

from indexer.search import SearchPage
from tests.factories import NAMES
from tests.fakes.hub.generated import GeneratedSource
from tests.fakes.hub.names import FLAGSHIPS, OLD_IDS
from tests.indexer.house import ids

PAGE = 20
DEPTH = 100
"""Hits that `never` looks at."""
REACH = 9_900
"""Hits that `lists` looks at."""
SAME = 10

Ask = Callable[[str, int, int], SearchPage]
"""Answers a text, from limit and offset."""


@dataclass(frozen=True)
class Wish:
    """A row of the table."""

    text: str
    first: tuple[str, ...] = ()
    top: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    same: str | None = None
    nothing: bool = False


@dataclass(frozen=True)
class Asked:
    """An index that wishes are put to."""

    ask: Ask
    held: Collection[str] = field(repr=False)
    """Ids of all its models, in lower case."""

    def found(self, text: str, limit: int = DEPTH, offset: int = 0) -> list[str]:
        return [repo_id.lower() for repo_id in ids(self.ask(text, limit, offset))]

    def walk(self, text: str) -> Iterator[str]:
        for offset in range(0, REACH, DEPTH):
            page = self.found(text, DEPTH, offset)
            yield from page
            if len(page) < DEPTH:
                return

    def complaints(self, wish: Wish) -> Iterator[str]:
        """Say what is wrong with the answer to a row."""
        hits = self.found(wish.text)
        if wish.nothing and hits:
            yield f"finds {hits[:3]}"
        if wish.first and not _fits(hits[:1], wish.first) and _fits(self.held, wish.first):
            yield f"first is {hits[:3]}"
        strangers = [hit for hit in hits[:PAGE] if not _fits([hit], wish.top)]
        if wish.top and (strangers or (not hits and _fits(self.held, wish.top))):
            yield f"on top is {strangers[:3]}"
        if wish.never and _fits(hits, wish.never):
            yield f"lists {[hit for hit in hits if _fits([hit], wish.never)][:3]}"
        yield from self._unlisted(wish)
        if wish.same is not None and set(hits[:SAME]) != set(self.found(wish.same, SAME)):
            yield f"is not as {wish.same!r}: {hits[:3]}"

    def _unlisted(self, wish: Wish) -> Iterator[str]:
        missing = {repo_id.lower() for repo_id in wish.lists} & set(self.held)
        for hit in self.walk(wish.text) if missing else ():
            missing.discard(hit)
            if not missing:
                return
        if missing:
            yield f"lists no {sorted(missing)}"


def _fits(names: Collection[str], patterns: tuple[str, ...]) -> bool:
    """Say whether one of the names matches one of the patterns."""
    wanted = re.compile("|".join(translate(pattern.lower()) for pattern in patterns))
    return any(wanted.match(name) for name in names)


def read_wishes() -> tuple[Wish, ...]:
    lines = Path(__file__).with_suffix(".txt").read_text(encoding="utf-8").splitlines()
    return tuple(_wish(line) for line in lines if line.strip() and not line.startswith("#"))


def _wish(line: str) -> Wish:
    text, *rules = line.split(" | ")
    wish: dict[str, object] = {}
    for rule in rules:
        word, _, value = (part.strip() for part in rule.partition(":"))
        wish[word] = True if word == "nothing" else value if word == "same" else tuple(value.split())
    return Wish(text.strip(), **wish)  # type: ignore[arg-type]


WISHES = read_wishes()

_KNOWN = """
    meta-llama/Prompt-Guard-86M meta-llama/Llama-4-Scout-17B-16E Qwen/Qwen3-235B-A22B Qwen/Qwen3.5-8B
    mistralai/Mistral-7B-Instruct-v0.1 alibaba/happy-horse-1.0 someone/sd_xl_base THUDM/chatglm3-6b
    camembert/camembert-base DeepPavlov/rubert-base-cased Helsinki-NLP/opus-mt-zh-en
    rinna/japanese-gpt2-small dccuchile/bert-base-spanish-wwm-cased google/gemma-3-27b-it-qat
    IDEA-CCNL/Erlangshen-Roberta-110M-Sentiment someone/llama-uncensored-7b bigcode/starcoder2-18b
    mradermacher/Qwen3-8B-abliterated-GGUF
    """
_JUNK = """
    nobody3/phi-4-test nobody/llama-13b-test nobody/some-33b-merge nobody/mistal-7b nobody/wisper
    bloke/gguf metal/llama-notes someone/minima-all
    """
_GENERATED = 2_000


_TAGS = (
    ("flux", "text-to-image"),
    ("stable-diffusion", "text-to-image"),
    ("whisper", "automatic-speech-recognition"),
    ("instruct", "conversational"),
    ("", "endpoints_compatible"),
)
"""What the Hub tags models with whose names have these words."""


def shelf() -> dict[str, tuple[str, ...]]:
    """Models and their tags for every row, the most popular first: well-known, generated, junk."""
    generated = GeneratedSource(_GENERATED)
    crowd = (generated.repo_id(number) for number in range(_GENERATED))
    return {
        one: _tags(one) for one in (*FLAGSHIPS, *NAMES, *_KNOWN.split(), *OLD_IDS, *crowd, *_JUNK.split())
    }


def _tags(repo_id: str) -> tuple[str, ...]:
    return tuple(tag for word, tag in _TAGS if word in repo_id.lower())

"""What is asked: names as people type them, key by key, and everything else that is a query."""

import random
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

from indexer.filters import Facet
from indexer.query import Kind, SearchQuery, Sort, parse_query
from indexer.text import words_of

FILTERS = (
    "task:text-generation",
    "library:transformers",
    "license:apache-2.0",
    "format:gguf",
    "gated:auto",
    "params:<8b",
    "tag:en",
    "task:text-generation library:transformers",
)
LINKS = (
    "https://huggingface.co/{}",
    "https://huggingface.co/{}/tree/main",
    "hf.co/{}:Q4_K_M",
    "ollama run hf.co/{}",
    "hf download {}",
    'from_pretrained("{}")',
)
EXCLUDED = ("gguf", "lora", "base", "instruct", "a", "merged", "7b", "awq")
FILTERED_KEYS = 12
"""Keys typed beside a filter, and letters of a typed word: longer ones match hardly anything."""
SLIPPED_LETTERS = 5
"""Letters of a word with a slip, at least."""
DEPTHS = (1_000, 10_000, 99_900)
SAMPLED = 100
"""Queries of a kind that is no keystroke: a depth, an order."""


@dataclass(frozen=True, slots=True)
class Question:
    """A query as somebody asks it."""

    kind: str
    text: str
    sort: Sort = "relevance"
    offset: int = 0
    hits: Kind = "model"

    def query(self, facets: Sequence[Facet] = ()) -> SearchQuery:
        return parse_query(self.text, sort=self.sort, offset=self.offset, facets=facets, kind=self.hits)

    def __str__(self) -> str:
        return self.text


def names_to_type(home: Path, count: int) -> list[str]:
    """Names people look for: half of them drawn from the popular tenth, half from all."""
    with sqlite3.connect(home / "catalog.db") as database:
        total = database.execute("select count(*) from models").fetchone()[0]
        by_popularity = "select repo_id from models order by downloads desc nulls last limit ?"
        popular = [row[0] for row in database.execute(by_popularity, (max(count, total // 10),))]
        numbers = random.Random(7).sample(range(1, total + 1), count)
        one = "select repo_id from models where number = ?"
        anyone = [row[0] for number in numbers for row in database.execute(one, (number,))]
    chosen = random.Random(3)
    return [*chosen.sample(popular, count // 2), *chosen.sample(anyone, min(len(anyone), count - count // 2))]


def distinct(questions: Iterable[Question]) -> list[Question]:
    """Give each query once: `meta`, `Meta` and `meta-` ask the same, and would be remembered."""
    seen: set[SearchQuery] = set()
    kept = []
    for question in questions:
        query = replace(question.query(), text="")
        if query not in seen:
            seen.add(query)
            kept.append(question)
    return kept


def keys_of(text: str) -> list[Question]:
    """Give every keystroke of a text."""
    return [Question(_kind(text[:end]), text[:end]) for end in range(1, len(text) + 1)]


def ids_typed(names: Sequence[str]) -> list[Question]:
    """Give every keystroke of whole ids."""
    return [question for name in names for question in keys_of(name)]


def words_typed(names: Sequence[str]) -> list[Question]:
    """Give every keystroke of the names alone, in words; of every second one."""
    return [question for name in names[::2] for question in keys_of(_in_words(name))]


def others(names: Sequence[str]) -> list[Question]:
    """Give what is no plain keystroke: slips, exclusions, filters, pasted links, nothing at all."""
    chance = random.Random(11)
    return [
        Question("nothing typed", ""),
        *_slips(names, chance),
        *_exclusions(names, chance),
        *_filtered(names),
        *(Question("pasted link", LINKS[at % len(LINKS)].format(name)) for at, name in enumerate(names)),
    ]


def in_every_order(questions: Sequence[Question]) -> Iterator[Question]:
    """Give some of these questions in every order but that of relevance; short ones match most."""
    chance = random.Random(13)
    short = [one for one in questions if len(one.text) <= 3]
    some = [*_some(short, SAMPLED // 2, chance), *_some(questions, SAMPLED // 2, chance)]
    for sort in get_args(Sort):
        if sort != "relevance":
            for text in ("", *(one.text for one in some)):
                yield Question(f"sort {sort}", text, sort)


def deep(totals: Sequence[tuple[Question, int]]) -> Iterator[Question]:
    """Give deep pages of some questions whose totals (beside them) reach so deep."""
    chance = random.Random(17)
    for depth in DEPTHS:
        reaching = [question for question, total in totals if total > depth]
        for question in _some(reaching, SAMPLED, chance):
            yield replace(question, kind=f"offset {depth:,}", offset=depth)


def _some(questions: Sequence[Question], count: int, chance: random.Random) -> list[Question]:
    return chance.sample(questions, min(count, len(questions)))


def _in_words(repo_id: str) -> str:
    return " ".join(words_of(repo_id.rpartition("/")[2]))


def _kind(text: str) -> str:
    if "/" in text:
        return "owner/..."
    if len(text) <= 2:
        return "1 letter" if len(text) == 1 else "2 letters"
    if any(char.isdigit() for char in text):
        return "with digits"
    return "several words" if len(words_of(text)) > 1 else "one word"


def _slips(names: Sequence[str], chance: random.Random) -> Iterator[Question]:
    """A letter missing, doubled or wrong, or two the wrong way round; in turns, alone or in its name."""
    for at, name in enumerate(names):
        words = _in_words(name).split()
        long = next((word for word in words if len(word) >= SLIPPED_LETTERS and word.isalpha()), None)
        if long is not None:
            place = chance.randrange(1, len(long) - 1)
            left, one, two, right = long[:place], long[place], long[place + 1], long[place + 2 :]
            slip = (one + right, one + one + two + right, "x" + two + right, two + one + right)[at % 4]
            words = [left + slip if word == long else word for word in words]
            yield Question("typo", " ".join(words if at % 8 < 4 else [left + slip]))


def _exclusions(names: Sequence[str], chance: random.Random) -> Iterator[Question]:
    for name in names:
        words = _in_words(name).split()
        left_out = chance.choice([*EXCLUDED, words[-1]]) if words else EXCLUDED[0]
        yield Question("exclusion", f"{' '.join(words[: chance.choice((1, 1, 2))])} -{left_out}".strip())


def _filtered(names: Sequence[str]) -> Iterator[Question]:
    for chosen in FILTERS:
        yield Question("with a filter", chosen)
    for at, name in enumerate(names[::10]):
        for question in keys_of(_in_words(name)[:FILTERED_KEYS]):
            yield Question("with a filter", f"{question.text} {FILTERS[at % len(FILTERS)]}")

"""Answers to the shortest queries, made ready once at each commit.

One or two letters match up to all models there are, so selecting by them takes the longest of all
searches (at 3.1 million models up to 60 ms); and everybody types through them.
"""

import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import TypeAlias

import orjson
import tantivy

from indexer.engines.contract import IndexState, Selected, Selection
from indexer.engines.embedded import folder as folders
from indexer.engines.embedded.lookups import TantivyTerms
from indexer.engines.embedded.searching import Searching
from indexer.engines.selecting import Selector
from indexer.engines.terms import NAME, OWNER
from indexer.query import MAX_LIMIT, SearchQuery, parse_query
from indexer.ranking import Step

WORTH_MODELS = 50_000
"""What fewer models match is looked up fast enough; and few enough are ordered by their names."""

Ready: TypeAlias = tuple[int, Sequence[tuple[int, int]]]
"""The total and the first hits of a query: a number and a step each."""

_FILE = "short.json"
_LETTERS = string.ascii_lowercase + string.digits


class ShortAnswers:
    """The first hits and the total of short queries, for one commit of an index.

    Args:
        answers: by what was typed.
        state: how far the commit follows.

    """

    def __init__(
        self, answers: Mapping[str, tuple[int, Sequence[tuple[int, int]]]], state: IndexState
    ) -> None:
        self._answers = answers
        self._state = state

    def __len__(self) -> int:
        """Give how many queries can be answered."""
        return len(self._answers)

    def answer(self, query: SearchQuery) -> Selection | None:
        """Give the page that a query asks for, or `None` when it was not made ready."""
        end = query.offset + query.limit
        text = query.wanted[0].term.text if len(query.wanted) == 1 else ""
        if end > MAX_LIMIT or text not in self._answers or _first_page(query) != _asked_by(text):
            return None
        total, hits = self._answers[text]
        selected = tuple(Selected(number, Step(step)) for number, step in hits[query.offset : end])
        return Selection(selected, total, total_exact=True, state=self._state)


def drop_short(folder: Path) -> None:
    """Forget the answers of a commit that another one is about to follow."""
    (folder / _FILE).unlink(missing_ok=True)


def has_short(folder: Path, state: IndexState) -> bool:
    """Tell whether the answers for the commit of this state were made ready."""
    return _read(folder, state) is not None


def write_short(folder: Path, index: tantivy.Index, schema: tantivy.Schema, state: IndexState) -> None:
    """Make the answers for the newest commit ready."""
    index.reload()
    searcher = index.searcher()
    selector = Selector(TantivyTerms(schema, searcher))
    answers = {}
    for text in _short_texts(searcher):
        selection = Searching(schema, searcher, selector, state, _asked_by(text)).run()
        answers[text] = [selection.total, [[one.number, one.step] for one in selection.selected]]
    folders.replace_file(folder / _FILE, orjson.dumps({"of": _stamp(state), "answers": answers}))


def read_short(folder: Path, state: IndexState) -> ShortAnswers:
    """Give the answers that were made ready for the commit of this state; perhaps none."""
    return ShortAnswers(_read(folder, state) or {}, state)


def _read(folder: Path, state: IndexState) -> dict[str, Ready] | None:
    try:
        data = orjson.loads((folder / _FILE).read_bytes())
        return dict(data["answers"]) if data["of"] == _stamp(state) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _stamp(state: IndexState) -> list[str | int]:
    return [state.catalog, state.serial, state.counters_serial]


def _asked_by(text: str) -> SearchQuery:
    return _first_page(parse_query(text))


def _first_page(query: SearchQuery) -> SearchQuery:
    return replace(query, text="", limit=MAX_LIMIT, offset=0)


def _short_texts(searcher: tantivy.Searcher) -> Iterator[str]:
    if searcher.num_docs >= WORTH_MODELS:
        yield ""
    for letters in (*_LETTERS, *map("".join, product(_LETTERS, repeat=2))):
        if sum(searcher.doc_freq(part.grams, letters) for part in (OWNER, NAME)) >= WORTH_MODELS:
            yield letters

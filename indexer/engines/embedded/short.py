"""Answers to the shortest queries, made ready once at each commit.

One or two letters match up to all models there are, so selecting by them takes the longest of all
searches (at 3.1 million models up to 60 ms); and everybody types through them.
"""

import string
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import product
from pathlib import Path

import orjson
import tantivy

from indexer.engines.contract import IndexState, Selected, Selection
from indexer.engines.embedded import folder as folders
from indexer.engines.embedded.schema import NAME, OWNER
from indexer.engines.embedded.searching import Searching
from indexer.engines.embedded.selecting import Selector
from indexer.query import MAX_LIMIT, SearchQuery, parse_query
from indexer.ranking import Step

WORTH_MODELS = 50_000
"""What fewer models match is looked up fast enough; and few enough are ordered by their names."""

_FILE = "short.json"
_LETTERS = string.ascii_lowercase + string.digits


class ShortAnswers:
    """The first hits and the total of short queries, for one commit of an index."""

    def __init__(self, answers: Mapping[SearchQuery, Selection]) -> None:
        self._answers = answers

    def __len__(self) -> int:
        """Give how many queries can be answered."""
        return len(self._answers)

    def answer(self, query: SearchQuery) -> Selection | None:
        """Give the page that a query asks for, or `None` when it was not made ready."""
        end = query.offset + query.limit
        known = self._answers.get(_first_page(query)) if end <= MAX_LIMIT else None
        return None if known is None else replace(known, selected=known.selected[query.offset : end])


def drop_short(folder: Path) -> None:
    """Forget the answers of a commit that another one is about to follow."""
    (folder / _FILE).unlink(missing_ok=True)


def write_short(folder: Path, index: tantivy.Index, schema: tantivy.Schema, state: IndexState) -> None:
    """Make the answers of the newest commit ready, unless they are."""
    if _read(folder, state) is not None:
        return
    index.reload()
    searcher = index.searcher()
    selector = Selector(schema, searcher)
    answers = {}
    for text in _short_texts(searcher):
        selection = Searching(searcher, selector, state, _first_page(parse_query(text))).run()
        answers[text] = [selection.total, [[one.number, one.step] for one in selection.selected]]
    folders.replace_file(folder / _FILE, orjson.dumps({"of": _stamp(state), "answers": answers}))


def read_short(folder: Path, state: IndexState) -> ShortAnswers:
    """Give the answers that were made ready for the commit of this state; perhaps none."""
    return ShortAnswers(_read(folder, state) or {})


def _read(folder: Path, state: IndexState) -> dict[SearchQuery, Selection] | None:
    try:
        data = orjson.loads((folder / _FILE).read_bytes())
        if data["of"] != _stamp(state):
            return None
        return {
            _first_page(parse_query(text)): Selection(
                tuple(Selected(number, Step(step)) for number, step in hits),
                total,
                total_exact=True,
                state=state,
            )
            for text, (total, hits) in data["answers"].items()
        }
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _stamp(state: IndexState) -> list[str | int]:
    return [state.catalog, state.serial, state.counters_serial]


def _first_page(query: SearchQuery) -> SearchQuery:
    return replace(query, text="", limit=MAX_LIMIT, offset=0)


def _short_texts(searcher: tantivy.Searcher) -> Iterator[str]:
    for letters in (*_LETTERS, *map("".join, product(_LETTERS, repeat=2))):
        if sum(searcher.doc_freq(part.grams, letters) for part in (OWNER, NAME)) >= WORTH_MODELS:
            yield letters

"""The stage that compares totals with the definition (`rank_of`) over every id; slow, so not a default."""

import argparse
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from indexer.query import SearchQuery
from indexer.ranking import rank_of
from indexer.search import Search
from tests.benchmarks.asking import opened
from tests.benchmarks.figures import Figure, amount, say
from tests.benchmarks.questions import Question, distinct, ids_typed, names_to_type, others, words_typed

KINDS = ("1 letter", "one word", "several words", "with digits", "owner/...", "exclusion")
"""One text of each is compared."""
FOUND = 50
"""A text must be found so often: what few models match, the search compares with the definition itself."""
TRIED = 300
"""Texts of a kind that are looked at for one that is found often enough."""


def check_stage(arguments: argparse.Namespace) -> Iterator[Figure]:
    """Count what answers some texts by their definition, and compare with the totals."""
    names = names_to_type(arguments.home, arguments.names)
    questions = distinct([*ids_typed(names), *words_typed(names), *others(names)])
    with opened(arguments.home) as search:
        totals = {one: total for kind in KINDS for one, total in _often_found(search, questions, kind)}
    say(f"check: {', '.join(one.text for one in totals)}, over every id")
    counts = _defined(arguments.home, [one.query() for one in totals])
    for (question, total), count in zip(totals.items(), counts, strict=True):
        note = f"`{question.text}`, {count:,} by the definition"
        what = f"total told: {question.kind}"
        yield amount(what, total, at_least=count, at_most=count, note=note)


def _often_found(search: Search, questions: Sequence[Question], kind: str) -> Iterator[tuple[Question, int]]:
    """Give a question of a kind that many models answer, and its total."""
    of_kind = [one for one in questions if one.kind == kind]
    for question in of_kind[len(of_kind) // 3 :][:TRIED]:
        page = search.answer(question.query())
        if page.total_exact and page.total >= FOUND:
            yield question, page.total
            return


def _defined(home: Path, queries: Sequence[SearchQuery]) -> list[int]:
    counts = [0] * len(queries)
    with closing(sqlite3.connect(home / "catalog.db")) as database:
        for (repo_id,) in database.execute("select repo_id from models"):
            for at, query in enumerate(queries):
                counts[at] += rank_of(query, repo_id) is not None
    return counts

"""The stage that types: every keystroke of many names, and every other kind of query, once each.

Timings are those an answer gives of itself (`took_ms`). Hits and total come in one answer and are
not told apart; facets are counted only where they are asked for, and so are measured apart.
"""

import argparse
import random
import sqlite3
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

from indexer.filters import FACETS
from indexer.process import collect_garbage_rarely
from indexer.search import Search
from tests.benchmarks.asking import WARM, Asked, ask, ask_all, opened, timings_of
from tests.benchmarks.figures import Figure, Timings, amount, peak_memory, say, spread
from tests.benchmarks.questions import (
    Question,
    deep,
    distinct,
    ids_typed,
    in_every_order,
    names_to_type,
    others,
    words_typed,
)

SCANNED = 20
"""Texts that are looked for by a plain scan, too."""

_TOP = "select repo_id from models where repo_id like ? order by downloads desc limit 20"
_COUNT = "select count(*) from models where repo_id like ?"


def search_stage(arguments: argparse.Namespace) -> Iterator[Figure]:
    """Type names as people do, key by key; every keystroke is a search for twenty hits."""
    collect_garbage_rarely()
    names = names_to_type(arguments.home, arguments.names)
    in_ids = ids_typed(names)
    typed = distinct([*in_ids, *words_typed(names)])
    asked = distinct([*typed, *others(names), *in_every_order(typed)])
    say(
        f"search: {len(names)} names, {len(typed):,} keystrokes apart, {len(asked):,} queries with all others"
    )
    with opened(arguments.home) as search:
        yield amount("first search of a process", ask(search, Question("", WARM)).took_ms, "ms")
        processor = time.process_time()
        keystrokes = ask_all(search, typed)
        processor = time.process_time() - processor
        answered = keystrokes + ask_all(search, asked[len(typed) :])
        answered += ask_all(search, deep([(one.question, one.total) for one in keystrokes]))
        yield spread("hits and total, every keystroke", timings_of(keystrokes), p50=3, p99=12)
        mean = processor / len(typed) * 1000
        yield amount("hits and total: processor time of a keystroke", mean, "ms", note="on average")
        yield from _by_kind("hits and total", answered)
        yield from _whole_ids(search, names)
    yield from _with_facets(arguments.home, answered, len(typed))
    with opened(arguments.home) as search:
        ask(search, Question("", WARM))
        typing = timings_of(ask_all(search, in_ids))
        yield spread("whole ids as typed, earlier answers remembered", typing)
    yield peak_memory("search")
    yield from _scanned(arguments.home, keystrokes)


def _with_facets(home: Path, answered: Sequence[Asked], keystrokes: int) -> Iterator[Figure]:
    """Ask the same once more, with every facet."""
    with opened(home) as search:
        ask(search, Question("", WARM))
        again = ask_all(search, [one.question for one in answered], FACETS)
    yield spread("with six facets, every keystroke", timings_of(again[:keystrokes]), p99=50)
    yield from _by_kind("with six facets", again)


def _by_kind(what: str, asked: Sequence[Asked]) -> Iterator[Figure]:
    kinds = dict.fromkeys(one.question.kind for one in asked)
    for kind in kinds:
        yield spread(f"{what}: {kind}", timings_of(one for one in asked if one.question.kind == kind))


def _whole_ids(search: Search, names: Sequence[str]) -> Iterator[Figure]:
    """Count the models that come first when their whole id is asked for."""
    missed = []
    for name in names:
        hits = search.answer(Question("", name).query()).hits
        if not hits or hits[0].model.record.repo_id != name:
            missed.append(name)
    note = f"of {len(names)}" + (f"; not `{missed[0]}`" if missed else "")
    yield amount("whole ids that came first", len(names) - len(missed), at_least=len(names), note=note)


def _scanned(home: Path, keystrokes: Sequence[Asked]) -> Iterator[Figure]:
    """What a plain scan of the names costs for the same: count and top twenty."""
    some = random.Random(1).sample(keystrokes, min(SCANNED, len(keystrokes)))
    with sqlite3.connect(home / "catalog.db") as database:
        scans = [(_scan(database, one.question.text), one.question.text) for one in some]
    ours = timings_of(some)
    yield spread("the same as LIKE scans", scans)
    yield spread("beside: ours of the same texts", ours)
    yield Figure(
        "LIKE scan / ours", _ratios(scans, ours), "times", note="p50 by p50, and the least of one text"
    )


def _scan(database: sqlite3.Connection, text: str) -> float:
    """Give the milliseconds of a scan for the words as they stand, one after the other."""
    pattern = f"%{'%'.join(text.replace('/', ' ').split())}%"
    began = time.perf_counter()
    for query in (_TOP, _COUNT):
        database.execute(query, (pattern,)).fetchall()
    return (time.perf_counter() - began) * 1000


def _ratios(scans: Timings, ours: Timings) -> dict[str, float]:
    pairs = [(scan, max(own, 0.01)) for (scan, _), (own, _) in zip(scans, ours, strict=True)]
    whole = median(scan for scan, _ in pairs) / median(own for _, own in pairs)
    return {"p50": whole, "least": min(scan / own for scan, own in pairs)}

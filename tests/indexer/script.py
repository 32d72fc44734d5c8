"""A script of batches in which everything happens that a catalog stores, and how to compare catalogs."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from indexer.catalog.store import Catalog
from indexer.records import (
    Batch,
    Checkpoint,
    Counters,
    GgufFacts,
    Listed,
    ModelRecord,
    Removal,
    SetAside,
    Tree,
    Waypoint,
)
from indexer.variants.records import RepoFile

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
FIRST, SECOND = NOW - timedelta(days=2), NOW - timedelta(days=1)
"""Starts of two full passes."""

TABLES = (
    "state",
    "models",
    "tombstones",
    "aliases",
    "checkpoints",
    "sightings",
    "trees",
    "blobs",
    "waypoints",
    "set_aside",
)

Dump = dict[str, list[tuple[Any, ...]]]


def key_of(number: int) -> str:
    return f"{number:024x}"


def listed(number: int, repo_id: str, downloads: int | None = 0, **overrides: object) -> Listed:
    record = replace(ModelRecord(key_of(number), repo_id), **overrides)  # type: ignore[arg-type]
    return Listed(record, Counters(downloads=downloads))


def tree(number: int, sha: str, *weights: int) -> Tree:
    """A tree of as many files of weights, and a card; one weight is the same file everywhere."""
    files = (RepoFile(f"m.{weight}.gguf", weight * 10**9, f"{weight:064x}"[::-1]) for weight in weights)
    return Tree(key_of(number), sha * 40, (RepoFile("README.md", 7), *files))


def dump_of(path: Path) -> Dump:
    """Everything a catalog holds, without the name that each catalog gives itself."""
    with closing(sqlite3.connect(path)) as database:
        dump = {name: database.execute(f"select * from {name} order by 1, 2").fetchall() for name in TABLES}  # noqa: S608  # our own names
    dump["state"] = [(*row[:2], *row[3:]) for row in dump["state"]]
    return dump


def open_catalog(path: Path) -> Catalog:
    return Catalog(f"sqlite:///{path}", now=lambda: NOW)


def make_older(path: Path, version: int = 1) -> None:
    """Make a catalog as an older version left it, from its own statements."""
    statements = Path(__file__).parent / f"version_{version}.sql"
    with closing(sqlite3.connect(path)) as database:
        database.executescript(statements.read_text(encoding="utf-8"))


def dumps_along(folder: Path) -> list[Dump]:
    """What an undisturbed catalog holds after each of the batches, and before the first."""
    path = folder / "undisturbed.db"
    with open_catalog(path) as catalog:
        dumps = [dump_of(path)]
        for batch in BATCHES:
            catalog.apply(batch)
            dumps.append(dump_of(path))
    return dumps


def in_children(*runs: Callable[[int], object]) -> tuple[bytes, list[int]]:
    """Run each in a process of its own, all at once.

    Args:
        runs: each gets a file descriptor; whatever is written to it is told here.

    Returns:
        What they told, and their exit codes (negative: the signal that ended one).

    """
    reading, writing = os.pipe()
    children = []
    for run in runs:
        child = os.fork()
        if child == 0:
            code = 70
            try:
                os.close(reading)
                run(writing)
                code = 0
            finally:
                os._exit(code)
        children.append(child)
    os.close(writing)
    with os.fdopen(reading, "rb") as told:
        said = told.read()
    return said, [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]


def _mark(name: str, run: datetime, page: int, **fields: Any) -> Checkpoint:
    return Checkpoint(name, f"https://hub/{name}?page={page}", run, page, page * 4, **fields)


BATCHES = (
    Batch(
        tuple(listed(n, f"a/m{n}", n, tags=("gguf", f"t{n}")) for n in range(1, 7)),
        checkpoints=(_mark("full", FIRST, 1, origin=FIRST), _mark("full/down", FIRST, 1)),
        seen_by=FIRST,
        waypoint=Waypoint("https://hub/w1", FIRST - timedelta(days=9)),
    ),
    Batch(  # changed, renamed, counted, unchanged, new
        (
            listed(1, "a/m1", 1, tags=("gguf", "t1"), sha="f" * 40),
            listed(2, "a/renamed", 2),
            listed(3, "a/m3", 33, tags=("gguf", "t3")),
            listed(4, "a/m4", 4, tags=("gguf", "t4")),
            listed(7, "b/new"),
        ),
        checkpoints=(_mark("head", NOW, 1),),
        set_aside=(SetAside("no key", "c/odd", "{}"), SetAside("no key", "c/odder", "{}")),
    ),
    Batch(  # trees: first ones, one that is not shown, one of a model that nobody knows
        (replace(listed(7, "b/new"), gguf=GgufFacts(7 * 10**9, "llama", 4_096)),),
        trees=(
            tree(1, "f", 1, 2, 3),
            tree(2, "2", 3),
            tree(5, "5", 3, 5),
            Tree(key_of(7), "7" * 40, None),
            tree(99, "9", 9),
        ),
        checkpoints=(_mark("trees", NOW, 1),),
    ),
    Batch(removals=(Removal(key_of(5), "gone"), Removal(key_of(99), "never known"))),
    Batch(  # displaced by a newcomer, and two that swap their names
        (listed(8, "a/m6"), listed(3, "a/m4", 33), listed(4, "a/m3", 4)),
        set_aside=(SetAside("no key", "c/odd", "{}"),),
        checkpoints=(_mark("head", NOW, 2, finished_at=NOW),),
        trees=(tree(8, "8", 8),),
    ),
    Batch(
        trees=(tree(1, "e", 2, 3, 4), tree(2, "2", 3), tree(7, "7", 7))
    ),  # another, the same, shown after all
    Batch(checkpoints=(_mark("full", FIRST, 2, origin=FIRST, finished_at=SECOND),)),
    Batch(  # the next full pass begins, one comes back under its number
        (listed(5, "a/m5", 5), listed(1, "a/m1", 1, tags=("gguf", "t1"), sha="f" * 40)),
        dropped_checkpoints=("full/down", "full/up"),
        checkpoints=(_mark("full", SECOND, 1, position=NOW), _mark("full/up", SECOND, 1)),
        seen_by=SECOND,
        seen_keys=(key_of(2), key_of(7), key_of(99)),
        waypoint=Waypoint("https://hub/w2", FIRST - timedelta(days=8)),
    ),
    Batch(
        removals=(Removal(key_of(8), "not seen"),),
        checkpoints=(_mark("full", SECOND, 2, finished_at=NOW),),
        seen_by=SECOND,
        seen_keys=(key_of(3), key_of(4)),
    ),
)

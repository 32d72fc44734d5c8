"""The stage that runs both engines side by side: one catalog, one machine, one run.

Needs a Meilisearch server's file (`HUBDEX_TEST_MEILISEARCH`). All of it happens in a folder of its own
below the home: the home stays as it is.
"""

import argparse
import random
from collections.abc import Iterator, Sequence
from itertools import cycle

from indexer.catalog.store import Catalog
from indexer.process import collect_garbage_rarely
from indexer.sync import Sync, SyncReport
from tests.benchmarks.asking import database_of
from tests.benchmarks.beside import Beside
from tests.benchmarks.changing import (
    CHANGED,
    COUNTED,
    Change,
    apply_to,
    downloaded,
    evenly,
    popular,
    tagged,
)
from tests.benchmarks.clients import Asked
from tests.benchmarks.connecting import connections
from tests.benchmarks.figures import Figure, amount, peak_memory, say, spread
from tests.benchmarks.keystrokes import keystrokes
from tests.benchmarks.questions import Question, distinct, ids_typed, names_to_type, words_typed
from tests.benchmarks.sides import SETTINGS_NOTE, Side, both_sides, memory_of

LOOK_SECONDS = 0.2
"""Between two looks at the memory of a server."""


def engines_stage(arguments: argparse.Namespace) -> Iterator[Figure]:
    """Build, type, follow, and type while the index is built anew."""
    collect_garbage_rarely()
    names = names_to_type(arguments.home, arguments.names)
    typed = distinct([*ids_typed(names), *words_typed(names)])
    with both_sides(arguments.home, keep=arguments.keep) as sides:
        _, server = sides
        for side in sides:
            yield from _built(side)
        found = yield from keystrokes(sides, typed, names, arguments.clients)
        yield from connections(server, names)
        yield from _followed(sides)
        yield from _typed_meanwhile(server, found)


def _rebuild(side: Side) -> tuple[SyncReport, Figure]:
    """Build the index; gives what was done, and the memory it took in this process and those it started."""
    collect_garbage_rarely()
    with Catalog(database_of(side.home), read_only=True) as catalog:
        writer = side.open_writer()
        report = Sync(catalog, writer).rebuild()
        writer.close()
    return report, peak_memory(f"{side.name}: build, largest process")


def _built(side: Side) -> Iterator[Figure]:
    is_ours = side.server is None
    say(f"{side.name}: building")
    building = Beside(lambda: _rebuild(side))
    anonymous = 0.0
    while not building.is_done(LOOK_SECONDS):
        if side.server is not None:
            anonymous = max(anonymous, memory_of(side.server.pid)["RssAnon"])
    report, memory = building.result()
    note = f"{report.written:,} documents{'' if is_ours else f'; {SETTINGS_NOTE}'}"
    yield amount(f"{side.name}: build", report.seconds, "s", at_most=180 if is_ours else None, note=note)
    least = 15_000 if is_ours else None
    yield amount(f"{side.name}: build, a second", report.per_second, "documents/s", at_least=least)
    yield amount(f"{side.name}: on disk", side.size(), "MB", at_most=900 if is_ours else None)
    yield memory
    if side.server is not None:
        yield from _server_memory(side.server.pid, "build", anonymous)


def _server_memory(process: int, when: str, anonymous: float) -> Iterator[Figure]:
    now = memory_of(process)
    what = f"meilisearch: {when}, the server's"
    yield amount(f"{what} peak memory", now["VmHWM"], "MB", note="VmHWM: with mapped files")
    note = f"RssAnon: without files, as seen every {LOOK_SECONDS} s; {now['RssAnon']:,.0f} MB afterwards"
    yield amount(f"{what} own memory", anonymous, "MB", note=note)


def _followed(sides: Sequence[Side]) -> Iterator[Figure]:
    """Change the catalog that both share once, and let both follow it."""
    home = sides[0].home
    with Catalog(database_of(home)) as catalog:
        models = catalog.state().models
        changed = evenly(home, min(CHANGED, models // 10))
        yield from _changed(catalog, sides, "changed models", changed, tagged)
        counted = popular(home, min(COUNTED, models // 10))
        yield from _changed(catalog, sides, "moved counters", counted, downloaded)
    for side in sides:
        yield amount(f"{side.name}: on disk after both", side.size(), "MB")


def _changed(
    catalog: Catalog, sides: Sequence[Side], what: str, numbers: Sequence[int], change: Change
) -> Iterator[Figure]:
    say(f"engines: {len(numbers):,} {what}")
    apply_to(catalog, numbers, change)
    for side in sides:
        with Catalog(database_of(side.home), read_only=True) as reading:
            writer = side.open_writer()
            report = Sync(reading, writer).run()
            left = Sync(reading, writer).run().done
            writer.close()
        note = f"{report.done}{f' ({report.why})' if report.why else ''}, {report.written:,} documents"
        note += "" if left == "nothing" else f"; afterwards {left} once more"
        yield amount(f"{side.name}: {len(numbers):,} {what}", report.seconds, "s", note=note)


def _typed_meanwhile(side: Side, found: list[Question]) -> Iterator[Figure]:
    """Let one client type what has hits, while the index is built anew and takes the place of the old one."""
    assert side.server is not None
    random.Random(19).shuffle(found)
    say(f"{side.name}: typing while it is built anew")
    building = Beside(lambda: _rebuild(side))
    asked = Asked()
    with side.opened() as search:
        for question in cycle(found):
            if building.is_done():
                break
            asked.ask(search, question)
    report, _ = building.result()
    what = f"{side.name}: typed during a rebuild"
    empty = [one.question.text for one in asked.answered if not one.total]
    if asked.answered:
        yield spread(what, asked.timings(), note=f"built in {report.seconds:,.1f} s")
    yield amount(f"{what}: failed", len(asked.failed), at_most=0, note=asked.failure())
    yield amount(f"{what}: empty by mistake", len(empty), at_most=0, note=", ".join(empty[:1]))
    yield amount(f"{what}: the server's peak memory", memory_of(side.server.pid)["VmHWM"], "MB")

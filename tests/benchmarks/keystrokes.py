"""Typing at both engines: the same keystrokes, facets and owners, and whether they answer the same."""

import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import replace

from indexer.errors import EngineError
from indexer.filters import FACETS, Facet
from indexer.owners import MAX_OWNERS, Owner
from indexer.search import Search
from indexer.text import compact
from tests.benchmarks.agreeing import agreement
from tests.benchmarks.asking import WARM
from tests.benchmarks.clients import Asked, ask_at_once
from tests.benchmarks.figures import Figure, Timings, amount, say, spread
from tests.benchmarks.questions import Question
from tests.benchmarks.serving import FACETED
from tests.benchmarks.sides import Side

FIVE: tuple[Facet, ...] = tuple(facet for facet in FACETS if facet != "author")
EMBEDDED_AT_MOST = {"p50": 3.0, "p99": 12.0}
FACETS_AT_MOST = {"p99": 50.0}


def keystrokes(
    sides: tuple[Side, Side], typed: Sequence[Question], names: Sequence[str], clients: Sequence[int]
) -> Generator[Figure, None, list[Question]]:
    """Type at the one engine and then at the other; returns the keystrokes that both found something for."""
    answers = []
    for side in sides:
        say(f"{side.name}: {len(typed):,} keystrokes, by {' and '.join(map(str, clients))} clients")
        alone = _typed(side, typed, 1)
        answers.append(alone.answered)
        for count in clients:
            asked = alone if count == 1 else _typed(side, typed, count)
            limits = EMBEDDED_AT_MOST if _is_ours(side) and count == 1 else {}
            yield from _figures(side, f"hits and total, {_clients(count)}", asked, limits)
        faceted = _typed(side, typed[::FACETED], 1, FIVE)
        yield from _figures(side, "with five facets", faceted, FACETS_AT_MOST if _is_ours(side) else {})
    yield from agreement(sides, *answers)
    yield from _owners(sides, names)
    found = [{one.question for one in answered if one.total} for answered in answers]
    return [question for question in typed if all(question in some for some in found)]


def _typed(side: Side, typed: Sequence[Question], clients: int, facets: Sequence[Facet] = ()) -> Asked:
    with side.opened() as search:
        ask_at_once(search, [Question("", WARM)], 1)
        return ask_at_once(search, typed, clients, facets)


def _figures(side: Side, what: str, asked: Asked, at_most: Mapping[str, float]) -> Iterator[Figure]:
    what = f"{side.name}: {what}"
    if asked.answered:
        yield replace(spread(what, asked.timings()), at_most=at_most)
    yield amount(f"{what}: answers", len(asked.answered) / asked.seconds, "a second")
    yield amount(f"{what}: failed", len(asked.failed), at_most=0, note=asked.failure())


def _owners(sides: tuple[Side, Side], names: Sequence[str]) -> Iterator[Figure]:
    """Ask for owners by every beginning of the names' owners."""
    beginnings = list(dict.fromkeys(start for name in names for start in _beginnings(name)))
    found = []
    for side in sides:
        with side.opened() as search:
            search.owners(compact(WARM), MAX_OWNERS)
            timings, owners, failed = _asked_for_owners(search, beginnings)
        yield spread(f"{side.name}: owners", timings, note=f"up to {MAX_OWNERS} of them")
        yield amount(f"{side.name}: owners: failed", len(failed), at_most=0, note=", ".join(failed[:1]))
        found.append(owners)
    ours, theirs = found
    both = [start for start in beginnings if start in ours and start in theirs]
    differing = [start for start in both if ours[start] != theirs[start]]
    for start in differing[:3]:
        say(f"  owners of `{start}`: {_shown(ours[start])} and {_shown(theirs[start])}")
    yield amount("owners that differ", len(differing), note=f"of {len(both):,} beginnings")


def _asked_for_owners(
    search: Search, beginnings: Sequence[str]
) -> tuple[Timings, dict[str, tuple[Owner, ...]], list[str]]:
    timings, owners, failed = [], {}, []
    for start in beginnings:
        began = time.perf_counter()
        try:
            found = search.owners(start, MAX_OWNERS).owners
        except EngineError as error:
            failed.append(f"`{start}`: {error}")
            continue
        timings.append(((time.perf_counter() - began) * 1000, start))
        owners[start] = tuple(Owner(one.name.lower(), one.models) for one in found)
    return timings, owners, failed


def _beginnings(name: str) -> list[str]:
    owner = compact(name.rpartition("/")[0])
    return [owner[:end] for end in range(1, len(owner) + 1)]


def _shown(owners: Sequence[Owner]) -> str:
    return ", ".join(f"{one.name} ({one.models})" for one in owners[:5])


def _is_ours(side: Side) -> bool:
    return side.server is None


def _clients(count: int) -> str:
    return f"{count} client{'s' if count > 1 else ''}"

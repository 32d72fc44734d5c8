"""Whether both engines answer the same: the same totals, and the same hits but for the order of equals.

Equals stand at the same step and are equally popular. Which of them comes first is nobody's promise, and
so is which of them are the last of a full page.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from indexer.catalog.mapping import outline_of
from indexer.catalog.store import Catalog
from indexer.documents import popularity
from indexer.ranking import Step
from indexer.search import SearchPage
from tests.benchmarks.asking import database_of
from tests.benchmarks.clients import Answered
from tests.benchmarks.figures import Figure, amount, say
from tests.benchmarks.questions import Question
from tests.benchmarks.sides import Side

SHOWN = 5
"""Differences that are printed, of each kind."""

Pair = tuple[Answered, Answered]


class Standing(NamedTuple):
    """Where a hit stands."""

    repo_id: str
    step: Step
    popularity: int


def agreement(
    sides: tuple[Side, Side], ours: Sequence[Answered], theirs: Sequence[Answered]
) -> Iterator[Figure]:
    """Compare what both answered, keystroke by keystroke."""
    known = {one.question: one for one in theirs}
    pairs = [(one, known[one.question]) for one in ours if one.question in known]
    exact = [pair for pair in pairs if pair[0].is_exact and pair[1].is_exact]
    rough = [pair for pair in pairs if not (pair[0].is_exact and pair[1].is_exact)]
    for which, some in (("counted by both", exact), ("said to be rough by either", rough)):
        yield from _compared(sides, which, some)
    yield amount(
        "answers compared: exact on one side only",
        sum(one.is_exact != other.is_exact for one, other in pairs),
        note=f"of {len(pairs):,}",
    )


def _compared(sides: tuple[Side, Side], which: str, pairs: Sequence[Pair]) -> Iterator[Figure]:
    totals = [(one, other) for one, other in pairs if one.total != other.total]
    for one, other in totals[:SHOWN]:
        say(f"  total of `{one.question.text}` ({which}): {_told(one)} and {_told(other)}")
    yield amount(f"totals that differ, {which}", len(totals), note=f"of {len(pairs):,}")
    listed = [(one, other) for one, other in pairs if one.ids != other.ids]
    differences = _truly_different(sides, [one.question for one, _ in listed])
    for text in differences[:SHOWN]:
        say(f"  hits of {text} ({which})")
    note = f"of {len(pairs):,}; {len(listed) - len(differences):,} more differ in the order of equals"
    yield amount(f"first pages that differ, {which}", len(differences), note=note)


def _told(one: Answered) -> str:
    return f"{one.total:,}{'' if one.is_exact else ' (rough)'}"


def _truly_different(sides: tuple[Side, Side], questions: Sequence[Question]) -> list[str]:
    """Say where the hits differ by more than the order of equals."""
    differences = []
    with (
        Catalog(database_of(sides[0].home), read_only=True) as catalog,
        sides[0].opened() as one,
        sides[1].opened() as other,
    ):
        for question in questions:
            query = question.query()
            ours, theirs = (_standings(catalog, search.answer(query)) for search in (one, other))
            difference = _difference(ours, theirs, query.limit)
            if difference:
                differences.append(f"`{question.text}`: {difference}")
    return differences


def _standings(catalog: Catalog, page: SearchPage) -> list[Standing]:
    """Give where the hits of a page stand; that takes their files, too, which a page does without."""
    models = catalog.by_numbers([hit.model.number for hit in page.hits])
    return [
        Standing(hit.model.record.repo_id, hit.step, popularity(outline_of(models[hit.model.number])))
        for hit in page.hits
    ]


def _difference(ours: Sequence[Standing], theirs: Sequence[Standing], limit: int) -> str:
    """Say how hits differ; empty where they do not."""
    if _in_groups(ours, limit) == _in_groups(theirs, limit):
        return ""
    same = (left == right for left, right in zip(ours, theirs, strict=False))
    at = next((at for at, is_same in enumerate(same) if not is_same), min(len(ours), len(theirs)))
    return f"from number {at + 1} on, {_shown(ours, at)} and {_shown(theirs, at)}"


def _in_groups(hits: Sequence[Standing], limit: int) -> list[tuple[Step, int, int, frozenset[str]]]:
    """Give groups of equals: where they stand, how many, and which; but not which a page may have cut."""
    groups: dict[tuple[Step, int], set[str]] = {}
    for hit in hits:
        groups.setdefault((hit.step, hit.popularity), set()).add(hit.repo_id)
    cut = (hits[-1].step, hits[-1].popularity) if len(hits) == limit else None
    return [
        (*place, len(ids), frozenset() if place == cut else frozenset(ids)) for place, ids in groups.items()
    ]


def _shown(hits: Sequence[Standing], at: int) -> str:
    return (
        f"{hits[at].repo_id} ({hits[at].step.name}, {hits[at].popularity})" if at < len(hits) else "nothing"
    )

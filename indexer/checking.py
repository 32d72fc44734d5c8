"""Whether an index holds exactly what its catalog has: counted, and compared model by model."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from indexer.catalog.store import Catalog
from indexer.engines.contract import EngineReader, HeldIndex, IndexState
from indexer.errors import EngineError, ModelNotFound
from indexer.holdings import base_asked
from indexer.projecting import documents_in
from indexer.records import CatalogState, Standing

SAMPLE = 1_000
"""Models that are compared when nothing else is asked for."""
PAGE = 1_000
"""Models compared at a time."""
LOOKED_UP = 10_000
"""In a comparison of up to so many models each is also looked up by all of its words."""
TOLD = 20
"""Differing models that are named."""

_REBUILT = "`hubdex index sync` rebuilds it"

Progress = Callable[[int, int], None]
"""Told how many numbers of how many are done."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A model that the index holds other than the catalog, or holds alone, or lacks."""

    number: int
    """The catalog's number of it."""
    id: str | None
    """Its name; `None` when the catalog does not have it."""
    what: str


@dataclass(slots=True)
class Comparison:
    """What was compared so far, and what differed."""

    compared: int = 0
    left_out: int = 0
    """Models that were not compared: they, or those they are guessed by, have changed since the index was
    made."""
    differing: int = 0
    differences: list[Difference] = field(default_factory=list)
    """The first `TOLD` of them."""


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What a check of an index found."""

    problems: tuple[str, ...]
    """What is wrong with the index as a whole, a sentence each."""
    catalog: CatalogState
    index: IndexState | None
    """`None` when there is no usable index."""
    behind: int
    """Changes and moved counters that a sync would bring in."""
    comparison: Comparison
    seconds: float

    @property
    def agrees(self) -> bool:
        """Whether nothing differs; an index that is only behind agrees."""
        return not self.problems and not self.comparison.differing


def check_index(
    catalog: Catalog,
    engine: EngineReader,
    *,
    sample: int | None = SAMPLE,
    random: Random | None = None,
    progress: Progress = lambda _done, _of: None,
) -> CheckReport:
    """Compare an index with the catalog; what the catalog has changed since is behind, not different.

    Args:
        catalog: opened for reading.
        engine: the index's read side.
        sample: how many models to compare, drawn by their numbers; `None`: every one.
        random: draws them.
        progress: told about long work.

    Raises:
        CatalogError: the catalog cannot be read.

    """
    began = time.monotonic()
    comparison = Comparison()
    try:
        held = engine.hold()
    except EngineError as error:
        return CheckReport((str(error),), catalog.state(), None, 0, comparison, time.monotonic() - began)
    state = catalog.state()  # read after the index was held: it knows of all that the index can hold
    problems = list(_problems(state, held.state))
    behind = 0
    if not problems:
        behind = catalog.moved_since(held.state.serial, held.state.counters_serial)
        try:
            problems += filter(None, [_miscounted(state, held.state), held.damage()])
            highest = max(catalog.highest_number(), held.highest())
            numbers = _drawn(highest, sample, random or Random())  # noqa: S311  # no secret
            _compare(catalog, held, numbers, comparison, progress)
        except EngineError as error:
            problems.append(str(error))
    return CheckReport(tuple(problems), state, held.state, behind, comparison, time.monotonic() - began)


def _problems(catalog: CatalogState, index: IndexState) -> Iterator[str]:
    """Say why an index cannot be compared at all."""
    if index.catalog != catalog.uuid:
        yield f"The index is of another catalog; {_REBUILT}."
    elif max(index.serial, index.counters_serial) > catalog.serial:
        yield f"The index is ahead of the catalog (an older one was restored); {_REBUILT}."


def _miscounted(catalog: CatalogState, index: IndexState) -> str | None:
    is_behind = min(index.serial, index.counters_serial) < catalog.serial
    if is_behind or index.models == catalog.models:
        return None
    return f"The index holds {index.models:,} models, the catalog {catalog.models:,}."


def _drawn(highest: int, sample: int | None, random: Random) -> Sequence[int]:
    """Draw from all the numbers there can be: those that were freed must not be held either."""
    numbers = range(1, highest + 1)
    return numbers if sample is None or sample >= highest else sorted(random.sample(numbers, sample))


def _compare(
    catalog: Catalog, held: HeldIndex, numbers: Sequence[int], comparison: Comparison, progress: Progress
) -> None:
    index, words = held.state, len(numbers) <= LOOKED_UP
    for at in range(0, len(numbers), PAGE):
        page = numbers[at : at + PAGE]
        standings = catalog.standings(page)
        moved = _moved(catalog, index, page, standings)
        outlines = [one.outline for number, one in standings.items() if number not in moved]
        documents = {one.number: one for one in documents_in(catalog, outlines)}
        settled = [number for number in page if number not in moved]
        found = held.differences(settled, documents, words=words)
        late = _moved(catalog, index, list(found), catalog.standings(list(found)))
        # where an index cannot be held still, these were written while it was looked at
        late |= {number for number in found if _guesses_older(catalog, standings.get(number))}
        found = {number: what for number, what in found.items() if number not in late}
        comparison.compared += len(documents.keys() - late)
        comparison.left_out += len(moved | late)
        comparison.differing += len(found)
        for number in sorted(found)[: TOLD - len(comparison.differences)]:
            name = standings[number].outline.repo_id if number in standings else None
            comparison.differences.append(Difference(number, name, found[number]))
        progress(at + len(page), len(numbers))


def _moved(
    catalog: Catalog, index: IndexState, numbers: Sequence[int], standings: Mapping[int, Standing]
) -> set[int]:
    """Give those of the numbers whose models have changed, moved or gone since the index was made."""
    moved = {
        number
        for number, one in standings.items()
        if one.serial > index.serial or one.counters_serial > index.counters_serial
    }
    absent = [number for number in numbers if number not in standings]
    return moved | catalog.removed_since(index.serial, absent)


def _guesses_older(catalog: Catalog, standing: Standing | None) -> bool:
    """Tell whether a model's sizes are guessed from those of another model, which has changed since it.

    That model's own change does not bring it into the index anew.
    """
    if standing is None:
        return False
    model = standing.outline
    base = base_asked(model.repo_id, model.tags, model.params, model.gguf)
    if base is None:
        return False
    try:
        return catalog.find(base).serial > standing.serial
    except ModelNotFound:
        return catalog.removed_at(base) is not None

"""Recommended models with what the catalog knows of them, and the variant of each for so much memory."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock

from api.contents import contents_of
from api.handoff.recommended import Recommended, Step
from api.handoff.shelf import Shelf, Shelves
from api.sources import Sources
from indexer.choosing import Fit, fit_of
from indexer.errors import CatalogMissing, CatalogOutdated, ModelNotFound
from indexer.records import StoredModel
from indexer.variants.answers import Room
from indexer.variants.records import Variant

KNOWN_SECONDS = 10.0
"""How long what the catalog knew of them is good for: to look fourteen models up takes 25 ms."""


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A recommended model."""

    entry: Recommended
    step: Step
    """What the file says for the memory there is."""
    model: StoredModel | None
    """`None`: the catalog does not know it (yet)."""
    variant: Variant | None
    """That of the step; where it is no longer there, the best that fits."""
    fit: Fit | None
    """`None`: its size is not known."""

    @property
    def can_be_picked(self) -> bool:
        """Whether there is something to pick."""
        return self.model is not None and not self.model.record.disabled and self.variant is not None


@dataclass(frozen=True, slots=True)
class _Known:
    entry: Recommended
    model: StoredModel | None
    variants: Sequence[Variant]


class Recommending:
    """Gives the recommended models. Safe to share between threads.

    Args:
        sources: the catalog.
        shelves: which models are recommended.
        clock: seconds that never run backwards.

    """

    def __init__(
        self, sources: Sources, shelves: Shelves, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._sources = sources
        self._shelves = shelves
        self._clock = clock
        self._lock = Lock()
        self._known: tuple[float, Shelf, tuple[_Known, ...]] | None = None

    @property
    def warning(self) -> str:
        """What is wrong with the user's file; empty: nothing."""
        return self._shelves.current().warning

    def recommendations(self, room: Room) -> tuple[Recommendation, ...]:
        """Give every recommended model, in the order of their file.

        Raises:
            CatalogError: the catalog cannot be read.

        """
        return tuple(_recommend(one, room) for one in self._known_now())

    def _known_now(self) -> tuple[_Known, ...]:
        shelf, now = self._shelves.current(), self._clock()
        with self._lock:
            if self._known is not None and self._known[1] is shelf and now - self._known[0] < KNOWN_SECONDS:
                return self._known[2]
        known = tuple(self._look_up(entry) for entry in shelf.models)
        with self._lock:
            self._known = now, shelf, known
        return known

    def _look_up(self, entry: Recommended) -> _Known:
        try:
            model = self._sources.catalog().find(entry.model)
        except (CatalogMissing, CatalogOutdated, ModelNotFound):
            return _Known(entry, None, ())
        return _Known(entry, model, contents_of(self._sources, model).variants)


def _recommend(known: _Known, room: Room) -> Recommendation:
    step = known.entry.step_for(room.memory)
    variant = _chosen(known.variants, step, room)
    fit = fit_of(variant, room.memory, room.context_place) if variant else None
    return Recommendation(known.entry, step, known.model, variant, fit)


def _chosen(variants: Sequence[Variant], step: Step, room: Room) -> Variant | None:
    """Give the variant of a step: by its label or its format; else the best that fits, or else the best."""
    named = step.variant.lower()
    for one in variants:
        if named in {one.label.lower(), one.format.lower()}:
            return one
    fits = ((one, fit_of(one, room.memory, room.context_place)) for one in variants)
    fitting = (one for one, fit in fits if fit and fit.verdict in {"vram", "ram"})
    return next(fitting, next(iter(variants), None))

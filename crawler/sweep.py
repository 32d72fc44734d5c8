"""After a full pass: every model it has not seen is asked for by name before it counts as gone."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from crawler.addresses import model_url, without_fields
from crawler.chain import About, Gone, Heard, Page
from crawler.full import SWEEP
from indexer.catalog.store import Catalog
from indexer.errors import TooManyGone
from indexer.records import Batch, Checkpoint, Removal, Suspect

logger = logging.getLogger(__name__)

AT_ONCE = 4
"""Models asked for at the same time."""
GROUP = 200
"""Suspects taken from the catalog at a time."""
ALWAYS_ALLOWED = 20
"""So few missing models are never too many, however small the catalog is."""


class Confirmation:
    """The question whether one model is still there."""

    about: About = "model"
    name = SWEEP

    def __init__(self, suspect: Suspect, url: str) -> None:
        self.suspect = suspect
        self.url: str | None = url

    def moved(self, url: str) -> None:
        """Ask at another address: the model was renamed."""
        self.url = url

    def ask_less(self) -> None:
        """One model is as little as can be asked for."""


@dataclass
class SweepCounts:
    """What a sweep has found."""

    suspects: int = 0
    gone: int = 0
    there: int = 0
    unclear: int = 0
    """Models the Hub would not speak about; they stay."""


class SweepLeg:
    """The look for what is gone, after a full pass.

    Args:
        upstream: the Hub's address.
        checkpoint: how far it has come; it began when the full pass did.
        percent: the share of the models that may be missing; above it none is removed.
        now: the clock.

    """

    name = SWEEP

    def __init__(
        self, upstream: str, checkpoint: Checkpoint, percent: float, now: Callable[[], datetime]
    ) -> None:
        self._upstream = upstream
        self._run = checkpoint.started_at
        self._percent = percent
        self._now = now
        self._refused: frozenset[str] = frozenset()
        self._open: list[Confirmation] = []
        self._is_counted = False
        self.counts = SweepCounts()
        self.refusal: TooManyGone | None = None
        """Why nothing was removed, when too many models are missing."""
        self.checkpoint = checkpoint

    @property
    def finished(self) -> bool:
        """Tell whether every model is accounted for."""
        return not self.checkpoint.is_under_way

    @property
    def wants_more(self) -> bool:
        """Tell whether `load` is to be called."""
        return not self.finished and not self._open

    def load(self, catalog: Catalog) -> None:
        """Take further suspects from the catalog; without any, the sweep has ended.

        Raises:
            CatalogError: the catalog cannot be read or written.

        """
        if not self._is_counted:
            self._is_counted = True
            self._weigh(catalog.count_suspects(self._run), catalog.state().models)
        if self.refusal is None:
            self._open = [self._confirmation(one) for one in catalog.suspects(self._run, GROUP)]
        if not self._open:
            self.checkpoint = replace(self.checkpoint, next_url=None, finished_at=self._now())
            catalog.apply(Batch(checkpoints=(self.checkpoint,)))

    def errands(self) -> list[Confirmation]:
        """Give the questions to ask now."""
        return self._open[:AT_ONCE]

    def read(self, errand: Confirmation, heard: Heard) -> Batch:
        """Take an answer: the model's row, or why there is none."""
        self._open.remove(errand)
        key, repo_id = errand.suspect.key, errand.suspect.repo_id
        self.checkpoint = self.checkpoint.after_page(self.checkpoint.next_url, 1)
        batch = Batch(checkpoints=(self.checkpoint,), seen_by=self._run)
        rows = heard.rows if isinstance(heard, Page) else ()
        if not isinstance(heard, Page | Gone):
            self.counts.unclear += 1
            logger.warning("model unclear, kept id=%s", repo_id)
            return replace(batch, seen_keys=(key,))
        if any(isinstance(row, dict) and row.get("_id") == key for row in rows):
            self.counts.there += 1
            return replace(batch, seen_keys=(key,))
        self.counts.gone += 1
        reason = "its path is another model's" if rows else "gone from the Hub"
        return replace(batch, removals=(Removal(key, reason),))

    def without(self, fields: frozenset[str]) -> None:
        """Ask for everything that follows without these fields."""
        self._refused |= fields
        for errand in self._open:
            errand.url = without_fields(errand.url or "", fields)

    def _confirmation(self, suspect: Suspect) -> Confirmation:
        return Confirmation(suspect, model_url(self._upstream, suspect.repo_id, self._refused))

    def _weigh(self, missing: int, models: int) -> None:
        self.counts.suspects = missing
        if missing > max(ALWAYS_ALLOWED, models * self._percent / 100):
            self.refusal = TooManyGone(missing, models, self._percent)

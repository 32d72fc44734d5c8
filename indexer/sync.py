"""How an index follows the catalog: change by change, or rebuilt when it cannot be followed."""

import logging
import os
import time
from collections.abc import Callable, Iterator, Sized
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Literal

from indexer.catalog.mapping import outline_of
from indexer.catalog.store import Catalog, utc_now
from indexer.documents import Document
from indexer.engines.contract import Documents, EngineWriter, IndexState
from indexer.errors import ChangesPruned
from indexer.projecting import documents_in
from indexer.records import CatalogState, Change

logger = logging.getLogger(__name__)

REBUILD_SHARE = 0.2
"""When more than this share of the models changed, building anew is cheaper than replacing."""
SMALL = 20_000
"""Below so many changes an index is never rebuilt for their share alone."""
APART = 100_000
"""From so many models on an index is built by several processes at once."""
MOST_PARTS = 4

_PRUNED = "the index was so old that what was removed since is no longer kept"

Done = Literal["followed", "rebuilt", "nothing"]
Progress = Callable[[int, int], None]
"""Told how many documents of how many are written."""


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a sync did."""

    done: Done
    why: str
    written: int
    removed: int
    models: int
    serial: int
    seconds: float

    @property
    def per_second(self) -> float:
        """Documents written a second."""
        return self.written / self.seconds if self.seconds > 0 else 0.0


def documents_of(url: str, after: int, until: int | None) -> Iterator[Document]:
    """Give the documents of the models between two numbers, from a catalog opened for it: in any process."""
    with Catalog(url, read_only=True) as catalog:
        for page in catalog.outlines(after, until):
            yield from documents_in(catalog, page)


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def silent(_written: int, _of: int) -> None:
    """Tell nobody."""


class Sync:
    """Brings an index to where its catalog is. One process at a time owns the writer.

    Args:
        catalog: opened for reading.
        engine: the engine's write side.
        progress: told about long work.
        now: the clock.
        processors: that may be kept busy; `None`: all that this process may use.

    """

    def __init__(
        self,
        catalog: Catalog,
        engine: EngineWriter,
        *,
        progress: Progress = silent,
        now: Callable[[], datetime] = utc_now,
        processors: int | None = None,
    ) -> None:
        self._catalog = catalog
        self._processors = processors or _processors()
        self._engine = engine
        self._progress = progress
        self._now = now
        self._recounted = False

    def run(self) -> SyncReport:
        """Follow the catalog's changes, or rebuild when that is not possible or dearer."""
        catalog = self._catalog.state()
        index = self._engine.state()
        why = self._unfollowable(catalog, index)
        if index is None or why:
            return self.rebuild(why)
        if min(index.serial, index.counters_serial) < catalog.serial:
            try:
                return self._follow(catalog, index)
            except ChangesPruned:  # just now, while it was read
                return self.rebuild(_PRUNED)
        if index.models != catalog.models and not self._recounted:
            self._recounted = True  # were it the catalog that miscounts, building anew would not end
            return self.rebuild(f"the index held {index.models} models of {catalog.models}")
        self._engine.commit(replace(index, synced_at=self._now()))
        return SyncReport("nothing", "up to date", 0, 0, catalog.models, catalog.serial, 0.0)

    def rebuild(self, why: str = "asked for") -> SyncReport:
        """Build a new index from the whole catalog and put it in the place of the old one."""
        began = time.monotonic()
        catalog = self._catalog.state()
        written = 0

        def wrote(more: int) -> None:
            nonlocal written
            written += more
            self._progress(written, catalog.models)

        # What is committed while we read has a higher serial and is followed by the next run.
        state = IndexState(catalog.uuid, catalog.serial, catalog.serial, catalog.models, self._now())
        self._engine.rebuild(self._parts(catalog.models), state, wrote)
        logger.info("index rebuilt models=%d serial=%d why=%s", written, catalog.serial, why)
        return SyncReport(
            "rebuilt", why, written, 0, catalog.models, catalog.serial, time.monotonic() - began
        )

    def _parts(self, models: int) -> list[Documents]:
        """Give all documents in as many parts as can be made at the same time."""
        parts = 1 if models < APART else min(MOST_PARTS, self._processors)
        highest, url = self._catalog.highest_number(), self._catalog.url
        ends = [highest * part // parts for part in range(parts)]
        return [partial(documents_of, url, *bounds) for bounds in zip(ends, [*ends[1:], None], strict=True)]

    def _unfollowable(self, catalog: CatalogState, index: IndexState | None) -> str:
        if index is None:
            return "there was no usable index"
        if index.catalog != catalog.uuid:
            return "the index was of another catalog"
        if max(index.serial, index.counters_serial) > catalog.serial:
            return "the index was ahead of the catalog (an older one was restored)"
        if index.serial < catalog.pruned_serial:
            return _PRUNED
        behind = self._catalog.moved_since(index.serial, index.counters_serial)
        if behind > max(SMALL, REBUILD_SHARE * catalog.models):
            return f"{behind} of {catalog.models} models changed"
        return ""

    def _follow(self, catalog: CatalogState, index: IndexState) -> SyncReport:
        began = time.monotonic()
        pending = _Pending(self._catalog, self._engine, index, self._now)
        for page in self._catalog.changes_since(index.serial):
            pending.write(page)
            pending.serial = page[-1].serial
            if pending.serial >= catalog.serial:
                break  # what came in meanwhile is the next run's
            pending.commit_if_due()
        pending.serial = max(catalog.serial, pending.serial)
        for page in self._catalog.counters_since(index.counters_serial):
            pending.recount(page)
            pending.counters_serial = page[-1].serial
            if pending.counters_serial >= catalog.serial:
                break
            pending.commit_if_due()
        pending.counters_serial = max(catalog.serial, pending.counters_serial)
        state = pending.commit(catalog.models)
        logger.info(
            "index followed written=%d removed=%d serial=%d", pending.written, pending.removed, state.serial
        )
        return SyncReport(
            done="followed",
            why="",
            written=pending.written,
            removed=pending.removed,
            models=state.models,
            serial=state.serial,
            seconds=time.monotonic() - began,
        )


class _Pending:
    """What a following sync has written, and how far it may say it has come."""

    def __init__(
        self, catalog: Catalog, engine: EngineWriter, index: IndexState, now: Callable[[], datetime]
    ) -> None:
        self._catalog = catalog
        self._engine = engine
        self._index = index
        self._now = now
        self._uncommitted = 0
        self.serial = index.serial
        self.counters_serial = index.counters_serial
        self.written = 0
        self.removed = 0

    def write(self, page: list[Change]) -> None:
        """Write a page of changes to the engine."""
        documents = self._documents_in(page)
        gone = [change.number for change in page if change.model is None]
        self._engine.write(documents, gone)
        self._count(page, documents, gone)

    def recount(self, page: list[Change]) -> None:
        """Write a page of moved counters to the engine."""
        documents = self._documents_in(page)
        self._engine.recount(documents)
        self._count(page, documents, ())

    def _documents_in(self, page: list[Change]) -> list[Document]:
        models = [change.model for change in page if change.model is not None]
        return documents_in(self._catalog, [outline_of(model) for model in models])

    def _count(self, page: list[Change], documents: Sized, gone: Sized) -> None:
        self.written += len(documents)
        self.removed += len(gone)
        self._uncommitted += len(page)

    def commit_if_due(self) -> None:
        """Commit now and then, so that a crash repeats little."""
        if self._uncommitted >= self._engine.commit_every:
            self.commit(self._index.models, more=True)

    def commit(self, models: int, *, more: bool = False) -> IndexState:
        """Commit, and say how far the index follows."""
        state = IndexState(self._index.catalog, self.serial, self.counters_serial, models, self._now())
        self._engine.commit(state, more=more)
        self._uncommitted = 0
        return state

"""From a query to an answer: an engine selects, the catalog tells what is known, the text decides."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from operator import itemgetter

from indexer.catalog.store import Catalog, utc_now
from indexer.engines.contract import EngineReader, FacetCounts, IndexState, Selected, Selection
from indexer.errors import EngineUnavailable
from indexer.grams import find
from indexer.keywords import keywords_of, tag_with
from indexer.owners import Owner
from indexer.query import SearchQuery, Wanted
from indexer.ranking import Rank, Step, rank_of
from indexer.records import CatalogState, Outline, StoredModel
from indexer.text import compact

STATE_SECONDS = 1.0
"""How long the catalog's numbers are good for: an answer need not count them anew."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One model of an answer."""

    model: StoredModel
    step: Step
    highlights: tuple[tuple[int, int], ...]
    """What matched: offsets (start, end) into the repo id, in order, apart from one another."""
    tags: tuple[str, ...] = ()
    """What matched beside the id: tags, the task or the library, as the Hub writes them."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of the Hub an answer stands for, and how old it is."""

    models: int
    """Models in the index."""
    catalog_models: int
    serial: int
    behind: int
    """Changes of the catalog that are not in the index yet."""
    synced_at: datetime
    crawled_at: datetime | None
    """When the newest page of the Hub was stored."""
    age_seconds: float | None
    """Seconds since then, never below 0; `None` when nothing was ever crawled."""
    complete: bool
    """Whether a pass over the whole Hub has ever ended."""
    completed_at: datetime | None
    """When the newest one ended."""


@dataclass(frozen=True, slots=True)
class SearchPage:
    """The answer to a query."""

    query: SearchQuery
    hits: tuple[Hit, ...]
    total: int
    total_exact: bool
    facets: FacetCounts
    facets_exact: bool
    """Whether the facets were counted, not estimated."""
    took_ms: float
    coverage: Coverage


@dataclass(frozen=True, slots=True)
class OwnersPage:
    """The answer to the beginning of an owner's name."""

    owners: tuple[Owner, ...]
    """Best first."""
    coverage: Coverage


class Search:
    """Answers queries. Safe to share between threads.

    Args:
        catalog: opened for reading.
        engine: the engine's read side.
        now: the clock.

    """

    def __init__(self, catalog: Catalog, engine: EngineReader, now: Callable[[], datetime] = utc_now) -> None:
        self._catalog = catalog
        self._engine = engine
        self._now = now
        self._state: tuple[float, CatalogState] | None = None

    def answer(self, query: SearchQuery) -> SearchPage:
        """Answer a query.

        Raises:
            EngineUnavailable: there is no index, or its engine is not there.
            CatalogError: the catalog cannot be read.

        """
        began = time.perf_counter()
        selection = self._engine.search(query)
        self._require_own(selection.state)
        if not selection.ordered:
            selection = self._ordered(query, selection)
        models = self._catalog.by_numbers([one.number for one in selection.selected], files=False)
        hits = tuple(
            hit
            for one in selection.selected
            if one.number in models
            for hit in [_verified(query, models[one.number], one.step)]
            if hit is not None
        )
        missed = len(selection.selected) - len(hits)
        return SearchPage(
            query=query,
            hits=hits,
            total=selection.total - missed,
            total_exact=selection.total_exact and not missed,
            facets=selection.facets,
            facets_exact=selection.facets_exact,
            took_ms=round((time.perf_counter() - began) * 1000, 2),
            coverage=self._coverage(selection.state),
        )

    def _ordered(self, query: SearchQuery, selection: Selection) -> Selection:
        """Order few models by their names, leave out those that do not match, and take the page."""
        outlines = self._catalog.words_of([one.number for one in selection.selected])
        ranked = [
            (rank, one.number)
            for one in selection.selected
            if (outline := outlines.get(one.number)) and (rank := _rank(query, outline)) is not None
        ]
        if query.sort == "relevance":
            ranked.sort(key=itemgetter(0))  # stable: popularity stays the order within a rank
        page = ranked[query.offset : query.offset + query.limit]
        selected = tuple(Selected(number, step) for (_, step), number in page)
        return replace(selection, selected=selected, total=len(ranked), ordered=True)

    def owners(self, prefix: str, limit: int) -> OwnersPage:
        """Give owners whose compact text begins with a prefix, best first; raises what `answer` does.

        Args:
            prefix: compact; an empty one is the beginning of all.
            limit: owners of the answer, at most `MAX_OWNERS`.

        """
        selection = self._engine.owners(prefix, limit)
        self._require_own(selection.state)
        outlines = self._catalog.words_of([one.number for one in selection.owners])
        owners = [
            Owner(outlines[one.number].repo_id.rpartition("/")[0], one.models)
            for one in selection.owners
            if one.number in outlines
        ]
        # The index may be behind a rename, here too.
        present = (one for one in owners if one.name and compact(one.name).startswith(prefix))
        return OwnersPage(tuple(present), self._coverage(selection.state))

    def coverage(self) -> Coverage:
        """Give how much of the Hub the index stands for; raises EngineUnavailable like `answer`."""
        index = self._engine.state()
        self._require_own(index)
        return self._coverage(index)

    def catalog_state(self) -> CatalogState:
        """Give the catalog in a few numbers, at most `STATE_SECONDS` old."""
        known = self._state
        if known is None or time.monotonic() - known[0] > STATE_SECONDS:
            known = (time.monotonic(), self._catalog.state())
            self._state = known
        return known[1]

    def _require_own(self, index: IndexState) -> None:
        """Refuse the numbers of another catalog: here they are those of other models."""
        if index.catalog != self.catalog_state().uuid:
            raise EngineUnavailable("The index is of another catalog; `hubdex index sync` rebuilds it.")

    def _coverage(self, index: IndexState) -> Coverage:
        state = self.catalog_state()
        crawled_at = state.crawled_at
        age = (self._now() - crawled_at).total_seconds() if crawled_at else None
        return Coverage(
            models=index.models,
            catalog_models=state.models,
            serial=index.serial,
            behind=max(0, state.serial - index.serial),
            synced_at=index.synced_at,
            crawled_at=crawled_at,
            age_seconds=None if age is None else max(0.0, age),
            complete=state.completed_at is not None,
            completed_at=state.completed_at,
        )


def _verified(query: SearchQuery, model: StoredModel, step: Step | None) -> Hit | None:
    """Give the hit if the model's present name really matches; the index may be behind a rename."""
    record = model.record
    said = (*record.tags, record.task, record.library)
    if step is not Step.TYPO:
        rank = rank_of(query, record.repo_id, lambda: keywords_of(*said))
        if rank is None:
            return None
        step = step or rank[1]
    spans = [_span(wanted, record.repo_id) for wanted in query.wanted]
    beside = [wanted.term for wanted, span in zip(query.wanted, spans, strict=True) if span is None]
    tags = dict.fromkeys(tag for term in beside if (tag := tag_with(term.keyword, *said)))
    return Hit(model, step, _apart([span for span in spans if span]), tuple(tags))


def _rank(query: SearchQuery, model: Outline) -> Rank | None:
    return rank_of(query, model.repo_id, lambda: keywords_of(*model.tags, model.task, model.library))


def _span(wanted: Wanted, repo_id: str) -> tuple[int, int] | None:
    """Find a term in the name, or else (when it may) in the owner; they are matched apart."""
    owner, slash, name = repo_id.rpartition("/")
    found = find(wanted.term, name)
    if found is not None:
        at = len(owner) + len(slash)
        return (found[0] + at, found[1] + at)
    return find(wanted.term, owner) if wanted.scope == "any" and owner else None


def _apart(spans: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Merge spans that touch."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)

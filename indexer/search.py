"""From a query to an answer: an engine selects, the catalog tells what is known, the text decides."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from operator import itemgetter

from indexer.catalog.store import Catalog, utc_now
from indexer.engines.contract import EngineReader, FacetCounts, IndexState, Selected, Selection
from indexer.errors import EngineUnavailable
from indexer.freshness import Periods, staleness
from indexer.hits import Hit, asks_for_format, keywords_with, verified
from indexer.keywords import keywords_of
from indexer.owners import Owner
from indexer.projecting import KnownContents
from indexer.query import SearchQuery
from indexer.ranking import Rank, rank_of
from indexer.records import CatalogState, Outline, StoredModel
from indexer.text import compact
from indexer.variants.records import Contents

STATE_SECONDS = 1.0
"""How long the catalog's numbers are good for: an answer need not count them anew."""


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
    variants: int = 0
    """Variants in the index."""
    stale: str = ""
    """Why it is called stale, in a sentence; empty: it is as new as it should be."""


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
        periods: tells how often crawls run.

    """

    def __init__(
        self,
        catalog: Catalog,
        engine: EngineReader,
        now: Callable[[], datetime] = utc_now,
        periods: Callable[[], Periods] = Periods,
    ) -> None:
        self._catalog = catalog
        self._contents = KnownContents(catalog)
        self._engine = engine
        self._now = now
        self._periods = periods
        self._state: tuple[float, CatalogState, Periods] | None = None

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
        hits = self._hits(query, selection.selected)
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

    def _hits(self, query: SearchQuery, selected: Sequence[Selected]) -> tuple[Hit, ...]:
        """Give those that really match; files are read only where something is asked of variants."""
        asks = query.is_of_variants or query.filters.chooses_variants or bool(query.pointed)
        models = self._catalog.by_numbers(_numbers(selected), files=False)
        contents = self._contents.of(models.values()) if asks else {}
        if not asks and asks_for_format(query):
            contents = self._contents_beside(query, models)
        found = (
            verified(query, models[one.number], one, contents.get(one.number))
            for one in selected
            if one.number in models
        )
        return tuple([hit for hit in found if hit is not None])

    def _contents_beside(self, query: SearchQuery, models: Mapping[int, StoredModel]) -> dict[int, Contents]:
        """Give the contents of those models that match by the names of their files, if at all."""
        records = ((number, model.record) for number, model in models.items())
        unsure = [
            number
            for number, one in records
            if rank_of(query, one.repo_id, partial(keywords_of, *one.tags, one.task, one.library)) is None
        ]
        return self._contents.of([models[number] for number in unsure])

    def _ordered(self, query: SearchQuery, selection: Selection) -> Selection:
        """Order few models or variants by their names, leave out those that do not match, take the page."""
        ranks = self._ranks(query, _numbers(selection.selected))
        ranked = [(ranks[one.number], one) for one in selection.selected if one.number in ranks]
        if query.sort == "relevance":
            ranked.sort(key=itemgetter(0))  # stable: popularity stays the order within a rank
        page = ranked[query.offset : query.offset + query.limit]
        selected = tuple([replace(one, step=step) for (_, step), one in page])
        return replace(selection, selected=selected, total=len(ranked), ordered=True)

    def _ranks(self, query: SearchQuery, numbers: Sequence[int]) -> dict[int, Rank]:
        """Give where models stand by their names; those that do not match are left out."""
        outlines = self._catalog.words_of(numbers)
        ranks = {number: rank for number, one in outlines.items() if (rank := _rank(query, one)) is not None}
        if len(ranks) < len(outlines) and asks_for_format(query):
            unsure = [number for number in outlines if number not in ranks]
            models = self._catalog.by_numbers(unsure, files=False)
            for number, contents in self._contents.of(models.values()).items():
                formats = [one.format for one in contents.variants]
                rank = _rank(query, outlines[number], formats)
                if rank is not None:
                    ranks[number] = rank
        return ranks

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
        return self._known()[0]

    def _known(self) -> tuple[CatalogState, Periods]:
        known = self._state
        if known is None or time.monotonic() - known[0] > STATE_SECONDS:
            known = (time.monotonic(), self._catalog.state(), self._periods())
            self._state = known
        return known[1:]

    def _require_own(self, index: IndexState) -> None:
        """Refuse the numbers of another catalog: here they are those of other models."""
        if index.catalog != self.catalog_state().uuid:
            raise EngineUnavailable("The index is of another catalog; `hubdex index sync` rebuilds it.")

    def _coverage(self, index: IndexState) -> Coverage:
        state, periods = self._known()
        now = self._now()
        stale = staleness(state, index, periods, now)
        crawled_at = state.crawled_at
        age = (now - crawled_at).total_seconds() if crawled_at else None
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
            variants=index.variants,
            stale=stale.message if stale else "",
        )


def _numbers(selected: Sequence[Selected]) -> list[int]:
    """Give the numbers of models, each once: several variants of one can be selected."""
    return list(dict.fromkeys(one.number for one in selected))


def _rank(query: SearchQuery, model: Outline, formats: Sequence[str] = ()) -> Rank | None:
    said = (*model.tags, model.task, model.library)
    return rank_of(query, model.repo_id, lambda: keywords_with(said, formats))

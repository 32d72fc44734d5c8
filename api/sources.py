"""What the service answers from: the catalog and the index, opened as soon as they are there."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from threading import Lock

from api.config import ApiConfig
from api.measuring import Asked, Measurements
from indexer.activity import Activity
from indexer.allowances import Allowance, allowances_in, for_crawls
from indexer.catalog.store import Catalog
from indexer.engines.contract import IndexState
from indexer.engines.opening import (
    EngineName,
    ReplicaState,
    engine_name,
    open_reader,
    open_replicas,
    replica_states,
)
from indexer.errors import CatalogMissing, CatalogOutdated, EngineUnavailable, ModelNotFound
from indexer.freshness import read_periods
from indexer.planned import read_plan
from indexer.query import SearchQuery
from indexer.quota import Window
from indexer.records import SetAside
from indexer.runs import Runs
from indexer.search import Coverage, OwnersPage, Search, SearchPage

SET_ASIDE_SHOWN = 20
"""Rows without meaning that are shown at once."""
NOT_YET = "There is nothing to search yet: the first models are on their way."


class Sources:
    """Opens what there is to answer from; safe to share between threads.

    `hubdex up` starts everything at once: for the first seconds there is no catalog, then one
    without an index. Whatever is missing is looked for again at every request.

    Args:
        config: names the database and the index folder.
        now: the clock.
        measurements: told how long searches take; `None`: nobody is.

    """

    def __init__(
        self, config: ApiConfig, now: Callable[[], datetime], measurements: Measurements | None = None
    ) -> None:
        self._config = config
        self._now = now
        self._measurements = measurements
        self._runs = Runs(config)
        self._lock = Lock()
        self._catalog: Catalog | None = None
        self._search: Search | None = None
        self._engine = open_reader(config)
        self._servers = [one for one in open_replicas(config) if one.is_remote]

    @property
    def engine(self) -> EngineName:
        """The engine that answers searches."""
        return engine_name(self._config)

    def catalog(self) -> Catalog:
        """Give the catalog.

        Raises:
            CatalogMissing: nothing has been crawled yet.
            CatalogError: it cannot be opened.

        """
        with self._lock:
            if self._catalog is None:
                self._catalog = Catalog(self._config.database_url, read_only=True, now=self._now)
            return self._catalog

    def not_found(self, repo_id: str) -> ModelNotFound:
        """Give the error of a model that is not there: it may have been, once."""
        return ModelNotFound(repo_id, self.catalog().removed_at(repo_id))

    def answer(self, query: SearchQuery) -> SearchPage:
        """Answer a query.

        Raises:
            EngineUnavailable: there is nothing to search yet.
            CatalogError: the catalog cannot be opened or read.

        """
        with self._measured(query.kind):
            page = self._searching().answer(query)
        _require_models(page.coverage)
        return page

    def owners(self, prefix: str, limit: int) -> OwnersPage:
        """Give owners whose compact text begins with a prefix; raises what `answer` does."""
        with self._measured("owner"):
            page = self._searching().owners(prefix, limit)
        _require_models(page.coverage)
        return page

    def coverage(self) -> Coverage:
        """Give how much of the Hub answers stand for; raises what `answer` does."""
        coverage = self._searching().coverage()
        _require_models(coverage)
        return coverage

    def index_state(self) -> IndexState | None:
        """Give how far the index follows the catalog; `None` when there is no index yet."""
        try:
            return self._engine.state()
        except EngineUnavailable:
            return None

    def servers(self) -> list[ReplicaState]:
        """Give how each search server stands; none where the index is embedded."""
        return replica_states(self._servers)

    def set_aside(self) -> list[SetAside]:
        """Give the newest rows of the Hub that had no meaning; none while there is no catalog to read."""
        try:
            return self.catalog().set_aside(SET_ASIDE_SHOWN)
        except (CatalogMissing, CatalogOutdated):
            return []

    def quota(self) -> Window | None:
        """Give what is left of the Hub's quota, by the clock since 1970; `None`: nobody was told lately."""
        return for_crawls(self.allowances())

    def allowances(self) -> list[Allowance]:
        """Give what is left of each of the Hub's quotas that anybody was told of lately."""
        return allowances_in(
            self._config.quota_folder, self._config.upstream, lambda: self._now().timestamp()
        )

    def activity(self) -> Activity:
        """Give what ran, what runs and what is next."""
        return Activity(tuple(self._runs.ledgers()), read_plan(self._config))

    def close(self) -> None:
        """Let go of the catalog."""
        with self._lock:
            if self._catalog is not None:
                self._catalog.close()
            self._catalog = self._search = None

    @contextmanager
    def _measured(self, kind: Asked) -> Iterator[None]:
        """Count how long an answer took; what was not answered is not counted."""
        if self._measurements is None:
            yield
            return
        begun = self._measurements.ticks()
        yield
        self._measurements.searched(kind, self._measurements.ticks() - begun)

    def _searching(self) -> Search:
        try:
            catalog = self.catalog()
        except CatalogMissing:
            raise EngineUnavailable(NOT_YET) from None
        with self._lock:
            if self._search is None:
                self._search = Search(catalog, self._engine, self._now, partial(read_periods, self._config))
            return self._search


def _require_models(coverage: Coverage) -> None:
    """An index made before the first models came would answer that there are none on the whole Hub."""
    if not coverage.models and (coverage.catalog_models or coverage.crawled_at is None):
        raise EngineUnavailable(NOT_YET)

"""The cache as a service sees it: looked at now and then, changed and verified on request."""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from threading import Lock, Thread

from api.config import ApiConfig
from api.handoff.cache.keeping import delete_revision, end_what_was_begun, pin_revision
from api.handoff.cache.looking import find_revision, look
from api.handoff.cache.records import CachedRevision, CacheState, Name
from api.handoff.cache.verifications import Verification, Verifications
from api.handoff.jobs.store import JobStore
from api.sources import Sources
from indexer.catalog.store import Catalog
from indexer.errors import CatalogError, HubdexError

FRESH_SECONDS = 3.0
"""For so long, or three times as long as looking took, what was seen is not looked at again."""

GLANCE_SECONDS = 60.0
"""Who only glances is told what was seen at most so long ago, and a moment."""


class WatchedCache:
    """What lies in the cache; safe to share between threads.

    Args:
        config: names the cache.
        sources: the catalog, when there is one.
        now: the clock.
        monotonic: seconds that never go back.

    """

    def __init__(
        self,
        config: ApiConfig,
        sources: Sources,
        now: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._config = config
        self._sources = sources
        self._now = now
        self._monotonic = monotonic
        self._lock = Lock()
        self._seen: CacheState | None = None
        self._fresh_until = 0.0
        self._last: CacheState | None = None
        self._glancing = Lock()
        self._glance_again_at = float("-inf")
        self._looker: Thread | None = None
        self._store: JobStore | None = None
        self._verifications = Verifications(now)

    def state(self) -> CacheState:
        """Give what lies in the cache, a moment old; raises what `look` does."""
        with self._lock:  # whoever comes meanwhile waits for the same look
            begun = self._monotonic()
            if self._seen is None or begun >= self._fresh_until:
                self._seen = look(self._config, self._store_if_there(), self._catalog(), self._now)
                took = self._monotonic() - begun
                self._fresh_until = begun + took + max(FRESH_SECONDS, 3 * took)
                self._last = self._seen
            return self._seen

    def glance(self) -> CacheState | None:
        """Give what was last seen, at once; `None`: nothing yet. When that is long ago, look meanwhile."""
        with self._glancing:
            is_looking = self._looker is not None and self._looker.is_alive()
            if not is_looking and self._monotonic() >= self._glance_again_at:
                self._glance_again_at = self._monotonic() + GLANCE_SECONDS
                self._looker = Thread(target=self._look_quietly, name="cache", daemon=True)
                self._looker.start()
        return self._last

    def _look_quietly(self) -> None:
        with suppress(HubdexError, OSError):
            self.state()

    def verifications(self) -> Mapping[Name, Verification]:
        """Give every verification that is known."""
        return self._verifications.known()

    def find(self, repo_id: str, revision: str) -> CachedRevision:
        """Give a revision; raises what `look` and `find_revision` do."""
        return find_revision(self.state(), repo_id, revision)

    def verify(self, repo_id: str, revision: str) -> Verification:
        """Begin to verify a revision, or tell how far that is; raises what `find` does."""
        return self._verifications.begin(self.find(repo_id, revision).snapshot)

    def pin(self, repo_id: str, revision: str, *, pinned: bool) -> CachedRevision:
        """Pin a revision or let go of it; raises what `pin_revision` does."""
        try:
            return pin_revision(self._config, self._locked_store(), repo_id, revision, pinned=pinned)
        finally:
            self.forget()

    def delete(self, repo_id: str, revision: str, *, force: bool) -> tuple[CachedRevision, int]:
        """Delete a revision, give it and the bytes now free; raises what `delete_revision` does."""
        try:
            return delete_revision(self._config, self._locked_store(), repo_id, revision, force=force)
        finally:
            self.forget()

    def forget(self) -> None:
        """Look anew the next time."""
        with self._lock:
            self._seen = None

    def start(self) -> None:
        """End deletions that a crash broke off."""
        with suppress(HubdexError):
            end_what_was_begun(self._config)

    def close(self) -> None:
        """End what runs in the background."""
        self._verifications.close()
        if self._looker is not None:
            self._looker.join()
        with self._lock:
            if self._store is not None:
                self._store.close()
            self._store = None

    def _store_if_there(self) -> JobStore | None:
        is_there = self._store is not None or (self._config.home / "jobs.db").exists()
        return self._opened() if is_there else None

    def _locked_store(self) -> JobStore:
        with self._lock:
            return self._opened()

    def _opened(self) -> JobStore:
        if self._store is None:
            self._store = JobStore(self._config.jobs_url, self._now)
        return self._store

    def _catalog(self) -> Catalog | None:
        try:
            return self._sources.catalog()
        except CatalogError:
            return None

"""What lies in the cache and how it stands: the disk, the catalog and the list of downloads, put together."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from api.config import ApiConfig
from api.handoff.cache.errors import NotInCache
from api.handoff.cache.judging import judge
from api.handoff.cache.records import CachedRevision, CacheState, Name, Snapshot
from api.handoff.cache.walking import walk
from api.handoff.disk import free_bytes
from api.handoff.jobs.records import Revision
from api.handoff.jobs.store import JobStore
from indexer.catalog.store import Catalog
from indexer.errors import BadRequest, CatalogError, ModelNotFound
from indexer.projecting import contents_in
from indexer.records import StoredModel
from indexer.variants.records import Variant

SHORTEST_COMMIT = 6
"""Digits of a commit that are enough to name it."""


def look(
    config: ApiConfig, store: JobStore | None, catalog: Catalog | None, now: Callable[[], datetime]
) -> CacheState:
    """Give what lies in the cache, whatever state it is in.

    Args:
        config: names the folder and the limit.
        store: what Hubdex downloaded; `None`: there is no list of it.
        catalog: what the Hub has; `None`: nothing has been read of it.
        now: the clock.

    Raises:
        CacheUnusable: the folder cannot be read.
        JobsUnavailable: the list of downloads cannot be read.

    """
    cache = cache_folder(config)
    walked = walk(cache)
    kept = kept_by_name(store)
    in_use = models_in_use(store)
    known = _Known(catalog)
    revisions = []
    for snapshot in walked.snapshots:
        commit, variants = known.about(snapshot)
        using = snapshot.repo_id in in_use
        one = judge(snapshot, commit=commit, variants=variants, kept=kept.get(snapshot.name), is_in_use=using)
        revisions.append(one)
    return CacheState(
        path=cache,
        revisions=tuple(sorted(revisions, key=lambda one: (-one.snapshot.used_at, one.snapshot.name))),
        seen_at=now(),
        limit=config.cache_limit,
        free_bytes=_free_bytes(cache),
        partial_bytes=walked.partial_bytes,
        problems=walked.problems,
        is_cut=walked.is_cut,
    )


def cache_folder(config: ApiConfig) -> Path:
    """Give the folder of the cache, without links on the way to it; it need not be there."""
    return config.hub_cache.expanduser().resolve()


def kept_by_name(store: JobStore | None) -> Mapping[Name, Revision]:
    """Give what Hubdex remembers of revisions."""
    return {(one.repo_id, one.commit): one for one in store.revisions()} if store else {}


def models_in_use(store: JobStore | None) -> frozenset[str]:
    """Give the models of which something is being downloaded: contents that are there already are needed."""
    return frozenset(job.wanted.repo_id for job in store.open_jobs()) if store else frozenset()


def find_revision(state: CacheState, repo_id: str, revision: str = "") -> CachedRevision:
    """Give the revision that is meant.

    Args:
        state: what there is.
        repo_id: the model.
        revision: a commit, the beginning of one, a branch or a tag; empty: the only one there is.

    Raises:
        NotInCache: there is none such.
        BadRequest: there are several; it names them.

    """
    of_model = [one for one in state.revisions if one.snapshot.repo_id == repo_id]
    if not of_model:
        raise NotInCache(repo_id)
    exact = [one for one in of_model if revision and revision == one.snapshot.commit]
    named = [one for one in of_model if revision in one.snapshot.refs]
    begun = [one for one in of_model if one.snapshot.commit.startswith(revision)]
    if 0 < len(revision) < SHORTEST_COMMIT:
        begun = []
    found = exact or named or begun
    if not found:
        raise NotInCache(repo_id, revision)
    if len(found) > 1:
        commits = ", ".join(one.snapshot.commit[:12] for one in found[:10])
        raise BadRequest(f"The cache holds {len(found)} such revisions of {repo_id}; say which: {commits}.")
    return found[0]


class _Known:
    """What the catalog knows of models, each looked up once; without a catalog: nothing."""

    def __init__(self, catalog: Catalog | None) -> None:
        self._catalog = catalog
        self._models: dict[str, StoredModel | None] = {}

    def about(self, snapshot: Snapshot) -> tuple[str | None, tuple[Variant, ...]]:
        """Give a model's present commit, and its variants where the snapshot is of that commit."""
        if snapshot.repo_id not in self._models:
            self._models[snapshot.repo_id] = self._find(snapshot.repo_id)
        model = self._models[snapshot.repo_id]
        if model is None or self._catalog is None:
            return None, ()
        commit = model.record.sha
        if commit != snapshot.commit:
            return commit, ()
        return commit, contents_in(self._catalog, [model])[model.number].variants

    def _find(self, repo_id: str) -> StoredModel | None:
        if self._catalog is None:
            return None
        try:
            return self._catalog.find(repo_id)
        except ModelNotFound:
            return None
        except CatalogError:
            self._catalog = None  # what lies on the disk is told all the same
            return None


def _free_bytes(folder: Path) -> int | None:
    with suppress(OSError):
        return free_bytes(folder)
    return None

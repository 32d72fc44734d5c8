"""Changes what lies in the cache: deletes a revision, pins one, makes room within the limit."""

import logging
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from api.config import ApiConfig
from api.handoff.cache.errors import OverCacheLimit, Protected
from api.handoff.cache.evicting import may_evict, to_evict
from api.handoff.cache.looking import cache_folder, find_revision, look, models_in_use
from api.handoff.cache.records import CachedRevision, CacheState, Name, total_bytes
from api.handoff.cache.removing import begun_in, finish_all, remove, remove_partials
from api.handoff.jobs.carrying import MakeRoom
from api.handoff.jobs.records import Job
from api.handoff.jobs.store import JobStore
from indexer.catalog.store import utc_now
from indexer.errors import Busy
from indexer.process import exclusive

logger = logging.getLogger(__name__)


def delete_revision(
    config: ApiConfig, store: JobStore, repo_id: str, revision: str, *, force: bool = False
) -> tuple[CachedRevision, int]:
    """Delete one revision, with what Hubdex began to download of the model; give it, and the bytes now free.

    Args:
        config: names the cache.
        store: what Hubdex downloaded, what is pinned, what is under way.
        repo_id: the model.
        revision: as `find_revision` takes it.
        force: delete what Hubdex did not download, too.

    Raises:
        NotInCache: there is no such revision.
        Protected: it is pinned, a download of the model is under way, or it is not Hubdex's and not forced.
        Busy: another deletion is under way.
        CacheUnusable: the folder cannot be written to.

    """
    with _alone(config):
        state = look(config, store, None, utc_now)
        one = find_revision(state, repo_id, revision)
        why = why_protected(one, force=force)
        if why:
            raise Protected(repo_id, one.snapshot.commit, why)
        freed = remove(state.path, one.snapshot)
        freed += remove_partials(state.path, repo_id, _wanted_of_others(store, one.snapshot.name))
        store.forget_revision(*one.snapshot.name)
    logger.info("deleted model=%s commit=%s freed=%d", *one.snapshot.name, freed)
    return one, freed


def why_protected(revision: CachedRevision, *, force: bool = False) -> str:
    """Say why a revision is not deleted; empty: it may be."""
    if revision.is_pinned:
        return "it is pinned; unpin it first"
    if revision.is_in_use:
        return "a download of this model is under way; cancel it or let it end first"
    if not revision.is_ours and not force:
        return (
            "it holds files that Hubdex did not download, so they are yours or another program's; "
            "`--force` (`force` in the API) deletes them all the same"
        )
    return ""


def pin_revision(
    config: ApiConfig, store: JobStore, repo_id: str, revision: str, *, pinned: bool
) -> CachedRevision:
    """Pin a revision, so that nothing deletes it, or let go of it.

    Raises:
        NotInCache: there is no such revision.

    """
    one = find_revision(look(config, store, None, utc_now), repo_id, revision)
    store.set_pinned(*one.snapshot.name, pinned=pinned)
    return one


def make_room(
    config: ApiConfig, store: JobStore, *, needed_bytes: int = 0, keep: Collection[Name] = ()
) -> int:
    """Evict what Hubdex downloaded and was not used for longest, until what is to come is within the limit.

    To be called before a download begins, and after one is ready. Without `HUBDEX_CACHE_LIMIT` nothing goes.

    Args:
        config: names the cache and the limit.
        store: what Hubdex downloaded, what is pinned, what is under way.
        needed_bytes: what is to come, beside what other downloads under way have announced.
        keep: revisions that stay: the one that is or was downloaded.

    Returns:
        Bytes that are free now.

    Raises:
        OverCacheLimit: what is to come does not fit, even if all went that may go; then nothing does.
        Busy: somebody else deletes just now.
        CacheUnusable: the folder cannot be read or written.

    """
    if config.cache_limit is None:
        return 0
    with _alone(config):
        state = look(config, store, None, utc_now)
        _require_room(state, config.cache_limit, needed_bytes, keep)
        needed = needed_bytes + _announced(store, keep)
        freed = 0
        for one in to_evict(state.revisions, config.cache_limit, needed=needed, keep=keep):
            if one.snapshot.repo_id in models_in_use(store):
                continue  # a download of it began since
            freed += remove(state.path, one.snapshot)
            store.forget_revision(*one.snapshot.name)
            logger.info("evicted model=%s commit=%s", *one.snapshot.name)
        _forget_gone(state, store)
        return freed


def room_maker(config: ApiConfig) -> MakeRoom:
    """Give what makes room for a job, told of it and of the bytes to come; raises what `make_room` does."""

    def make(job: Job, missing: int, store: JobStore) -> None:
        if config.cache_limit is None:
            return
        name = (job.wanted.repo_id, job.wanted.commit)
        try:
            make_room(config, store, needed_bytes=missing, keep=[name])
        except Busy:
            logger.info("somebody else deletes just now; nothing was evicted for model=%s commit=%s", *name)

    return make


def end_what_was_begun(config: ApiConfig) -> int:
    """End deletions that were broken off by a crash; give the bytes that are free now."""
    cache = cache_folder(config)
    if not begun_in(cache):
        return 0
    try:
        with _alone(config):
            return finish_all(cache)
    except Busy:
        return 0


def _require_room(state: CacheState, limit: int, needed: int, keep: Collection[Name]) -> None:
    if not needed:
        return
    staying = [one for one in state.revisions if one.is_ours and not may_evict(one, keep)]
    left = limit - total_bytes(one.snapshot for one in staying)
    if needed > left:
        raise OverCacheLimit(needed, limit, max(0, left))


def _announced(store: JobStore, keep: Collection[Name]) -> int:
    """Give what other downloads that are being carried out have still to bring."""
    jobs = [job for job in store.open_jobs() if job.state in {"downloading", "verifying"}]
    others = [job for job in jobs if (job.wanted.repo_id, job.wanted.commit) not in keep]
    return sum(file.bytes or 0 for job in others for file in job.files if file.state != "done")


def _forget_gone(state: CacheState, store: JobStore) -> None:
    """Forget what somebody else deleted: what comes there next may be the user's own."""
    there = {one.snapshot.name for one in state.revisions}
    if state.is_cut:
        return
    in_use = models_in_use(store)
    for one in store.revisions():
        if not one.is_pinned and (one.repo_id, one.commit) not in there and one.repo_id not in in_use:
            store.forget_revision(one.repo_id, one.commit)


def _wanted_of_others(store: JobStore, name: Name) -> frozenset[str]:
    """Give the contents of a model that downloads of its other revisions may go on with."""
    jobs = [job for job in store.jobs() if job.wanted.repo_id == name[0] and job.wanted.commit != name[1]]
    wanted = [job.etags for job in jobs if not job.has_ended or job.state == "failed"]
    return frozenset().union(*wanted)


@contextmanager
def _alone(config: ApiConfig) -> Iterator[None]:
    """Let nobody else delete meanwhile."""
    with exclusive(config.lock_folder, "cache deletion"):
        yield

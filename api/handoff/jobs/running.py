"""The downloads of a home: asked for, looked at, paused, resumed, cancelled, tried again."""

import secrets
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from api.config import ApiConfig
from api.handoff.cached import cached_commit
from api.handoff.errors import BadReference, TooLarge
from api.handoff.hub import Hub
from api.handoff.jobs import states
from api.handoff.jobs.carrier import LOCK, Carrier
from api.handoff.jobs.carrying import CONNECTIONS, MakeRoom, Tools
from api.handoff.jobs.clearing import clear
from api.handoff.jobs.records import Job, JobFile, Revision, State, Wanted
from api.handoff.jobs.states import Action
from api.handoff.jobs.store import Count, JobStore
from api.handoff.layout import Layout
from api.handoff.names import checked_path, checked_repo_id, checked_revision, is_commit
from indexer.catalog.store import utc_now
from indexer.errors import HubdexError
from indexer.process import holder_of
from indexer.terminal import size_words

FILES_AT_MOST = 10_000
"""Of one job."""
SHOWN = 200
"""Jobs of a list, the newest."""


def no_room_to_make(_job: Job, _missing: int, _store: JobStore) -> None:
    """Remove nothing."""


def new_job_id() -> str:
    """Make an id up: 16 hexadecimal digits."""
    return secrets.token_hex(8)


class Downloads:
    """The jobs of one home; safe to share between threads.

    Nothing is made on the disk before the first job is asked for, but for the lock of who carries jobs out.

    Args:
        config: names the home, the Hub, the cache, and how much may be done at once.
        now: the time of day.
        clock: in seconds, never goes back.
        new_id: makes the ids of jobs.
        make_room: is told before bytes come, and may remove others.

    """

    def __init__(
        self,
        config: ApiConfig,
        *,
        now: Callable[[], datetime] = utc_now,
        clock: Callable[[], float] = time.monotonic,
        new_id: Callable[[], str] = new_job_id,
        make_room: MakeRoom = no_room_to_make,
    ) -> None:
        self.config = config
        self._now = now
        self._new_id = new_id
        self._make_room = make_room
        self._lock = threading.Lock()
        self._store: JobStore | None = None
        self._connections = threading.BoundedSemaphore(CONNECTIONS)
        self._carrier = Carrier(config, config.downloads, self._store_if_there, self._tools, clock)
        self._hub: Hub | None = None
        self.layout = Layout(config.hub_cache)

    def start(self, url: str = "", only: str = "") -> None:
        """Carry jobs out from now on, as soon as no other process of this home does.

        Args:
            url: where this process can be asked; empty: nowhere.
            only: the one job it is about; empty: all.

        """
        self._carrier.start(url, only)

    def close(self) -> None:
        """Break off what is under way; the next process goes on with it."""
        self._carrier.stop()
        with self._lock:
            if self._hub is not None:
                self._hub.close()  # whoever waits for the Hub, or for a byte of it, waits no longer
        self._carrier.join()
        with self._lock:
            self._hub = None
            if self._store is not None:
                self._store.close()
            self._store = None

    @property
    def hub(self) -> Hub:
        """The Hub, opened at its first use."""
        with self._lock:
            if self._hub is None:
                self._hub = Hub(self.config)
            return self._hub

    @property
    def store(self) -> JobStore:
        """Give where the jobs are kept.

        Raises:
            JobsUnavailable: it cannot be opened.

        """
        with self._lock:
            if self._store is None:
                self._store = JobStore(self.config.jobs_url, self._now)
            return self._store

    # -- asking ------------------------------------------------------------------------------

    def submit(self, wanted: Wanted) -> Job:
        """Ask for files; gives the job under way for the very same ones, where there is one.

        Returns:
            A job that is `already_downloaded` when every file is in its snapshot.

        Raises:
            BadReference: a name in it cannot be one.
            TooLarge: too many files, or more bytes than the cache may take.
            Busy: too many jobs are open.
            JobsUnavailable: the job cannot be stored.

        """
        self._check(wanted)
        there = self._there(wanted)
        state: State = "queued" if there is None else "already_downloaded"
        files = there or tuple(JobFile(path) for path in wanted.paths)
        moment = self._now()
        job = self.store.add(Job(self._new_id(), wanted, state, files, moment, moment))
        self._carrier.wake()
        return self._told(job)

    def act(self, job_id: str, action: Action) -> Job:
        """Pause, resume, cancel or try again; done twice, it is done once.

        Raises:
            JobNotFound: there is no such job.
            WrongState: it is in no state in which that can be done.

        """
        job = self.store.change(job_id, states.ACTIONS[action])
        if action in {"pause", "cancel"}:
            is_running = self._carrier.break_off(job_id)
            if job.state == "cancelled" and not is_running:
                self._clear(job)
        self._carrier.wake()
        return self._told(job)

    def forget(self, job_id: str) -> None:
        """Forget a job that has ended, and what it left behind if it failed.

        Raises:
            JobNotFound: there is no such job.
            WrongState: it has not ended.

        """
        job = self.store.job(job_id)
        self.store.forget(job_id)
        if job.state in {"failed", "cancelled"}:
            self._clear(job)

    # -- looking -----------------------------------------------------------------------------

    def jobs(self, limit: int = SHOWN) -> list[Job]:
        """Give the newest jobs, the newest first; none where nothing was ever asked for."""
        store = self._store_if_there()
        return [] if store is None else self._told_all(store.jobs(limit))

    def count_open(self) -> int:
        """Count the jobs that are under way, or wait for it; 0 where that cannot be told."""
        try:
            store = self._store_if_there()
            return 0 if store is None else sum(job.state != "paused" for job in store.open_jobs())
        except HubdexError:
            return 0

    def counts(self) -> dict[State, Count]:
        """Give how many jobs there are in each state, and their bytes."""
        store = self._store_if_there()
        return {} if store is None else store.counts()

    def job(self, job_id: str) -> Job:
        """Give a job; raises `JobNotFound`."""
        return self._told(self.store.job(job_id))

    def revisions(self) -> list[Revision]:
        """Give the revisions that Hubdex downloaded files of, or that are pinned."""
        store = self._store_if_there()
        return [] if store is None else store.revisions()

    # -- inside ------------------------------------------------------------------------------

    def _store_if_there(self) -> JobStore | None:
        is_there = self._store is not None or (self.config.home / "jobs.db").exists()
        return self.store if is_there else None

    def _tools(self) -> Tools:
        return Tools(
            hub=self.hub,
            layout=self.layout,
            store=self.store,
            connections=self._connections,
            limit=self.config.cache_limit,
            make_room=self._make_room,
        )

    def _told(self, job: Job) -> Job:
        return self._told_all([job])[0]

    def _told_all(self, jobs: Sequence[Job]) -> list[Job]:
        """Give jobs with what is known beside the store: how far they are, or what they wait for."""
        told = [self._carrier.told(job) for job in jobs]
        if self._carrier.holds or not any(job.state == "queued" for job in told):
            return told
        holder = holder_of(self.config.lock_folder, LOCK)
        if holder is None:
            return told
        note = f"It waits until another process of Hubdex (process {holder.process}) has ended its downloads."
        return [replace(job, note=note) if job.state == "queued" else job for job in told]

    def _clear(self, job: Job) -> None:
        clear(job, lambda: self.store.wanted_elsewhere(job.wanted.repo_id, job.id), self.layout)

    def _check(self, wanted: Wanted) -> None:
        checked_repo_id(wanted.repo_id)
        checked_revision(wanted.revision)
        if not is_commit(wanted.commit):
            raise BadReference(f"{wanted.commit[:200]!r} is no commit.")
        if not wanted.paths or len(set(wanted.paths)) != len(wanted.paths):
            raise BadReference("Files are to be named, each once.")
        if len(wanted.paths) > FILES_AT_MOST:
            raise TooLarge(f"These are {len(wanted.paths):,} files; at most {FILES_AT_MOST:,} come at once.")
        for path in wanted.paths:
            checked_path(path)
        limit = self.config.cache_limit
        if limit is not None and (wanted.bytes or 0) > limit:
            raise TooLarge(
                f"These files take {size_words(wanted.bytes or 0)}, "
                f"and HUBDEX_CACHE_LIMIT allows {size_words(limit)}."
            )

    def _there(self, wanted: Wanted) -> tuple[JobFile, ...] | None:
        """Give the files when all are in the snapshot already and the revision leads there."""
        if cached_commit(self.layout.cache, wanted.repo_id, wanted.revision) != wanted.commit:
            return None
        snapshot = self.layout.snapshot(wanted.repo_id, wanted.commit)
        files = [_seen(snapshot, path) for path in wanted.paths]
        return tuple(file for file in files if file is not None) if all(files) else None


def _seen(snapshot: Path, path: str) -> JobFile | None:
    """Give a file that its snapshot shows; the name of its blob is where its link leads."""
    try:
        size = (snapshot / path).stat().st_size
        name = (snapshot / path).resolve().name
    except OSError:
        return None
    etag = name if len(name) in {40, 64} else None
    return JobFile(path, size, etag, size, size, "done")

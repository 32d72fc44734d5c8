"""The thread that carries downloads out, where no other process of this home does."""

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from api.handoff.errors import Interrupted, JobNotFound, WrongState
from api.handoff.jobs import states
from api.handoff.jobs.carrying import Tools, bytes_to_come, carry_out
from api.handoff.jobs.clearing import clear
from api.handoff.jobs.progress import Progress
from api.handoff.jobs.records import Job, Trouble
from api.handoff.jobs.store import JobStore
from indexer.config import HomeConfig
from indexer.errors import Busy, HubdexError
from indexer.process import exclusive

log = logging.getLogger(__name__)

LOCK = "downloads"
ROUND_SECONDS = 1.0
"""How often progress is stored, and looked for what other processes asked for."""

_INTERNAL = Trouble("internal", "Something went wrong inside Hubdex; its log says what.")

How = Callable[[Job], Job]


@dataclass(frozen=True, slots=True)
class Run:
    """A job that is being carried out."""

    job: Job
    progress: Progress
    thread: threading.Thread


class Carrier:
    """Carries out the jobs of a store, some at once, in the order in which they were asked for.

    Args:
        config: names the locks and how many jobs run at once.
        at_once: how many jobs.
        store: gives the store; `None` while nothing was ever asked for.
        tools: gives what carrying out takes.
        clock: in seconds, never goes back.

    """

    def __init__(
        self,
        config: HomeConfig,
        at_once: int,
        store: Callable[[], JobStore | None],
        tools: Callable[[], Tools],
        clock: Callable[[], float],
    ) -> None:
        self._config = config
        self._at_once = at_once
        self._store = store
        self._tools = tools
        self._clock = clock
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._lock = threading.Lock()
        self._runs: dict[str, Run] = {}
        self._unwritten: dict[str, How] = {}
        self._thread: threading.Thread | None = None
        self._only = ""
        self._complaint = ""
        self.holds = False
        """Whether this process is the one that carries jobs out."""

    def start(self, url: str = "", only: str = "") -> None:
        """Carry jobs out from now on, as soon as no other process does.

        Args:
            url: where this process can be asked; empty: nowhere.
            only: the one job it is about; empty: all.

        """
        self._only = only
        self._thread = threading.Thread(target=self._live, args=(url,), name="downloads", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Break off what is under way, so that the next process goes on with it."""
        self._stop.set()
        self._wake.set()
        for run in self._running():
            run.progress.break_off()

    def join(self) -> None:
        """Wait until all has ended."""
        if self._thread is not None:
            self._thread.join()

    def wake(self) -> None:
        """Look at once for what there is to do."""
        self._wake.set()

    def break_off(self, job_id: str) -> bool:
        """Let a job end that is under way here; tell whether it is."""
        with self._lock:
            run = self._runs.get(job_id)
        if run is not None:
            run.progress.break_off()
        self.wake()
        return run is not None

    def told(self, job: Job) -> Job:
        """Give a job, as it is stored, with what is known here alone."""
        with self._lock:
            run, how = self._runs.get(job.id), self._unwritten.get(job.id)
        if how is not None:
            return how(job)
        return job if run is None or run.progress.is_broken_off else run.progress.told(job)

    # -- the thread --------------------------------------------------------------------------

    def _live(self, url: str) -> None:
        while not self._stop.is_set():
            try:
                with exclusive(self._config.lock_folder, LOCK, note=url):
                    self.holds = True
                    self._carry()
            except Busy:
                pass  # whoever asks for a job is told what it waits for
            except HubdexError as error:
                self._complain(str(error))
            finally:
                self.holds = False
            self._stop.wait(ROUND_SECONDS)

    def _carry(self) -> None:
        is_cleared = False
        while not self._stop.is_set():
            self._wake.clear()
            try:
                store = self._store()
                if store is not None:
                    is_cleared = is_cleared or self._clear_cancelled(store)
                    self._round(store)
                    self._complaint = ""
            except HubdexError as error:  # a full disk: what runs goes on, what is new waits
                self._complain(str(error))
            self._wake.wait(ROUND_SECONDS)
        for run in self._running():
            run.progress.break_off()
            run.thread.join()

    def _round(self, store: JobStore) -> None:
        self._write_again(store)
        jobs = {job.id: job for job in store.open_jobs()}
        for run in self._running():
            job = jobs.get(run.job.id)
            if job is None or not states.is_due(job):
                run.progress.break_off()
            elif not run.progress.is_broken_off:
                store.change(job.id, run.progress.told)
        for job in jobs.values():
            if self._may_start(job):
                with suppress(JobNotFound, WrongState):  # it has ended, or was forgotten, since the look
                    self._start(job, store)

    def _may_start(self, job: Job) -> bool:
        with self._lock:
            is_free = job.id not in self._runs and len(self._runs) < self._at_once
            is_known = job.id in self._unwritten
        is_ours = self._only in {"", job.id}
        return is_free and is_ours and not is_known and states.is_due(job) and not self._stop.is_set()

    def _start(self, job: Job, store: JobStore) -> None:
        job = store.change(job.id, states.take)
        progress = Progress(job, self._clock)
        thread = threading.Thread(
            target=self._run, args=(job, progress, store), name=f"job-{job.id}", daemon=True
        )
        with self._lock:
            self._runs[job.id] = Run(job, progress, thread)
        thread.start()

    def _running(self) -> list[Run]:
        with self._lock:
            return list(self._runs.values())

    def _still_to_come(self, but: str) -> int:
        return sum(bytes_to_come(run.progress.files) for run in self._running() if run.job.id != but)

    # -- a thread for each job ---------------------------------------------------------------

    def _run(self, job: Job, progress: Progress, store: JobStore) -> None:
        how: How
        try:
            carry_out(job, progress, self._tools(), lambda: self._still_to_come(job.id))
        except Interrupted:
            how = progress.told
        except HubdexError as error:
            trouble = Trouble(error.word, str(error))
            how = lambda stored: states.fail(progress.told(stored), trouble)  # noqa: E731
        except Exception:
            log.exception("The download %s of %s failed.", job.id, job.wanted.repo_id)
            how = lambda stored: states.fail(progress.told(stored), _INTERNAL)  # noqa: E731
        else:
            how = lambda stored: states.make_ready(progress.told(stored))  # noqa: E731
        self._write(job.id, how, store)
        try:
            self._clear_if_cancelled(job.id, store)
        except HubdexError as error:
            self._complain(str(error))
        with self._lock:
            del self._runs[job.id]
        self.wake()

    def _write(self, job_id: str, how: How, store: JobStore) -> None:
        try:
            store.change(job_id, how)
        except JobNotFound:
            pass
        except HubdexError as error:  # it is tried again each round, and told from memory until then
            self._complain(str(error))
            with self._lock:
                self._unwritten[job_id] = how

    def _write_again(self, store: JobStore) -> None:
        with self._lock:
            unwritten = dict(self._unwritten)
        for job_id, how in unwritten.items():
            with suppress(JobNotFound):
                store.change(job_id, how)
            with self._lock:
                del self._unwritten[job_id]

    def _clear_if_cancelled(self, job_id: str, store: JobStore) -> None:
        job = store.job(job_id)
        if job.state == "cancelled":
            self._clear(job, store)

    def _clear_cancelled(self, store: JobStore) -> bool:
        """Clear up behind jobs whose process died before it could."""
        for job in store.cancelled_jobs():
            self._clear(job, store)
        return True

    def _clear(self, job: Job, store: JobStore) -> None:
        clear(job, lambda: store.wanted_elsewhere(job.wanted.repo_id, job.id), self._tools().layout)

    def _complain(self, sentence: str) -> None:
        if sentence != self._complaint:
            log.warning("%s", sentence)
        self._complaint = sentence

"""How far a download that is being carried out has come: kept in memory, told to whoever asks."""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import replace

from api.handoff.errors import Interrupted
from api.handoff.jobs.records import CARRIED, FileState, Job, JobFile

WINDOW_SECONDS = 10.0
"""Over so much time a rate is taken."""
SAMPLE_SECONDS = 0.25

_MOST_NOTE = 500


class Rate:
    """Bytes a second over the last seconds.

    Args:
        now: a clock in seconds that never goes back.

    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._total = 0
        self._samples = deque([(now(), 0)])

    def add(self, count: int) -> None:
        """Note bytes that came just now."""
        moment = self._now()
        if moment - self._samples[-1][0] >= SAMPLE_SECONDS:
            self._samples.append((moment, self._total))
        self._total += count
        self._drop_old(moment)

    def per_second(self) -> float:
        """Give the present rate."""
        moment = self._now()
        self._drop_old(moment)
        began, before = self._samples[0]
        return (self._total - before) / max(moment - began, SAMPLE_SECONDS)

    def _drop_old(self, moment: float) -> None:
        while len(self._samples) > 1 and self._samples[1][0] <= moment - WINDOW_SECONDS:
            self._samples.popleft()


class Progress:
    """The files of one job while they come; safe to share between threads."""

    def __init__(self, job: Job, now: Callable[[], float]) -> None:
        self._lock = threading.Lock()
        self._files = list(job.files)
        self._rate = Rate(now)
        self._notes: dict[int, str] = {}
        self._broken_off = threading.Event()

    def break_off(self) -> None:
        """Let whatever still comes be the last."""
        self._broken_off.set()

    @property
    def is_broken_off(self) -> bool:
        """Whether it is to end."""
        return self._broken_off.is_set()

    def go_on(self) -> None:
        """Raise `Interrupted` when it is to end."""
        if self.is_broken_off:
            raise Interrupted

    @property
    def files(self) -> tuple[JobFile, ...]:
        """The files as they are now."""
        with self._lock:
            return tuple(self._files)

    def put(self, position: int, file: JobFile) -> None:
        """Say how a file stands."""
        with self._lock:
            self._files[position] = file
            self._notes.pop(position, None)

    def receive(self, position: int, count: int) -> None:
        """Say that bytes of a file came."""
        with self._lock:
            file = self._files[position]
            self._files[position] = replace(file, done_bytes=file.done_bytes + count, state="downloading")
            self._rate.add(count)
            self._notes.pop(position, None)

    def note(self, position: int, why: str) -> None:
        """Say why nothing comes; empty: it is over."""
        with self._lock:
            self._notes.pop(position, None)
            if why:
                self._notes[position] = why[:_MOST_NOTE]

    def told(self, job: Job) -> Job:
        """Give a job, as it is stored, with what has come meanwhile."""
        with self._lock:
            job = replace(job, files=tuple(self._files))
            if job.state not in CARRIED:
                return job
            note = next(iter(self._notes.values()), "")
            open_states: set[FileState] = {file.state for file in self._files if file.state != "done"}
            is_checking = open_states == {"verifying"}
            return replace(
                job,
                state="verifying" if is_checking else "downloading",
                note=note,
                bytes_per_second=self._rate.per_second(),
            )


class FileWatch:
    """Looks on while one file comes, and breaks off when its job is to end."""

    def __init__(self, progress: Progress, position: int) -> None:
        self._progress = progress
        self._position = position

    def resumed(self, done_bytes: int) -> None:
        """Note what is there already."""
        self._progress.go_on()
        file = self._progress.files[self._position]
        now = replace(file, done_bytes=done_bytes, resumed_from=done_bytes, state="downloading")
        self._progress.put(self._position, now)

    def received(self, count: int) -> None:
        """Note what came."""
        self._progress.receive(self._position, count)
        self._progress.go_on()

    def verifying(self) -> None:
        """Note that all of it came."""
        file = self._progress.files[self._position]
        self._progress.put(self._position, replace(file, state="verifying"))
        self._progress.go_on()

    def waiting(self, why: str) -> None:
        """Note why nothing comes."""
        self._progress.note(self._position, why)
        self._progress.go_on()

"""Live progress: downloads as server-sent events, for as long as somebody listens."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import orjson
from starlette.concurrency import run_in_threadpool

from api.handoff.jobs.answers import job_answer
from api.handoff.jobs.records import Job
from api.handoff.jobs.running import Downloads
from indexer.errors import Busy, HubdexError

MAX_LISTENERS = 64
LOOK_SECONDS = 0.25
"""How often is looked for changes: so many are told of a job in a second at the most."""
ALIVE_SECONDS = 15.0
"""After so long without a change a comment says that the connection still stands."""


class Listeners:
    """Everybody who listens; they share one look at the downloads. Lives in the event loop.

    Args:
        downloads: what they listen to.

    """

    def __init__(self, downloads: Downloads) -> None:
        self._downloads = downloads
        self._closing = asyncio.Event()
        self._looking = asyncio.Lock()
        self._looked_at = -LOOK_SECONDS
        self._jobs: list[Job] = []
        self._count = 0

    def close(self) -> None:
        """Let everybody go: the service ends."""
        self._closing.set()

    @contextmanager
    def one_more(self) -> Iterator[None]:
        """Count a listener in for as long as it listens.

        Raises:
            Busy: too many do.

        """
        if self._count >= MAX_LISTENERS:
            raise Busy(f"{MAX_LISTENERS} listen to downloads already; ask for them one by one instead.")
        self._count += 1
        try:
            yield
        finally:
            self._count -= 1

    async def events(self, job_id: str | None) -> AsyncIterator[bytes]:
        """Give the present state of one download, or of the newest ones, then each change of it.

        Args:
            job_id: which; `None`: all.

        """
        told: dict[str, bytes] = {}
        spoken_at = time.monotonic()
        while not self._closing.is_set():
            for job in await self._look(job_id):
                data = orjson.dumps(job_answer(job, self._downloads.layout))
                if told.get(job.id) != data:
                    told[job.id] = data
                    spoken_at = time.monotonic()
                    yield b"event: job\ndata: " + data + b"\n\n"
            if time.monotonic() - spoken_at >= ALIVE_SECONDS:
                spoken_at = time.monotonic()
                yield b": still here\n\n"
            await self._wait()

    async def _look(self, job_id: str | None) -> list[Job]:
        """Give the newest downloads, the oldest of them first, or one; while none can be read, none."""
        async with self._looking:
            if time.monotonic() - self._looked_at >= LOOK_SECONDS / 2:
                try:
                    self._jobs = (await run_in_threadpool(self._downloads.jobs))[::-1]
                except HubdexError:
                    self._jobs = []
                self._looked_at = time.monotonic()
        if job_id is None:
            return self._jobs
        return [job for job in self._jobs if job.id == job_id] or await self._one(job_id)

    async def _one(self, job_id: str) -> list[Job]:
        try:
            return [await run_in_threadpool(self._downloads.job, job_id)]
        except HubdexError:
            return []

    async def _wait(self) -> None:
        try:
            await asyncio.wait_for(self._closing.wait(), LOOK_SECONDS)
        except TimeoutError:
            return

"""One download carried out: ask for every file, look for room, get the blobs, let all be seen at once."""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TypeVar

from api.handoff.disk import SPARE_BYTES, free_bytes, size_of
from api.handoff.errors import Interrupted, NoSpace, TooLarge
from api.handoff.fetching import fetch
from api.handoff.hub import Hub, RemoteFile
from api.handoff.jobs.progress import FileWatch, Progress
from api.handoff.jobs.records import Job, JobFile
from api.handoff.jobs.store import JobStore
from api.handoff.layout import Layout
from indexer.terminal import size_words

Found = TypeVar("Found")

FILES_AT_ONCE = 4
"""Files of one job."""
CONNECTIONS = 16
"""Files of all jobs together."""
_LOOK_SECONDS = 0.2

MakeRoom = Callable[[Job, int, JobStore], None]
"""Is told of a job and the bytes that are still to come, before they do; may raise what then fails it."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What carrying a download out takes."""

    hub: Hub
    layout: Layout
    store: JobStore
    connections: threading.BoundedSemaphore
    limit: int | None
    """Bytes that what Hubdex downloaded may take."""
    make_room: MakeRoom


def carry_out(job: Job, progress: Progress, tools: Tools, others_to_come: Callable[[], int]) -> None:
    """Get every file of a job into its snapshot, none of them seen before all are right.

    Args:
        job: as it is stored.
        progress: is told how far it has come, and breaks it off.
        tools: what it takes.
        others_to_come: gives the bytes that all other jobs under way have still to write.

    Raises:
        Interrupted: it was broken off; what is there stays.
        HubdexError: why it cannot be.

    """
    remotes = _each(
        range(len(job.files)), progress, tools, lambda position: _found(job, position, progress, tools)
    )
    # Whoever clears up behind another job learns from the store what this one is about to use.
    tools.store.change(job.id, progress.told)
    seen = [tools.layout.has(remote) for remote in remotes]
    _look_for_room(job, progress, tools, others_to_come)
    alike: dict[str, list[int]] = defaultdict(list)
    for position, remote in enumerate(remotes):
        alike[remote.etag].append(position)
    firsts = [positions[0] for positions in alike.values() if not seen[positions[0]]]

    def get(position: int) -> None:
        fetch(remotes[position], tools.hub, tools.layout, FileWatch(progress, position))
        for one in alike[remotes[position].etag]:
            _is_there(progress, one)

    _each(firsts, progress, tools, get)
    progress.go_on()
    _publish(job, remotes, [not one for one in seen], tools)


def _found(job: Job, position: int, progress: Progress, tools: Tools) -> RemoteFile:
    """Give what a file is; at one commit it stays the same, so it is asked for once."""
    known, wanted = job.files[position], job.wanted
    if known.etag is not None and known.bytes is not None:
        remote = RemoteFile(wanted.repo_id, wanted.commit, known.path, known.etag, known.bytes)
    else:
        watch = FileWatch(progress, position)
        remote = tools.hub.head(wanted.repo_id, wanted.commit, known.path, watch.waiting)
    there = _bytes_there(remote, tools.layout)
    file = JobFile(known.path, remote.bytes, remote.etag, there, there)
    if there == remote.bytes and _is_whole(remote, tools.layout):
        file = replace(file, state="done")
    progress.put(position, file)
    return remote


def _is_whole(remote: RemoteFile, layout: Layout) -> bool:
    return layout.has(remote) or size_of(layout.blob(remote.repo_id, remote.etag)) == remote.bytes


def _bytes_there(remote: RemoteFile, layout: Layout) -> int:
    if _is_whole(remote, layout):
        return remote.bytes
    return min(size_of(layout.partial(remote.repo_id, remote.etag)) or 0, remote.bytes)


def _is_there(progress: Progress, position: int) -> None:
    file = progress.files[position]
    progress.put(position, replace(file, done_bytes=file.bytes or 0, state="done"))


def _look_for_room(job: Job, progress: Progress, tools: Tools, others_to_come: Callable[[], int]) -> None:
    """Refuse what cannot fit, before anything of it is fetched."""
    files = progress.files
    total = sum(file.bytes or 0 for file in files)
    if tools.limit is not None and total > tools.limit:
        raise TooLarge(
            f"These files take {size_words(total)}, and HUBDEX_CACHE_LIMIT allows {size_words(tools.limit)}."
        )
    missing = bytes_to_come(files)
    if not missing:
        return
    tools.make_room(job, missing, tools.store)
    needed = missing + others_to_come() + SPARE_BYTES
    free = free_bytes(tools.layout.cache)
    if needed > free:
        raise NoSpace(tools.layout.cache, needed, free)


def bytes_to_come(files: Sequence[JobFile]) -> int:
    """Give how many bytes of these files are still to be written; a content that two share counts once."""
    missing = {file.etag: (file.bytes or 0) - file.done_bytes for file in files if file.state != "done"}
    return sum(missing.values())


def _publish(job: Job, remotes: Sequence[RemoteFile], is_ours: Sequence[bool], tools: Tools) -> None:
    wanted = job.wanted
    paths = [remote.path for remote, ours in zip(remotes, is_ours, strict=True) if ours]
    if paths:
        is_new = not tools.layout.snapshot(wanted.repo_id, wanted.commit).exists()
        tools.store.begin_revision(wanted.repo_id, wanted.commit, paths, is_new=is_new)
    files = [(remote.path, remote.etag) for remote in remotes]
    tools.layout.publish(wanted.repo_id, wanted.commit, files, wanted.revision)
    tools.store.finish_revision(wanted.repo_id, wanted.commit)


def _each(
    positions: Iterable[int], progress: Progress, tools: Tools, do: Callable[[int], Found]
) -> list[Found]:
    """Do something for several files at once; the first failure breaks the others off."""

    def over_a_connection(position: int) -> Found:
        with _connection(progress, tools):
            return do(position)

    with ThreadPoolExecutor(FILES_AT_ONCE, "file") as pool:
        futures = [pool.submit(over_a_connection, position) for position in positions]
        done, _ = wait(futures, return_when=FIRST_EXCEPTION)
        if failure := _failure(done):
            progress.break_off()
            pool.shutdown(cancel_futures=True)
            raise _failure(future for future in futures if not future.cancelled()) or failure
    return [future.result() for future in futures]


def _failure(futures: Iterable[Future[Found]]) -> BaseException | None:
    """Give what went wrong; that others were broken off because of it only when there is nothing else."""
    failures = [error for future in futures if (error := future.exception()) is not None]
    return min(failures, key=lambda error: isinstance(error, Interrupted), default=None)


@contextmanager
def _connection(progress: Progress, tools: Tools) -> Iterator[None]:
    """Wait for one of the connections that all jobs share."""
    while not tools.connections.acquire(timeout=_LOOK_SECONDS):
        progress.go_on()
    try:
        progress.go_on()
        yield
    finally:
        tools.connections.release()

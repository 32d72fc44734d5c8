"""One file from the Hub into the cache: gone on with where it ended, checked, moved into place.

A blob that is there in its right size is taken as it is: every client moves one there only when it is whole,
and hashing tens of gigabytes each time would take minutes. All that this process writes or takes over from
another repository is hashed.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Protocol

from filelock import Timeout
from huggingface_hub.utils import WeakFileLock

from api.handoff.asking import Lost
from api.handoff.disk import SPARE_BYTES, free_bytes, size_of
from api.handoff.errors import CacheUnusable, NoSpace, WrongBytes
from api.handoff.gate import SLICE_SECONDS
from api.handoff.hub import Hub, RemoteFile
from api.handoff.layout import Layout
from api.handoff.partial import FULL, Partial, hash_file
from api.handoff.retrying import Streak
from api.handoff.xet import XET_FROM_BYTES, XetFailed, get_by_xet, is_offered


class Watch(Protocol):
    """Who looks on. Any method may raise `Interrupted` to break off; what is there stays."""

    def resumed(self, done_bytes: int) -> None:
        """So much is there already; also when that turns out to be less than was thought."""

    def received(self, count: int) -> None:
        """So many bytes more are there."""

    def verifying(self) -> None:
        """All bytes are there and are being checked."""

    def waiting(self, why: str) -> None:
        """Nothing comes at present, for a reason in a sentence; called over and over, last with ""."""


def fetch(
    remote: RemoteFile, hub: Hub, layout: Layout, watch: Watch, xet_from_bytes: int = XET_FROM_BYTES
) -> Path:
    """Get one file's bytes into the cache, unless they are there; gives the blob.

    Nothing is seen in a snapshot by that: `Layout.publish` lets it be.

    Args:
        remote: the file.
        hub: where it is.
        layout: where it is to lie.
        watch: who looks on.
        xet_from_bytes: files from this size on are tried through Xet first, where that is offered.

    Raises:
        Interrupted: the watch broke off, or the Hub was closed.
        WrongBytes: twice, what came was not what the Hub says.
        NoSpace: the disk is too full; what came stays.
        CacheUnusable: the folder of the cache cannot be read or written.
        HandoffError: as `Hub.head`.

    """
    blob = layout.blob(remote.repo_id, remote.etag)
    layout.prepare(remote.repo_id, remote.etag)
    with _told(layout, remote), _locked(layout.lock(remote.repo_id, remote.etag), hub, watch):
        if size_of(blob) == remote.bytes or _take_over(remote, hub, layout, watch):
            watch.resumed(remote.bytes)
            return blob
        _require_space(remote, layout)
        if remote.bytes >= xet_from_bytes and is_offered(remote):
            _try_xet(remote, hub, layout, watch)
        try:
            _download(remote, hub, layout, watch)
        except WrongBytes:
            watch.resumed(0)
            _download(remote, hub, layout, watch)
    return blob


def _download(remote: RemoteFile, hub: Hub, layout: Layout, watch: Watch) -> None:
    """Get the bytes that are missing; a wrong whole is removed."""
    partial = Partial(layout.partial(remote.repo_id, remote.etag), remote)
    partial.resume(_checking(hub, watch, "Checking what is there already."))
    watch.resumed(partial.done)
    streak = Streak()

    def receive() -> None:
        if partial.done < remote.bytes:
            _receive(remote, hub, partial, watch, streak)

    try:
        hub.persistence.run(receive, watch.waiting, streak=streak)
        watch.verifying()
        partial.become(layout.blob(remote.repo_id, remote.etag))
    except WrongBytes:
        partial.discard()
        raise


def _receive(remote: RemoteFile, hub: Hub, partial: Partial, watch: Watch, streak: Streak) -> None:
    """Get what the Hub gives in one answer.

    Raises:
        Lost: it was not all.

    """
    with hub.open(remote, partial.done, watch.waiting) as body:
        if body.start != partial.done:
            partial.restart()
            watch.resumed(0)
        with partial.writing() as writer:
            for piece in body.pieces:
                writer.take(piece)
                streak.end()
                watch.received(len(piece))
    if partial.done < remote.bytes:
        raise Lost("the file ended early")


def _take_over(remote: RemoteFile, hub: Hub, layout: Layout, watch: Watch) -> bool:
    """Take the same content from another repository's folder, after a look at its bytes."""
    if remote.sha256 is None:
        return False
    partial = layout.partial(remote.repo_id, remote.etag)
    for other in layout.same_content(remote.repo_id, remote.etag):
        with suppress(OSError):
            if size_of(other) != remote.bytes:
                continue
            watch.verifying()
            check = _checking(hub, watch, "Checking the same file of another model.")
            if hash_file(other, remote.etag, remote.bytes, check) == remote.etag:
                partial.unlink(missing_ok=True)
                os.link(other.resolve(), partial)
                partial.replace(layout.blob(remote.repo_id, remote.etag))
                return True
    return False


def _try_xet(remote: RemoteFile, hub: Hub, layout: Layout, watch: Watch) -> None:
    """Get the whole by Xet; whatever goes wrong there, plain HTTP goes on with what it has."""
    partial = layout.partial(remote.repo_id, remote.etag)
    if size_of(partial):
        return
    aside = partial.with_name(f"{remote.etag}.hubdex.xet.incomplete")
    try:
        get_by_xet(remote, hub, aside, watch)
        aside.replace(partial)
    except (XetFailed, OSError):
        watch.resumed(0)
    finally:
        aside.unlink(missing_ok=True)


def _require_space(remote: RemoteFile, layout: Layout) -> None:
    rest = remote.bytes - (size_of(layout.partial(remote.repo_id, remote.etag)) or 0)
    free = free_bytes(layout.cache)
    if rest > 0 and free < rest + SPARE_BYTES:
        raise NoSpace(layout.cache, rest + SPARE_BYTES, free)


def _checking(hub: Hub, watch: Watch, why: str) -> Callable[[], None]:
    def check() -> None:
        hub.pause.check()
        watch.waiting(why)

    return check


@contextmanager
def _locked(lock: Path, hub: Hub, watch: Watch) -> Iterator[None]:
    """Hold the lock that all clients of the cache take for a content."""
    with ExitStack() as stack:
        has_waited = False
        while True:
            try:
                stack.enter_context(WeakFileLock(lock, timeout=SLICE_SECONDS))
                break
            except Timeout:
                has_waited = True
                hub.pause.check()
                watch.waiting("Another download of the same file is under way.")
        if has_waited:
            watch.waiting("")
        yield


@contextmanager
def _told(layout: Layout, remote: RemoteFile) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            raise CacheUnusable(
                f"The cache {layout.cache} cannot be used: {error.strerror or error}."
            ) from None
        done = size_of(layout.partial(remote.repo_id, remote.etag)) or 0
        free = free_bytes(layout.cache)
        raise NoSpace(layout.cache, remote.bytes - done + SPARE_BYTES, free) from None

"""One file from the Hub into the cache: gone on with where it ended, checked, moved into place."""

from pathlib import Path
from typing import Protocol

from api.handoff.hub import Hub, RemoteFile
from api.handoff.layout import Layout


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


def fetch(remote: RemoteFile, hub: Hub, layout: Layout, watch: Watch) -> Path:
    """Get one file's bytes into the cache, unless they are there; gives the blob.

    Nothing is seen in a snapshot by that: `Layout.publish` lets it be.

    Raises:
        Interrupted: the watch broke off.
        WrongBytes: twice, what came was not what the Hub says.
        NoSpace: the disk is too full; what came stays.
        CacheUnusable: the folder of the cache cannot be read or written.
        HandoffError: as `Hub.head`.

    """
    raise NotImplementedError

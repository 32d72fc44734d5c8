"""Sending documents: packed into batches that a server takes, and seen through to their end."""

import gzip
from collections import deque
from collections.abc import Iterable
from io import BytesIO

import orjson

from indexer.engines.meilisearch.fields import Payload
from indexer.engines.meilisearch.server import Server

BATCH_BYTES = 60_000_000
"""Of a batch before it is packed: a server counts so, and takes 100 MB by default (meilisearch.md 2.1)."""
UNDER_WAY = 6
"""Batches that a server may have before it: it takes several in one go, but each lies on its disk."""
PACKING = 1
"""How hard documents are packed: harder would take longer than they need on the way."""


class Feed:
    """Sends documents to one index; memory holds one packed batch.

    Args:
        server: where to.
        uid: the index.
        partial: whether they are fields of documents that are there already.

    """

    def __init__(self, server: Server, uid: str, *, partial: bool = False) -> None:
        self._server = server
        self._uid = uid
        self._partial = partial
        self._tasks: deque[int] = deque()
        self._begin()

    def add(self, payloads: Iterable[Payload]) -> None:
        """Send documents; raises what `finish` does."""
        for payload in payloads:
            line = orjson.dumps(payload, option=orjson.OPT_APPEND_NEWLINE)
            if self._bytes + len(line) > BATCH_BYTES:
                self.send()
            self._packing.write(line)
            self._bytes += len(line)

    def finish(self) -> None:
        """Send what is left, and wait until all of it is stored.

        Raises:
            EngineError: a batch was not stored, and so none of its documents.
            EngineUnavailable: the server went away.

        """
        self.send()
        while self._tasks:
            self._server.wait(self._tasks.popleft())

    def send(self) -> None:
        """Send what was added, before the batch is full; raises what `finish` does."""
        if not self._bytes:
            return  # a server refuses an empty batch
        self._packing.close()
        packed = self._packed.getvalue()
        self._begin()
        self._tasks.append(self._server.add(self._uid, packed, partial=self._partial))
        while len(self._tasks) > UNDER_WAY:
            self._server.wait(self._tasks.popleft())

    def _begin(self) -> None:
        self._packed = BytesIO()
        self._packing = gzip.GzipFile(fileobj=self._packed, mode="wb", compresslevel=PACKING, mtime=0)
        self._bytes = 0

"""The write side of the embedded engine."""

import logging
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

from indexer.documents import Document
from indexer.engines.contract import Documents, IndexState, Progress, silent
from indexer.engines.embedded import folder as folders
from indexer.engines.embedded.failing import translated
from indexer.engines.embedded.feeding import Feed
from indexer.engines.embedded.parts import build
from indexer.engines.embedded.schema import make_schema, open_index
from indexer.engines.embedded.short import drop_short, has_short, write_short
from indexer.errors import EngineError
from indexer.query import KINDS, Kind

logger = logging.getLogger(__name__)

UPDATE_HEAP_BYTES = 150_000_000
"""Memory for grams before they go to disk."""
UPDATE_THREADS = 2


class EmbeddedWriter:
    """Feeds the embedded index. The caller makes sure that it is the only one.

    Args:
        root: the index folder.

    """

    commit_every = 20_000

    def __init__(self, root: Path) -> None:
        self._root = root
        self._schemas = {kind: make_schema(kind) for kind in KINDS}
        self._feed: Feed | None = None
        self._verified: Path | None = None

    def state(self) -> IndexState | None:
        """Give how far the live index follows; `None` when it is missing, broken or outdated.

        The models are counted. Every file is held to its checksum the first time.
        """
        folder = folders.live_folder(self._root)
        if folder is None:
            return None
        try:
            with _translated():
                return self._state_of(folder)
        except EngineError as error:
            logger.warning("index unusable folder=%s why=%s", folder.name, error)
            return None

    def _state_of(self, folder: Path) -> IndexState:
        state = folders.read_state(folder)
        if folder != self._verified:
            damaged = folders.damage_in(folder)
            if damaged:
                raise EngineError(f"The file {damaged} is not as it was written.")
            self._verified = folder
        return replace(state, models=self._held(folder, "model"), variants=self._held(folder, "variant"))

    def _held(self, folder: Path, kind: Kind) -> int:
        index = open_index(folders.folder_of(folder, kind), self._schemas[kind])
        index.reload()
        return index.searcher().num_docs

    def write(self, documents: Iterable[Document], removals: Iterable[int]) -> None:
        """Add or replace documents and drop removed numbers, visible after `commit`."""
        feed = self._live_feed()
        with _translated():
            for number in removals:
                feed.remove(number)
            for document in documents:
                feed.replace(document)

    def recount(self, documents: Iterable[Document]) -> None:
        """Replace documents whose counters have moved: Tantivy has no partial update."""
        self.write(documents, ())

    def commit(self, state: IndexState, *, more: bool = False) -> None:
        """Make everything written visible and durable, then store the state."""
        folder = self._live_folder()
        with _translated():
            if self._feed is not None:
                drop_short(folder)
                self._feed.commit()
            if not more and not has_short(folder, state):
                self._write_short(folder, state)
            folders.write_state(folder, state)

    def rebuild(self, parts: Sequence[Documents], state: IndexState, progress: Progress = silent) -> None:
        """Build a new index beside the live one and put it in its place at once.

        Where that fails, what was built of it is gone again: on a full disk it would be in the way.
        """
        self.close()
        with _translated():
            self._root.mkdir(parents=True, exist_ok=True)
            folders.drop_others(self._root)
            folder = folders.new_folder(self._root)
        try:
            with _translated():
                build(folder, parts, progress)
                self._write_short(folder, state)
                folders.write_state(folder, state)
                folders.make_live(self._root, folder)
                self._verified = folder
        finally:
            folders.drop_others(self._root)

    def close(self) -> None:
        """Let go of the index; what was not committed is dropped."""
        if self._feed is not None:
            feed, self._feed = self._feed, None
            feed.let_go()

    def _write_short(self, folder: Path, state: IndexState) -> None:
        schema = self._schemas["model"]
        write_short(folder, open_index(folder, schema), schema, state)

    def _live_folder(self) -> Path:
        folder = folders.live_folder(self._root)
        if folder is None:
            raise EngineError("There is no live index to write to; rebuild it.")
        return folder

    def _live_feed(self) -> Feed:
        if self._feed is None:
            folder = self._live_folder()
            with _translated():
                self._feed = Feed(folder, UPDATE_HEAP_BYTES, UPDATE_THREADS)
        return self._feed


def _translated() -> AbstractContextManager[None]:
    return translated("The embedded index failed")

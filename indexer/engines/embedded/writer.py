"""The write side of the embedded engine."""

import logging
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from pathlib import Path

import tantivy

from indexer.documents import Document
from indexer.engines.contract import Documents, IndexState, Progress, silent
from indexer.engines.embedded import folder as folders
from indexer.engines.embedded.damage import damaged_file
from indexer.engines.embedded.failing import translated
from indexer.engines.embedded.parts import build, let_go
from indexer.engines.embedded.schema import make_schema, open_index, to_tantivy
from indexer.engines.embedded.short import drop_short, has_short, write_short
from indexer.engines.terms import NUMBER
from indexer.errors import EngineError

logger = logging.getLogger(__name__)

UPDATE_HEAP_BYTES = 100_000_000
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
        self._schema = make_schema()
        self._writer: tantivy.IndexWriter | None = None
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
            damaged = damaged_file(folder)
            if damaged:
                raise EngineError(f"The file {damaged} is not as it was written.")
            self._verified = folder
        index = open_index(folder, self._schema)
        index.reload()
        return replace(state, models=index.searcher().num_docs)

    def write(self, documents: Iterable[Document], removals: Iterable[int]) -> None:
        """Add or replace documents and drop removed numbers, visible after `commit`."""
        writer = self._live_writer()
        with _translated():
            for number in removals:
                writer.delete_documents_by_term(NUMBER, number)
            for document in documents:
                writer.delete_documents_by_term(NUMBER, document.number)
                writer.add_document(to_tantivy(document))

    def recount(self, documents: Iterable[Document]) -> None:
        """Replace documents whose counters have moved: Tantivy has no partial update."""
        self.write(documents, ())

    def commit(self, state: IndexState, *, more: bool = False) -> None:
        """Make everything written visible and durable, then store the state."""
        folder = self._live_folder()
        with _translated():
            if self._writer is not None:
                drop_short(folder)
                self._writer.commit()
            if not more and not has_short(folder, state):
                write_short(folder, open_index(folder, self._schema), self._schema, state)
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
                write_short(folder, open_index(folder, self._schema), self._schema, state)
                folders.write_state(folder, state)
                folders.make_live(self._root, folder)
                self._verified = folder
        finally:
            folders.drop_others(self._root)

    def close(self) -> None:
        """Let go of the index; what was not committed is dropped."""
        if self._writer is not None:
            writer, self._writer = self._writer, None
            with suppress(EngineError), _translated():  # one that failed has said why before
                let_go(writer)

    def _live_folder(self) -> Path:
        folder = folders.live_folder(self._root)
        if folder is None:
            raise EngineError("There is no live index to write to; rebuild it.")
        return folder

    def _live_writer(self) -> tantivy.IndexWriter:
        if self._writer is None:
            with _translated():
                self._writer = open_index(self._live_folder(), self._schema).writer(
                    UPDATE_HEAP_BYTES, UPDATE_THREADS
                )
        return self._writer


def _translated() -> AbstractContextManager[None]:
    return translated("The embedded index failed")

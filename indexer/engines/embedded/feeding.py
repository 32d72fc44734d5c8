"""How models and their variants get into the two indexes of a folder."""

from contextlib import suppress
from operator import itemgetter
from pathlib import Path
from typing import TypeAlias

import tantivy

from indexer.documents import Document
from indexer.engines.embedded.failing import translated
from indexer.engines.embedded.folder import folder_of
from indexer.engines.embedded.schema import make_schema, open_index, to_tantivy
from indexer.engines.terms import NUMBER
from indexer.errors import EngineError
from indexer.query import Kind

WAITING = 30_000
"""Variants that wait for others, some kilobytes each."""

Alike: TypeAlias = tuple[str, str, int]
"""Owner, name and number of a model."""


class Feed:
    """Writes to both indexes of a folder; nothing shows before it is committed.

    Variants of one model lie beside one another, best first: so they stay in every order in which they
    are equal. That takes a single thread, which hands them on in the order in which they came.

    Args:
        folder: where the indexes lie.
        heap: bytes of memory for grams before they go to disk, in all.
        threads: for the index of models.

    Raises:
        ValueError, OSError, RuntimeError: Tantivy failed; so do all methods.

    """

    def __init__(self, folder: Path, heap: int, threads: int) -> None:
        self._models = _writer(folder, "model", heap // 2, threads)
        self._variants = _writer(folder, "variant", heap // 2, 1)
        self._waiting: list[tuple[Alike, list[tantivy.Document]]] = []
        self._count = 0

    def add(self, document: Document) -> None:
        """Add a model that is not there yet, and its variants.

        They wait for others, to lie beside variants of models that are called alike: what finds a row of
        documents takes less room and time than what finds one here and there.
        """
        model, variants = to_tantivy(document)
        self._models.add_document(model)
        if variants:
            alike = document.owner.compact, document.name.compact, document.number
            self._waiting.append((alike, variants))
            self._count += len(variants)
        if self._count >= WAITING:
            self._add_waiting()

    def _add_waiting(self) -> None:
        waiting = sorted(self._waiting, key=itemgetter(0))
        self._waiting.clear()
        self._count = 0
        for _, variants in waiting:
            for variant in variants:
                self._variants.add_document(variant)

    def replace(self, document: Document) -> None:
        """Put a model and its variants in the place of what is there of it."""
        self.remove(document.number)
        model, variants = to_tantivy(document)
        self._models.add_document(model)
        for variant in variants:
            self._variants.add_document(variant)

    def remove(self, number: int) -> None:
        """Drop a model and its variants."""
        self._add_waiting()
        self._models.delete_documents_by_term(NUMBER, number)
        self._variants.delete_documents_by_term(NUMBER, number)

    def commit(self) -> None:
        """Make everything visible and durable: first the models, then the variants."""
        self._add_waiting()
        self._models.commit()
        self._variants.commit()

    def finish(self) -> None:
        """Wait until nothing is merged any more."""
        self._models.wait_merging_threads()
        self._variants.wait_merging_threads()

    def let_go(self) -> None:
        """Drop what was not committed, and wait for the threads to end."""
        for writer in (self._models, self._variants):
            with suppress(EngineError), translated("An index cannot be let go of"):  # it has said why before
                writer.rollback()
                writer.wait_merging_threads()


def _writer(folder: Path, kind: Kind, heap: int, threads: int) -> tantivy.IndexWriter:
    writer = open_index(folder_of(folder, kind), make_schema(kind)).writer(heap, threads)
    # What one that was killed has left can be in the way: deletions are written under names that come again.
    writer.garbage_collect_files()
    return writer

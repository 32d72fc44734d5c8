"""Whether one commit of the embedded index holds exactly the documents that it should hold."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import tantivy

from indexer.documents import Document
from indexer.engines.contract import IndexState
from indexer.engines.embedded.damage import damaged_file
from indexer.engines.embedded.failing import translated
from indexer.engines.embedded.schema import DIGEST, UNSIGNED, Texts, numbers_of, texts_of, tokens_of
from indexer.engines.terms import NUMBER

_MUST = tantivy.Occur.Must
_FAILED = "The embedded index cannot be compared"


class Held:
    """One commit of an index, held still.

    Args:
        folder: where it lies.
        schema: the index's.
        searcher: the commit.
        state: how far it follows.

    """

    def __init__(
        self, folder: Path, schema: tantivy.Schema, searcher: tantivy.Searcher, state: IndexState
    ) -> None:
        self._folder = folder
        self._schema = schema
        self._searcher = searcher
        self.state = state

    def damage(self) -> str | None:
        """Name what is not as it was once stored; `None` when all of it is."""
        try:
            name = damaged_file(self._folder)
        except (OSError, ValueError, KeyError, TypeError):
            return None  # a rebuild has taken its place, and the files are gone
        return name and f"The file {name} is not as it was written."

    def highest(self) -> int:
        """Give the highest number of a model in the index; 0 when it is empty."""
        with translated(_FAILED):
            query = tantivy.Query.all_query()
            hits = self._searcher.search(query, 1, count=False, order_by_field=NUMBER).hits
        return int(hits[0][0]) if hits else 0

    def differences(
        self, numbers: Sequence[int], documents: Mapping[int, Document], *, words: bool
    ) -> dict[int, str]:
        """Say of numbers what the index holds in the place of their documents.

        Args:
            numbers: what to look at.
            documents: what is to be held under these numbers; under the others, nothing.
            words: also look every document up by each of its words.

        Raises:
            EngineError: the index cannot be read.

        """
        with translated(_FAILED):
            held = self._held(numbers)
            found = {number: f"is held {len(at)} times" for number, at in held.items() if len(at) > 1}
            for number in numbers:
                if number in documents and number not in held:
                    found[number] = "is missing"
                elif number in held and number not in documents:
                    found[number] = "is held, but the catalog has no such model"
            places = [(number, at[0]) for number, at in held.items() if number not in found]
            for document, stored in self._numbers(places, documents):
                what = self._differing(document, stored, words=words)
                if what:
                    found[document.number] = what
        return found

    def _held(self, numbers: Sequence[int]) -> dict[int, list[tantivy.DocAddress]]:
        """Find where models of these numbers are held."""
        query = tantivy.Query.term_set_query(self._schema, NUMBER, list(numbers))
        limit = min(max(1, self._searcher.num_docs), 2 * len(numbers) + 1)
        held: dict[int, list[tantivy.DocAddress]] = {}
        for number, address in self._searcher.search(
            query, limit, count=False, order_by_field=NUMBER, order=tantivy.Order.Asc
        ).hits:
            held.setdefault(int(number), []).append(address)
        return held

    def _numbers(
        self, places: Sequence[tuple[int, tantivy.DocAddress]], documents: Mapping[int, Document]
    ) -> list[tuple[Document, dict[str, int]]]:
        """Give documents with what the fields of numbers hold in their places."""
        addresses = [address for _, address in places]
        columns = [self._searcher.fast_field_values(field, addresses) for field in UNSIGNED]
        stored = zip(*columns, strict=True)
        return [
            (
                documents[number],
                {field: int(value) for field, value in zip(UNSIGNED, row, strict=True) if value is not None},
            )
            for (number, _), row in zip(places, stored, strict=True)
        ]

    def _differing(self, document: Document, stored: Mapping[str, int], *, words: bool) -> str:
        texts = texts_of(document)
        numbers = numbers_of(document, texts)
        wrong = [
            f"{field} is {stored.get(field, 'unknown')} instead of {numbers.get(field, 'unknown')}"
            for field in UNSIGNED
            if field != DIGEST and stored.get(field) != numbers.get(field)
        ]
        is_other = stored.get(DIGEST) != numbers[DIGEST]
        if is_other or words:
            wrong += self._unfindable(document.number, texts)
        if is_other and not wrong:
            wrong.append("it is held with words that are not its own")
        return "; ".join(wrong)

    def _unfindable(self, number: int, texts: Texts) -> list[str]:
        """Give the fields by some words of which a model is not found."""
        tokens = {(field, token) for field, text in texts for token in tokens_of(field, text)}
        if self._is_found(number, tokens):
            return []
        missed = sorted({field for field, token in tokens if not self._is_found(number, {(field, token)})})
        return [f"it is not found by its {' and '.join(missed)}"]

    def _is_found(self, number: int, tokens: set[tuple[str, str]]) -> bool:
        query = tantivy.Query.term_query(self._schema, NUMBER, number)
        clauses = [(_MUST, query)]
        for field, token in tokens:
            clauses.append((_MUST, tantivy.Query.term_query(self._schema, field, token, "basic")))
        return bool(self._searcher.search(tantivy.Query.boolean_query(clauses), 1, count=False).hits)

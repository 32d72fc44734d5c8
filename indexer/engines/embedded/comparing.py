"""Whether one commit of the embedded indexes holds exactly the documents that it should hold."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import NamedTuple, TypeAlias

import tantivy

from indexer.documents import Document
from indexer.engines.contract import IndexState
from indexer.engines.embedded import folder as folders
from indexer.engines.embedded.failing import translated
from indexer.engines.embedded.schema import (
    DIGEST,
    UNSIGNED,
    Entry,
    Shared,
    Texts,
    entries_of_variants,
    entry_of_model,
    shared_of,
    tokens_of,
)
from indexer.engines.terms import CODE, NUMBER
from indexer.query import Kind

Place: TypeAlias = tuple[int, int]
"""Where a document lies: its segment, and which it is in that."""
TOLD = 3
"""Of the variants of a model so many differences are told."""

_MUST = tantivy.Occur.Must
_FAILED = "The embedded index cannot be compared"


class HeldEntry(NamedTuple):
    """A document that is held."""

    numbers: dict[str, int]
    """What stands in its fields of numbers."""
    place: Place


class HeldKind:
    """One commit of the index of models or of that of variants, held still.

    Args:
        kind: what is in it.
        schema: the index's.
        searcher: the commit.

    """

    def __init__(self, kind: Kind, schema: tantivy.Schema, searcher: tantivy.Searcher) -> None:
        self.fields = UNSIGNED[kind]
        self._schema = schema
        self._searcher = searcher

    def highest(self) -> int:
        """Give the highest number in it; 0 when it is empty."""
        query = tantivy.Query.all_query()
        hits = self._searcher.search(query, 1, count=False, order_by_field=NUMBER).hits
        return int(hits[0][0]) if hits else 0

    def entries(self, numbers: Sequence[int]) -> dict[int, list[HeldEntry]]:
        """Give what is held under numbers."""
        query = tantivy.Query.term_set_query(self._schema, NUMBER, list(numbers))
        counted = {"documents": {"value_count": {"field": NUMBER}}}
        count = int(self._searcher.aggregate(query, counted)["documents"]["value"])
        hits = self._found(query, count)
        columns = [self._searcher.fast_field_values(field, [at for _, at in hits]) for field in self.fields]
        held: dict[int, list[HeldEntry]] = {}
        for (number, at), *values in zip(hits, *columns, strict=True):
            known = zip(self.fields, values, strict=True)
            stored = {field: int(value) for field, value in known if value is not None}
            held.setdefault(number, []).append(HeldEntry(stored, _place(at)))
        return held

    def places_of(self, number: int, texts: Texts, most: int) -> set[Place]:
        """Give where the documents of a number, at most so many, lie that each word of some texts finds."""
        clauses = [(_MUST, tantivy.Query.term_query(self._schema, NUMBER, number))]
        for field, token in _tokens(texts):
            clauses.append((_MUST, tantivy.Query.term_query(self._schema, field, token, "basic")))
        return {_place(at) for _, at in self._found(tantivy.Query.boolean_query(clauses), most)}

    def _found(self, query: tantivy.Query, most: int) -> list[tuple[int, tantivy.DocAddress]]:
        """Give the numbers of the documents a query selects, and where they lie."""
        hits = self._searcher.search(query, max(1, most), count=False, order_by_field=NUMBER).hits
        return [(int(number), at) for number, at in hits]


def _tokens(texts: Texts) -> set[tuple[str, str]]:
    return {(field, token) for field, text in texts for token in tokens_of(field, text)}


def _place(at: tantivy.DocAddress) -> Place:
    return at.segment_ord, at.doc


class Held:
    """One commit of both indexes, held still.

    Args:
        folder: where they lie.
        models: that of models.
        variants: that of variants.
        state: how far they follow.

    """

    def __init__(self, folder: Path, models: HeldKind, variants: HeldKind, state: IndexState) -> None:
        self._folder = folder
        self._models = models
        self._variants = variants
        self.state = state

    def damage(self) -> str | None:
        """Name what is not as it was once stored; `None` when all of it is."""
        try:
            name = folders.damage_in(self._folder)
        except (OSError, ValueError, KeyError, TypeError):
            return None  # a rebuild has taken its place, and the files are gone
        return name and f"The file {name} is not as it was written."

    def highest(self) -> int:
        """Give the highest number of a model in the indexes; 0 when they are empty."""
        with translated(_FAILED):
            return max(self._models.highest(), self._variants.highest())

    def differences(
        self, numbers: Sequence[int], documents: Mapping[int, Document], *, words: bool
    ) -> dict[int, str]:
        """Say of numbers what the indexes hold in the place of their documents.

        Args:
            numbers: what to look at.
            documents: what is to be held under these numbers; under the others, nothing.
            words: also look every document up by each of its words.

        Raises:
            EngineError: an index cannot be read.

        """
        found: dict[int, str] = {}
        with translated(_FAILED):
            models, variants = self._models.entries(numbers), self._variants.entries(numbers)
            for number in numbers:
                held = models.get(number, []), variants.get(number, [])
                what = self._compared(number, documents.get(number), *held, words=words)
                if what:
                    found[number] = what
        return found

    def _compared(
        self,
        number: int,
        document: Document | None,
        models: Sequence[HeldEntry],
        variants: Sequence[HeldEntry],
        *,
        words: bool,
    ) -> str:
        """Say what differs between a document and what is held under its number; nothing for nothing."""
        if document is None:
            return "is held, but the catalog has no such model" if models or variants else ""
        if len(models) != 1:
            return f"is held {len(models)} times" if models else "is missing"
        shared = shared_of(document)
        model = _Wanted(self._models, number, shared, 1, words=words)
        wrong = model.differing(entry_of_model(document, shared), models[0])
        if not wrong:  # else what is wrong with the model is wrong with all of its variants
            wanted = _Wanted(self._variants, number, shared, len(variants), words=words)
            wrong = _few(_of_variants(document, wanted, variants))
        return "; ".join(wrong)


class _Wanted:
    """What is to be held under a number in one of the indexes.

    Args:
        held: the index.
        number: the model's.
        shared: what it and its variants have.
        most: how many documents of that number are held.
        words: whether everything is looked up by each of its words.

    """

    def __init__(self, held: HeldKind, number: int, shared: Shared, most: int, *, words: bool) -> None:
        self._held = held
        self._number = number
        self._most = most
        self._words = words
        self.shared = shared

    def differing(self, entry: Entry, held: HeldEntry) -> list[str]:
        """Say how what is held differs from what should be."""
        stored, numbers = held.numbers, self.shared.numbers | entry.numbers
        wrong = [
            f"{field} is {stored.get(field, 'unknown')} instead of {numbers.get(field, 'unknown')}"
            for field in self._held.fields
            if field != DIGEST and stored.get(field) != numbers.get(field)
        ]
        is_other = stored.get(DIGEST) != numbers[DIGEST]
        if is_other or self._words:
            wrong += self._unfindable(entry.texts, held.place)
        if is_other and not wrong:
            wrong.append("it is held with words that are not its own")
        return wrong

    def _unfindable(self, texts: Texts, place: Place) -> list[str]:
        """Give the fields by some words of which it is not found."""
        if place in self._shared_places and place in self._held.places_of(self._number, texts, self._most):
            return []
        tokens = _tokens([*self.shared.texts, *texts])
        missed = {
            one[0] for one in tokens if place not in self._held.places_of(self._number, [one], self._most)
        }
        return [f"it is not found by its {' and '.join(sorted(missed))}"]

    @cached_property
    def _shared_places(self) -> set[Place]:
        return self._held.places_of(self._number, self.shared.texts, self._most)


def _of_variants(document: Document, wanted: _Wanted, held: Sequence[HeldEntry]) -> Iterator[str]:
    """Say how the variants that are held differ from those of a document."""
    by_code: dict[int, list[HeldEntry]] = {}
    for one in held:
        by_code.setdefault(one.numbers.get(CODE, 0), []).append(one)
    entries = entries_of_variants(document, wanted.shared)
    for part, entry in zip(document.variants, entries, strict=True):
        name = f"its variant {part.label} ({part.format})"
        found = by_code.pop(part.code, [])
        if len(found) == 1:
            yield from (f"{name}: {what}" for what in wanted.differing(entry, found[0]))
        else:
            yield f"{name} is held {len(found)} times" if found else f"{name} is missing"
    if by_code:
        yield f"{sum(map(len, by_code.values()))} of the variants held are none of its own"


def _few(said: Iterable[str]) -> list[str]:
    """Give as much of what can be said as is read."""
    lines = list(said)
    more = len(lines) - TOLD
    return lines if more <= 0 else [*lines[:TOLD], f"and {more} more"]

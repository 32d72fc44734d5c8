"""Whether a server's indexes hold exactly the documents that they should hold."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from indexer.documents import Document
from indexer.engines.contract import IndexState
from indexer.engines.meilisearch.fields import (
    ID,
    KINDS,
    MODELS,
    PREFIX,
    VARIANTS,
    Payload,
    differing_setting,
    to_payload,
    to_variant_payloads,
    variant_keys,
)
from indexer.engines.meilisearch.lookups import numbered, quote
from indexer.engines.meilisearch.server import Server
from indexer.engines.terms import NUMBER

COMPARED = 100
"""Models that are compared at a time, with all of their variants."""
TOLD = 3
"""Of the variants of a model so many differences are told."""


class MeiliHeld:
    """The indexes on a server. What is written meanwhile shows, but only in models that have changed since.

    Args:
        server: the server.
        state: how far the indexes followed.
        prefix: what the names of the indexes begin with.

    """

    def __init__(self, server: Server, state: IndexState, prefix: str = PREFIX) -> None:
        self._server = server
        self._uids = {kind: f"{prefix}-{kind}" for kind in KINDS}
        models, variants = (server.count(self._uids[kind]) for kind in (MODELS, VARIANTS))
        self.state = replace(state, models=models, variants=variants)

    def damage(self) -> str | None:
        """Say which setting is not as it was set; the server itself watches over its files."""
        for kind, uid in self._uids.items():
            name = differing_setting(kind, self._server.settings(uid))
            if name:
                return f"The setting {name} of {uid} is not as it was set."
        return None

    def highest(self) -> int:
        """Give the highest number of a model in them; 0 when they are empty."""
        return max(self._server.highest(self._uids[kind]) for kind in (MODELS, VARIANTS))

    def differences(
        self, numbers: Sequence[int], documents: Mapping[int, Document], *, words: bool
    ) -> dict[int, str]:
        """Say of numbers what the indexes hold in the place of their documents.

        Args:
            numbers: what to look at.
            documents: what is to be held under these numbers; under the others, nothing.
            words: also look every document up by each of its words.

        Raises:
            EngineError: the indexes cannot be read.

        """
        found: dict[int, str] = {}
        for at in range(0, len(numbers), COMPARED):
            some = numbers[at : at + COMPARED]
            models, variants = self._held(MODELS, some), self._held(VARIANTS, some)
            for number in some:
                held = models.get(number, []), variants.get(number, [])
                wrong = self._compared(documents.get(number), *held, words=words)
                if wrong:
                    found[number] = "; ".join(wrong)
        return found

    def _held(self, kind: str, numbers: Sequence[int]) -> dict[int, list[Payload]]:
        """Give the documents that are held of models, by their numbers."""
        held: dict[int, list[Payload]] = {}
        for condition in numbered(numbers):
            for payload in self._server.fetch(self._uids[kind], condition):
                held.setdefault(int(str(payload[NUMBER])), []).append(payload)
        return held

    def _compared(
        self,
        document: Document | None,
        models: Sequence[Payload],
        variants: Sequence[Payload],
        *,
        words: bool,
    ) -> list[str]:
        """Say what differs between a document and what is held under its number."""
        if document is None:
            return ["is held, but the catalog has no such model"] if models or variants else []
        if len(models) != 1:
            return [f"is held {len(models)} times" if models else "is missing"]
        wanted, [stored] = to_payload(document), models
        wrong = _differing(wanted, stored)
        if words and not wrong:
            wrong = self._unfindable(MODELS, document.number, {document.key: wanted})[document.key]
        # what is wrong with a model is wrong with all of its variants
        return wrong or _few(self._of_variants(document, variants, words=words))

    def _of_variants(self, document: Document, held: Sequence[Payload], *, words: bool) -> Iterator[str]:
        """Say how the variants that are held differ from those of a document."""
        wanted, stored = to_variant_payloads(document), {str(one[ID]): one for one in held}
        wrong = {key: _differing(wanted[key], stored[key]) for key in wanted.keys() & stored}
        if words and wrong and not any(wrong.values()):
            wrong = self._unfindable(VARIANTS, document.number, {key: wanted[key] for key in wrong})
        for key, part in dict(zip(variant_keys(document), document.variants, strict=True)).items():
            name = f"its variant {part.label} ({part.format})"
            if key in wrong:
                yield from (f"{name}: {what}" for what in wrong[key])
            else:
                yield f"{name} is missing"
        others = len(stored.keys() - wanted)
        if others:
            yield f"{others} of the variants held are none of its own"

    def _unfindable(self, kind: str, number: int, payloads: Mapping[str, Payload]) -> dict[str, list[str]]:
        """Say of a model's documents by which of their fields they are not found.

        By what they have in common they are looked up at once: each value takes its time.
        """
        texts = {key: _texts_of(payload) for key, payload in payloads.items()}
        shared = {
            name: values
            for name, values in next(iter(texts.values()), {}).items()
            if all(one.get(name) == values for one in texts.values())
        }
        missed = self._missed(kind, number, shared, texts)
        for key, fields in texts.items():
            own = {name: values for name, values in fields.items() if name not in shared}
            missed[key] += self._missed(kind, number, own, [key])[key]
        said = {key: " and ".join(sorted(names)) for key, names in missed.items()}
        return {key: [f"it is not found by its {names}"] if names else [] for key, names in said.items()}

    def _missed(
        self, kind: str, number: int, fields: Mapping[str, list[str]], keys: Iterable[str]
    ) -> dict[str, list[str]]:
        """Give of each document the fields by some values of which it is not found."""
        if not fields or self._found(kind, number, fields).issuperset(keys):
            return {key: [] for key in keys}
        found = {name: self._found(kind, number, {name: values}) for name, values in fields.items()}
        return {key: [name for name, those in found.items() if key not in those] for key in keys}

    def _found(self, kind: str, number: int, fields: Mapping[str, list[str]]) -> set[str]:
        conditions = [f"{NUMBER} = {number}"]
        conditions += [f"{name} = {quote(value)}" for name, values in fields.items() for value in values]
        found = self._server.fetch(self._uids[kind], " AND ".join(conditions), [ID])
        return {str(one[ID]) for one in found}


def _texts_of(payload: Payload) -> dict[str, list[str]]:
    return {name: values for name, values in payload.items() if isinstance(values, list) and values}


def _differing(wanted: Payload, stored: Payload) -> list[str]:
    differing = sorted(name for name in {*wanted, *stored} if wanted.get(name) != stored.get(name))
    texts = [name for name in differing if isinstance(wanted.get(name, stored.get(name)), list)]
    wrong = [
        f"{name} is {stored.get(name, 'unknown')} instead of {wanted.get(name, 'unknown')}"
        for name in differing
        if name not in texts
    ]
    return [*wrong, f"its {' and '.join(texts)} are not its own"] if texts else wrong


def _few(said: Iterable[str]) -> list[str]:
    """Give as much of what can be said as is read."""
    lines = list(said)
    more = len(lines) - TOLD
    return lines if more <= 0 else [*lines[:TOLD], f"and {more} more"]

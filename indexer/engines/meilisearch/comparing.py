"""Whether a server's indexes hold exactly the documents that they should hold."""

from collections.abc import Mapping, Sequence
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
)
from indexer.engines.meilisearch.lookups import numbered, quote
from indexer.engines.meilisearch.server import Server
from indexer.engines.terms import CODE, NUMBER

COMPARED = 100
"""Models that are compared at a time, with all of their variants."""


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
                document = documents.get(number)
                wrong = self._model_wrong(document, models.get(number, []), words=words)
                if not wrong:
                    wrong = self._variants_wrong(document, variants.get(number, []), words=words)
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

    def _model_wrong(self, document: Document | None, held: Sequence[Payload], *, words: bool) -> list[str]:
        if document is None:
            return ["is held, but the catalog has no such model"] if held else []
        if len(held) != 1:
            return [f"is held {len(held)} times" if held else "is missing"]
        wanted, [stored] = to_payload(document), held
        wrong = _differing(wanted, stored)
        return self._unfindable(MODELS, wanted) if words and not wrong else wrong

    def _variants_wrong(
        self, document: Document | None, held: Sequence[Payload], *, words: bool
    ) -> list[str]:
        wanted = {} if document is None else to_variant_payloads(document)
        stored = {str(one[ID]): one for one in held}
        missing, others = len(wanted.keys() - stored), len(stored.keys() - wanted)
        if missing or others:
            said = [f"{missing} of its {len(wanted)} variants {_are(missing)} missing"] if missing else []
            return [*said, *([f"{others} {_are(others)} held beside its variants"] if others else [])]
        wrong = {key: _differing(payload, stored[key]) for key, payload in wanted.items()}
        if words and not any(wrong.values()):
            wrong = {key: self._unfindable(VARIANTS, payload) for key, payload in wanted.items()}
        return [f"of variant {wanted[key][CODE]}, {'; '.join(some)}" for key, some in wrong.items() if some]

    def _unfindable(self, kind: str, payload: Payload) -> list[str]:
        """Give the fields by some values of which a document is not found."""
        fields = {name: values for name, values in payload.items() if isinstance(values, list) and values}
        if self._is_found(kind, payload, fields):
            return []
        missed = [name for name in fields if not self._is_found(kind, payload, {name: fields[name]})]
        return [f"it is not found by its {' and '.join(sorted(missed))}"]

    def _is_found(self, kind: str, payload: Payload, fields: Mapping[str, list[str]]) -> bool:
        conditions = [f"{NUMBER} = {payload[NUMBER]}"]
        conditions += [f"{name} = {quote(value)}" for name, values in fields.items() for value in values]
        found = self._server.fetch(self._uids[kind], " AND ".join(conditions), [ID])
        return any(one[ID] == payload[ID] for one in found)


def _differing(wanted: Payload, stored: Payload) -> list[str]:
    differing = sorted(name for name in {*wanted, *stored} if wanted.get(name) != stored.get(name))
    texts = [name for name in differing if isinstance(wanted.get(name, stored.get(name)), list)]
    wrong = [
        f"{name} is {stored.get(name, 'unknown')} instead of {wanted.get(name, 'unknown')}"
        for name in differing
        if name not in texts
    ]
    return [*wrong, f"its {' and '.join(texts)} are not its own"] if texts else wrong


def _are(number: int) -> str:
    return "is" if number == 1 else "are"

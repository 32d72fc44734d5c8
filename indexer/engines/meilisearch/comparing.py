"""Whether a server's index of models holds exactly the documents that it should hold."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from indexer.documents import Document
from indexer.engines.contract import IndexState
from indexer.engines.meilisearch.fields import (
    ID,
    KINDS,
    MODELS,
    PREFIX,
    Payload,
    differing_setting,
    to_payload,
)
from indexer.engines.meilisearch.lookups import numbered, quote
from indexer.engines.meilisearch.server import Server
from indexer.engines.terms import NUMBER


class MeiliHeld:
    """The index on a server. What is written meanwhile shows, but only in models that have changed since.

    Args:
        server: the server.
        state: how far the index followed.
        prefix: what the names of the indexes begin with.

    """

    def __init__(self, server: Server, state: IndexState, prefix: str = PREFIX) -> None:
        self._server = server
        self._index = f"{prefix}-{MODELS}"
        self._prefix = prefix
        self.state = replace(state, models=server.count(self._index))

    def damage(self) -> str | None:
        """Say which setting is not as it was set; the server itself watches over its files."""
        for kind in KINDS:
            uid = f"{self._prefix}-{kind}"
            name = differing_setting(kind, self._server.settings(uid))
            if name:
                return f"The setting {name} of {uid} is not as it was set."
        return None

    def highest(self) -> int:
        """Give the highest number of a model in it; 0 when it is empty."""
        return self._server.highest(self._index)

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
        held: dict[int, list[Payload]] = {}
        for asked in numbered(numbers):
            for payload in self._server.fetch(self._index, asked):
                held.setdefault(int(str(payload[NUMBER])), []).append(payload)
        found: dict[int, str] = {}
        for number in numbers:
            what = self._differing(documents.get(number), held.get(number, []), words=words)
            if what:
                found[number] = what
        return found

    def _differing(self, document: Document | None, held: Sequence[Payload], *, words: bool) -> str:
        if document is None:
            return "is held, but the catalog has no such model" if held else ""
        if len(held) != 1:
            return f"is held {len(held)} times" if held else "is missing"
        wanted, [stored] = to_payload(document), held
        wrong = _differing(wanted, stored)
        if words and not wrong:
            wrong = self._unfindable(wanted)
        return "; ".join(wrong)

    def _unfindable(self, payload: Payload) -> list[str]:
        """Give the fields by some values of which a model is not found."""
        fields = {name: values for name, values in payload.items() if isinstance(values, list) and values}
        if self._is_found(payload, fields):
            return []
        missed = [name for name in fields if not self._is_found(payload, {name: fields[name]})]
        return [f"it is not found by its {' and '.join(sorted(missed))}"]

    def _is_found(self, payload: Payload, fields: Mapping[str, list[str]]) -> bool:
        conditions = [f"{NUMBER} = {payload[NUMBER]}"]
        conditions += [f"{name} = {quote(value)}" for name, values in fields.items() for value in values]
        found = self._server.fetch(self._index, " AND ".join(conditions), [ID])
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

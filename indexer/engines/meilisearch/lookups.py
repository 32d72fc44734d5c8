"""A server's look-ups: filters over tokens, put together as text."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from indexer.engines.meilisearch.asking import Answer, Question
from indexer.engines.meilisearch.fields import STORED_IN, value_of
from indexer.engines.selecting import Nears
from indexer.engines.terms import NUMBER, Lookup
from indexer.grams import GRAM

Filter: TypeAlias = str
"""A condition in a server's own language; an empty one holds for every model."""
Ask: TypeAlias = Callable[[Sequence[Question]], list[Answer]]
"""Asks a server for several searches at once."""

EVERYTHING = ""
NOTHING = f"{NUMBER} = -1"
"""What holds for every model, and for none."""
AMONG = 1_000
"""Numbers in one condition."""
GROUP = 32
"""Words counted together: nearly all slips of the finger are no words, and found out in groups."""
REMEMBERED = 200_000


class _Group(NamedTuple):
    """Words of one field that are counted together."""

    of: int
    field: str
    tokens: list[str]
    than: int


class Frequencies:
    """How many models have tokens, as far as it was asked, in an index at one state."""

    def __init__(self) -> None:
        self._known: dict[Lookup, int] = {}
        self.nears: Nears = {}

    def get(self, lookup: Lookup) -> int | None:
        """Give how many models have a token; `None` when it was not asked."""
        return self._known.get(lookup)

    def learn(self, lookup: Lookup, models: int) -> None:
        """Remember how many models have a token."""
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        self._known[lookup] = models


class FilterTerms:
    """The look-ups of one index on a server.

    Args:
        index: its name.
        ask: asks the server.
        frequencies: what is known of it.

    """

    head_gram = GRAM
    most_cases = 0  # sets are joined in microseconds
    models = 0

    def __init__(self, index: str, ask: Ask, frequencies: Frequencies) -> None:
        self.index = index
        self.ask = ask
        self._frequencies = frequencies

    def is_of(self, frequencies: Frequencies) -> bool:
        """Tell whether these look-ups are of the index that something is known of."""
        return self._frequencies is frequencies

    @property
    def nears(self) -> Nears:
        """Give what is known of slips of the finger."""
        return self._frequencies.nears

    def term(self, field: str, token: str) -> Filter | None:
        """Select the models that have a token; `None` when it is known that none has."""
        if self._frequencies.get((field, token)) == 0:
            return None
        return equal(field, [token])

    def frequency(self, field: str, token: str) -> int:
        """Count the models that have a token."""
        models = self._frequencies.get((field, token))
        if models is None:
            self.learn([(field, token)], self.ask(self.counting([(field, token)])))
        return self._frequencies.get((field, token)) or 0

    def unknown(self, lookups: Iterable[Lookup]) -> list[Lookup]:
        """Give those of the look-ups whose frequencies are not known yet."""
        return [lookup for lookup in lookups if self._frequencies.get(lookup) is None]

    def counting(self, lookups: Sequence[Lookup]) -> list[Question]:
        """Give the questions that count look-ups."""
        return [Question(self.index, equal(field, [token])) for field, token in lookups]

    def learn(self, lookups: Sequence[Lookup], answers: Sequence[Answer]) -> None:
        """Take the answers to what `counting` gave for these look-ups."""
        for lookup, answer in zip(lookups, answers, strict=True):
            self._frequencies.learn(lookup, answer.total)

    def commoner(self, asked: Sequence[tuple[Iterable[Lookup], int]]) -> list[Mapping[Lookup, int]]:
        """Give those of the look-ups that more models have; most are found out in groups of one field."""
        groups = [
            _Group(at, field, tokens, than)
            for at, (lookups, than) in enumerate(asked)
            for field, tokens in _grouped(lookups)
        ]
        counted = self.ask([Question(self.index, equal(one.field, one.tokens)) for one in groups])
        likely = [
            (group, (group.field, token))
            for group, answer in zip(groups, counted, strict=True)
            if answer.total > group.than
            for token in group.tokens
        ]
        answers = self.ask(self.counting([lookup for _, lookup in likely])) if likely else []
        found: list[dict[Lookup, int]] = [{} for _ in asked]
        for (group, lookup), answer in zip(likely, answers, strict=True):
            if answer.total > group.than:
                found[group.of][lookup] = answer.total
        return list(found)

    def any_of(self, some: Sequence[Filter]) -> Filter:
        """Select what one of these selects."""
        return f"({' OR '.join(some)})" if all(some) else EVERYTHING

    def all_of(self, musts: Sequence[Filter], nots: Sequence[Filter] = ()) -> Filter:
        """Select what all of some select, and none of others."""
        if not all(nots):
            return NOTHING
        conditions = [*filter(None, musts), *(f"NOT {one}" for one in nots)]
        if len(conditions) > 1:
            return f"({' AND '.join(conditions)})"
        return conditions[0] if conditions else EVERYTHING


def _grouped(lookups: Iterable[Lookup]) -> Iterator[tuple[str, list[str]]]:
    by_field: dict[str, list[str]] = {}
    for field, token in lookups:
        by_field.setdefault(field, []).append(token)
    for field, tokens in by_field.items():
        for at in range(0, len(tokens), GROUP):
            yield field, tokens[at : at + GROUP]


def equal(field: str, tokens: Sequence[str]) -> Filter:
    """Select the models that have one of some tokens."""
    stored = STORED_IN.get(field, (field,))
    quoted = ", ".join(map(quote, tokens))
    some = f"= {quoted}" if len(tokens) == 1 else f"IN [{quoted}]"
    conditions = [f"{one} {some}" for one in stored]
    return conditions[0] if len(conditions) == 1 else f"({' OR '.join(conditions)})"


def numbered(numbers: Sequence[int]) -> list[Filter]:
    """Select the models of these numbers: conditions that hold for up to `AMONG` of them each."""
    return [
        f"{NUMBER} IN [{', '.join(map(str, numbers[at : at + AMONG]))}]"
        for at in range(0, len(numbers), AMONG)
    ]


def quote(token: str) -> str:
    """Give a value as a filter says it."""
    return '"' + value_of(token).replace('"', '\\"') + '"'

"""What every engine looks models up by, and how look-ups are put together to a query of its own.

A look-up is a field and a token. These are the fields of matching, the same for all engines; how a
token of one is stored, and what a query is, is each engine's own.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol, TypeAlias, TypeVar

from indexer.documents import Document
from indexer.measures import Measure
from indexer.noise import WORTH_DOWNLOADS
from indexer.variants.records import CONTEXTS

Q = TypeVar("Q")
"""An engine's own queries."""
Lookup: TypeAlias = tuple[str, str]
"""A field and a token in it."""

NUMBER = "number"
POPULARITY = "popularity"
PARAMS = "params"
TAGS = "tags"
AUTHOR = "author"
DOWNLOADS = "downloads"
SIZE = "size"
ORDERS = (DOWNLOADS, "likes", "trending", "created", "updated", SIZE)
"""What hits can be sorted by beside relevance; each is a field."""
QUANTS = "quants"
CODE = "code"
"""Names a variant among those of its model; documents of models have none."""
BITS = "bits"
NEEDS = tuple(f"need_{tokens // 1_024}k" for tokens in CONTEXTS)
"""Bytes of memory at each length of context."""
RANGES: dict[Measure, str] = {"params": PARAMS, "bytes": SIZE, "bits": BITS}
"""What is measured, and the field it stands in."""

KEYWORDS = "keywords"
OWNER_PREFIX = "owner_prefix"
OWNER_PREFIX_GRAM = 16
"""Beginnings of an owner's compact text are stored up to so many letters."""

TIER = "tier"
TIERS = (("top", 10_000), ("known", WORTH_DOWNLOADS))
"""Tier: the fewest downloads in it. What a broad query shows first is found among few models, none noise."""
SAMPLE = "sample"
SAMPLED = 16
"""One model of so many is in the sample: what very many models have is estimated from it."""

EXACT = "="
"""Marks the token that holds a whole owner or name; a word never begins with it."""


class Part:
    """The three fields of one part of an id (its owner or its name)."""

    def __init__(self, part: str) -> None:
        self.grams = f"{part}_grams"
        """Beginnings of starts and insides: where a term matches at all."""
        self.heads = f"{part}_heads"
        """Beginnings of starts alone: they order beginnings of words before insides."""
        self.wholes = f"{part}_wholes"
        """Whole words, and the whole part marked by `EXACT`."""


OWNER = Part("owner")
NAME = Part("name")


def orders_of(document: Document) -> tuple[int, ...]:
    """Give the numbers of a model that stand in the fields of `ORDERS`."""
    counters = (document.downloads, document.likes, document.trending)
    return (*counters, document.created, document.updated, document.size)


def tiers_of(document: Document) -> list[str]:
    """Give the tiers that a document is in."""
    tiers = [tier for tier, least in TIERS if document.downloads >= least]
    return tiers if document.number % SAMPLED else [*tiers, SAMPLE]


class Terms(Protocol[Q]):
    """An engine's look-ups, on an index as it is."""

    head_gram: int
    """Letters of the beginnings in `Part.heads`."""
    most_cases: int
    """Two unions are as slow as so many cases, looked up one by one; 0: unions are as fast as anything."""

    @property
    def models(self) -> int:
        """Give how many models there are."""
        ...

    def term(self, field: str, token: str) -> Q | None:
        """Select the models that have a token; `None` when it is known that none has."""
        ...

    def frequency(self, field: str, token: str) -> int:
        """Count, from above, the models that have a token."""
        ...

    def commoner(self, asked: Sequence[tuple[Iterable[Lookup], int]]) -> list[Mapping[Lookup, int]]:
        """Give of each of these look-ups those that more models have than the number beside, and how many."""
        ...

    def any_of(self, some: Sequence[Q]) -> Q:
        """Select what one of these, at least two, selects."""
        ...

    def all_of(self, musts: Sequence[Q], nots: Sequence[Q] = ()) -> Q:
        """Select what all of some select, and none of others; without any, everything."""
        ...

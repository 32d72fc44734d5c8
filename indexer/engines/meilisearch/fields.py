"""The indexes on a server, as data: what they are called, their settings, and what a document is.

Every beginning of up to eight letters is a value of its own, looked up by equality: that takes a tenth
of a millisecond, while `STARTS WITH` takes ten of them among the values of 400,000 models (measured
with 1.21), because it reads the sets of whole branches.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TypeAlias

from indexer.documents import Document, VariantPart
from indexer.engines.terms import (
    AUTHOR,
    BITS,
    CODE,
    DOWNLOADS,
    EXACT,
    KEYWORDS,
    NAME,
    NEEDS,
    NUMBER,
    ORDERS,
    OWNER,
    OWNER_PREFIX,
    OWNER_PREFIX_GRAM,
    PARAMS,
    POPULARITY,
    QUANTS,
    RANGES,
    SIZE,
    TAGS,
    TIER,
    tiers_of,
)
from indexer.filters import FACETS
from indexer.grams import GRAM, INSIDE, Cut
from indexer.variants.records import UNKNOWN

VERSION = 2
"""Raised when settings, documents or the cutting of names change: the indexes are then rebuilt."""
OLDEST = (1, 15)
"""The oldest server that has all that is asked of it (granular filters came with 1.14)."""

PREFIX = "hubdex"
"""All of our indexes begin so: others' on the same server are never touched."""
MODELS, VARIANTS, STATE = "models", "variants", "state"
KINDS = (MODELS, VARIANTS, STATE)
"""What is rebuilt and swapped together."""
STATE_ID = "state"
"""The one document of the index of states."""

ID = "id"
"""The Hub's `_id`, the key of a model: a server allows letters, digits, `-` and `_` in keys. A variant's is
that of its model and its code."""
PLACE = "place"
"""A variant's among those of its model, the best first."""
TWICE = "twice"
"""Whether a variant's model has another of the same quant: where none has, models need not be told apart."""
FACET_VALUES = {MODELS: 20, VARIANTS: 100, STATE: 1}
"""Values that are counted of a field, the commonest first. Models by quant are added up from two counts."""
MAX_TOTAL = 2**31
"""The server's own bound on totals and paging; its default, 1,000, would cut both."""
MAX_BYTES = 400
"""Of a value in its longest form; a server finds none that has more than 468 in it (seen with 1.21)."""
MAX_NUMBER = 2**53
"""A server keeps numbers as floats, which are exact up to here."""

Value: TypeAlias = int | str | list[str]
Payload: TypeAlias = dict[str, Value]
"""A document in a server's own form."""

STORED_IN: dict[str, tuple[str, ...]] = {
    OWNER.grams: ("owner_starts", "owner_insides"),
    OWNER.heads: ("owner_starts",),
    OWNER.wholes: ("owner_words",),
    NAME.grams: ("name_starts", "name_insides"),
    NAME.heads: ("name_starts",),
    NAME.wholes: ("name_words",),
}
"""Fields of matching whose tokens are stored elsewhere; one that is in several is stored in any of them."""
_MATCHED = sorted({field for fields in STORED_IN.values() for field in fields})
_LOOKED_UP = [*_MATCHED, OWNER_PREFIX, KEYWORDS, TAGS, TIER, QUANTS, NUMBER, *FACETS]
_EQUAL = {MODELS: _LOOKED_UP, VARIANTS: [*_LOOKED_UP, TWICE], STATE: []}
_SORTED = sorted([*ORDERS, NUMBER, POPULARITY])

_SHOWN = {MODELS: [NUMBER, AUTHOR, DOWNLOADS], VARIANTS: [NUMBER, CODE], STATE: ["*"]}
"""Fields that a search can give."""
_COMPARED = {MODELS: [PARAMS], VARIANTS: [*RANGES.values(), *NEEDS], STATE: []}
"""Numbers with ranges."""
_RULES = {
    MODELS: ["sort", f"{POPULARITY}:desc"],
    VARIANTS: ["sort", f"{POPULARITY}:desc", f"{NUMBER}:asc", f"{PLACE}:asc"],  # a model's side by side
    STATE: ["sort"],
}


def settings_of(kind: str) -> dict[str, object]:
    """Give the settings of an index of this kind.

    Nothing is searched by the server's own words: filters select, and what only serves them is neither
    shown nor searched for among facets.
    """
    is_searched = kind != STATE
    return {
        "searchableAttributes": [],
        "displayedAttributes": _SHOWN[kind],
        "filterableAttributes": _filterable(_EQUAL[kind], _COMPARED[kind]) if is_searched else [],
        "sortableAttributes": _SORTED if is_searched else [],
        "rankingRules": _RULES[kind],
        "typoTolerance": {"enabled": False},
        "prefixSearch": "disabled",
        "proximityPrecision": "byAttribute",
        "facetSearch": False,
        "faceting": {"maxValuesPerFacet": FACET_VALUES[kind], "sortFacetValuesBy": {"*": "count"}},
        "pagination": {"maxTotalHits": MAX_TOTAL},
    }


def differing_setting(kind: str, there: Mapping[str, object]) -> str | None:
    """Name a setting of an index of this kind that is not as it should be; `None`: all are."""
    wanted = settings_of(kind).items()
    return next((name for name, setting in wanted if not _is_kept(setting, there.get(name))), None)


def _is_kept(wanted: object, there: object) -> bool:
    """Tell whether a setting is there; a server adds its defaults to it."""
    if isinstance(wanted, dict) and isinstance(there, dict):
        return all(_is_kept(value, there.get(name)) for name, value in wanted.items())
    return wanted == there


def _filterable(looked_up: list[str], compared: list[str]) -> list[dict[str, object]]:
    def of(names: list[str], *, comparison: bool = False) -> dict[str, object]:
        features = {"facetSearch": False, "filter": {"equality": True, "comparison": comparison}}
        return {"attributePatterns": names, "features": features}

    return [of(looked_up), of(compared, comparison=True)]


def value_of(text: str) -> str:
    """Give a text as it is stored and asked for.

    A filter cannot say a value that ends with a backslash: it cannot be told from a slash. Neither can
    values of which Unicode says that they are compatible (a ligature and its letters, a letter in full
    width), nor those that begin with the same `MAX_BYTES`: to a server they are the same. Case and blanks
    are, too, but values come in lower case and without blanks. Accents tell values apart.
    """
    text = text.replace("\\", "/")
    if text.isascii():
        return text[:MAX_BYTES]
    text = text.encode(errors="replace").decode()
    longest = unicodedata.normalize("NFKD", text).encode()  # as a server compares it
    if len(longest) <= MAX_BYTES:
        return text
    return unicodedata.normalize("NFC", longest[:MAX_BYTES].decode(errors="ignore"))


def to_payload(document: Document) -> Payload:
    """Give a model's document in a server's form."""
    payload: Payload = {
        **_found_by(document),
        ID: document.key,
        KEYWORDS: list(document.keywords),
        QUANTS: list(document.quants),
        SIZE: document.size,
    }
    if document.params is not None:
        payload[PARAMS] = min(document.params, MAX_NUMBER)
    return payload | to_counters(document)


def to_variant_payloads(document: Document) -> dict[str, Payload]:
    """Give the documents of a model's variants in a server's form, by their keys."""
    if not document.variants:
        return {}
    shared = {**_found_by(document), **to_counters(document)}
    for facet in ("format", "quant"):
        shared.pop(facet, None)
    labels = Counter(part.label for part in document.variants)
    return {
        key: {**shared, ID: key, PLACE: place, **_of_variant(part, is_twice=labels[part.label] > 1)}
        for place, (key, part) in enumerate(zip(variant_keys(document), document.variants, strict=True))
    }


def variant_keys(document: Document) -> list[str]:
    """Give the keys of a model's variants."""
    return [f"{document.key}-{part.code}" for part in document.variants]


def to_counters(document: Document, key: str | None = None) -> Payload:
    """Give what moves with a model's counters, and the key of its document, or of a variant's of it."""
    return {
        ID: key or document.key,
        POPULARITY: document.popularity,
        DOWNLOADS: document.downloads,
        "likes": document.likes,
        "trending": document.trending,
        TIER: tiers_of(document),
    }


def _found_by(document: Document) -> Payload:
    """Give what finds a model and each of its variants alike."""
    owner_starts, owner_insides, owner_words = _tokens_of_owner(document.owner)
    name_starts, name_insides, name_words = _tokens(document.name)
    found: Payload = {
        NUMBER: document.number,
        "owner_starts": owner_starts,
        "owner_insides": owner_insides,
        "owner_words": owner_words,
        OWNER_PREFIX: _beginnings(document.owner.compact, 1, OWNER_PREFIX_GRAM),
        "name_starts": name_starts,
        "name_insides": name_insides,
        "name_words": name_words,
        TAGS: _values(document.tags),
        "created": document.created,
        "updated": document.updated,
    }
    return found | {facet: _values(values) for facet, values in document.facets}


def _of_variant(part: VariantPart, *, is_twice: bool) -> Payload:
    """Give what a variant has of its own; what is unknown is left out."""
    numbers = {SIZE: part.size, BITS: part.bits, PARAMS: min(part.params, MAX_NUMBER)}
    numbers |= dict(zip(NEEDS, part.needs, strict=False))
    label: Payload = {} if part.label == UNKNOWN else {"quant": _values([part.label])}
    if label and is_twice:
        label[TWICE] = ["quant"]
    return {
        CODE: part.code,
        KEYWORDS: list(part.keywords),
        QUANTS: list(part.quants),
        "format": _values([part.format]),
        **label,
        **{name: number for name, number in numbers.items() if number},
    }


def _values(texts: Iterable[str]) -> list[str]:
    return [value_of(text) for text in texts if text]  # an empty one is never found


def _tokens(cut: Cut) -> tuple[list[str], list[str], list[str]]:
    starts = dict.fromkeys(token for start in cut.starts for token in _beginnings(start, 1, GRAM))
    insides = dict.fromkeys(token for word in cut.insides for token in _beginnings_inside(word))
    return list(starts), list(insides), list(dict.fromkeys([EXACT + cut.compact, *cut.wholes]))


_tokens_of_owner = lru_cache(maxsize=65_536)(_tokens)


@lru_cache(maxsize=262_144)
def _beginnings_inside(insides: tuple[str, ...]) -> list[str]:
    return [token for text in insides for token in _beginnings(text, INSIDE, GRAM)]


def _beginnings(text: str, shortest: int, longest: int) -> list[str]:
    return [text[:end] for end in range(shortest, min(longest, len(text)) + 1)]

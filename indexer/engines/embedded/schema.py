"""The fields of the embedded index, as data: one index of models and one of their variants.

What finds a model finds its variants, so that most of their documents is cut once and given to all.
"""

from collections.abc import Iterator
from copy import copy
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias
from zlib import crc32

import orjson
import tantivy

from indexer.documents import Document
from indexer.engines.terms import (
    BITS,
    CODE,
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
    SIZE,
    TAGS,
    TIER,
    orders_of,
    tiers_of,
)
from indexer.filters import FACETS, Facet
from indexer.grams import GRAM, INSIDE, Cut
from indexer.query import Kind
from indexer.variants.records import UNKNOWN

SCHEMA_VERSION = 8
"""Raised when fields, tokenizers or the cutting of names change: the index is then rebuilt."""

DIGEST = "digest"
"""A checksum of all texts of a document: an index cannot be asked which words it has too many."""
UNSIGNED: dict[Kind, tuple[str, ...]] = {
    "model": (POPULARITY, PARAMS, *ORDERS, DIGEST),
    "variant": (POPULARITY, PARAMS, *ORDERS, DIGEST, CODE, BITS, *NEEDS),
}
"""Fields of one number, 0 or more; a document may have none in them."""

HEAD_GRAM = 3
"""Letters of the beginnings in `Part.heads`: enough to tell most starts of words."""
_VALUES = frozenset[str](FACETS)
_OWN = frozenset[Facet](("format", "quant"))
"""Facets of which each variant has its own value, and the model all of them."""


def make_schema(kind: Kind = "model") -> tantivy.Schema:
    """Build the schema of the index of models, or of that of variants."""
    builder = tantivy.SchemaBuilder()
    # Signed: deleting by the term of an unsigned field silently deletes nothing (tantivy 0.27).
    builder.add_integer_field(NUMBER, indexed=True, fast=True)
    for name in UNSIGNED[kind]:
        builder.add_unsigned_field(name, fast=True)
    for facet in FACETS:
        builder.add_text_field(facet, fast=True, tokenizer_name="raw", index_option="basic")
    texts = [TAGS, KEYWORDS, TIER, OWNER_PREFIX, QUANTS]
    texts += [name for part in (OWNER, NAME) for name in (part.grams, part.heads, part.wholes)]
    for name in texts:
        builder.add_text_field(name, tokenizer_name="words", index_option="basic")
    return _without_lengths(builder.build())


def _without_lengths(schema: tantivy.Schema) -> tantivy.Schema:
    """Let Tantivy not store how long each text is, a byte a field: that serves scores, and we have none.

    Its builder has no word for it; a schema as it is pickled has.
    """
    pickled: Any = schema.__reduce__()
    make, (fields,) = pickled
    for field in fields["inner"]:
        if field["type"] == "text":
            field["options"]["indexing"]["fieldnorms"] = False
    without: tantivy.Schema = make(fields)
    return without


def open_index(folder: Path, schema: tantivy.Schema) -> tantivy.Index:
    """Open (or make) the index in a folder, with its tokenizers."""
    index = tantivy.Index(schema, str(folder))
    words = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
    index.register_tokenizer("words", words)
    return index


Texts: TypeAlias = list[tuple[str, str]]
"""Fields and a text in each; a field of several values comes several times."""
Numbers: TypeAlias = dict[str, int]
"""What stands in fields of `UNSIGNED`; what is unknown or none is left out."""


class Shared(NamedTuple):
    """What a model and all of its variants have."""

    numbers: Numbers
    texts: Texts
    digest: int
    """A checksum of the texts."""


class Entry(NamedTuple):
    """What is a model's or a variant's own."""

    numbers: Numbers
    texts: Texts


def to_tantivy(document: Document) -> tuple[tantivy.Document, list[tantivy.Document]]:
    """Give a model and its variants, best first, in Tantivy's own form."""
    shared = shared_of(document)
    common = tantivy.Document()
    common.add_integer(NUMBER, document.number)
    _fill(common, shared.numbers, shared.texts)
    variants = []
    for entry in entries_of_variants(document, shared):
        variant = copy(common)
        _fill(variant, *entry)
        variants.append(variant)
    _fill(common, *entry_of_model(document, shared))
    return common, variants


def _fill(target: tantivy.Document, numbers: Numbers, texts: Texts) -> None:
    for field, number in numbers.items():
        target.add_unsigned(field, number)
    for field, text in texts:
        target.add_text(field, text)


def shared_of(document: Document) -> Shared:
    """Give what a model and all of its variants have."""
    numbers = dict(zip(ORDERS, orders_of(document), strict=True))
    del numbers[SIZE]
    numbers = {order: number for order, number in numbers.items() if number}
    texts = _shared_texts(document)
    return Shared(numbers | {POPULARITY: document.popularity}, texts, crc32(orjson.dumps(texts)))


def entry_of_model(document: Document, shared: Shared) -> Entry:
    """Give what is a model's own."""
    texts: Texts = [(facet, text) for facet, values in document.facets if facet in _OWN for text in values]
    texts += [(KEYWORDS, " ".join(document.keywords)), (QUANTS, " ".join(document.quants))]
    numbers = {DIGEST: crc32(orjson.dumps(texts), shared.digest)}
    if document.size:
        numbers[SIZE] = document.size
    if document.params is not None:
        numbers[PARAMS] = document.params
    return Entry(numbers, texts)


def entries_of_variants(document: Document, shared: Shared) -> Iterator[Entry]:
    """Give what is each variant's own, best first."""
    for place, part in enumerate(document.variants):
        texts: Texts = [("format", part.format), (KEYWORDS, " ".join(part.keywords))]
        if part.label != UNKNOWN:
            texts += (("quant", part.label), (QUANTS, " ".join(part.quants)))
        numbers = dict(zip(NEEDS, part.needs, strict=False))
        numbers[CODE] = part.code
        numbers[DIGEST] = crc32(orjson.dumps([place, texts]), shared.digest)
        if part.size:
            numbers[SIZE] = part.size
        if part.bits:
            numbers[BITS] = part.bits
        if part.params:
            numbers[PARAMS] = part.params
        yield Entry(numbers, texts)


def _shared_texts(document: Document) -> Texts:
    """Give the texts that a model and all of its variants have.

    Beginnings are cut here and handed over as one text a field: words repeat, so that most are known
    already, and each value handed over costs as much as ten of them.
    """
    texts: Texts = [
        (facet, text) for facet, values in document.facets if facet not in _OWN for text in values
    ]
    owner_grams, owner_heads, owner_wholes = _texts_of_owner(document.owner)
    name_grams, name_heads, name_wholes = _texts(document.name)
    texts += (
        (TAGS, " ".join(document.tags)),
        (TIER, " ".join(tiers_of(document))),
        (OWNER_PREFIX, _prefixes(document.owner.compact)),
        (OWNER.grams, owner_grams),
        (OWNER.heads, owner_heads),
        (OWNER.wholes, owner_wholes),
        (NAME.grams, name_grams),
        (NAME.heads, name_heads),
        (NAME.wholes, name_wholes),
    )
    return texts


def tokens_of(field: str, text: str) -> list[str]:
    """Give what a text is looked up by in its field: its words or, where values are counted, all of it."""
    return [text] if field in _VALUES else text.split()


def _texts(cut: Cut) -> tuple[str, str, str]:
    """Give the words of the three fields of a part."""
    begun = [_begun(start[:GRAM]) for start in cut.starts]
    grams = [grams for grams, _ in begun]
    grams += map(_beginnings_inside, cut.insides)
    heads = [heads for _, heads in begun]
    return " ".join(grams), " ".join(heads), f"{EXACT}{cut.compact} {' '.join(cut.wholes)}"


_texts_of_owner = lru_cache(maxsize=65_536)(_texts)


@lru_cache(maxsize=262_144)
def _beginnings_inside(insides: tuple[str, ...]) -> str:
    return " ".join([text[:end] for text in insides for end in range(INSIDE, min(len(text), GRAM) + 1)])


@lru_cache(maxsize=262_144)
def _begun(start: str) -> tuple[str, str]:
    return _beginnings(start, GRAM), _beginnings(start, HEAD_GRAM)


def _beginnings(text: str, longest: int) -> str:
    return " ".join([text[:end] for end in range(1, min(longest, len(text)) + 1)])


@lru_cache(maxsize=65_536)
def _prefixes(owner: str) -> str:
    return _beginnings(owner, OWNER_PREFIX_GRAM)

"""The fields of the embedded index, as data."""

from functools import lru_cache
from pathlib import Path
from typing import TypeAlias
from zlib import crc32

import orjson
import tantivy

from indexer.documents import Document
from indexer.engines.terms import (
    EXACT,
    KEYWORDS,
    NAME,
    NUMBER,
    ORDERS,
    OWNER,
    OWNER_PREFIX,
    OWNER_PREFIX_GRAM,
    PARAMS,
    POPULARITY,
    TAGS,
    TIER,
    orders_of,
    tiers_of,
)
from indexer.filters import FACETS
from indexer.grams import GRAM, INSIDE, Cut

SCHEMA_VERSION = 8
"""Raised when fields, tokenizers or the cutting of names change: the index is then rebuilt."""

DIGEST = "digest"
"""A checksum of all texts of a document: an index cannot be asked which words it has too many."""
UNSIGNED = (POPULARITY, PARAMS, *ORDERS, DIGEST)
"""Fields of one number, 0 or more; a document may have none in them."""

HEAD_GRAM = 3
"""Letters of the beginnings in `Part.heads`: enough to tell most starts of words."""
_VALUES = frozenset[str](FACETS)


def make_schema() -> tantivy.Schema:
    """Build the schema of the index `models`."""
    builder = tantivy.SchemaBuilder()
    # Signed: deleting by the term of an unsigned field silently deletes nothing (tantivy 0.27).
    builder.add_integer_field(NUMBER, indexed=True, fast=True)
    for name in UNSIGNED:
        builder.add_unsigned_field(name, fast=True)
    for facet in FACETS:
        builder.add_text_field(facet, fast=True, tokenizer_name="raw", index_option="basic")
    texts = [TAGS, KEYWORDS, TIER, OWNER_PREFIX]
    texts += [name for part in (OWNER, NAME) for name in (part.grams, part.heads, part.wholes)]
    for name in texts:
        builder.add_text_field(name, tokenizer_name="words", index_option="basic")
    return builder.build()


def open_index(folder: Path, schema: tantivy.Schema) -> tantivy.Index:
    """Open (or make) the index in a folder, with its tokenizers."""
    index = tantivy.Index(schema, str(folder))
    words = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
    index.register_tokenizer("words", words)
    return index


Texts: TypeAlias = list[tuple[str, str]]
"""Fields and a text in each; a field of several values comes several times."""


def to_tantivy(document: Document) -> tantivy.Document:
    """Give the document in Tantivy's own form."""
    target = tantivy.Document()
    texts = texts_of(document)
    target.add_integer(NUMBER, document.number)
    for field, number in numbers_of(document, texts).items():
        target.add_unsigned(field, number)
    for field, text in texts:
        target.add_text(field, text)
    return target


def numbers_of(document: Document, texts: Texts) -> dict[str, int]:
    """Give what stands in the fields of numbers; what is unknown or none is left out.

    Args:
        document: the document.
        texts: its texts, as `texts_of` gives them.

    """
    numbers = {POPULARITY: document.popularity, DIGEST: crc32(orjson.dumps(texts))}
    numbers |= {order: number for order, number in zip(ORDERS, orders_of(document), strict=True) if number}
    if document.params is not None:
        numbers[PARAMS] = document.params
    return numbers


def texts_of(document: Document) -> Texts:
    """Give what stands in the fields of texts.

    Beginnings are cut here and handed over as one text a field: words repeat, so that most are known
    already, and each value handed over costs as much as ten of them.
    """
    texts: Texts = [(facet, text) for facet, values in document.facets for text in values]
    owner_grams, owner_heads, owner_wholes = _texts_of_owner(document.owner)
    name_grams, name_heads, name_wholes = _texts(document.name)
    texts += (
        (TAGS, " ".join(document.tags)),
        (KEYWORDS, " ".join(document.keywords)),
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

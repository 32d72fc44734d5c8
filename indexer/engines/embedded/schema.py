"""The fields of the embedded index, as data."""

from pathlib import Path

import tantivy

from indexer.documents import DOWNLOADS_SHIFT, Document
from indexer.grams import GRAM

SCHEMA_VERSION = 3
"""Raised when fields, tokenizers or the cutting of names change: the index is then rebuilt."""

NUMBER = "number"
POPULARITY = "popularity"
OWNER_PREFIX = "owner_prefix"
OWNER_PREFIX_GRAM = 16
HEAD_GRAM = 3

TIER = "tier"
TIERS = (("top", 10_000 << DOWNLOADS_SHIFT), ("known", 100 << DOWNLOADS_SHIFT))
"""Tier: the least popularity in it. What a broad query shows first is found among few models."""

EXACT = "="
"""Marks the token that holds a whole owner or name; a word never begins with it."""


class Part:
    """The three fields of one part of an id (its owner or its name)."""

    def __init__(self, part: str) -> None:
        self.grams = f"{part}_grams"
        """Beginnings of starts and insides: where a term matches at all."""
        self.heads = f"{part}_heads"
        """The first letters of starts: enough to order beginnings of words before insides."""
        self.wholes = f"{part}_wholes"
        """Whole words, and the whole part marked by `EXACT`."""


OWNER = Part("owner")
NAME = Part("name")


def make_schema() -> tantivy.Schema:
    """Build the schema of the index `models`."""
    builder = tantivy.SchemaBuilder()
    # Signed: deleting by the term of an unsigned field silently deletes nothing (tantivy 0.27).
    builder.add_integer_field(NUMBER, indexed=True, fast=True)
    builder.add_unsigned_field(POPULARITY, fast=True)
    builder.add_text_field(TIER, tokenizer_name="wholes", index_option="basic")
    builder.add_text_field(OWNER_PREFIX, tokenizer_name="owner_prefix", index_option="basic")
    for part in (OWNER, NAME):
        builder.add_text_field(part.grams, tokenizer_name="grams", index_option="basic")
        builder.add_text_field(part.heads, tokenizer_name="heads", index_option="basic")
        builder.add_text_field(part.wholes, tokenizer_name="wholes", index_option="basic")
    return builder.build()


def open_index(folder: Path, schema: tantivy.Schema) -> tantivy.Index:
    """Open (or make) the index in a folder, with its tokenizers.

    Tantivy cuts the grams: ten times as fast as Python would.
    """
    index = tantivy.Index(schema, str(folder))
    ngram = tantivy.Tokenizer.ngram
    for name, tokenizer in (
        ("owner_prefix", ngram(1, OWNER_PREFIX_GRAM, True)),
        ("grams", ngram(1, GRAM, True)),
        ("heads", ngram(1, HEAD_GRAM, True)),
        ("wholes", tantivy.Tokenizer.whitespace()),
    ):
        index.register_tokenizer(name, tantivy.TextAnalyzerBuilder(tokenizer).build())
    return index


def to_tantivy(document: Document) -> tantivy.Document:
    """Give the document in Tantivy's own form."""
    target = tantivy.Document()
    target.add_integer(NUMBER, document.number)
    target.add_unsigned(POPULARITY, document.popularity)
    for tier, least in TIERS:
        if document.popularity >= least:
            target.add_text(TIER, tier)
    target.add_text(OWNER_PREFIX, document.owner.compact)
    for part, text in ((OWNER, document.owner), (NAME, document.name)):
        for start in text.starts:
            target.add_text(part.grams, start)
            target.add_text(part.heads, start)
        for inside in text.insides:
            target.add_text(part.grams, inside)
        target.add_text(part.wholes, f"{EXACT}{text.compact} {' '.join(text.wholes)}")
    return target

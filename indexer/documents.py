"""Documents: what an engine stores of a model; pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

from indexer.filters import Facet, folded
from indexer.formats import FORMATS, formats_named, formats_tagged, in_order
from indexer.grams import Cut, cut
from indexer.holdings import contents_of_outline
from indexer.keywords import keywords_of
from indexer.noise import is_noise
from indexer.records import Outline
from indexer.variants.labels import label_tokens
from indexer.variants.records import UNKNOWN, Variant

DOWNLOADS_SHIFT = 22
"""Bits below the downloads in a popularity: likes and all-time downloads break ties."""
MAX_DOWNLOADS = 2**30 - 1
NO_NOISE = 2**52
"""Added to the popularity of all models but noise; with it, no bit is beyond what a float holds exactly."""
MAX_COUNT = 2**40
MAX_BYTES = 2**48
MAX_PARAMS = 2**62

_LICENSE = "license:"
_FORMATS = frozenset(FORMATS)


@dataclass(slots=True)
class Document:
    """A model as an engine stores it: what finds it, what filters and orders it, and its number."""

    number: int
    key: str
    """The Hub's `_id`."""
    owner: Cut
    name: Cut
    facets: tuple[tuple[Facet, tuple[str, ...]], ...]
    """Fields and their values, in lower case; unknown ones are left out."""
    tags: tuple[str, ...]
    """In lower case, each one word."""
    keywords: tuple[str, ...]
    """What finds the model beside its id; see `keywords_of`."""
    params: int | None
    popularity: int
    """Orders hits; see `popularity`."""
    downloads: int
    """Of the last 30 days."""
    likes: int
    trending: int
    created: int
    """Seconds since 1970, 0 when unknown; like the next."""
    updated: int
    size: int
    """Bytes of its largest variant, 0 when unknown."""
    quants: tuple[str, ...]
    """What a quant word can match, of all its variants."""
    variants: tuple["VariantPart", ...]
    """Each is a document too, found by what finds the model."""


class VariantPart(NamedTuple):
    """What the document of a variant has beside its model's."""

    code: int
    """Names it among its model's variants; see `code_of`."""
    format: str
    label: str
    """In lower case."""
    quants: tuple[str, ...]
    keywords: tuple[str, ...]
    """The model's, without the formats that others of its variants are in."""
    size: int
    """Bytes, 0 when unknown; of it and of all that follows."""
    bits: int
    """Hundredths per weight."""
    params: int
    needs: tuple[int, ...]
    """Bytes of memory at each of `CONTEXTS`; none when unknown."""


def to_document(model: Outline, base_params: int | None = None) -> Document:
    """Cut a model into its document.

    Args:
        model: the model, with its files.
        base_params: parameters of the model it was made from, where its own are not known.

    """
    owner, _, name = model.repo_id.rpartition("/")
    contents = contents_of_outline(model, base_params).variants
    name_cut = cut(name)
    said = _read_tags(tuple(model.tags), model.task, model.library)
    keywords = tuple(dict.fromkeys([*said.keywords, *(one.format for one in contents)]))
    variants = tuple([_part_of(one, keywords) for one in contents])
    formats = in_order(formats_named(name_cut.wholes) | said.formats | {one.format for one in variants})
    labels = tuple(dict.fromkeys(one.label for one in variants if one.label != UNKNOWN))
    params = model.params or next((one.params for one in contents if one.params), None)
    author = owner.lower()
    return Document(
        number=model.number,
        key=model.key,
        owner=_cut_owner(owner),
        name=name_cut,
        facets=(
            *((("author", (author,)),) if author else ()),
            *said.facets,
            *((("format", formats),) if formats else ()),
            *((("quant", labels),) if labels else ()),
            ("gated", (model.gated,)),
        ),
        tags=said.tags,
        keywords=keywords,
        params=min(params, MAX_PARAMS) if params and params > 0 else None,
        popularity=popularity(model),
        downloads=_bounded(model.downloads, MAX_DOWNLOADS),
        likes=_bounded(model.likes, MAX_COUNT),
        trending=_bounded(round(min(model.trending or 0, MAX_COUNT)), MAX_COUNT),
        created=_bounded(model.created_at, 2**62) // 1000,
        updated=_bounded(model.updated_at, 2**62) // 1000,
        size=max((one.size for one in variants), default=0),
        quants=tuple(dict.fromkeys(token for one in variants for token in one.quants)),
        variants=variants,
    )


def code_of(key: str) -> int:
    """Give the number of a variant's key, 1 or more; it stays within what a float holds exactly."""
    return int.from_bytes(blake2b(key.encode(), digest_size=6).digest()) + 1


def keywords_in_format(keywords: Iterable[str], format_: str) -> tuple[str, ...]:
    """Give keywords of a model without the other formats: what finds its variants in this one."""
    others = _FORMATS - {format_}
    return tuple([word for word in keywords if word not in others])


def _part_of(variant: Variant, keywords: Sequence[str]) -> VariantPart:
    return VariantPart(
        code=code_of(variant.key),
        format=variant.format,
        label=variant.label.lower(),
        quants=label_tokens(variant.label),
        keywords=keywords_in_format(keywords, variant.format),
        size=_bounded(variant.bytes, MAX_BYTES),
        bits=round(100 * variant.bits) if variant.bits else 0,
        params=_bounded(variant.params, MAX_PARAMS),
        needs=tuple([_bounded(need, MAX_BYTES) for need in variant.needs]),
    )


def popularity(model: Outline) -> int:
    """Order by downloads of the last 30 days, then likes, then downloads of all time.

    Unknown counts as none. The three are packed into one integer that engines sort by; noise comes last.
    """
    downloads = _bounded(model.downloads, MAX_DOWNLOADS)
    likes = _bounded(model.likes, 2**16 - 1)
    ever = _bounded(model.downloads_all_time, 2**62).bit_length()  # its magnitude breaks ties
    return (0 if is_noise(model) else NO_NOISE) | (downloads << DOWNLOADS_SHIFT) | (likes << 6) | ever


def _bounded(number: int | None, most: int) -> int:
    if not number or number < 0:
        return 0
    return min(most, number)


class _Said(NamedTuple):
    """What a model's tags, its task and its library say."""

    tags: tuple[str, ...]
    keywords: tuple[str, ...]
    facets: tuple[tuple[Facet, tuple[str, ...]], ...]
    formats: frozenset[str]


@lru_cache(maxsize=16_384)
def _read_tags(tags: tuple[str, ...], task: str | None, library: str | None) -> _Said:
    """Models repeat what is said of others: six of seven have the very tags of another one."""
    folded_tags = tuple(map(_folded, tags))
    licences = [tag[len(_LICENSE) :] for tag in folded_tags if tag.startswith(_LICENSE)]
    facets: tuple[tuple[Facet, tuple[str, ...]], ...] = (
        ("task", (_folded(task),) if task else ()),
        ("library", (_folded(library),) if library else ()),
        ("license", tuple(filter(None, licences))[:1]),
    )
    return _Said(
        tags=folded_tags,
        keywords=keywords_of(*folded_tags, task, library),
        facets=tuple([facet for facet in facets if facet[1]]),
        formats=formats_tagged(folded_tags),
    )


_folded = lru_cache(maxsize=262_144)(folded)
"""Tags repeat: some thousands make up nearly all that are given."""


@lru_cache(maxsize=65_536)
def _cut_owner(owner: str) -> Cut:
    """Owners repeat: a few hundred thousand have millions of models."""
    return cut(owner)

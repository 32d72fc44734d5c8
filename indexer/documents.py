"""Documents: what an engine stores of a model; pure."""

from dataclasses import dataclass
from functools import lru_cache

from indexer.filters import Facet, folded
from indexer.formats import formats_of
from indexer.grams import Cut, cut
from indexer.records import Outline

MAX_POPULARITY = 2**62
DOWNLOADS_SHIFT = 22
"""Bits below the downloads in a popularity: likes and all-time downloads break ties."""
MAX_COUNT = 2**40

_LICENSE = "license:"


@dataclass(slots=True)
class Document:
    """A model as an engine stores it: what finds it, what filters and orders it, and its number."""

    number: int
    owner: Cut
    name: Cut
    facets: tuple[tuple[Facet, tuple[str, ...]], ...]
    """Fields and their values, in lower case; unknown ones are left out."""
    tags: tuple[str, ...]
    """In lower case, each one word."""
    params: int | None
    popularity: int
    likes: int
    trending: int
    created: int
    """Seconds since 1970, 0 when unknown; like the next."""
    updated: int


def to_document(model: Outline) -> Document:
    """Cut a model into its document."""
    owner, _, name = model.repo_id.rpartition("/")
    tags = tuple(map(_folded, model.tags))
    return Document(
        number=model.number,
        owner=_cut_owner(owner),
        name=cut(name),
        facets=_facets(model, owner, name, tags),
        tags=tags,
        params=model.params,
        popularity=popularity(model),
        likes=min(model.likes or 0, MAX_COUNT),
        trending=max(0, min(round(model.trending or 0), MAX_COUNT)),
        created=(model.created_at or 0) // 1000,
        updated=(model.updated_at or 0) // 1000,
    )


def popularity(model: Outline) -> int:
    """Order by downloads of the last 30 days, then likes, then downloads of all time.

    Unknown counts as none. The three are packed into one integer that engines sort by.
    """
    downloads = min(model.downloads or 0, 2**36)
    likes = min(model.likes or 0, 2**16 - 1)
    ever = (model.downloads_all_time or 0).bit_length()  # at most 63: its magnitude breaks ties
    return min((downloads << DOWNLOADS_SHIFT) | (likes << 6) | ever, MAX_POPULARITY)


def _facets(
    model: Outline, owner: str, name: str, tags: tuple[str, ...]
) -> tuple[tuple[Facet, tuple[str, ...]], ...]:
    licences = (tag[len(_LICENSE) :] for tag in tags if tag.startswith(_LICENSE))
    facets: tuple[tuple[Facet, tuple[str, ...]], ...] = (
        ("author", (owner.lower(),) if owner else ()),
        ("task", (_folded(model.task),) if model.task else ()),
        ("library", (_folded(model.library),) if model.library else ()),
        ("license", tuple(licence for licence in licences if licence)[:1]),
        ("format", formats_of(name, tags)),
        ("gated", (model.gated,)),
    )
    return tuple(facet for facet in facets if facet[1])


_folded = lru_cache(maxsize=262_144)(folded)
"""Tags repeat: some thousands make up nearly all that are given."""


@lru_cache(maxsize=65_536)
def _cut_owner(owner: str) -> Cut:
    """Owners repeat: a few hundred thousand have millions of models."""
    return cut(owner)

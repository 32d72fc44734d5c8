"""Documents: what an engine stores of a model; pure."""

from dataclasses import dataclass
from functools import lru_cache

from indexer.grams import Cut, cut
from indexer.records import Counters

MAX_POPULARITY = 2**62
DOWNLOADS_SHIFT = 22
"""Bits below the downloads in a popularity: likes and all-time downloads break ties."""


@dataclass(frozen=True, slots=True)
class Document:
    """A model as an engine stores it: what finds it, what orders it, and its number."""

    number: int
    owner: Cut
    name: Cut
    popularity: int


def to_document(number: int, repo_id: str, counters: Counters) -> Document:
    """Cut a model into its document."""
    owner, _, name = repo_id.rpartition("/")
    return Document(number, _cut_owner(owner), cut(name), popularity(counters))


def popularity(counters: Counters) -> int:
    """Order by downloads of the last 30 days, then likes, then downloads of all time.

    Unknown counts as none. The three are packed into one integer that engines sort by.
    """
    downloads = min(counters.downloads or 0, 2**36)
    likes = min(counters.likes or 0, 2**16 - 1)
    ever = (counters.downloads_all_time or 0).bit_length()  # at most 63: its magnitude breaks ties
    return min((downloads << DOWNLOADS_SHIFT) | (likes << 6) | ever, MAX_POPULARITY)


@lru_cache(maxsize=65_536)
def _cut_owner(owner: str) -> Cut:
    """Owners repeat: a few hundred thousand have millions of models."""
    return cut(owner)

"""Passes: the ways through the Hub's listing, as data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from crawler.config import CrawlConfig
from indexer.config import DEFAULT_UPSTREAM
from indexer.errors import BadRequest
from indexer.quota import LOOK_UPS, Share
from indexer.records import Checkpoint

CRAWLS = {
    "head": "the most downloaded models, then the trending ones (seconds to a minute)",
    "recent": "what was created or changed since the last look (a few pages an hour)",
    "full": "every public model, and what is gone (half an hour; goes on where it was cut off)",
    "counters": "downloads, likes and trending scores of the popular models (a minute or two)",
    "files": "sizes and hashes of files, the most wanted first (for days; stops and goes on at any time)",
}
"""Every crawl, in the order of their rank: one gives way to those before it. With what it reads."""

RECENT_REQUESTS = 20
"""Pages an hour of news takes, by change and by creation, on a busy day."""

HOUR = 3_600.0
_COUNTED_ON = datetime(2026, 9, 25, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Pass:
    """One way through the listing. Its name is its checkpoint's name."""

    name: str
    sort: str
    direction: Literal[1, -1]
    """1 is ascending, -1 descending."""
    page_limit: int | None = None
    """`None`: until the Hub names no next page."""
    fresh_seconds: float | None = None
    """An unfinished run older than this starts anew; `None`: it is resumed however old."""
    is_incremental: bool = False
    """Whether it ends at what an earlier run has seen already."""
    tag: str | None = None
    """Only models with this tag; `None`: all."""
    fields: tuple[str, ...] = ()
    """What is asked of a row beside what every pass asks."""

    @property
    def moment(self) -> str | None:
        """The field of a row that holds the moment it is ordered by; `None`: the order is another."""
        return self.sort if self.sort in {"createdAt", "lastModified"} else None

    @property
    def reversed(self) -> "Pass":
        """The same pass from its other end."""
        return replace(self, direction=-1 if self.direction == 1 else 1)


# The only order that does not move while it is walked: a creation time never changes.
FULL = Pass("full", "createdAt", 1)
"""Every model. It is walked by several chains at once and ends with a look for what is gone."""

GGUF = Pass("gguf", "lastModified", -1, None, None, is_incremental=True, tag="gguf", fields=("gguf",))
"""What the Hub has read in the headers of GGUF files. Then the trees that are due are read."""


def rank_of(crawl: str) -> int:
    """Give the rank of a crawl: a lower one goes first; what is no crawl goes last."""
    return [*CRAWLS, crawl].index(crawl)


def passes_of(name: str, config: CrawlConfig) -> tuple[Pass, ...]:
    """Give the passes a crawl of this name walks, in their order.

    Raises:
        BadRequest: there is no such crawl.

    """
    match name:
        case "head":
            return (
                Pass("head", "downloads", -1, config.head_pages, HOUR),
                Pass("trending", "trendingScore", -1, config.trending_pages, HOUR),
            )
        case "full":
            return (FULL,)
        case "recent":
            # A commit can be dated back; a new model of that kind is found by its creation.
            return (
                Pass("recent", "lastModified", -1, None, HOUR, is_incremental=True),
                Pass("created", "createdAt", -1, None, HOUR, is_incremental=True),
            )
        case "counters":
            return (
                Pass("counters", "downloads", -1, config.counters_pages, HOUR),
                Pass("likes", "likes", -1, config.likes_pages, HOUR),
                Pass("trending", "trendingScore", -1, config.trending_pages, HOUR),
            )
        case "files":
            return (GGUF,)
    raise BadRequest(f"There is no crawl named {name!r}.")


def need_of(name: str, config: CrawlConfig) -> int | None:
    """Give how many requests a run of a crawl takes; `None`: as many as there are.

    Raises:
        BadRequest: there is no such crawl.

    """
    if name == "recent":
        return RECENT_REQUESTS
    limits = [one.page_limit for one in passes_of(name, config)]
    return None if None in limits else sum(filter(None, limits))


def share_of(name: str, config: CrawlConfig) -> Share:
    """Give what a crawl takes of each window of the Hub's quota.

    It leaves what those of higher rank need that may come within the window, and what downloads look up.
    A crawl that takes all there is begins with what it finds: nothing is left to it. Files are never in
    such a hurry that what nobody came for had to be taken as well.

    Raises:
        BadRequest: there is no such crawl.

    """
    higher = [need_of(one, config) or 0 for one in CRAWLS if rank_of(one) < rank_of(name)]
    return Share(
        others=LOOK_UPS + sum(higher),
        takes_back=name != "files",
        is_paced=need_of(name, config) is None,
    )


def expected_rows(
    passes: Sequence[Pass], upstream: str, checkpoints: Mapping[str, Checkpoint], models: int, now: datetime
) -> int | None:
    """Give about how many rows a crawl will have read at its end; `None` when nobody knows.

    The Hub does not say how many models it lists. A full pass that has ended does; before the first one
    there is only its published size: 3.1 million in September 2026 and 3,000 more a day.
    """
    if tuple(passes) != (FULL,):
        limits = [one.page_limit for one in passes if one.page_limit is not None]
        return sum(limits) * 1_000 if len(limits) == len(passes) else None
    full = checkpoints.get(FULL.name)
    if full is not None and full.last_finished_at is not None:
        return models
    return 3_100_000 + 3_000 * (now - _COUNTED_ON).days if upstream == DEFAULT_UPSTREAM else None

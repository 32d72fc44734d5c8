"""Whether what is known is older than it should be: as often as crawls run, twice over.

Pure, but for `read_periods`. How often they run is read from words, those of the settings or of a scheduler's
plan. Whoever crawls by cron or by a timer tells the same settings to what answers.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from indexer.config import USUAL_FULL, USUAL_RECENT, HomeConfig
from indexer.engines.contract import IndexState
from indexer.planned import read_plan
from indexer.records import FULL_CRAWL, CatalogState

TIMES = 2
"""What is older than so many periods is stale."""
CLOCKS_APART = timedelta(minutes=1)
"""By so much may a stored moment lie ahead before it says that the clock was set back."""
NEWEST = "created"
"""The last of the passes that read what is new."""

UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
"""Of time, by the letters that settings use."""
_EVERY = re.compile(r"every\s+(\d{1,4})\s*([mhd])", re.ASCII)
_STEP = re.compile(r"\*/(\d{1,2})", re.ASCII)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Periods:
    """How much time lies between two crawls at most; `None`: they are off on purpose."""

    full: timedelta | None = _DAY
    recent: timedelta | None = timedelta(hours=1)


def periods_of(words: Mapping[str, str]) -> Periods:
    """Read how often crawls run.

    Args:
        words: of the crawls `full` and `recent`, as the settings or a plan write it: `03:30`, `every 6h`,
            `30 3 * * *`, `off`. What is missing or says nothing is as usual.

    """
    return Periods(_period(words.get("full", ""), USUAL_FULL), _period(words.get("recent", ""), USUAL_RECENT))


def read_periods(config: HomeConfig) -> Periods:
    """Give how often crawls run: as the scheduler that runs here has planned, else as the settings say."""
    plan = read_plan(config)
    planned = {one.name.removeprefix("crawl-"): one.trigger for one in plan.jobs} if plan else {}
    return periods_of({"full": config.usual_full, "recent": config.usual_recent} | planned)


def read_every(words: str) -> timedelta | None:
    """Read `every 6h`; `None`: it is something else."""
    every = _EVERY.fullmatch(words)
    return int(every[1]) * UNITS[every[2]] if every else None


def _period(words: str, usual: str) -> timedelta | None:
    words = " ".join(words.lower().split()).removeprefix("at ")
    if words == "off":
        return None
    if every := read_every(words or usual):
        return every
    fields = words.split()
    return _longest_gap(fields) if len(fields) == 5 else _DAY


def _longest_gap(fields: list[str]) -> timedelta:
    """Give how far apart times of a cron expression can be, rather too much than too little."""
    minute, hour, day, month, weekday = fields
    if month != "*":
        return 366 * _DAY
    if day != "*" or weekday != "*":
        return 7 * _DAY if day == "*" else 31 * _DAY
    if hour != "*":
        step = _STEP.fullmatch(hour)
        return timedelta(hours=min(24, int(step[1]))) if step and int(step[1]) else _DAY
    step = _STEP.fullmatch(minute)
    return timedelta(minutes=min(60, int(step[1]))) if step and int(step[1]) else timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Stale:
    """What is older than it should be."""

    message: str
    """One sentence: what, how old, and what to look at."""
    since: datetime | None = None
    """When it was right last; `None`: nobody can tell."""


def staleness(
    catalog: CatalogState, index: IndexState | None, periods: Periods, now: datetime
) -> Stale | None:
    """Tell whether what is known is older than it should be; `None`: it is not.

    Args:
        catalog: what was read.
        index: what can be found of it; `None`: nothing.
        periods: how often what is read.
        now: the present moment.

    """
    if periods.full is None and periods.recent is None:
        return None  # nobody crawls, on purpose
    if not any(one.updated_at for one in catalog.checkpoints):
        return None  # nothing was ever read: that is told in other words
    return _of_reading(catalog, periods, now) or _of_index(catalog, index, periods, now)


def _of_reading(catalog: CatalogState, periods: Periods, now: datetime) -> Stale | None:
    ended = {one.name: one.last_finished_at for one in catalog.checkpoints}
    whole, newest = ended.get(FULL_CRAWL), ended.get(NEWEST)
    if whole is None:  # the first pass has not ended: as long as it gets on, that is all there can be
        return _aged([catalog.crawled_at], periods.recent or periods.full, now, _FIRST)
    return _aged([newest, whole], periods.recent, now, _NEW) or _aged([whole], periods.full, now, _WHOLE)


def _of_index(
    catalog: CatalogState, index: IndexState | None, periods: Periods, now: datetime
) -> Stale | None:
    if index is None or index.serial >= catalog.serial:
        return None
    return _aged([index.synced_at], periods.recent or periods.full, now, _INDEX)


_FIRST = "Nothing has been read from the Hub for {age}, and the first pass over it has not ended; {look}."
_NEW = "What is new on the Hub was last read {age} ago, and should be every {period}; {look}."
_WHOLE = "The whole Hub was last read {age} ago, and should be every {period}; {look}."
_INDEX = "The index was last brought up to date {age} ago, and changes wait for it; {look}."
_CLOCK = (
    "How old this is cannot be told: what was read last lies ahead of this machine's clock, which was "
    "set back; {look}."
)
_LOOK = "the last runs on the page Status (`hubdex status`) say why"


def _aged(
    moments: Iterable[datetime | None], period: timedelta | None, now: datetime, words: str
) -> Stale | None:
    """Tell that the newest of some moments is too long ago; what lies ahead of the clock says nothing."""
    known = [moment for moment in moments if moment is not None]
    if period is None or not known:
        return None
    past = [moment for moment in known if moment <= now + CLOCKS_APART]
    if not past:
        return Stale(_CLOCK.format(look=_LOOK))
    newest = max(past)
    if now - newest <= TIMES * period:
        return None
    age, usual = span_words((now - newest).total_seconds()), span_words(period.total_seconds())
    return Stale(words.format(age=age, period=usual.removeprefix("1 "), look=_LOOK), newest)


def span_words(seconds: float) -> str:
    """Say how long something is, in one unit."""
    for size, word in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {word}{'s' if count > 1 else ''}"
    return "less than a minute"

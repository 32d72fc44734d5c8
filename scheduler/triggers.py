"""When a job falls due, read from words: `03:30`, `every 6h`, `30 3 * * *`, `off`; pure.

The moments of a cron expression come from APScheduler, which knows calendars. Its loop is not used: it keeps
what is due in its own memory, and here that follows from what really ran, whoever started it.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Protocol

from apscheduler.triggers.cron import CronTrigger

from indexer.freshness import UNITS, read_every

MAX_WORDS = 100
DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
"""As cron counts them, from 0; 7 is Sunday too. APScheduler counts from Monday, so they go by their names."""

_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)
_FIELD = re.compile(r"[\w*/,-]+", re.ASCII)
_DAYS = re.compile(r"(\*|\w+)(?:-(\w+))?(?:/(\d{1,2}))?", re.ASCII)
_LONGEST = timedelta(days=366)
_LONGEST_CHANGE = timedelta(hours=2)
"""By no more than this are clocks set."""
_MOMENT = timedelta(microseconds=1)
_SOME_DAY = datetime(2026, 1, 1, tzinfo=UTC)
_HELP = "must be like `03:30`, `every 6h`, `30 3 * * *` or `off`"


class Trigger(Protocol):
    """Says when something falls due again."""

    def after(self, moment: datetime) -> datetime | None:
        """Give the next time behind a moment; `None`: never."""
        ...


@dataclass(frozen=True, slots=True)
class Once:
    """What is to run but once."""

    def after(self, moment: datetime) -> None:
        """Give no time: once was enough."""

    def __str__(self) -> str:
        return "once"


@dataclass(frozen=True, slots=True)
class Every:
    """So much time behind the last run's start, whatever the clock shows."""

    period: timedelta

    def after(self, moment: datetime) -> datetime:
        """Give the moment a period later."""
        return moment + self.period

    def __str__(self) -> str:
        unit = next(one for one in "dhm" if self.period % UNITS[one] == timedelta(0))
        return f"every {self.period // UNITS[unit]}{unit}"


@dataclass(frozen=True, slots=True)
class Cron:
    """At times of a calendar and a clock; the zone is told later."""

    expressions: tuple[str, ...]
    """Of five fields each, as APScheduler reads them: due when any of them is."""
    words: str

    def within(self, zone: tzinfo) -> "AtTimes":
        """Give it for the clocks of a zone."""
        is_any_hour = self.expressions[0].split()[1] == "*"
        clock = zone if is_any_hour else UTC
        triggers = tuple(CronTrigger.from_crontab(one, timezone=clock) for one in self.expressions)
        return AtTimes(triggers, zone, self.words, is_any_hour)

    def __str__(self) -> str:
        return self.words


@dataclass(frozen=True, slots=True)
class AtTimes:
    """At times of a calendar and of a zone's clocks.

    In the night that has an hour twice, what is to run at an hour runs in the first one only; what runs
    every hour runs in both. A time that the night of the other change leaves out comes as much later as
    is left out.
    """

    triggers: tuple[CronTrigger, ...]
    """For any hour, of the zone; else of a clock that is never set: APScheduler leaves a time out that lies
    in the hour after midnight where that hour is left out, and takes one twice that is there twice."""
    zone: tzinfo
    words: str
    is_any_hour: bool

    def after(self, moment: datetime) -> datetime | None:
        """Give the next time behind a moment, in UTC."""
        times = [time for one in self.triggers if (time := self._after(one, moment)) is not None]
        return min(times, default=None)

    def _after(self, trigger: CronTrigger, moment: datetime) -> datetime | None:
        moment = moment.astimezone(UTC)
        shown = moment.astimezone(self.zone)
        if self.is_any_hour:
            time: datetime | None = trigger.get_next_fire_time(None, (moment + _MOMENT).astimezone(self.zone))
            return None if time is None else time.astimezone(UTC)
        begin = shown.replace(tzinfo=UTC, fold=0) - _LONGEST_CHANGE
        while (time := trigger.get_next_fire_time(None, begin)) is not None:
            found: datetime = time.replace(tzinfo=self.zone, fold=0).astimezone(UTC)
            if found > moment:
                return found
            begin = time + _MOMENT
        return None

    def __str__(self) -> str:
        return self.words


Timing = Every | Cron | None
"""What a setting says: a period, times, or that something is off."""


def read_timing(value: object) -> object:
    """Read the words of a setting; what is read already is given back.

    Raises:
        ValueError: they say no time.

    """
    if not isinstance(value, str):
        return value
    words = " ".join(value.lower().split())
    if len(words) > MAX_WORDS:
        raise ValueError(f"is longer than {MAX_WORDS} characters")
    if words == "off":
        return None
    if (period := read_every(words)) is not None:
        if not UNITS["m"] <= period <= _LONGEST:
            raise ValueError("must be from a minute to a year")
        return Every(period)
    if clock := _CLOCK.fullmatch(words):
        return Cron((f"{int(clock[2])} {int(clock[1])} * * *",), f"at {int(clock[1]):02}:{clock[2]}")
    return _read_cron(words)


def jitter(name: str, seed: str, time: datetime, most: timedelta) -> timedelta:
    """Give how much later than at its time a job begins: the same at each look, another one each day.

    All who run Hubdex would otherwise ask the Hub at the same second.

    Args:
        name: the job's.
        seed: what tells this home from others.
        time: when it falls due.
        most: the largest answer.

    """
    drawn = hashlib.sha256(f"{seed}\n{name}\n{time.date()}".encode()).digest()
    return most * (int.from_bytes(drawn[:4]) / 2**32)


def _read_cron(words: str) -> Cron:
    fields = words.split()
    if len(fields) != 5 or not all(_FIELD.fullmatch(field) for field in fields):
        raise ValueError(_HELP)
    minute, hour, day, month, weekday = fields
    weekday = _weekdays(weekday)
    # Cron's rule: where both a day of the month and one of the week are named, either will do.
    is_either = not day.startswith("*") and weekday != "*"
    dates = [(day, "*"), ("*", weekday)] if is_either else [(day, weekday)]
    cron = Cron(tuple(f"{minute} {hour} {one} {month} {other}" for one, other in dates), words)
    try:
        time = cron.within(UTC).after(_SOME_DAY)
    except ValueError as error:
        raise ValueError(f"is no cron expression ({error}); {_HELP}") from None
    if time is None:
        raise ValueError("names a day that never comes")
    return cron


def _weekdays(field: str) -> str:
    """Give the days of the week that a field of cron names, by their names."""
    if field == "*":
        return field
    days = {day for part in field.split(",") for day in _some_days(part)}
    return ",".join(DAYS[day] for day in sorted(days))


def _some_days(part: str) -> Sequence[int]:
    found = _DAYS.fullmatch(part)
    if found is None:
        raise ValueError(_HELP)
    first, last, step = found[1], found[2], int(found[3] or 1)
    if first == "*":
        begin, end = 0, 6
    else:
        begin = _day(first)
        end = _day(last) if last else 6 if found[3] else begin
        end = 7 if last and end == 0 else end
    if begin > end or step < 1:
        raise ValueError("names days of the week that run backwards")
    return [day % 7 for day in range(begin, end + 1, step)]


def _day(word: str) -> int:
    if word in DAYS:
        return DAYS.index(word)
    if word.isdigit() and int(word) <= 7:
        return int(word)
    raise ValueError(f"names {word!r} as a day of the week; they are 0 (Sunday) to 6, or sun to sat")

"""Days of the product beside a living Hub, with an outage, a revoked token and half a quota; their table."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from tests.fakes.hub import Happening, Route
from tests.journeys.forking import Forks
from tests.journeys.simulating import (
    BEGIN,
    DAY,
    NEXT_TOKEN,
    QUOTA,
    TOKEN,
    WINDOWS,
    Ran,
    simulation,
)
from tests.journeys.staleness import Known, Sort, at_share

HOUR = timedelta(hours=1)
SORTS: tuple[Sort, ...] = ("new", "changed", "removed", "counters")
RIGHT: tuple[Sort, ...] = ("new", "changed", "removed")
"""All but counters."""
REAL: Mapping[Route | None, int] = {"listing": 10, "model": 100, "tree": 100}
"""How many requests of the real Hub one of ours stands for. `recent` and the look for GGUF are not scaled."""
UNSCALED = frozenset({"crawl-recent", "crawl-files"})


@dataclass(frozen=True)
class Trouble:
    """When what goes wrong, from the first day's begin on."""

    days: int
    away: timedelta
    """The Hub answers nobody for a day."""
    token: timedelta
    """The operator sets a token,"""
    revoked: timedelta
    """it is revoked,"""
    renewed: timedelta
    """and the operator sets another one."""
    halved: timedelta
    """The quota is cut in half for two days."""


FORTNIGHT = Trouble(14, 4 * DAY + 3.7 * HOUR, 7.5 * DAY, 8 * DAY + 10 * HOUR, 8 * DAY + 16 * HOUR, 10 * DAY)
FEW_DAYS = Trouble(2, 14 * HOUR, 1 * HOUR, 2 * HOUR, 8 * HOUR, DAY)
"""The same, closer together."""


@dataclass(frozen=True)
class Freshness:
    """What came of it."""

    trouble: Trouble
    known: Sequence[Known]
    ran: Sequence[Ran]
    requests: Counter[int]
    throttled: int

    @property
    def days(self) -> range:
        """The days that were simulated; day 0 is that of the first reading."""
        return range(1, self.trouble.days + 1)

    def share(self, day: int) -> float:
        """Give what part of that day's anonymous quota was sent."""
        begin = BEGIN + day * DAY
        halved = BEGIN + DAY + self.trouble.halved
        cut = _overlap(begin, begin + DAY, halved, halved + 2 * DAY) / DAY
        return self.requests[day] / (WINDOWS * QUOTA * (1 - cut / 2))

    def late(self, *kinds: Sort | Happening, day: int | None = None) -> list[timedelta]:
        """Give how long what happened (on a day) was not known, the time of the outage not counted."""
        away = BEGIN + DAY + self.trouble.away
        return [
            one.late - _overlap(one.happened.moment, one.at, away, away + DAY)
            for one in self.known
            if (one.sort in kinds or one.kind in kinds)
            and (day is None or (one.happened.moment - BEGIN).days == day)
        ]

    def spared(self, *sorts: Sort) -> list[timedelta]:
        """Give how long what became known without waiting through any of the outage was not known."""
        away = BEGIN + DAY + self.trouble.away
        return [
            one.late
            for one in self.known
            if one.sort in sorts and not _overlap(one.happened.moment, one.at, away, away + DAY)
        ]

    def table(self) -> str:
        """Give it in Markdown."""
        rows = ["| day | requests | of the quota | new | changed | removed | counters | happened | crawls |"]
        rows.append("| --- " * 9 + "|")
        rows += [self._row(day) for day in self.days]
        rows += ["", "Not known for: p50 / p99 in hours, the time of the outage not counted.", ""]
        rows += ["| what | times | p50 h | p99 h | longest h |", "| --- " * 5 + "|"]
        kinds = sorted({one.kind for one in self.known})
        for kind in kinds:
            late = self.late(kind)
            rows.append(
                f"| {kind} | {len(late)} | {_span(late)} | {_hours(max(late))} |".replace(" / ", " | ")
            )
        late = self.spared(*RIGHT)
        rows += ["", f"Outside the outage, counters apart: {_span(late)} h of {len(late)} happenings."]
        rows += [
            "",
            "| crawl | runs a day | requests a day | of the real Hub | of its 144,000 |",
            "| --- " * 5 + "|",
        ]
        rows += list(self._needs())
        return "\n".join(rows)

    def _row(self, day: int) -> str:
        happened = Counter(one.sort for one in self.known if (one.happened.moment - BEGIN).days == day)
        codes = Counter(one.code for one in self.ran if (one.began - BEGIN).days == day)
        cells = [str(day), f"{self.requests[day]:,}", f"{self.share(day):.1%}"]
        cells += [_span(self.late(sort, day=day)) for sort in SORTS]
        cells.append(", ".join(f"{happened[sort]} {sort}" for sort in SORTS))
        cells.append(f"{codes[0]} done, {codes[75]} later, {codes[2]} refused")
        return f"| {' | '.join(cells)} |"

    def _needs(self) -> Sequence[str]:
        days, rows, total = self.trouble.days, [], 0.0
        ran = [one for one in self.ran if 1 <= (one.began - BEGIN).days <= days]
        for name in sorted({one.name for one in ran}):
            ours = [one for one in ran if one.name == name]
            sent = sum((one.asked for one in ours), Counter[Route | None]())
            scale = {**REAL, "listing": 1} if name in UNSCALED else REAL
            real = sum(count * scale[route] for route, count in sent.items()) / days
            total += real
            requests = sum(sent.values()) / days
            rows.append(
                f"| {name} | {len(ours) / days:.1f} | {requests:.0f} | {real:,.0f} | {real / 144_000:.1%} |"
            )
        return [*rows, f"| all | | | {total:,.0f} | {total / 144_000:.1%} |"]


def live(
    folder: Path, forks: Forks, trouble: Trouble, *, tell: Callable[[str], object] = lambda _line: None
) -> Freshness:
    """Read the Hub, live through the days, and come to rest; each night everything is compared.

    Args:
        folder: an empty one.
        forks: children that can live in virtual time.
        trouble: what goes wrong.
        tell: told how far it is.

    """
    with simulation(folder, forks) as here:
        here.read_all()
        first = BEGIN + DAY
        here.weather += sorted(
            [
                (first + trouble.away, here.go_away),
                (first + trouble.away + DAY, here.come_back),
                (first + trouble.token, lambda: here.set_token(TOKEN)),
                (first + trouble.revoked, lambda: here.hub.set_token(None)),
                (first + trouble.renewed, lambda: here.set_token(NEXT_TOKEN)),
                (first + trouble.halved, lambda: here.hub.set_quota(QUOTA // 2, token_quota=QUOTA)),
                (first + trouble.halved + 2 * DAY, lambda: here.hub.set_quota(QUOTA, token_quota=2 * QUOTA)),
            ],
            key=lambda one: one[0],
        )
        for day in range(trouble.days + 1):
            here.run_until(BEGIN + (day + 1) * DAY)
            tell(f"day {day}: {here.requests[day]} requests, {len(here.watcher.known)} happenings known")
        here.rest()
        return Freshness(trouble, here.watcher.known, here.ran, here.requests, here.throttled)


def _overlap(begin: datetime, end: datetime, other: datetime, until: datetime) -> timedelta:
    return max(min(end, until) - max(begin, other), timedelta(0))


def _span(late: Sequence[timedelta]) -> str:
    return f"{_hours(at_share(0.5, late))} / {_hours(at_share(0.99, late))}" if late else "-"


def _hours(late: timedelta) -> str:
    return f"{late / HOUR:.1f}"

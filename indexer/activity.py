"""What ran, what runs and what is next: as data, and in words for people; pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from typing_extensions import TypedDict

from indexer.answers import moment
from indexer.planned import Plan, Planned
from indexer.runs import Ledger, Outcome, Run

RUNS_TOLD = 20
TROUBLES_TOLD = 5
MENDED_FOR = timedelta(days=1)
"""What was made up for is told of for so long."""

OUTCOMES: dict[Outcome, str] = {
    "running": "running", "done": "done", "later": "goes on later", "stopped": "stopped",
    "failed": "failed", "killed": "killed",
}  # fmt: skip

_COUNTED = (
    ("rows", "rows read"), ("new", "new"), ("changed", "changed"), ("removed", "removed"),
    ("counters", "counters moved"), ("set_aside", "rows set aside"), ("written", "documents written"),
    ("rebuilt", "rebuilt"), ("retries", "requests repeated"), ("answers_429", "refused by the Hub (429)"),
)  # fmt: skip
_ADVICE = {
    "upstream_unavailable": (
        "It is tried again by itself. When that lasts, look at this machine's network, `HTTPS_PROXY` and "
        "`HUBDEX_UPSTREAM`."
    ),
    "upstream_failed": (
        "It is tried again by itself. When that lasts, the Hub may have changed: look for a newer Hubdex."
    ),
    "too_many_gone": (
        "What is new or changed was stored, and the next full pass looks again. Should it say the same, look "
        "whether the Hub still has models that the search lists."
    ),
    "bad_settings": "Mend the setting, and start Hubdex again.",
    "busy": "There is nothing to do: it runs when the other one has ended.",
    "catalog_unavailable": (
        "Look whether the disk of `HUBDEX_HOME` is full, and whether Hubdex may write to it."
    ),
    "engine_unavailable": "Look whether the search server runs; the index catches up by itself.",
    "engine_failed": (
        "`hubdex index check` says whether the index is right, and `hubdex index rebuild` builds it anew."
    ),
}
_KILLED = (
    "It ended without a word: the machine went down, or ended it when memory ran out. It goes on with its "
    "next run; should that happen again, look at the machine's own log."
)
_INSIDE = "The log of Hubdex says more."


class RunAnswer(TypedDict):
    """A run of something."""

    job: str
    """What ran, e.g. `crawl-full`."""
    outcome: Outcome
    started_at: str | None
    ended_at: str | None
    seconds: float | None
    did: str
    """What it did, or why it did not, in words."""
    advice: str
    """What to do where it went wrong; empty: nothing."""
    figures: dict[str, float]


class NextAnswer(TypedDict):
    """What a scheduler will do."""

    job: str
    trigger: str
    """When it runs, in words: `at 03:30`, `every 6h`, `off`."""
    due_at: str | None
    """`null`: it runs, or waits for something else."""
    running: bool
    waits_for: str


@dataclass(frozen=True, slots=True)
class Activity:
    """What ran, what runs and what is next."""

    ledgers: tuple[Ledger, ...] = ()
    plan: Plan | None = None
    """`None`: nobody plans here."""

    @property
    def names(self) -> tuple[str, ...]:
        """What ever ran or will, the most urgent kind first."""
        planned = [one.name for one in self.planned]
        return tuple(dict.fromkeys([*planned, *(one.name for one in self.ledgers)]))

    @property
    def planned(self) -> tuple[Planned, ...]:
        """What is next."""
        return self.plan.jobs if self.plan else ()

    def ledger(self, name: str) -> Ledger:
        """Give the runs of one thing."""
        return next((one for one in self.ledgers if one.name == name), Ledger(name))

    def next(self, name: str) -> Planned | None:
        """Give when one thing runs next; `None`: nobody has planned it."""
        return next((one for one in self.planned if one.name == name), None)

    def newest(self, limit: int = RUNS_TOLD) -> list[tuple[str, Run]]:
        """Give the newest runs of all, those that go on first."""
        runs = [(ledger.name, run) for ledger in self.ledgers for run in ledger.runs]
        runs.sort(key=lambda one: (one[1].outcome == "running", one[1].started_at), reverse=True)
        return runs[:limit]


@dataclass(frozen=True, slots=True)
class Trouble:
    """A run that went wrong."""

    name: str
    run: Run
    is_mended: bool
    """Whether the same thing was done since."""


def troubles_of(ledgers: Iterable[Ledger], now: datetime) -> list[Trouble]:
    """Give what went wrong last of each thing, what was not made up for first, the newest first."""
    found = [trouble for ledger in ledgers if (trouble := _trouble(ledger, now)) is not None]
    found.sort(key=lambda one: one.run.started_at, reverse=True)
    found.sort(key=lambda one: one.is_mended)
    return found[:TROUBLES_TOLD]


def _trouble(ledger: Ledger, now: datetime) -> Trouble | None:
    is_mended = False
    for run in ledger.runs:
        if is_wrong(run):
            is_old = is_mended and now - (run.ended_at or run.started_at) > MENDED_FOR
            return None if is_old else Trouble(ledger.name, run, is_mended)
        is_mended = is_mended or run.outcome == "done"
    return None


def is_wrong(run: Run) -> bool:
    """Tell whether something went wrong: also where it goes on later, unless it only made room."""
    return run.outcome in {"failed", "killed"} or (run.outcome == "later" and bool(run.word))


def advice_of(run: Run) -> str:
    """Say what to do about a run that went wrong; nothing about any other."""
    if not is_wrong(run):
        return ""
    return _KILLED if run.outcome == "killed" else _ADVICE.get(run.word, _INSIDE)


def did_words(run: Run) -> str:
    """Say what a run did, or why it did not."""
    counted = ", ".join(_counted(run.figures[name], word) for name, word in _COUNTED if run.figures.get(name))
    if is_wrong(run) or not counted:
        return run.message or counted or ("nothing was new" if run.outcome == "done" else "")
    return counted


def _counted(count: float, words: str) -> str:
    """Give a count with its words, whose first is a plural or none at all."""
    noun, space, rest = words.partition(" ")
    noun = noun.removesuffix("s") if round(count) == 1 else noun
    return f"{count:,.0f} {noun}{space}{rest}"


def job_words(name: str) -> str:
    """Give what a job is called: as its command."""
    return name.replace("-", " ", 1)


def next_words(planned: Planned | None) -> str:
    """Say why a job is not due at any time; empty where it is."""
    if planned is None or planned.due_at is not None or planned.is_running:
        return ""
    return planned.waits_for or ("off" if planned.trigger == "off" else "")


def run_answers(activity: Activity) -> list[RunAnswer]:
    """Give the newest runs."""
    return [
        {
            "job": name,
            "outcome": run.outcome,
            "started_at": moment(run.started_at),
            "ended_at": moment(run.ended_at),
            "seconds": run.seconds,
            "did": did_words(run),
            "advice": advice_of(run),
            "figures": dict(run.figures),
        }
        for name, run in activity.newest()
    ]


def next_answers(planned: Sequence[Planned]) -> list[NextAnswer]:
    """Give what is next."""
    return [
        {
            "job": one.name,
            "trigger": one.trigger,
            "due_at": moment(one.due_at),
            "running": one.is_running,
            "waits_for": one.waits_for,
        }
        for one in planned
    ]

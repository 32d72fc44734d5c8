"""What the stages measure: kept in the home, so that one table holds stages of different days."""

import os
import resource
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import TypeAlias

import orjson

FILE = "figures.json"
"""In the home."""

Timings: TypeAlias = Sequence[tuple[float, str]]
"""Milliseconds, and what was asked."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table: what was measured, beside what is wanted."""

    what: str
    measured: Mapping[str, float]
    """By a name such as `p99`; the name of the only one is empty."""
    unit: str = ""
    at_most: Mapping[str, float] = field(default_factory=dict)
    at_least: Mapping[str, float] = field(default_factory=dict)
    """Limits, by the names of what was measured."""
    note: str = ""

    @property
    def is_held(self) -> bool:
        """Whether every limit is kept."""
        return all(self.measured[name] <= limit for name, limit in self.at_most.items()) and all(
            self.measured[name] >= limit for name, limit in self.at_least.items()
        )


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a stage."""

    at: str
    """When it ended: ISO 8601, UTC."""
    models: int
    """Models in the catalog."""
    others: float
    """Processors that other work of the machine kept busy meanwhile, on average."""
    figures: Sequence[Figure]


def amount(
    what: str,
    value: float,
    unit: str = "",
    *,
    at_most: float | None = None,
    at_least: float | None = None,
    note: str = "",
) -> Figure:
    """Give a figure of one number."""
    most = {} if at_most is None else {"": at_most}
    least = {} if at_least is None else {"": at_least}
    return Figure(what, {"": value}, unit, most, least, note)


def spread(what: str, timings: Timings, *, note: str = "", **at_most: float) -> Figure:
    """Give how timings are spread, and what took longest."""
    ordered = sorted(timings)
    took = [milliseconds for milliseconds, _ in ordered]
    worst, text = ordered[-1]
    measured = {"p50": median(took), "p95": _share(took, 0.95), "p99": _share(took, 0.99), "worst": worst}
    asked = f"{len(took):,} asked, worst {f'`{text}`' if text else 'nothing typed'}"
    return Figure(what, measured, "ms", at_most, note=f"{asked}; {note}" if note else asked)


def _share(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def peak_memory(what: str) -> Figure:
    """Give the peak of the largest process that took part; files that are mapped count too."""
    family = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return memory(what, max(family, key=lambda used: used.ru_maxrss))


def processor_seconds() -> float:
    """Give the processor time of this process and of those that it started and that have ended."""
    return sum(os.times()[:4])


def memory(what: str, used: resource.struct_rusage) -> Figure:
    """Give the peak memory of what was used."""
    return amount(f"{what}: peak memory", to_megabytes(used.ru_maxrss), "MB", note="with mapped files")


def to_megabytes(kilobytes: int) -> float:
    """Turn the kernel's kilobytes, which are of 1,024, into MB as of sizes on disk."""
    return kilobytes * 1024 / 1e6


def size_of(paths: Iterator[Path]) -> float:
    """Give the size of files in MB."""
    return sum(path.stat().st_size for path in paths if path.is_file()) / 1e6


def shown(figure: Figure) -> str:
    """Give what was measured, in words."""
    numbers = ", ".join(f"{name} {_number(value)}".strip() for name, value in figure.measured.items())
    return f"{numbers} {figure.unit}".strip()


def wanted(figure: Figure) -> str:
    """Give what is wanted, in words; empty where nothing is."""
    if figure.at_most == figure.at_least:
        return ", ".join(f"{name} {_number(limit)}".strip() for name, limit in figure.at_most.items())
    limits = [("<=", *one) for one in figure.at_most.items()]
    limits += [(">=", *one) for one in figure.at_least.items()]
    return ", ".join(f"{name} {sign} {_number(limit)}".strip() for sign, name, limit in limits)


def _number(value: float) -> str:
    if value == int(value) or value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def say(text: str) -> None:
    print(text, flush=True)


def keep(home: Path, stage: str, run: Run) -> None:
    """Store the figures of a stage in the place of its earlier ones."""
    runs = {**read_runs(home), stage: run}
    content = orjson.dumps({name: asdict(one) for name, one in runs.items()}, option=orjson.OPT_INDENT_2)
    beside = home / f"{FILE}.new"
    beside.write_bytes(content)
    beside.replace(home / FILE)


def read_runs(home: Path) -> dict[str, Run]:
    """Give the newest run of each stage, by its name."""
    if not (home / FILE).exists():
        return {}
    data = orjson.loads((home / FILE).read_bytes())
    return {
        name: Run(run["at"], run["models"], run["others"], [Figure(**figure) for figure in run["figures"]])
        for name, run in data.items()
    }

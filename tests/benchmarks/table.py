"""The one table: every figure that was kept, measured beside wanted."""

import os
from pathlib import Path

from tests.benchmarks.figures import Figure, read_runs, say, shown, wanted

SIZE = 3_100_000
"""Models that the wanted figures are meant for."""


def print_table(home: Path, order: list[str]) -> None:
    """Print the figures of every stage that was ever run in this home, in Markdown."""
    runs = read_runs(home)
    stages = [stage for stage in order if stage in runs]
    say("\n| stage | what | measured | wanted | held | note |\n| --- | --- | --- | --- | --- | --- |")
    for stage in stages:
        for figure in runs[stage].figures:
            say(_row(stage, figure, runs[stage].models))
    say(
        f"\nWanted at {SIZE:,} models on two cores of one's own; this machine has {os.cpu_count()}. Measured:"
    )
    for stage in stages:
        run = runs[stage]
        say(f"- {stage}: {run.models:,} models, {run.at}, {run.others:.1f} cores busy with other things")


def _row(stage: str, figure: Figure, models: int) -> str:
    limits = wanted(figure)
    held = _verdict(figure, models) if limits else ""
    cells = [stage, figure.what, shown(figure), limits, held, figure.note]
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def _verdict(figure: Figure, models: int) -> str:
    if not figure.is_held:
        return "**no**"
    return "yes" if models >= SIZE else "yes, of fewer models"

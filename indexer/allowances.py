"""What the Hub still grants those who crawl and download here, as they have kept it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from indexer.quota import QuotaFile, Window

MOST = 20
"""Quotas that are read; the Hub counts two, for strangers and for the holder of a token."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What the Hub grants somebody."""

    who: str
    """`anonymous` or `token`."""
    window: Window
    """Its times by the clock since 1970."""


def allowances_in(folder: Path, upstream: str, wall: Callable[[], float]) -> list[Allowance]:
    """Give what is left of each quota that anybody was told of lately.

    Args:
        folder: where it is kept.
        upstream: the Hub's address.
        wall: the clock, in seconds since 1970.

    """
    found = []
    for path in sorted(folder.glob("*-*.json"))[:MOST]:
        window = QuotaFile(path, upstream, now=wall, wall=wall).read()
        if window is not None:
            found.append(Allowance(path.stem.rpartition("-")[2], window))
    return found


def for_crawls(allowances: list[Allowance]) -> Window | None:
    """Give what crawls may still spend; `None`: nobody was told lately."""
    windows = [one.window for one in allowances if one.window.bucket == "api"]
    return max(windows, key=lambda window: window.limit, default=None)

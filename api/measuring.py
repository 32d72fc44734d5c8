"""What this process measures of itself, and the registry of all figures that `/metrics` shows."""

from collections.abc import Callable, Iterable
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Literal, TypeAlias

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.metrics_core import Metric
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

Asked: TypeAlias = Literal["model", "variant", "owner"]
"""What is searched for."""
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Seconds: an engine answers within some milliseconds, and gives up after some seconds."""
NO_ROUTE = "none"
"""The route of what was refused before any was looked for."""


class Measurements:
    """Counts what is asked of one app; safe to share between threads.

    Args:
        ticks: a clock in seconds that never goes back.

    """

    def __init__(self, ticks: Callable[[], float]) -> None:
        self.ticks = ticks
        self.registry = CollectorRegistry(auto_describe=False)
        self._searches = Histogram(
            "hubdex_search_seconds",
            "Seconds until the engine's answer to a search, with the models read for it.",
            ["kind"],
            buckets=BUCKETS,
            registry=None,
        )
        self._requests = Counter(
            "hubdex_http_requests",
            "Requests answered by this process, by the template of their route.",
            ["route", "status"],
            registry=None,
        )
        for kind in ("model", "variant", "owner"):
            self._searches.labels(kind)  # shown from the beginning: rates need a first zero
        self.registry.register(_WithoutBirthdays(self._searches))
        self.registry.register(_WithoutBirthdays(self._requests))
        ProcessCollector(registry=self.registry)

    def searched(self, kind: Asked, seconds: float) -> None:
        """Count an answer of the engine."""
        self._searches.labels(kind).observe(seconds)

    def answered(self, route: str, status: int) -> None:
        """Count an answer over HTTP, by the class of its status."""
        self._requests.labels(route, f"{status // 100}xx").inc()


class _WithoutBirthdays(Collector):
    """Gives a metric without the moments at which its series began: as many series again, read by nobody."""

    def __init__(self, metric: Collector) -> None:
        self._metric = metric

    def collect(self) -> Iterable[Metric]:
        """Give the figures."""
        for metric in self._metric.collect():
            metric.samples = [one for one in metric.samples if not one.name.endswith("_created")]
            yield metric


@cache
def hubdex_version() -> str:
    """Give the version that is installed."""
    try:
        return version("hubdex")
    except PackageNotFoundError:
        return "unknown"  # run from a checkout that was never installed

"""A stand-in for huggingface.co's models and their files, for tests, benchmarks and demonstrations."""

from tests.fakes.hub.changed import ChangedSource
from tests.fakes.hub.faults import Fault, Route
from tests.fakes.hub.generated import GeneratedSource
from tests.fakes.hub.life import HAPPENINGS, Change, Happening, Life
from tests.fakes.hub.replay import ReplaySource, TreesSource
from tests.fakes.hub.rows import Row, make_row
from tests.fakes.hub.server import FakeHub, Request
from tests.fakes.hub.source import ListSource, ModelSource, Order, Position

__all__ = [
    "HAPPENINGS",
    "Change",
    "ChangedSource",
    "FakeHub",
    "Fault",
    "GeneratedSource",
    "Happening",
    "Life",
    "ListSource",
    "ModelSource",
    "Order",
    "Position",
    "ReplaySource",
    "Request",
    "Route",
    "Row",
    "TreesSource",
    "make_row",
]

"""The stage that types over HTTP: clients in processes of their own, against a server of its own.

Every run has a new server, so that no answer is remembered, and every question is asked once in it. The
clients share the machine with the server: at two cores, four of them take a good part of it.
"""

import argparse
import http.client
import multiprocessing
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import orjson

from indexer.filters import FACETS, Facet
from tests.benchmarks.asking import WARM
from tests.benchmarks.figures import Figure, amount, say, spread, to_megabytes
from tests.benchmarks.questions import Question, distinct, ids_typed, names_to_type
from tests.journeys.running import Product, read_line

FACETED = 5
"""Facets are asked for at every so many-th keystroke."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What one request took, in milliseconds."""

    text: str
    took_ms: float
    """As the server says."""
    round_trip_ms: float


@dataclass(frozen=True, slots=True)
class Session:
    """What one client did, and when (seconds of the machine's monotonic clock)."""

    began: float
    ended: float
    replies: list[Reply]


def serve_stage(arguments: argparse.Namespace) -> Iterator[Figure]:
    """Ask a real `hubdex serve` every keystroke of the whole ids."""
    names = names_to_type(arguments.home, arguments.names)
    typed = distinct(ids_typed(names))
    asked: dict[str, tuple[Sequence[Question], Sequence[Facet]]] = {
        "hits and total": (typed, ()),
        "with six facets": (typed[::FACETED], FACETS),
    }
    for what, (questions, facets) in asked.items():
        for clients in arguments.clients:
            run = f"HTTP, {clients} client{'s' if clients > 1 else ''}, {what}"
            say(f"{run}: {len(questions):,} requests")
            yield from _run(arguments.home, run, _paths(questions, facets), clients)


def _run(home: Path, what: str, paths: Sequence[tuple[str, str]], clients: int) -> Iterator[Figure]:
    with _server(home) as (address, process):
        _ask(address, [_paths([Question("", WARM)], ())[0]])
        sessions = _asked_by_clients(address, [paths[at::clients] for at in range(clients)])
        anonymous = _anonymous(process)
    replies = [reply for session in sessions for reply in session.replies]
    seconds = max(one.ended for one in sessions) - min(one.began for one in sessions)
    yield spread(f"{what}: in the server", [(one.took_ms, one.text) for one in replies])
    yield spread(f"{what}: round trip", [(one.round_trip_ms, one.text) for one in replies])
    yield amount(f"{what}: requests", len(replies) / seconds, "a second")
    yield amount(f"{what}: memory of the server", anonymous, "MB", at_most=300, note="anonymous, afterwards")


def _paths(questions: Sequence[Question], facets: Sequence[Facet]) -> list[tuple[str, str]]:
    """What is asked, and the path that asks it."""
    counted = [("facets", facet) for facet in facets]
    return [
        (one.text, f"/v1/search?{urlencode([('q', one.text), ('sort', one.sort), *counted])}")
        for one in questions
    ]


@contextmanager
def _server(home: Path) -> Iterator[tuple[str, int]]:
    """Run the product's service on a free port; gives its host and port, and its process id."""
    product = Product(home, "https://hub.example", {"HUBDEX_LOG": "error", "HUBDEX_HOST": "127.0.0.1"})
    with product.running("api") as process:
        yield urlsplit(read_line(process, "Hubdex on").split()[-1]).netloc, process.pid


def _asked_by_clients(address: str, parts: Sequence[Sequence[tuple[str, str]]]) -> list[Session]:
    """Let clients ask at the same time, each its part over one connection that is kept."""
    context = multiprocessing.get_context("fork")
    together = context.Barrier(len(parts))
    with ProcessPoolExecutor(len(parts), context, initializer=together.wait) as pool:
        return list(pool.map(_ask, [address] * len(parts), parts))


def _ask(address: str, paths: Sequence[tuple[str, str]]) -> Session:
    connection = http.client.HTTPConnection(address, timeout=60)
    connection.connect()
    replies = []
    began = time.perf_counter()
    for text, path in paths:
        sent = time.perf_counter()
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read()
        took = time.perf_counter() - sent
        if response.status != http.HTTPStatus.OK:
            raise SystemExit(f"{path} was answered {response.status}")
        replies.append(Reply(text, orjson.loads(body)["took_ms"], took * 1000))
    ended = time.perf_counter()
    connection.close()
    return Session(began, ended, replies)


def _anonymous(process: int) -> float:
    """Give the memory of a process that no file stands behind, in MB."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    kilobytes = next(int(line.split()[1]) for line in lines if line.startswith("Anonymous:"))
    return to_megabytes(kilobytes)

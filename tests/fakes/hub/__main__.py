"""Serve a stand-in Hub from the command line."""

import argparse
import signal
import threading
from pathlib import Path

from tests.fakes.hub import FakeHub, GeneratedSource, ModelSource, ReplaySource


def main() -> None:
    settings = _parser().parse_args()
    asked_to_stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: asked_to_stop.set())
    source: ModelSource
    if settings.replay is None:
        source = GeneratedSource(settings.models, settings.seed)
    else:
        source = ReplaySource(settings.replay)
    hub = FakeHub(
        source,
        quota=settings.quota,
        resolvers_quota=settings.resolvers_quota,
        token=settings.token,
        offers_xet=settings.xet,
        latency_seconds=settings.latency,
        port=settings.port,
    )
    with hub:
        print(f"stand-in Hub on {hub.url} ({len(source)} models)", flush=True)
        asked_to_stop.wait()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.fakes.hub", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--models", type=int, default=10_000, metavar="N", help="how many to generate")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--replay", type=Path, metavar="DIR", help="serve a recording instead")
    parser.add_argument("--quota", type=int, default=500, metavar="N", help="requests in five minutes")
    parser.add_argument("--resolvers-quota", type=int, default=3_000, metavar="N", help="the same for files")
    parser.add_argument("--token", help="the one that is let in; by default none is")
    parser.add_argument("--xet", action="store_true", help="hint at Xet, where nobody answers")
    parser.add_argument("--latency", type=float, default=0.0, metavar="SECONDS", help="before each page")
    return parser


if __name__ == "__main__":
    main()

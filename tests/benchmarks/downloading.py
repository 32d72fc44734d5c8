"""How fast files come: our way beside huggingface_hub's, from the same stand-in Hub, in turns.

Both by plain HTTP on loopback, each run in a process of its own and into an empty cache. We hash what comes
and write it through to the disk; they do neither.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from huggingface_hub import hf_hub_download, snapshot_download
from pydantic import SecretStr

from api.handoff.fetching import fetch
from api.handoff.hub import Hub
from api.handoff.layout import Layout
from indexer.hub import HubConfig
from tests.benchmarks.figures import Figure, amount
from tests.fakes.hub import FakeHub, ListSource, make_row

REPO = "acme/Gale"
TIMES = 3
AT_ONCE = 4
"""Files of one download that come at the same time."""
ONE = ("model.gguf",)
SEVERAL = tuple(f"model-{number:05}-of-00008.safetensors" for number in range(1, 9))
SIZES = dict.fromkeys(SEVERAL, 2**27) | dict.fromkeys(ONE, 2**30)
WANTED = 0.9


class Nobody:
    """Looks on and says nothing."""

    def resumed(self, done_bytes: int) -> None: ...
    def received(self, count: int) -> None: ...
    def verifying(self) -> None: ...
    def waiting(self, why: str) -> None: ...


def downloading_stage(_arguments: argparse.Namespace) -> Iterator[Figure]:
    """Measure one large file, then several at once."""
    with _standing_in() as url:
        for what, paths in (("one file of 1 GB", ONE), ("8 files of 128 MB, 4 at once", SEVERAL)):
            best = _best(url, paths)
            size = sum(SIZES[path] for path in paths) / 1e6
            yield amount(f"download: {what}, huggingface_hub", size / best["theirs"], "MB/s")
            yield amount(f"download: {what}", size / best["ours"], "MB/s")
            ratio = best["theirs"] / best["ours"]
            yield amount(f"download: {what}, beside huggingface_hub", ratio, "x", at_least=WANTED)


def ours(url: str, cache: Path, paths: Sequence[str]) -> None:
    """Download as a job does."""
    hub, layout = Hub(HubConfig(upstream=url, token=SecretStr(""))), Layout(cache)
    commit = hub.tree(REPO, "main").commit

    def get(path: str) -> tuple[str, str]:
        remote = hub.head(REPO, commit, path)
        fetch(remote, hub, layout, Nobody())
        return path, remote.etag

    with ThreadPoolExecutor(AT_ONCE) as pool:
        layout.publish(REPO, commit, list(pool.map(get, paths)), "main")


def theirs(url: str, cache: Path, paths: Sequence[str]) -> None:
    """Download as `hf download` does."""
    if len(paths) == 1:
        hf_hub_download(REPO, paths[0], cache_dir=cache, endpoint=url, token=False)
    else:
        patterns = list(paths)
        snapshot_download(
            REPO, allow_patterns=patterns, cache_dir=cache, endpoint=url, token=False, max_workers=AT_ONCE
        )


WAYS: dict[str, Callable[[str, Path, Sequence[str]], None]] = {"theirs": theirs, "ours": ours}


def _best(url: str, paths: Sequence[str]) -> dict[str, float]:
    """Give the seconds of the fastest run of each."""
    seconds: dict[str, list[float]] = {way: [] for way in WAYS}
    for _ in range(TIMES):
        for way, kept in seconds.items():
            kept.append(_run(way, url, paths))
    return {way: min(kept) for way, kept in seconds.items()}


def _run(way: str, url: str, paths: Sequence[str]) -> float:
    folder = Path(tempfile.mkdtemp(prefix="hubdex-downloading-"))
    environment = os.environ | {
        "HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HUBDEX_HOME": str(folder), "HF_HOME": str(folder),
    }  # fmt: skip
    try:
        done = subprocess.run(
            [sys.executable, "-m", __name__, way, url, str(folder / "cache"), *paths],
            env=environment, stdout=subprocess.PIPE, check=True,
        )  # fmt: skip
        return float(json.loads(done.stdout))
    finally:
        shutil.rmtree(folder)


@contextmanager
def _standing_in() -> Iterator[str]:
    """Run the stand-in Hub in a process of its own."""
    child = subprocess.Popen(
        [sys.executable, "-m", __name__, "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    try:
        yield child.stdout.readline().strip()
    finally:
        child.communicate()


def _serve() -> None:
    files = [{"rfilename": path, "size": size} for path, size in SIZES.items()]
    with FakeHub(ListSource([make_row(id=REPO, siblings=files)]), quota=100_000) as fake:
        with Hub(HubConfig(upstream=fake.url, token=SecretStr(""))) as hub:
            for path in SIZES:  # hashed at the first request, and remembered
                hub.head(REPO, "main", path)
        print(fake.url, flush=True)
        sys.stdin.read()


def _main(way: str, *arguments: str) -> None:
    if way == "serve":
        _serve()
        return
    url, cache, *paths = arguments
    began = time.perf_counter()
    WAYS[way](url, Path(cache), paths)
    print(json.dumps(time.perf_counter() - began))


if __name__ == "__main__":
    _main(*sys.argv[1:])

"""A stand-in Hub with a model to download, and asking the running product for it."""

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from tests.fakes.hub import FakeHub, ListSource, make_row
from tests.journeys.running import Product, wait_until

MODEL = "acme/Gale-GGUF"
PATH = "gale.Q4_K_M.gguf"
WEIGHTS = bytes(range(256)) * 32_000
FILES = [{"rfilename": PATH, "content": WEIGHTS}, {"rfilename": "README.md", "content": b"# Gale\n"}]
HELD_BYTES = 5_000_000

_OFFLINE = "import huggingface_hub as h; print(h.hf_hub_download({model!r}, {path!r}))"

Answer = dict[str, object]


def gale_hub() -> FakeHub:
    return FakeHub(ListSource([make_row(id=MODEL, siblings=FILES)]))


def product_at(hub: FakeHub, folder: Path) -> Product:
    settings = {"HF_HUB_CACHE": str(folder / "cache"), "HF_TOKEN": "", "HUBDEX_RETRY_BASE_SECONDS": "0.01"}
    return Product(folder / "home", hub.url, settings)


def call(url: str, method: str, path: str, body: object = None) -> tuple[int, Answer]:
    """Ask the service; gives the status and the answer."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    try:
        sent = None if body is None else json.dumps(body)
        connection.request(method, path, sent, {"Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, json.loads(response.read() or b"{}")
    finally:
        connection.close()


def job(url: str, job_id: object) -> Answer:
    return call(url, "GET", f"/v1/downloads/{job_id}")[1]


def only_file(answer: Answer) -> Answer:
    files = answer["files"]
    assert isinstance(files, list)
    [found] = files
    return dict(found)


def until(url: str, job_id: object, state: str) -> Answer:
    wait_until(lambda: job(url, job_id)["state"] in {state, "failed"}, f"{state}, not {job(url, job_id)}")
    answer = job(url, job_id)
    assert answer["state"] == state, answer
    return answer


def partial_bytes(cache: Path) -> int:
    return sum(path.stat().st_size for path in cache.glob("*/blobs/*.incomplete"))


def seen(cache: Path) -> list[Path]:
    """What snapshots show."""
    return [path for path in cache.glob("*/snapshots/*/**/*") if path.is_file() or path.is_symlink()]


def read_offline(cache: Path) -> bytes:
    """Read the file as the real client finds it without a network."""
    script = _OFFLINE.format(model=MODEL, path=PATH)
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HUB_CACHE": str(cache)}
    found = subprocess.run(
        [sys.executable, "-c", script],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return Path(found.stdout.strip()).read_bytes()


def events(url: str, path: str) -> Iterator[Answer]:
    """Listen to server-sent events until the service ends them."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.headers["cache-control"] == "no-store"
        lines = iter(response.readline, b"")
        for line in lines:
            if line == b"event: job\n":
                yield json.loads(next(lines).removeprefix(b"data: "))
    finally:
        connection.close()

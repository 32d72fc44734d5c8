"""Running the product's own commands, and waiting for what they do without sleeping on a guess."""

import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson

from tests.journeys.forking import own_forks

PATIENCE_SECONDS = 60.0


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str

    def json(self) -> dict[str, object]:
        """The last line of the output, as JSON."""
        answer: dict[str, object] = orjson.loads(self.out.strip().splitlines()[-1])
        return answer


@dataclass(frozen=True)
class Product:
    """The product in one home, against one upstream."""

    home: Path
    upstream: str
    settings: Mapping[str, str]

    @property
    def environment(self) -> dict[str, str]:
        own = {"HUBDEX_HOME": str(self.home), "HUBDEX_UPSTREAM": self.upstream, "HUBDEX_PORT": "0"}
        return {**os.environ, "PYTHONWARNINGS": "error", **own, **self.settings}

    def command(self, room: str, arguments: Sequence[str]) -> list[str]:
        return [sys.executable, "-m", room, *arguments]

    def run(self, room: str, *arguments: str) -> Ended:
        """Run a room to its end."""
        return run_room(room, arguments, self.environment)

    @contextmanager
    def running(self, room: str, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
        """Run a room beside the test; whatever is left of it is killed at the end."""
        process = subprocess.Popen(
            self.command(room, arguments),
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(PATIENCE_SECONDS)
                except subprocess.TimeoutExpired:
                    process.kill()
            process.communicate()


def run_room(room: str, arguments: Sequence[str], environment: Mapping[str, str]) -> Ended:
    """Run a room to its end; in a forked child, which begins at once."""
    done = own_forks().run(room, *arguments, environment=environment, is_watched=False)
    return Ended(done.code, done.out, done.err)


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Look until something is so; fail in words when it never is."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited in vain for {what}")
        select.select([], [], [], 0.02)


def read_line(process: "subprocess.Popen[str]", beginning: str) -> str:
    """Read a running room's output up to the line that begins so."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(beginning):
            return line.strip()
    raise AssertionError(f"the room ended before it said {beginning!r}")


@contextmanager
def looking(look: Callable[[], object | None], pause_seconds: float) -> Iterator[list[object]]:
    """Look again and again in a thread of its own; gives what `look` complained of or raised."""
    stop, complaints = threading.Event(), list[object]()

    def go_on() -> None:
        while not stop.wait(pause_seconds):
            try:
                complaint = look()
            except Exception as error:  # noqa: BLE001
                complaint = error
            if complaint is not None:
                complaints.append(complaint)

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield complaints
    finally:
        stop.set()
        thread.join()

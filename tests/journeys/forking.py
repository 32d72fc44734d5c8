"""The product's commands in forked children, each of which can be killed at any one of its writes.

A process of its own (`python -m tests.journeys.forking`) that has imported everything: a child of it is
under way in a hundredth of the time a new process takes. It takes a job a line and tells what became of it.
"""

import json
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, tzinfo
from importlib import import_module, reload
from pathlib import Path
from pkgutil import resolve_name
from threading import local
from types import TracebackType
from typing import IO, Any, Literal, Self

from sqlalchemy import event
from sqlalchemy.pool import ConnectionPoolEntry, Pool

from tests.journeys.virtual import enter, take_over_time

Kind = Literal["sql", "file", "native"]
"""Writes to the catalog, to the small files beside it, and files that come to be by whatever code."""


VIRTUAL = "virtual"
ROOMS = ("crawler", "indexer", "api", "scheduler")
IMPORTED = (*(f"{room}.__main__" for room in ROOMS), "crawler.middlewares")
OF_SCRAPY = (
    *(f"core.downloader.handlers.{name}" for name in ("datauri", "file", "ftp", "s3")),
    *(f"downloadermiddlewares.{name}" for name in ("downloadtimeout", "httpcompression", "httpproxy")),
    *("dupefilters", "logformatter", "pqueues", "squeues", "statscollectors"),
)
"""What it imports at each crawl, none of which brings up a reactor."""
RECORDS = ("/runs", "/locks/run ")


@dataclass(frozen=True)
class Done:
    """What became of a child."""

    code: int
    """Negative: the signal that ended it."""
    out: str
    err: str
    writes: tuple[tuple[str, str], ...]
    """Every write that was begun, in its order, with its kind."""

    def of(self, kind: Kind) -> list[str]:
        return [what for one, what in self.writes if one == kind]


class Forks:
    """Asks for children, one at a time.

    Args:
        is_virtual: whether they can live by a clock that is no real one.

    """

    def __init__(self, *, is_virtual: bool = False) -> None:
        virtual = [VIRTUAL] if is_virtual else []
        self._server = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", __name__, *virtual],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.communicate(timeout=30)

    def run(
        self,
        room: str,
        *arguments: str,
        environment: Mapping[str, str],
        kill: tuple[Kind, int] | None = None,
        file_bytes: int | None = None,
        moments: Sequence[float] = (),
        constants: Mapping[str, int] | None = None,
        clock: Path | None = None,
        is_watched: bool = True,
    ) -> Done:
        """Run a room to its end.

        Args:
            room: its name.
            arguments: its command line.
            environment: all of its environment.
            kill: the write, counted from 1 among those of its kind, that it is killed before; of
                native ones, the file that it is killed after, as soon as that is seen.
            file_bytes: no file may grow beyond so many bytes.
            moments: what the clock shows, look by look; the last one stays. None: the real clock.
            constants: other values for some of the product's, by their full names.
            clock: the file of the `SharedClock` that it lives by; its writes are not told then.
            is_watched: whether its writes are told.

        """
        job = {
            "room": room,
            "arguments": arguments,
            "environment": dict(environment),
            "kill": kill,
            "file_bytes": file_bytes,
            "moments": list(moments),
            "constants": dict(constants or {}),
            "clock": None if clock is None else str(clock),
            "is_watched": is_watched,
        }
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(f"{json.dumps(job)}\n")
        self._server.stdin.flush()
        said = json.loads(self._server.stdout.readline())
        writes = tuple((kind, what) for kind, what in said["writes"])
        return Done(said["code"], said["out"], said["err"], writes)


_own = local()


def own_forks() -> Forks:
    """Give what forks for this thread; it is started when it is first needed, and ends with the tests."""
    if not hasattr(_own, "forks"):
        _own.forks = Forks()
    forks: Forks = _own.forks
    return forks


class Ledger:
    """Writes down every write before it happens; at one of them it is the end."""

    def __init__(self, to: int, home: str, kill: tuple[str, int] | None) -> None:
        self._to = to
        self._home = home
        self._kill = kill
        self._counts = {"sql": 0, "file": 0}

    def watch(self) -> None:
        sys.addaudithook(self._on_audit)

        def connected(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
            connection.set_trace_callback(self._on_statement())

        event.listen(Pool, "connect", connected)

    def _note(self, kind: str, what: str) -> None:
        self._counts[kind] += 1
        if self._kill == (kind, self._counts[kind]):
            os.kill(os.getpid(), signal.SIGKILL)
        os.write(self._to, f"{json.dumps([kind, what])}\n".encode())

    def _on_statement(self) -> Callable[[str], None]:
        """Give what hears the statements of a connection, each row of a bulk statement for itself."""
        is_writing = False

        def heard(statement: str) -> None:
            nonlocal is_writing
            word = statement.split(maxsplit=1)[0].upper()
            is_writing = is_writing or statement == "BEGIN IMMEDIATE"
            if is_writing and word not in {"SELECT", "PRAGMA"}:
                self._note("sql", " ".join(statement.split()[:3]))
            is_writing = is_writing and word not in {"COMMIT", "ROLLBACK"}

        return heard

    def _on_audit(self, name: str, about: tuple[Any, ...]) -> None:
        match name, about:
            case "open", (path, _, int(flags)) if flags & (os.O_WRONLY | os.O_RDWR):
                self._on_file("open", path)
            case "os.mkdir", (path, *_) if not Path(path).is_dir():
                self._on_file("mkdir", path)
            case (("os.remove" | "os.rmdir"), (str(path), int(folder))) if folder >= 0:
                below = Path(f"/proc/self/fd/{folder}").readlink()
                self._on_file(name.removeprefix("os."), below / path)
            case (("os.rename" | "os.remove" | "os.rmdir"), (path, *_)):
                self._on_file(name.removeprefix("os."), path)

    def _on_file(self, what: str, path: object) -> None:
        text = os.fsdecode(path) if isinstance(path, str | bytes | os.PathLike) else ""
        place = text.removeprefix(self._home)
        # Records of runs are written by the clock, and when all else has ended.
        if text.startswith(f"{self._home}/") and not place.startswith(RECORDS):
            self._note("file", f"{what} {place}")


def show(moments: Sequence[float]) -> None:
    """Let the product's clock show these moments, one a look."""
    to_come = list(moments)

    class Shown(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return cls.fromtimestamp(to_come.pop(0) if len(to_come) > 1 else to_come[0], tz)

    setattr(sys.modules["indexer.catalog.store"], "datetime", Shown)  # noqa: B010


def live(job: Mapping[str, Any], ledger: int) -> int:
    """Be the child."""
    os.environ.clear()
    os.environ.update(job["environment"])
    reload(sys.modules["huggingface_hub.constants"])  # it looks at the environment when it is imported
    if job["moments"]:
        show(job["moments"])
    if job["file_bytes"] is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (job["file_bytes"], resource.RLIM_INFINITY))
    for name, value in job["constants"].items():
        owner, _, constant = name.rpartition(".")
        setattr(resolve_name(owner), constant, value)
    kill = None if job["kill"] is None or job["kill"][0] == "native" else tuple(job["kill"])
    if job["clock"] is not None:
        enter(Path(job["clock"]))
    elif job["is_watched"]:
        Ledger(ledger, os.environ["HUBDEX_HOME"], kill).watch()
    main: Callable[[Sequence[str]], int] = sys.modules[f"{job['room']}.__main__"].main
    return main(job["arguments"])


def run(job: Mapping[str, Any]) -> dict[str, object]:
    """Fork a child and tell how it ended."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, tempfile.TemporaryFile() as ledger:
        child = os.fork()
        if child == 0:
            code = 70
            try:
                os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
                os.dup2(out.fileno(), 1)
                os.dup2(err.fileno(), 2)
                code = live(job, ledger.fileno())
            except SystemExit as error:
                code = error.code if isinstance(error.code, int) else 1
            except BaseException:  # noqa: BLE001
                sys.excepthook(*sys.exc_info())
            finally:
                with suppress(OSError):
                    sys.stdout.flush()
                os._exit(code)
        seen = watch(child, Path(job["environment"]["HUBDEX_HOME"]), job["kill"])
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        writes = [["native", what] for what in seen] + [
            json.loads(line) for line in _text(ledger).splitlines()
        ]
        return {"code": code, "out": _text(out), "err": _text(err), "writes": writes}


def watch(child: int, home: Path, kill: Sequence[Any] | None) -> list[str]:
    """Look at the files of a home until a child is to be killed, or has ended; give those that came to be."""
    if kill is None or kill[0] != "native":
        return []
    before, seen = files_of(home), list[str]()
    while os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        seen += sorted(files_of(home).difference(before, seen))
        if len(seen) >= kill[1]:
            os.kill(child, signal.SIGKILL)
            break
    return seen


def files_of(folder: Path) -> set[str]:
    """Name the files of a folder and those below, also while they come and go."""
    found = set()
    with suppress(OSError):
        for entry in os.scandir(folder):
            found |= files_of(Path(entry.path)) if entry.is_dir() else {entry.path}
    return found


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


def serve() -> None:
    """Take jobs until there are no more."""
    if VIRTUAL in sys.argv[1:]:
        take_over_time()  # before the product is there, which keeps the functions it was given
    for name in (*IMPORTED, *(f"scrapy.{name}" for name in OF_SCRAPY)):
        import_module(name)
    for line in sys.stdin:
        answer = json.dumps(run(json.loads(line)))
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve()

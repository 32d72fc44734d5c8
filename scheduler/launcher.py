"""Starting and stopping rooms as child processes. The only file that starts a process."""

import ctypes
import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Protocol

from scheduler.voices import Voice, writer_to

STOP_SECONDS = 15.0
"""How long a child may take to end on request before it is killed."""

_PIECE_BYTES, _PIECES = 65_536, 16
"""Of what a child says this much is passed on at one look; it then waits for the next."""
_PR_SET_PDEATHSIG = 1


class Child(Protocol):
    """A room that runs."""

    @property
    def process(self) -> int:
        """The id of its process."""
        ...

    @property
    def has_spoken(self) -> bool:
        """Whether it has said a line."""
        ...

    def poll(self) -> int | None:
        """Pass on what it says; give its exit code, or `None` while it runs."""
        ...

    def ask(self) -> None:
        """Ask it to end."""
        ...

    def kill(self) -> None:
        """End it and all it has started, at once."""
        ...


class Launcher(Protocol):
    """Starts rooms."""

    def start(self, room: str, arguments: Sequence[str], *, name: str = "", quiet: bool = False) -> Child:
        """Start `python -m room arguments`.

        Args:
            room: its name.
            arguments: its command line.
            name: what stands before each line it says; empty: nothing.
            quiet: let it speak only of trouble.

        """
        ...


def room_command(room: str, arguments: Sequence[str]) -> list[str]:
    """Give the command line that runs a room with this very Python.

    `-P` keeps the current folder out of the import path: a stranger's `api/` there is not ours.
    """
    return [sys.executable, "-P", "-m", room, *arguments]


class ProcessLauncher:
    """Starts rooms as processes of their own.

    Args:
        held: an open file that every child holds open too, as long as it lives.

    """

    def __init__(self, held: IO[str] | None = None) -> None:
        self._held = () if held is None else (held.fileno(),)
        self._with_us = _ending_with_us()

    def start(
        self, room: str, arguments: Sequence[str], *, name: str = "", quiet: bool = False
    ) -> "RunningProcess":
        """Start a room in a process group of its own, so that Ctrl-C reaches only us."""
        process = subprocess.Popen(  # nothing here runs a second thread
            room_command(room, arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if quiet else subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            process_group=0,
            pass_fds=self._held,
            preexec_fn=self._with_us,  # noqa: PLW1509  # nothing here runs a second thread
        )
        return RunningProcess(process, name)


class RunningProcess:
    """A room in a process."""

    def __init__(self, process: "subprocess.Popen[bytes]", name: str) -> None:
        self._process = process
        ours = ((process.stdout, sys.stdout.buffer), (process.stderr, sys.stderr.buffer))
        self._heard = [(pipe, Voice(name, writer_to(to))) for pipe, to in ours if pipe is not None]
        for pipe, _ in self._heard:
            os.set_blocking(pipe.fileno(), False)

    @property
    def process(self) -> int:
        """The id of the process."""
        return self._process.pid

    @property
    def has_spoken(self) -> bool:
        """Whether it has said a line."""
        return any(voice.has_spoken for _, voice in self._heard)

    def poll(self) -> int | None:
        """Pass on what it says; give the exit code, or `None` while it runs."""
        code = self._process.poll()  # first: what it said before it ended is there to read
        for pipe, voice in self._heard:
            _listen(pipe, voice)
            if code is not None:
                voice.end()
                pipe.close()
        if code is not None:
            self._heard = []
        return code

    def ask(self) -> None:
        """Ask the process to end."""
        self._process.terminate()

    def kill(self) -> None:
        """Kill the process and its group."""
        if self._process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)


@contextmanager
def tethered(folder: Path, wait: Callable[[], bool]) -> Iterator[IO[str]]:
    """Give an open file for all children to hold, once those of a killed scheduler have let go of it.

    Args:
        folder: where locks lie.
        wait: waits a little; tells whether it is worth going on to wait.

    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "children.lock").open("a+") as held:
        while not _is_ours(held) and wait():
            pass
        yield held


def _is_ours(held: IO[str]) -> bool:
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _listen(pipe: IO[bytes], voice: Voice) -> None:
    with suppress(BlockingIOError):
        for _ in range(_PIECES):
            said = os.read(pipe.fileno(), _PIECE_BYTES)
            if not said:
                return
            voice.hear(said)


def _ending_with_us() -> Callable[[], None] | None:
    """Give what makes a child of Linux be asked to end when we are killed; elsewhere it just goes on."""
    if sys.platform != "linux":
        return None
    libc, parent = ctypes.CDLL(None), os.getpid()

    def ask() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM))
        if os.getppid() != parent:  # killed before that was said
            os._exit(1)

    return ask

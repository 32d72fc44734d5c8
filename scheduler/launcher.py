"""Starting and stopping rooms as child processes. The only file that starts a process."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from typing import Protocol

STOP_SECONDS = 15.0
"""How long a child may take to end on request before it is killed."""


class Child(Protocol):
    """A room that runs."""

    def poll(self) -> int | None:
        """Give its exit code, or `None` while it runs."""
        ...

    def stop(self) -> None:
        """Ask it to end, wait, and kill it when it does not."""
        ...


class Launcher(Protocol):
    """Starts rooms."""

    def start(self, room: str, arguments: Sequence[str], *, quiet: bool = False) -> Child:
        """Start `python -m room arguments`; a `quiet` one speaks only of trouble."""
        ...


def room_command(room: str, arguments: Sequence[str]) -> list[str]:
    """Give the command line that runs a room with this very Python.

    `-P` keeps the current folder out of the import path: a stranger's `api/` there is not ours.
    """
    return [sys.executable, "-P", "-m", room, *arguments]


class ProcessLauncher:
    """Starts rooms as processes of their own."""

    def start(self, room: str, arguments: Sequence[str], *, quiet: bool = False) -> "RunningProcess":
        """Start a room in a process group of its own, so that Ctrl-C reaches only us."""
        output = subprocess.DEVNULL if quiet else None
        return RunningProcess(subprocess.Popen(room_command(room, arguments), stdout=output, process_group=0))


class RunningProcess:
    """A room in a process."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process

    def poll(self) -> int | None:
        """Give the exit code, or `None` while it runs."""
        return self._process.poll()

    def stop(self) -> None:
        """Ask the process to end, wait, and kill its group when it does not."""
        if self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

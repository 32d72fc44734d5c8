"""What every process needs at its start: logging, one exclusive lock, one way to end."""

import fcntl
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from indexer.errors import Busy, HubdexError, SettingsError

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells expect it (128 + SIGINT)."""


def configure_logging(level: str) -> None:
    """Log one line an event to standard error; libraries stay quiet below a warning."""
    logging.basicConfig(
        level=logging.WARNING, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    for room in ("crawler", "indexer", "api", "scheduler"):
        logging.getLogger(room).setLevel(level.upper())


@contextmanager
def exclusive(folder: Path, name: str) -> Iterator[None]:
    """Hold the lock `name`; the kernel frees it when the process dies, however it dies.

    Raises:
        Busy: another process holds it; names its process id.
        SettingsError: the home cannot be written to.

    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        opened = (folder / f"{name}.lock").open("a+")
    except OSError as error:
        raise SettingsError(
            f"HUBDEX_HOME: {folder.parent} cannot be written to ({error.strerror})."
        ) from None
    with opened as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            handle.seek(0)
            holder = handle.read().strip() or "unknown"
            raise Busy(
                f"Another {name} is running (process {holder}); try again when it has ended."
            ) from None
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        yield


def run_command(command: Callable[[], int]) -> int:
    """Run a command; turn an error of ours into one line on standard error and its exit code."""
    try:
        return command()
    except HubdexError as error:
        print(f"hubdex: {error}", file=sys.stderr)  # noqa: T201
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED

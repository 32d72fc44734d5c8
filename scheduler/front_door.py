"""The `hubdex` command: one word for each thing Hubdex does, each run by the room that owns it."""

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from indexer.errors import EXIT_DONE, EXIT_USAGE
from scheduler.launcher import room_command

COMMANDS: dict[str, tuple[str, tuple[str, ...], str]] = {
    "up": ("scheduler", ("up",), "start everything: crawl, index and page"),
    "schedule": ("scheduler", ("schedule",), "the same without the page; --list: what ran and what is next"),
    "crawl": ("crawler", (), "read the Hub: head, recent, full, counters or files"),
    "index": ("indexer", (), "bring the index to where the catalog is: sync, rebuild, check or keys"),
    "serve": ("api", (), "answer searches over HTTP and show the page"),
    "search": ("indexer", ("search",), "search from the terminal"),
    "get": ("api", ("get",), "download a model, or a part of it, into the Hugging Face cache"),
    "cache": ("api", ("cache",), "look after what was downloaded: ls, verify, rm, pin, unpin or identify"),
    "status": ("indexer", ("status",), "say what is known, how old and how complete it is"),
}
"""Command: the room, what its command line begins with, and one line of help."""


def main(argv: Sequence[str] | None = None) -> int:
    """Hand the command line to the room that owns its first word."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    word = arguments[0] if arguments else ""
    if word in COMMANDS:
        room, beginning, _ = COMMANDS[word]
        _become(room_command(room, [*beginning, *arguments[1:]]))
    if word in {"", "-h", "--help", "help"}:
        sys.stdout.write(usage())
        return EXIT_DONE if word else EXIT_USAGE
    sys.stderr.write(f"hubdex: there is no command {word!r}.\n\n{usage()}")
    return EXIT_USAGE


def _become(command: list[str]) -> NoReturn:
    """Let the room take our place: signals and its exit code then need no passing on."""
    os.execv(command[0], command)  # noqa: S606


def usage() -> str:
    """Give the help text."""
    width = max(map(len, COMMANDS))
    lines = [f"  {name:<{width}}  {about}" for name, (_, _, about) in COMMANDS.items()]
    return "\n".join(["usage: hubdex COMMAND [--help] ...", "", *lines, ""])

"""What children say, passed on line by line with the name of the one who says it.

It goes where our own output goes: to the terminal, or to whoever started us as a service and keeps logs there
already (journald, Docker), turned over and bounded. Files of our own would be a second place to look at, and
would fill the disk that the catalog needs.
"""

from collections.abc import Callable
from typing import BinaryIO

MAX_LINE = 4_000
"""Bytes of a line; the rest of it is left out."""
OURS = b"hubdex: "
"""How the one sentence begins that a command ends with when it fails."""


class Voice:
    """Passes on what one child says on one stream.

    Args:
        name: the child's; empty: it speaks for us all, and nothing is put in front.
        write: where the lines go.

    """

    def __init__(self, name: str, write: Callable[[bytes], object]) -> None:
        self._name = name.encode()
        self._write = write
        self._begun = b""
        self._is_cut = False
        self.has_spoken = False
        """Whether a line was passed on."""

    def hear(self, said: bytes) -> None:
        """Take what was said, in pieces as they come."""
        *lines, rest = said.split(b"\n")
        for line in lines:
            self._add(line)
            self._end_line()
        self._add(rest)

    def end(self) -> None:
        """Pass on a last line that was not ended."""
        if self._begun or self._is_cut:
            self._end_line()

    def _add(self, part: bytes) -> None:
        room = MAX_LINE - len(self._begun)
        self._is_cut = self._is_cut or len(part) > room
        self._begun += part[:room]

    def _end_line(self) -> None:
        line, self._begun = self._begun + (b" ..." if self._is_cut else b""), b""
        self._is_cut = False
        self.has_spoken = True
        self._write(self._named(line) + b"\n")

    def _named(self, line: bytes) -> bytes:
        if not self._name or line.startswith(b"{"):  # a line of JSON is for programs and says who speaks
            return line
        if line.startswith(OURS):
            return OURS + self._name + b": " + line[len(OURS) :]
        return self._name + b" | " + line


def writer_to(stream: BinaryIO) -> Callable[[bytes], None]:
    """Give what writes a line to a stream of ours; where that takes no more, only the line is lost."""

    def write(line: bytes) -> None:
        try:
            stream.write(line)
            stream.flush()
        except (OSError, ValueError):
            return

    return write

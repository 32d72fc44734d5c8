# ruff: noqa: INP001 - a script beside the files it belongs to
"""Copy the databases of a home while everything runs: `python3 backup.py HOME FOLDER`.

It needs nothing but Python. What one database held at one moment is copied whole, and its writers do not
wait. The index is not copied: it is made again from the catalog. `FOLDER` then holds the copies, each in
place of the one before.
"""

import argparse
import os
import sqlite3
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

WAIT_SECONDS = 60.0
"""How long a writer may keep a database to itself before the copy is given up."""


def copy(source: Path, folder: Path) -> Path:
    """Copy one database; gives where the copy lies.

    Raises:
        sqlite3.Error: it cannot be read, or the copy not be written.
        OSError: the copy cannot be put in place.

    """
    target, partial = folder / source.name, folder / f"{source.name}.part"
    partial.unlink(missing_ok=True)
    # Not `.backup`, which begins anew with every page that somebody else writes meanwhile.
    with closing(sqlite3.connect(f"{source.as_uri()}?mode=rw", uri=True, timeout=WAIT_SECONDS)) as connection:
        connection.execute("VACUUM INTO ?", (str(partial),))
    with partial.open("rb") as written:
        os.fsync(written.fileno())
    partial.replace(target)
    return target


def main(argv: Sequence[str] | None = None) -> int:
    """Copy every database of a home; gives the exit code."""
    parser = argparse.ArgumentParser(description="Copy the databases of Hubdex while it runs.")
    parser.add_argument("home", type=Path, help="HUBDEX_HOME: the folder of catalog.db")
    parser.add_argument("folder", type=Path, help="where the copies go; it is made")
    arguments = parser.parse_args(argv)
    databases = sorted(arguments.home.absolute().glob("*.db"))
    if not databases:
        sys.stderr.write(f"backup: there is no catalog.db in {arguments.home}.\n")
        return 1
    try:
        arguments.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for database in databases:
            copied = copy(database, arguments.folder)
            sys.stdout.write(f"{copied} ({copied.stat().st_size:,} bytes)\n")
    except (OSError, sqlite3.Error) as error:
        sys.stderr.write(f"backup: {error}.\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

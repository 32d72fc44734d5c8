"""How large a file is, and how much room is left beside it."""

import shutil
from contextlib import suppress
from pathlib import Path

SPARE_BYTES = 64 * 2**20
"""Left free on the disk beside what is to come."""


def size_of(path: Path) -> int | None:
    """Give the bytes of a file; `None`: there is none, or it cannot be looked at."""
    with suppress(OSError):
        return path.stat().st_size if path.is_file() else None
    return None


def free_bytes(folder: Path) -> int:
    """Give what is free on the disk of a folder, or of where it would be made.

    Raises:
        OSError: the disk does not say.

    """
    for home in (folder, *folder.absolute().parents):
        with suppress(FileNotFoundError):
            return shutil.disk_usage(home).free
    raise FileNotFoundError(folder)

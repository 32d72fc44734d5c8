"""The memory of the machine this runs on: of its graphics cards, and what is left of its own.

Everything is read from what the system tells without rights; what is not there is no memory.
"""

import re
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

from indexer.errors import BadRequest
from indexer.measures import Memory, memory_text, read_memory

NVIDIA_SECONDS = 5.0
"""How long `nvidia-smi` may take; it does when a driver hangs."""
MOST_CHARACTERS = 100_000

_NVIDIA = ("--query-gpu=memory.total", "--format=csv,noheader,nounits")
_AVAILABLE = re.compile(r"^MemAvailable:\s*(\d{1,15}) kB$", re.MULTILINE)
_IDLE = re.compile(r"^inactive_file (\d{1,18})$", re.MULTILINE | re.ASCII)
_MIB = 2**20


def memory_here(root: Path = Path("/")) -> Memory:
    """Give the memory of this machine: all graphics cards together, and what is available beside them.

    Args:
        root: where the system's own files are.

    Raises:
        BadRequest: the system does not tell; it must be typed.

    """
    vram = max(_nvidia(), amd_memory(root))
    ram = available(root)
    if not vram + ram:
        raise BadRequest("This system does not tell how much memory it has; say it: --fits 8gb+32gb.")
    memory = Memory(vram, ram) if vram else Memory(ram)
    return read_memory(memory_text(memory)) or memory  # as a service that is asked reads it


def available(root: Path) -> int:
    """Give how many bytes of memory a process can have: what is free, and what its group leaves it."""
    found = _AVAILABLE.search(_text(root / "proc/meminfo"))
    free = int(found[1]) * 1_024 if found else 0
    left = [limit - used for limit, used in _groups(root) if limit is not None]
    return max(0, min([free, *left])) if free else 0


def read_nvidia(output: str) -> int:
    """Give the bytes of all cards that `nvidia-smi` lists, one number of MiB a line."""
    lines = (line.strip() for line in output[:MOST_CHARACTERS].splitlines())
    return sum(int(line) * _MIB for line in lines if re.fullmatch(r"\d{1,9}", line, re.ASCII))


def read_limit(text: str) -> int | None:
    """Give the bytes a control group may have; `None`: no limit."""
    said = text.strip()
    return int(said) if re.fullmatch(r"\d{1,18}", said, re.ASCII) else None


def read_idle(text: str) -> int:
    """Give the bytes a control group uses to remember files with, which it gives up when asked."""
    found = _IDLE.search(text)
    return int(found[1]) if found else 0


def own_group(text: str) -> str:
    """Give the control group (version 2) that `/proc/self/cgroup` names: a path, `/` for none."""
    found = re.search(r"^0::(/[^\n]{0,1000})$", text, re.MULTILINE)
    return found[1] if found else "/"


def amd_memory(root: Path) -> int:
    """Give the bytes of all cards whose driver says so in a file, as AMD's does."""
    cards = sorted((root / "sys/class/drm").glob("card*/device/mem_info_vram_total"))
    return sum(read_limit(_text(card)) or 0 for card in cards)


def _groups(root: Path) -> list[tuple[int | None, int]]:
    """Give limit and use of this process's control group and of those above it."""
    top = root / "sys/fs/cgroup"
    group = top / own_group(_text(root / "proc/self/cgroup")).lstrip("/")
    if ".." in group.parts:
        return []
    found = []
    for folder in (group, *group.parents):
        limit = read_limit(_text(folder / "memory.max"))
        used = read_limit(_text(folder / "memory.current")) or 0
        found.append((limit, used - read_idle(_text(folder / "memory.stat"))))
        if folder == top:
            break
    return found


def _nvidia() -> int:
    command = shutil.which("nvidia-smi")
    if command is None:
        return 0
    with suppress(OSError, subprocess.SubprocessError):
        done = subprocess.run(
            [command, *_NVIDIA], capture_output=True, text=True, timeout=NVIDIA_SECONDS, check=True
        )
        return read_nvidia(done.stdout)
    return 0


def _text(path: Path) -> str:
    with suppress(OSError, UnicodeDecodeError), path.open(encoding="ascii") as opened:
        return opened.read(MOST_CHARACTERS)
    return ""

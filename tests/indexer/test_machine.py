"""The memory of this machine, as its system tells it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.errors import BadRequest
from indexer.machine import amd_memory, available, memory_here, own_group, read_idle, read_limit, read_nvidia
from indexer.measures import memory_text, read_memory

GIB = 2**30


def system(root: Path, **files: str) -> Path:
    """A root with files of these names; `__` stands for a slash."""
    for name, text in files.items():
        path = root / name.replace("__", "/").replace("-dot-", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


MEMINFO = "MemTotal:       33554432 kB\nMemFree: 1 kB\nMemAvailable:   16777216 kB\n"


def test_what_is_free_is_available(tmp_path: Path) -> None:
    assert available(system(tmp_path, proc__meminfo=MEMINFO)) == 16 * GIB
    assert available(tmp_path / "nowhere") == 0


def test_a_control_group_leaves_no_more_than_its_limit(tmp_path: Path) -> None:
    root = system(tmp_path, proc__meminfo=MEMINFO, proc__self__cgroup="0::/a/b\n")
    (root / "sys/fs/cgroup/a/b").mkdir(parents=True)
    (root / "sys/fs/cgroup/a/b/memory.max").write_text("max\n")
    (root / "sys/fs/cgroup/a/memory.max").write_text(f"{8 * GIB}\n")
    (root / "sys/fs/cgroup/a/memory.current").write_text(f"{6 * GIB}\n")
    (root / "sys/fs/cgroup/a/memory.stat").write_text(f"anon 5\ninactive_file {4 * GIB}\n")

    assert available(root) == 6 * GIB


def test_cards_count_together_and_what_a_service_reads_is_the_same(tmp_path: Path) -> None:
    root = system(tmp_path, proc__meminfo=MEMINFO)
    for card in ("card0", "card1"):
        (root / f"sys/class/drm/{card}/device").mkdir(parents=True)
        (root / f"sys/class/drm/{card}/device/mem_info_vram_total").write_text(f"{8 * GIB - 12_345}\n")

    memory = memory_here(root)

    assert amd_memory(root) == 2 * (8 * GIB - 12_345)
    assert memory.vram == pytest.approx(16 * GIB, abs=2**20)
    assert memory.ram == 16 * GIB
    assert read_memory(memory_text(memory)) == memory


def test_a_system_that_tells_nothing_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="--fits 8gb"):
        memory_here(tmp_path)


def test_cards_of_nvidia_are_read_a_line_each() -> None:
    assert read_nvidia("24564\n 8192 \n") == (24_564 + 8_192) * 2**20
    assert read_nvidia("NVIDIA-SMI has failed\n[N/A]\n") == 0


@given(st.text())
def test_whatever_a_system_says_is_read(text: str) -> None:
    assert read_nvidia(text) >= 0
    assert (read_limit(text) or 0) >= 0
    assert read_idle(text) >= 0
    assert own_group(text).startswith("/")

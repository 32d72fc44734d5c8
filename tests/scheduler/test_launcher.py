"""Real processes: what they say is passed on, and they end, whether they want to or not."""

import itertools
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from scheduler.launcher import Child, ProcessLauncher, tethered
from scheduler.running import Clock, end_all
from tests.journeys.running import wait_until


def ended(child: Child) -> int | None:
    wait_until(lambda: child.poll() is not None, "its end")
    return child.poll()


def test_what_a_child_says_is_passed_on_with_its_name(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    child = ProcessLauncher().start("tests.scheduler.stubborn", ["briefly"], name="crawl-full")

    assert ended(child) == 0
    assert capfdbinary.readouterr() == (b"crawl-full | here\n", b"hubdex: crawl-full: trouble\n")


def test_a_quiet_child_speaks_of_trouble_alone(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    child = ProcessLauncher().start("tests.scheduler.stubborn", ["briefly"], quiet=True)

    assert ended(child) == 0
    assert capfdbinary.readouterr() == (b"", b"hubdex: trouble\n")


def test_a_child_that_does_not_hear_is_killed() -> None:
    child = ProcessLauncher().start("tests.scheduler.stubborn", [])
    wait_until(lambda: child.poll() is None and child.has_spoken, "its word")
    ticks = itertools.count(0.0, 5.0)
    asked: list[float] = []
    end_all([child], Clock(ticks=lambda: next(ticks), sleep=asked.append))

    assert child.poll() == -signal.SIGKILL
    assert asked


def test_what_a_killed_scheduler_left_is_waited_for(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from scheduler.launcher import ProcessLauncher, tethered\n"
        "with tethered(Path(sys.argv[1]), lambda: False) as held:\n"
        "    child = ProcessLauncher(held).start('tests.scheduler.stubborn', [])\n"
        "    while not child.has_spoken: child.poll()\n"
        "    print(child.process, flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        orphan = int(next(line for line in parent.stdout if line.strip().isdigit()))
        parent.kill()
    waits = []

    def wait() -> bool:
        waits.append(1)
        if len(waits) == 2:
            Path(f"/proc/{orphan}").stat()  # it is deaf, and so still there
            os.kill(orphan, signal.SIGKILL)
        select.select([], [], [], 0.01)
        return len(waits) < 6_000

    with tethered(tmp_path, wait):
        assert 2 <= len(waits) < 6_000
    with tethered(tmp_path, lambda: pytest.fail("nobody is left")):
        pass

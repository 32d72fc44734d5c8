"""The units of deploy/systemd are understood by systemd, fenced in, and run commands there are."""

import configparser
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scheduler.front_door import COMMANDS
from scheduler.launcher import STOP_SECONDS
from tests.deploy.settings import DEPLOY

UNITS = sorted((DEPLOY / "systemd").glob("hubdex*.service"))
TIMERS = sorted((DEPLOY / "systemd").glob("hubdex*.timer"))
COMMAND = "/opt/hubdex/bin/hubdex"
MOST_EXPOSED = 15
"""Tenths, of what `systemd-analyze security` counts; 0 is best, and a service without any fence has 96."""
FENCE = re.compile(r"(?m)^# Nothing of the machine.*?(?=^\[|\Z)", re.DOTALL)

ANALYZE = shutil.which("systemd-analyze") or ""
needs_systemd = pytest.mark.skipif(
    not ANALYZE and os.environ.get("CI") != "true",
    reason="no systemd-analyze: apt-get install systemd",
)


class Unit(configparser.RawConfigParser):
    """A unit as systemd reads it: names have capitals, and some stand there more than once."""

    def __init__(self, path: Path) -> None:
        super().__init__(strict=False, interpolation=None, delimiters=("=",), comment_prefixes=("#",))
        self.read_string(path.read_text())

    def optionxform(self, optionstr: str) -> str:
        return optionstr


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder with all units, whose command is there."""
    command = tmp_path / "hubdex"
    command.symlink_to(sys.executable)
    for path in UNITS + TIMERS:
        (tmp_path / path.name).write_text(path.read_text().replace(COMMAND, str(command)))
    return tmp_path


def analyze(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ANALYZE, *arguments], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )


def complaints(folder: Path) -> list[str]:
    """What systemd does not like in our units; the machine's own units are its own business."""
    done = analyze(folder, "verify", "--man=no", *(path.name for path in UNITS + TIMERS))
    return [line for line in done.stderr.splitlines() if "hubdex" in line]


@needs_systemd
def test_systemd_understands_every_unit(installed: Path) -> None:
    assert complaints(installed) == []


@needs_systemd
@pytest.mark.parametrize(
    ("right", "wrong"), [("strict", "tight"), ("RestartSec", "RestartsSec"), ("hubdex up", "hubdax up")]
)
def test_systemd_would_say_what_it_does_not_understand(installed: Path, right: str, wrong: str) -> None:
    unit = installed / "hubdex.service"
    unit.write_text(unit.read_text().replace(right, wrong))

    assert any(wrong.removesuffix(" up") in line for line in complaints(installed))


@needs_systemd
@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_service_is_fenced_in(installed: Path, path: Path) -> None:
    name = path.name.replace("@.", "@recent.")
    (installed / path.name).rename(installed / name)

    done = analyze(
        installed, "security", "--offline=true", f"--threshold={MOST_EXPOSED}", "--no-pager", f"./{name}"
    )

    assert done.returncode == 0, done.stdout


def test_every_service_has_the_same_fence() -> None:
    fences = {"".join(FENCE.findall(path.read_text())).strip() for path in UNITS}

    assert len(fences) == 1
    assert "ProtectSystem=strict" in fences.pop()


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_service_is_run_as_somebody_who_can_do_little_and_is_given_time_to_end(path: Path) -> None:
    service = Unit(path)["Service"]
    words = service["ExecStart"].split()

    assert words[0] == COMMAND
    assert words[1] in COMMANDS
    assert service["User"] == "hubdex"
    assert service["EnvironmentFile"] == "-/etc/hubdex/env"
    assert float(service["TimeoutStopSec"]) > 2 * STOP_SECONDS
    assert service["StateDirectory"].split() == ["hubdex", "huggingface"]


@pytest.mark.parametrize("path", [path for path in UNITS if "@" in path.name], ids=lambda path: path.name)
def test_what_is_to_be_tried_later_has_not_failed(path: Path) -> None:
    service = Unit(path)["Service"]

    assert service["SuccessExitStatus"] == "75"
    assert "RuntimeMaxSec" in service


@pytest.mark.parametrize("path", TIMERS, ids=lambda path: path.name)
def test_a_timer_makes_up_for_what_was_missed_and_starts_what_there_is(path: Path) -> None:
    timer = Unit(path)["Timer"]
    template = re.sub(r"@\w+", "@", timer["Unit"])

    assert timer["Persistent"] == "true"
    assert "RandomizedDelaySec" in timer
    assert (DEPLOY / "systemd" / template).is_file()


@needs_systemd
def test_the_times_of_the_timers_are_times() -> None:
    for path in TIMERS:
        assert analyze(DEPLOY, "calendar", Unit(path)["Timer"]["OnCalendar"]).returncode == 0, path


@needs_systemd
def test_whom_the_services_run_as_can_be_made(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    users = DEPLOY / "systemd" / "hubdex.sysusers"

    subprocess.run(
        [ANALYZE.replace("analyze", "sysusers"), f"--root={tmp_path}", str(users)],
        check=True,
        capture_output=True,
    )

    assert "\nhubdex:" in f"\n{(tmp_path / 'etc' / 'passwd').read_text()}"

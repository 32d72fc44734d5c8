"""The `hubdex` command."""

import os
import subprocess
import sys

import pytest

from scheduler.front_door import COMMANDS, main, usage
from scheduler.launcher import room_command


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    assert out == usage()
    assert all(command in out for command in COMMANDS)


def test_no_or_an_unknown_command_is_bad_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert main(["juggle"]) == 2
    assert "there is no command 'juggle'" in capsys.readouterr().err


@pytest.mark.parametrize("command", list(COMMANDS))
def test_every_command_reaches_its_room(command: str) -> None:
    script = f"from scheduler.front_door import main; main([{command!r}, '--help'])"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, env=dict(os.environ)
    )

    assert done.returncode == 0, done.stderr
    assert "usage: hubdex" in done.stdout


def test_rooms_are_started_apart_from_the_current_folder() -> None:
    assert room_command("api", ["--port", "1"]) == [sys.executable, "-P", "-m", "api", "--port", "1"]

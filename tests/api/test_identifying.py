"""`hubdex cache identify`: a file on this disk, by its content."""

import hashlib
import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from api.__main__ import main
from indexer.process import INTERRUPTED
from tests.factories import fill_home
from tests.stock import QUANTS, make_stock


@pytest.fixture
def stocked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a file that a model holds."""
    models, trees = make_stock()
    fill_home(tmp_path / "home", models, trees=trees)
    monkeypatch.setenv("HUBDEX_HOME", str(tmp_path / "home"))
    # the hashes of the stock are those of the paths
    (tmp_path / "held").write_text("imatrix.dat")
    return tmp_path


def test_a_file_is_known_by_its_content(stocked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cache", "identify", str(stocked / "held")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert main(["cache", "identify", str(stocked / "held"), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)

    assert lines[1].startswith(f"{QUANTS}  imatrix.dat  current (")
    assert [(one["model"], one["path"], one["current"]) for one in answer["models"]] == [
        (QUANTS, "imatrix.dat", True)
    ]
    assert answer["bytes"] == 11


def test_a_file_nobody_holds_is_a_failure(stocked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (stocked / "mine").write_bytes(b"x" * (2**22 + 1))

    assert main(["cache", "identify", str(stocked / "mine")]) == 1
    assert "No model is known to hold a file" in capsys.readouterr().err
    assert main(["cache", "identify", "--json", str(stocked / "mine")]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["models"] == []
    assert answer["sha256"] == hashlib.sha256(b"x" * (2**22 + 1)).hexdigest()


def test_what_is_no_file_is_bad_usage(stocked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo(stocked / "pipe")
    for name in ("pipe", "nothing", "."):
        assert main(["cache", "identify", str(stocked / name)]) == 2
    said = capsys.readouterr().err.splitlines()

    assert ["is no file" in line for line in said] == [True, False, True]
    assert "No such file" in said[1]


@pytest.mark.usefixtures("hears_ctrl_c")
def test_ctrl_c_ends_it_in_the_middle_of_a_large_file(stocked: Path) -> None:
    with (stocked / "large").open("wb") as large:
        large.truncate(2**40)  # takes no room, but minutes to read
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "api", "cache", "identify", str(stocked / "large")]
    with os.fdopen(leader, "rb", buffering=0) as seen, subprocess.Popen(command, stderr=follower) as process:
        os.close(follower)
        said = b""
        while b" read, " not in said:
            said += seen.read(1_000)
        process.send_signal(signal.SIGINT)
        try:
            code = process.wait(30)
        finally:
            process.kill()

    assert code == INTERRUPTED
    assert b"Traceback" not in said

"""Locks, logs and exit codes."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from indexer.config import HomeConfig, read_config
from indexer.errors import Busy, CatalogMissing, SettingsError
from indexer.process import INTERRUPTED, exclusive, run_command


def test_a_lock_is_held_by_one_and_freed_at_the_end(tmp_path: Path) -> None:
    with exclusive(tmp_path / "locks", "crawl"):
        with pytest.raises(Busy, match="Another crawl is running"), exclusive(tmp_path / "locks", "crawl"):
            pass
        with exclusive(tmp_path / "locks", "index sync"):
            pass
    with exclusive(tmp_path / "locks", "crawl"):
        pass


def test_a_home_that_cannot_be_written_is_a_wrong_setting(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    with pytest.raises(SettingsError, match="HUBDEX_HOME"), exclusive(tmp_path / "home" / "locks", "crawl"):
        pass


def test_errors_become_one_line_and_a_code(capsys: pytest.CaptureFixture[str]) -> None:
    def missing() -> int:
        raise CatalogMissing("There is none.")

    def interrupted() -> int:
        raise KeyboardInterrupt

    assert run_command(missing) == 75
    assert capsys.readouterr().err == "hubdex: There is none.\n"
    assert run_command(interrupted) == INTERRUPTED
    assert run_command(lambda: 0) == 0


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HUBDEX_HOME", str(tmp_path / "x"))
    config = read_config(HomeConfig)
    assert config.database_url == f"sqlite:///{tmp_path / 'x' / 'catalog.db'}"

    monkeypatch.delenv("HUBDEX_HOME")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert read_config(HomeConfig).home == tmp_path / "hubdex"


def test_a_wrong_setting_is_named_without_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUBDEX_LOG", "planted-value")
    with pytest.raises(SettingsError) as raised:
        read_config(HomeConfig)
    assert "HUBDEX_LOG" in str(raised.value)
    assert "planted-value" not in str(raised.value)


def test_a_lock_is_held_where_its_holder_cannot_be_written_down(tmp_path: Path) -> None:
    (tmp_path / "full.lock").symlink_to("/dev/full")
    with exclusive(tmp_path, "full"):
        pass


WAITING = """
import os
import signal
from indexer.process import StopRequest

stop, stopped = StopRequest().listen(), 0
print("ready", flush=True)
while stopped < 5_000:
    if stop.wait(0.00001):
        os.close(stop._woken), os.close(stop._waking)
        stop, stopped = StopRequest().listen(), stopped + 1
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("stopped", flush=True)
"""


def test_a_signal_at_any_moment_stops_whoever_waits_or_begins_to() -> None:
    with subprocess.Popen([sys.executable, "-c", WAITING], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        deadline = time.monotonic() + 60
        while process.poll() is None:
            process.send_signal(signal.SIGTERM)
            if time.monotonic() > deadline:
                process.kill()
                raise AssertionError("a signal hung the process")
        assert (process.stdout.read(), process.returncode) == ("stopped\n", 0)

"""`hubdex cache ls|verify|rm|pin|unpin`, on a cache on the disk."""

import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from api.__main__ import main
from api.config import ApiConfig
from api.handoff.jobs.store import JobStore
from indexer.config import read_config
from indexer.process import INTERRUPTED
from tests.api.handoff.cache.making import ONE, TWO, put, put_ours, revisions_in

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache with a model of Hubdex's and two revisions of the user's."""
    folder = tmp_path / "hub"
    monkeypatch.setenv("HF_HUB_CACHE", str(folder))
    with JobStore(read_config(ApiConfig).jobs_url) as store:
        put_ours(store, folder, "acme/gale", ONE, {"a": b"12345"}, ref="main", used_at=3_000)
    put(folder, "gpt2", ONE, {"b": b"old"}, used_at=1_000)
    put(folder, "gpt2", TWO, {"b": b"new!"}, ref="main", used_at=2_000)
    return folder


def test_the_list(cache: Path, capsys: Captured) -> None:
    assert main(["cache", "ls"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert main(["cache", "ls", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)

    assert [line.split()[0] for line in lines[:3]] == ["acme/gale", "gpt2", "gpt2"]
    assert lines[0].endswith("complete, by hubdex, main")
    assert lines[3].startswith(f"3 revisions, 0.01 kB in {cache}; 0.01 kB downloaded by Hubdex")
    assert [one["bytes"] for one in answer["revisions"]] == [5, 4, 3]
    assert answer["path"] == str(cache)


def test_nothing_there_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "none"))

    assert main(["cache", "ls"]) == 0
    assert capsys.readouterr().out.startswith("0 revisions")
    assert main(["cache", "verify", "acme/gale"]) == 1
    assert capsys.readouterr().err == "hubdex: The cache holds nothing of 'acme/gale'.\n"


def test_verifying(cache: Path, capsys: Captured) -> None:
    assert main(["cache", "verify", "acme/gale"]) == 0
    assert "1 right, 0 wrong, 0 missing" in capsys.readouterr().out
    assert main(["cache", "verify", "gpt2"]) == 2
    assert "say which: 222222222222, 111111111111" in capsys.readouterr().err

    (cache / "models--gpt2" / "snapshots" / TWO / "b").resolve().write_bytes(b"bad!")
    assert main(["cache", "verify", "gpt2@main"]) == 1
    assert capsys.readouterr().out.startswith("wrong: b\n")
    assert main(["cache", "verify", "gpt2@main", "--json"]) == 1
    assert json.loads(capsys.readouterr().out) == {
        "model": "gpt2", "revision": TWO, "right": 0, "wrong": ["b"], "missing": [], "unknown": [], "bytes": 4
    }  # fmt: skip


def test_deleting_asks_and_is_refused_where_it_has_to_be(cache: Path, capsys: Captured) -> None:
    assert main(["cache", "rm", "acme/gale"]) == 2  # nobody is there to be asked
    assert "say --yes" in capsys.readouterr().err
    assert main(["cache", "pin", "acme/gale"]) == 0
    assert main(["cache", "rm", "acme/gale", "--yes", "--force"]) == 1
    assert "it is pinned" in capsys.readouterr().err
    assert main(["cache", "unpin", "acme/gale", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"model": "acme/gale", "revision": ONE, "pinned": False}
    assert main(["cache", "rm", "acme/gale", "--yes", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"model": "acme/gale", "revision": ONE, "freed_bytes": 5}

    assert main(["cache", "rm", "gpt2@111111", "--yes"]) == 1
    assert "--force" in capsys.readouterr().err
    assert main(["cache", "rm", "gpt2@111111", "--yes", "--force"]) == 0
    assert revisions_in(cache) == {("gpt2", TWO)}


@pytest.mark.parametrize(("said", "left", "code"), [("n\n", 3, 1), ("\n", 3, 1), ("y\n", 2, 0)])
def test_whoever_sits_there_is_asked(cache: Path, said: str, left: int, code: int) -> None:
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "api", "cache", "rm", "acme/gale"]
    with subprocess.Popen(command, stdin=follower, stderr=subprocess.PIPE, text=True) as process:
        os.close(follower)
        os.write(leader, said.encode())
        _, asked = process.communicate(timeout=60)
    os.close(leader)

    assert asked.startswith("Delete acme/gale (111111111111), 0.01 kB? [y/N] ")
    assert process.returncode == code
    assert len(revisions_in(cache)) == left


@pytest.mark.usefixtures("hears_ctrl_c")
def test_ctrl_c_ends_verifying(cache: Path) -> None:
    os.truncate((cache / "models--acme--gale" / "snapshots" / ONE / "a").resolve(), 2**40)
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "api", "cache", "verify", "acme/gale"]
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

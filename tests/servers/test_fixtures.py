"""A server that is missing is never overlooked, and its lines are the same wherever they stand."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.servers.meilisearch import HOW_TO_GET_IT, PACKAGE, SHA256, VARIABLE

NEEDS_IT = "tests/servers/test_meilisearch.py::test_one_server_is_there_for_all"


def run_without(ci: str, binary: str = "") -> str:
    """Run a test that needs a server in another process; give what was said."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rsE", "-p", "no:cacheprovider", NEEDS_IT],
        cwd=ROOT,
        env={**os.environ, "CI": ci, VARIABLE: binary},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout


def test_without_a_server_a_test_is_skipped_and_says_how_to_get_one() -> None:
    said = run_without("")

    assert "1 skipped" in said
    assert "no Meilisearch server" in said


def test_without_a_server_continuous_integration_fails() -> None:
    said = run_without("true")

    assert "1 error" in said
    assert all(line in said for line in HOW_TO_GET_IT)


def test_a_server_that_cannot_be_run_is_said_everywhere(tmp_path: Path) -> None:
    (tmp_path / "server").touch(mode=0o644)

    said = run_without("", str(tmp_path / "server"))

    assert "1 error" in said
    assert "names no file that can be run" in said


@pytest.mark.parametrize("line", HOW_TO_GET_IT)
def test_readme_has_the_lines_that_get_it(line: str) -> None:
    assert line in (ROOT / "README.md").read_text()


def test_continuous_integration_gets_the_same_server() -> None:
    script = (ROOT / ".ci" / "run").read_text()

    assert PACKAGE in script
    assert SHA256 in script

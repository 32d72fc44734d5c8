"""The example names every setting there is, and nothing in deploy/ names one there is not."""

import re
from pathlib import Path

import pytest

from tests.deploy.settings import DEPLOY, OF_COMPOSE, OF_OTHERS, all_settings, named, settable

EXAMPLE = DEPLOY / "env.example"
FILES = sorted(path for path in DEPLOY.rglob("*") if path.is_file() and path.suffix not in {".txt", ".pyc"})
PRIVATE = re.compile(r"KEY|TOKEN|SECRET|PASSWORD")


def test_the_example_names_every_setting() -> None:
    assert settable(EXAMPLE) == all_settings() | OF_COMPOSE | OF_OTHERS


def test_every_setting_of_the_example_is_named_once() -> None:
    names = re.findall(r"^#?([A-Z_]+)=", EXAMPLE.read_text(), re.MULTILINE)

    assert len(names) == len(set(names))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_only_settings_that_exist_are_named(path: Path) -> None:
    assert named(path.read_text()) <= all_settings() | OF_OTHERS


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_secret_has_a_value(path: Path) -> None:
    for name, value in re.findall(r"^#?\s*(\w+)=(\S*)$", path.read_text(), re.MULTILINE):
        assert not (PRIVATE.search(name) and value), name

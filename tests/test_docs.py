"""README names every setting, command and route there is."""

from pathlib import Path

import pytest
from pydantic_settings import BaseSettings

from api.app import create_app
from api.config import ApiConfig
from crawler.config import CrawlConfig
from indexer.config import HomeConfig, KeysConfig
from scheduler.config import ScheduleConfig
from scheduler.front_door import COMMANDS
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text()


@pytest.mark.parametrize("kind", [HomeConfig, KeysConfig, CrawlConfig, ApiConfig, ScheduleConfig])
def test_every_setting_is_explained(kind: type[BaseSettings]) -> None:
    for name, field in kind.model_fields.items():
        variable = field.validation_alias or f"HUBDEX_{name.upper()}"

        assert f"`{variable}`" in README
        assert field.description


def test_every_command_is_explained() -> None:
    for command in COMMANDS:
        assert f"`hubdex {command}" in README


def test_every_route_of_the_api_is_explained(tmp_path: Path) -> None:
    for path in create_app(ApiConfig(home=tmp_path)).openapi()["paths"]:
        if path.startswith("/v1/"):
            assert path.split("{")[0] in README


def test_nothing_names_a_private_path() -> None:
    # Put together here, so that this file does not hold what it looks for.
    private = ["/" + name + "/" for name in ("work", "farm", "home/")]
    for path in ROOT.rglob("*"):
        parts = path.relative_to(ROOT).parts
        if any(part.startswith(".") and part != ".ci" for part in parts) or not path.is_file():
            continue
        if path.suffix in {".py", ".md", ".toml", ".js", ".css", ".txt"} or path.name in {"Makefile", "run"}:
            text = path.read_text()
            assert not any(one in text for one in private), path

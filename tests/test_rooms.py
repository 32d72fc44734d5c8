"""The walls of the house: who imports whom, who owns which library, how long a file may be."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

ROOMS = ("crawler", "indexer", "api", "scheduler")
OWNERS = {
    "scrapy": {"crawler"},
    "twisted": {"crawler"},
    "huggingface_hub": {"indexer", "api"},
    "tenacity": {"crawler", "indexer", "api"},
    "sqlalchemy": {"indexer", "api"},
    "tantivy": {"indexer"},
    "meilisearch": {"indexer"},
    "fastapi": {"api"},
    "starlette": {"api"},
    "uvicorn": {"api"},
    "prometheus_client": {"api"},
    "apscheduler": {"scheduler"},
}
"""Library: the rooms that may import it."""

BANNED_NAMES = {"utils", "util", "common", "helpers", "helper", "core", "manager", "managers", "misc"}
FILE_LINES, TEST_FILE_LINES, FUNCTION_LINES = 400, 600, 50

SOURCES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))


def imports_of(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def broken_walls(room: str, tree: ast.AST) -> list[str]:
    """What a file of a room imports and must not."""
    broken = []
    for name in imports_of(tree):
        top = name.split(".")[0]
        if name.startswith("."):
            broken.append(f"relative import {name}")
        elif (top in ROOMS and top not in {room, "indexer"}) or top == "tests":
            broken.append(f"{room} imports {name}")
        elif room not in OWNERS.get(top, {room}):
            broken.append(f"{room} imports the library {top}")
    return broken


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_room_imports_only_itself_and_the_indexer(path: Path) -> None:
    room = path.relative_to(ROOT).parts[0]

    assert broken_walls(room, ast.parse(path.read_text())) == []


def test_a_planted_import_is_found() -> None:
    planted = ast.parse("import crawler.rows\nimport scrapy\nfrom . import x\nfrom indexer import records\n")

    assert len(broken_walls("api", planted)) == 3


@pytest.mark.parametrize("path", SOURCES + TESTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_are_short(path: Path) -> None:
    text = path.read_text()
    allowed = FILE_LINES if path in SOURCES else TEST_FILE_LINES

    assert text.count("\n") <= allowed
    assert path.stem not in BANNED_NAMES
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < FUNCTION_LINES, f"{path.name}: {node.name}"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_says_why_it_exists(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text()))


def test_every_room_is_there_and_typed() -> None:
    for room in ROOMS:
        assert (ROOT / room / "__init__.py").is_file()
        assert (ROOT / room / "py.typed").is_file()


def test_page_files_are_short_too() -> None:
    for path in (ROOT / "api" / "static").glob("*"):
        if path.suffix in {".js", ".css", ".html"}:
            assert path.read_text().count("\n") <= FILE_LINES, path.name

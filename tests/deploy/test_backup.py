"""A copy made while a crawl runs comes back; a lost index and a lost catalog do as well."""

import runpy
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest

from indexer.answers import page_answer
from indexer.catalog.store import Catalog
from indexer.config import HomeConfig
from indexer.engines.opening import open_reader
from indexer.errors import CatalogMissing
from indexer.query import parse_query
from indexer.search import Search
from indexer.terminal import json_line
from tests.conftest import ROOT
from tests.fakes.hub import FakeHub, Fault, GeneratedSource
from tests.journeys.running import Product, wait_until

SCRIPT = ROOT / "deploy" / "backup.py"
MODELS = 4_000
QUERIES = ("", "llama 7b", "TheBloke/", "qwen gguf")
SHOWN = 100

copy: Callable[[Path, Path], Path] = runpy.run_path(str(SCRIPT))["copy"]
Answers = dict[str, tuple[object, object]]


def answers_of(product: Product) -> Answers:
    """What searches find, where it can be shown whole; models of the same rank come in any order."""
    config = HomeConfig(home=product.home)
    with Catalog(config.database_url, read_only=True) as catalog:
        search = Search(catalog, open_reader(config))
        pages = {text: search.answer(parse_query(text, limit=SHOWN)) for text in QUERIES}
    answers = {text: orjson.loads(json_line(page_answer(page))) for text, page in pages.items()}
    return {text: (whole(answer["hits"]), answer["total"]) for text, answer in answers.items()}


def whole(hits: list[dict[str, object]]) -> list[dict[str, object]]:
    return sorted(hits, key=lambda hit: str(hit["id"])) if len(hits) < SHOWN else []


def models_in(home: Path) -> int:
    try:
        with Catalog(f"sqlite:///{home / 'catalog.db'}", read_only=True) as catalog:
            return catalog.state().models
    except CatalogMissing:
        return 0


def back_up(home: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), str(home), str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def lose_catalog(home: Path) -> None:
    """Take the database away, and what is beside it: that belongs to no other copy."""
    for name in ("catalog.db", "catalog.db-wal", "catalog.db-shm"):
        (home / name).unlink(missing_ok=True)


@dataclass(frozen=True)
class Scene:
    """A home of the whole stand-in Hub, and a copy that was made when it held less."""

    product: Product
    copies: Path
    of_copy: Answers
    of_all: Answers

    def begin(self, folder: Path) -> Product:
        """Give the home once more, for one test."""
        return Product(Path(shutil.copytree(self.product.home, folder / "again")), self.product.upstream, {})


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("backup")
    away = [Fault.stall(at=at) for at in range(3, 20)]  # both ends of the walk, and what they try again
    with FakeHub(GeneratedSource(MODELS), quota=100_000, faults=away) as hub:
        product = Product(folder / "home", hub.url, {"HF_TOKEN": ""})
        with product.running("crawler", "full") as crawl:
            wait_until(lambda: models_in(product.home) >= 2_000, "two pages")
            assert product.run("indexer", "sync").code == 0
            done = back_up(product.home, folder / "copies")
            assert crawl.poll() is None
            crawl.kill()  # it would wait for the answers that it asked for
            crawl.wait()
        hub.heal()
        assert (done.returncode, done.stderr) == (0, "")
        of_copy = answers_of(product)
        assert product.run("crawler", "full").code == 0
        assert product.run("indexer", "sync").code == 0
        yield Scene(product, folder / "copies", of_copy, answers_of(product))


def test_a_restored_catalog_makes_the_index_go_back_and_then_on(scene: Scene, tmp_path: Path) -> None:
    product = scene.begin(tmp_path)
    lose_catalog(product.home)
    shutil.copy(scene.copies / "catalog.db", product.home)

    sync = product.run("indexer", "sync", "--json")

    assert models_in(product.home) == 2_000
    assert (sync.code, sync.json()["done"]) == (0, "rebuilt")
    assert "ahead of the catalog" in str(sync.json())
    assert answers_of(product) == scene.of_copy != scene.of_all
    assert product.run("crawler", "full").code == 0
    assert product.run("indexer", "sync").code == 0
    assert product.run("indexer", "check", "--all").code == 0
    assert answers_of(product) == scene.of_all


def test_a_lost_index_is_made_again(scene: Scene, tmp_path: Path) -> None:
    product = scene.begin(tmp_path)
    shutil.rmtree(product.home / "index")

    sync = product.run("indexer", "sync", "--json")

    assert (sync.code, sync.json()["done"]) == (0, "rebuilt")
    assert answers_of(product) == scene.of_all


def test_a_lost_catalog_is_crawled_again(scene: Scene, tmp_path: Path) -> None:
    product = scene.begin(tmp_path)
    lose_catalog(product.home)

    without = product.run("indexer", "sync")
    crawl = product.run("crawler", "full", "--json")
    sync = product.run("indexer", "sync", "--json")

    assert (without.code, without.err.count("\n")) == (75, 1)
    assert (crawl.code, crawl.json()["new"]) == (0, MODELS)
    assert (sync.code, sync.json()["done"]) == (0, "rebuilt")
    assert "of another catalog" in str(sync.json())
    assert answers_of(product) == scene.of_all


def test_a_copy_waits_for_no_writer_and_holds_nothing_half_done(tmp_path: Path) -> None:
    database, folder = tmp_path / "catalog.db", tmp_path / "copies"
    folder.mkdir()
    with closing(sqlite3.connect(database, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("CREATE TABLE facts (fact TEXT)")
        writer.execute("INSERT INTO facts VALUES ('whole')")
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("INSERT INTO facts VALUES ('half')")

        copied = copy(database, folder)

        writer.execute("COMMIT")
    with closing(sqlite3.connect(copied)) as copy_of_it:
        assert copy_of_it.execute("SELECT fact FROM facts").fetchall() == [("whole",)]


def test_every_database_is_copied_and_only_to_be_read_by_us(tmp_path: Path) -> None:
    home, folder = tmp_path / "a home", tmp_path / "copies"
    home.mkdir()
    for name in ("catalog.db", "jobs.db"):
        with closing(sqlite3.connect(home / name)) as connection:
            connection.execute("CREATE TABLE facts (fact TEXT)")

    ended = back_up(home, folder)

    assert ended.returncode == 0
    assert sorted(path.name for path in folder.iterdir()) == ["catalog.db", "jobs.db"]
    assert folder.stat().st_mode & 0o077 == 0


def test_a_copy_that_fails_leaves_the_one_before(tmp_path: Path) -> None:
    home, folder = tmp_path / "home", tmp_path / "copies"
    for place in (home, folder):
        place.mkdir()
    (home / "catalog.db").write_bytes(b"not a database, " * 1_000)
    (folder / "catalog.db").write_bytes(b"yesterday's")

    ended = back_up(home, folder)

    assert (ended.returncode, ended.stderr) == (1, "backup: file is not a database.\n")
    assert (folder / "catalog.db").read_bytes() == b"yesterday's"


def test_a_home_without_a_catalog_is_said_to_be_one(tmp_path: Path) -> None:
    ended = back_up(tmp_path, tmp_path / "copies")

    assert ended.returncode == 1
    assert ended.stderr.startswith("backup: there is no catalog.db in ")
    assert not (tmp_path / "copies").exists()

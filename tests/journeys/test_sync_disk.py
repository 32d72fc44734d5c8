"""A sync whose disk is full or may only be read: one sentence, the index as it was, and the next goes on."""

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer.catalog.store import Catalog
from indexer.checking import check_index
from indexer.engines.embedded.reader import EmbeddedReader
from indexer.query import parse_query
from indexer.records import Batch
from tests.indexer.script import Dump, dump_of, listed
from tests.journeys.forking import Done, Forks
from tests.journeys.test_crawl_disk import mounted, no_room

MODELS = 1_000
CONSTANTS = {
    "indexer.catalog.store.PAGE": 200,
    "indexer.engines.embedded.writer.EmbeddedWriter.commit_every": 400,
}
NO_MORE = (
    "the disk takes no more (full, over a quota or failing); make room and go on.",
    "its files could not be written (most likely the disk is full or failing).",
)


class Home:
    """A home whose index is behind its catalog, and one who has it open."""

    def __init__(self, folder: Path, forks: Forks) -> None:
        self.folder = folder
        self._forks = forks
        with Catalog(self.url) as catalog:
            put(catalog, 0, 300)
            assert self.run("sync").code == 0
            put(catalog, 100, MODELS)
        self.dump = self.held()
        self._kept = sqlite3.connect(folder / "catalog.db")  # the log's index is there and need not be made
        self._kept.execute("select * from state").fetchall()
        self.reader = EmbeddedReader(folder / "index")
        assert self.total() == 300

    @property
    def url(self) -> str:
        return f"sqlite:///{self.folder / 'catalog.db'}"

    def run(self, *command: str, file_bytes: int | None = None) -> Done:
        environment = {"HUBDEX_HOME": str(self.folder)}
        return self._forks.run(
            "indexer", *command, environment=environment, constants=CONSTANTS, file_bytes=file_bytes
        )

    def close(self) -> None:
        """Let go of every file, so that the disk can be taken away."""
        self._kept.close()
        del self.reader

    def held(self) -> Dump:
        return dump_of(self.folder / "catalog.db")

    def total(self) -> int:
        return self.reader.search(parse_query("")).total

    def assert_goes_on(self) -> None:
        """Sync at last, and hold the index to the catalog, which nobody has touched."""
        ended = self.run("sync")
        assert ended.code == 0, ended.err
        with Catalog(self.url, read_only=True) as catalog:
            report = check_index(catalog, EmbeddedReader(self.folder / "index"), sample=None)
        assert (report.agrees, report.behind) == (True, 0), report
        assert self.total() == MODELS
        assert self.held() == self.dump


def put(catalog: Catalog, first: int, end: int) -> None:
    rows = (listed(n, f"owner{n % 97}/model-{n * 7919 % 9973}-of-{end}-7b", n) for n in range(first, end))
    catalog.apply(Batch(tuple(rows)))


def assert_said(done: Done, *words: str, code: int = 1) -> None:
    """One sentence of ours at the end, no traceback."""
    assert done.code == code, done.err
    assert "Traceback" not in done.err
    last = done.err.splitlines()[-1]
    assert last.startswith("hubdex: ")
    assert last.endswith(words), done.err


def folders_in(home: Home) -> int:
    return len(list((home.folder / "index").glob("models-*")))


@pytest.mark.parametrize(
    ("command", "file_bytes"), [("sync", 4_000), ("sync", 20_000), ("rebuild", 4_000), ("rebuild", 20_000)]
)
def test_where_files_may_not_grow_a_sync_ends_and_goes_on_when_they_may(
    forks: Forks, tmp_path: Path, command: str, file_bytes: int
) -> None:
    home = Home(tmp_path, forks)

    ended = home.run(command, file_bytes=file_bytes)

    assert_said(ended, *NO_MORE)
    assert home.total() in range(300, MODELS)
    assert folders_in(home) == 1
    home.assert_goes_on()


@pytest.fixture
def mounted_home(forks: Forks, tmp_path: Path) -> Iterator[Home]:
    """Make a home on a small disk of its own."""
    disk = tmp_path / "disk"
    disk.mkdir()
    with mounted(disk, "-t", "tmpfs", "-o", "size=20m", "none"):
        home = Home(disk / "home", forks)
        yield home
        home.close()


@pytest.mark.parametrize("command", ["sync", "rebuild"])
def test_on_a_full_disk_a_sync_ends_and_goes_on_when_there_is_room(mounted_home: Home, command: str) -> None:
    home = mounted_home
    ballast = home.folder.parent / "most"
    for kilobytes in (0, 40, 100):
        free = shutil.disk_usage(home.folder).free
        ballast.write_bytes(bytes(free - kilobytes * 1_024))

        assert_said(home.run(command), *NO_MORE)

        assert home.total() in range(300, MODELS)
        assert folders_in(home) == 1
        ballast.unlink()
    with no_room(home.folder.parent):
        assert home.total() in range(300, MODELS)
    home.assert_goes_on()


def test_an_index_that_may_only_be_read_is_answered_from(forks: Forks, tmp_path: Path) -> None:
    home = Home(tmp_path, forks)
    with mounted(tmp_path / "index", "--bind", "-o", "ro", str(tmp_path / "index")):
        for command in ("sync", "rebuild"):
            ended = home.run(command)
            assert_said(ended, "")
            assert "Read-only file system" in ended.err
        assert home.total() == 300
    home.assert_goes_on()

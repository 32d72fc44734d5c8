"""An index after a failing disk or a power cut: not trusted, put right by the next sync, no reader failed."""

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from indexer.catalog.store import Catalog
from indexer.checking import check_index
from indexer.engines.embedded import folder as folders
from indexer.engines.embedded.reader import EmbeddedReader
from indexer.engines.embedded.writer import EmbeddedWriter
from indexer.errors import EngineError
from indexer.query import KINDS, parse_query
from indexer.records import Batch
from indexer.sync import Sync, SyncReport
from tests.indexer.script import listed, open_catalog

MODELS = 60
HELD: dict[str, Any] = {"tags": ("gguf",), "files": ("x.Q4_K_M.gguf", "x.Q8_0.gguf", "x.F16.gguf")}
QUERIES = ("", "llama", "llama 7b", "owner1/", "lama", "-llama", "gguf", "fresh")
HARMLESS = {".managed.json", ".tantivy-meta.lock", ".tantivy-writer.lock", "short.json", "current.new"}
"""Files that say nothing of what is in an index; Tantivy may or may not miss the first."""
BESIDE = ("current", "hubdex.json", "meta.json", "short.json")
BESIDE_INDEXES = ("hubdex.json", "short.json")
SEGMENT = re.compile(r"^[0-9a-f]{32}(\.\d+)?")


class Disk:
    """A home with an index that was built, then followed twice; and what it was before the second time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = folder / "index"
        self.catalog = open_catalog(folder / "catalog.db")
        names = [f"owner{n % 3}/{('Llama', 'Qwen')[n % 2]}-{n}-7b" for n in range(MODELS)]
        self.catalog.apply(Batch(tuple(listed(n, name, n, **HELD) for n, name in enumerate(names))))
        self.sync()
        self.put(5)
        self.sync()
        self.before = Path(shutil.copytree(self.root, folder / "before"))
        self.put(9)
        self.sync()
        self.intact = folder / "intact"
        self.keep()

    def put(self, count: int) -> None:
        """Change some and add one, so that there are segments with deleted documents."""
        numbers = (*range(count), 100 + count)
        rows = [listed(n, f"owner1/fresh-{n}", 1_000 + n, files=("Q8_0.gguf",)) for n in numbers]
        self.catalog.apply(Batch(tuple(rows)))

    def sync(self) -> SyncReport:
        writer = EmbeddedWriter(self.root)
        try:
            return Sync(self.catalog, writer).run()
        finally:
            writer.close()

    def keep(self) -> None:
        """Remember the index as it is."""
        shutil.rmtree(self.intact, ignore_errors=True)
        shutil.copytree(self.root, self.intact)

    def mend(self) -> None:
        """Put the index back as it was kept."""
        shutil.rmtree(self.root)
        shutil.copytree(self.intact, self.root)

    @property
    def live(self) -> Path:
        folder = folders.live_folder(self.root)
        assert folder is not None
        return folder

    def agrees(self) -> bool:
        report = check_index(self.catalog, EmbeddedReader(self.root), sample=None)
        return report.agrees and not report.behind


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disk]:
    disk = Disk(tmp_path_factory.mktemp("disk"))
    yield disk
    disk.catalog.close()


def answers_of(reader: EmbeddedReader) -> list[tuple[list[tuple[int, int]], int]]:
    pages = [reader.search(parse_query(text, limit=100, kind=kind)) for text in QUERIES for kind in KINDS]
    return [([(one.number, one.variant) for one in page.selected], page.total) for page in pages]


def cut_at_its_end(content: bytes) -> bytes:
    return content[:-2]


def zeroed(content: bytes) -> bytes:
    """A file whose length had reached the disk, and nothing of what is in it."""
    return bytes(len(content))


def garbled(content: bytes) -> bytes:
    at = len(content) // 3
    return content[:at] + bytes([content[at] ^ 0x55] if content else []) + content[at + 1 :]


DAMAGES = (cut_at_its_end, zeroed, garbled, None)
"""What becomes of a file; `None`: it is gone."""


@pytest.mark.parametrize("damage", DAMAGES)
def test_whatever_file_is_damaged_the_next_sync_puts_it_right(
    disk: Disk, damage: Callable[[bytes], bytes] | None
) -> None:
    disk.mend()
    undisturbed = answers_of(EmbeddedReader(disk.intact))
    files = [path.relative_to(disk.intact) for path in disk.intact.rglob("*") if path.is_file()]
    paths = {f"{path.parent.name}{SEGMENT.sub('', path.name)}": path for path in files}
    endings = (".del", ".fast", ".fieldnorm", ".idx", ".pos", ".store", ".term")
    folder = disk.live.name
    assert set(paths) > {*(f"{one}{end}" for one in (folder, "variants") for end in endings)}
    assert {path.name for path in files} > set(BESIDE)
    catalog = disk.catalog.state()

    for name in paths.values():
        disk.mend()
        earlier = EmbeddedReader(disk.root)
        earlier.state()
        content = (disk.root / name).read_bytes()
        (disk.root / name).unlink()  # who has it open keeps it: a power cut leaves no readers
        if damage is not None:
            (disk.root / name).write_bytes(damage(content))
        assert answers_of(earlier) == undisturbed, name
        with suppress(EngineError):  # and nothing else
            answers_of(EmbeddedReader(disk.root))

        report = disk.sync()

        assert report.done == "rebuilt" or name.name in HARMLESS, name
        assert disk.agrees(), name
        assert answers_of(EmbeddedReader(disk.root)) == answers_of(earlier) == undisturbed, name
    assert disk.catalog.state() == catalog


def test_what_tantivy_wrote_is_as_it_was_written(disk: Disk) -> None:
    """Were the form of its files another one day, every start would build the index anew."""
    disk.mend()
    assert folders.damage_in(disk.live) is None
    assert disk.sync().done == "nothing"


def test_a_commit_that_a_power_cut_took_back_is_noticed(disk: Disk, tmp_path: Path) -> None:
    """The state had reached the disk, Tantivy's list of segments had not: it must not pass for newer."""
    disk.mend()
    before = Path(shutil.copytree(disk.live, tmp_path / "before"))
    disk.catalog.apply(Batch((listed(20, "owner1/renamed", 1_020),)))
    assert disk.sync().done == "followed"
    disk.keep()
    shutil.copy(before / "meta.json", disk.live / "meta.json")
    for path in before.iterdir():  # not removed yet either
        if not (disk.live / path.name).exists():
            shutil.copy(path, disk.live / path.name)

    assert disk.sync().done == "rebuilt"
    assert disk.agrees()


@pytest.mark.parametrize("behind", [".", "variants"])
def test_a_crash_between_the_two_commits_is_caught_up_with(disk: Disk, behind: str) -> None:
    """One of the two indexes has come further than the state, the other has not."""
    disk.mend()
    [before] = disk.before.glob("models-*")
    put_back(before, disk.live, behind)
    shutil.copy(before / "hubdex.json", disk.live / "hubdex.json")

    assert disk.sync().done == "followed"
    assert disk.agrees()


@pytest.mark.parametrize("behind", [".", "variants"])
def test_either_index_that_is_older_than_the_state_is_noticed(disk: Disk, behind: str) -> None:
    disk.mend()
    [before] = disk.before.glob("models-*")
    put_back(before, disk.live, behind)

    assert disk.sync().done == "rebuilt"
    assert disk.agrees()


def put_back(before: Path, live: Path, which: str) -> None:
    """Put one of the two indexes in a folder in the place of its later self."""
    for path in (live / which).iterdir():
        if path.is_file() and path.name not in BESIDE_INDEXES:
            path.unlink()
    for path in (before / which).iterdir():
        if path.is_file() and path.name not in BESIDE_INDEXES:
            shutil.copy(path, live / which / path.name)


def test_a_state_that_a_power_cut_took_back_is_caught_up_with(disk: Disk) -> None:
    disk.mend()
    [before] = disk.before.glob("models-*")
    shutil.copy(before / "hubdex.json", disk.live / "hubdex.json")

    assert disk.sync().done == "followed"
    assert disk.agrees()


def test_an_index_that_miscounts_is_built_anew_and_a_catalog_that_does_only_once(
    disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk.mend()
    lost = EmbeddedWriter(disk.root)
    state = lost.state()
    assert state is not None
    lost.write([], [1])
    lost.commit(state)
    lost.close()
    assert disk.sync().why == f"the index held {MODELS + 1} models of {MODELS + 2}"
    assert disk.agrees()

    catalog = disk.catalog.state()
    monkeypatch.setattr(Catalog, "state", lambda _self: replace(catalog, models=MODELS))
    writer = EmbeddedWriter(disk.root)
    sync = Sync(disk.catalog, writer)
    assert [sync.run().done for _ in range(3)] == ["rebuilt", "nothing", "nothing"]
    writer.close()

"""A crawl whose disk is full, cannot be written to or holds something else: a sentence, and nothing lost."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from indexer.catalog.store import Catalog
from tests.crawler.conftest import model_rows
from tests.fakes.hub import FakeHub, Fault, ListSource
from tests.journeys.comparing import Models, assert_same, public, stored
from tests.journeys.forking import Done, Forks

MODELS, ROWS = 1_000, 100
MAKE_ROOM = "make room and go on."


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    with FakeHub(ListSource(model_rows(MODELS)), quota=100_000) as hub:
        hub.script([Fault.short(ROWS)] * 1_000)
        yield hub


@contextmanager
def mounted(folder: Path, *how: str) -> Iterator[None]:
    """Mount something, where this may be done."""
    mount, umount = shutil.which("mount"), shutil.which("umount")
    if mount is None or umount is None:
        pytest.skip("needs mount")
    done = subprocess.run([mount, *how, str(folder)], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"needs the right to mount: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run([umount, str(folder)], check=True)


@contextmanager
def no_room(folder: Path) -> Iterator[None]:
    """Leave not a byte free."""
    ballast = folder / "ballast"
    with ballast.open("wb", 0) as file, suppress(OSError):
        while True:
            file.write(bytes(4_096))
    yield
    ballast.unlink()


def settings(home: Path, hub: FakeHub) -> dict[str, str]:
    return {"HF_TOKEN": "", "HUBDEX_HOME": str(home), "HUBDEX_UPSTREAM": hub.url}


def crawl(forks: Forks, home: Path, hub: FakeHub, file_bytes: int | None = None) -> Done:
    return forks.run("crawler", "full", "--json", environment=settings(home, hub), file_bytes=file_bytes)


def status_of(forks: Forks, home: Path, hub: FakeHub) -> Done:
    return forks.run("indexer", "status", environment=settings(home, hub))


def assert_said(done: Done, words: str, code: int = 1) -> None:
    """One sentence at the end, no traceback, nothing else than the log."""
    assert done.code == code, done.err
    assert "Traceback" not in done.err
    assert done.err.splitlines()[-1].startswith("hubdex: ")
    assert done.err.splitlines()[-1].endswith(words)
    assert all(" INFO " in line for line in done.err.splitlines()[:-1])


def assert_status(status: Done) -> None:
    assert (status.code, status.err) == (0, "")
    assert status.out.startswith("catalog  ")
    assert len(status.out.splitlines()) < 20


def assert_whole_so_far(home: Path, hub: FakeHub) -> int:
    """Hold what is stored to the checkpoints and to the Hub; gives how many models it is."""
    with Catalog(f"sqlite:///{home / 'catalog.db'}") as catalog:
        models, state = stored(catalog), catalog.state()
    theirs = public_models(hub)
    assert all(theirs[one.record.key] == (one.record, one.counters) for one in models)
    rows = {mark.name: mark.rows for mark in state.checkpoints}
    assert len(models) == state.models == sum(rows.get(name, 0) for name in ("full/up", "full/down"))
    assert rows.get("full", 0) == state.models
    return state.models


def public_models(hub: FakeHub) -> Models:
    assert isinstance(hub.source, ListSource)
    return public(hub.source)


def assert_goes_on_to_the_end(forks: Forks, home: Path, hub: FakeHub, models: int) -> None:
    before = len(hub.requests)
    assert isinstance(hub.source, ListSource)

    ended = crawl(forks, home, hub)

    assert ended.code == 0, ended.err
    assert len(hub.requests) - before <= (MODELS - models) / ROWS + 2  # each chain may end amid a page
    with Catalog(f"sqlite:///{home / 'catalog.db'}", read_only=True) as catalog:
        assert_same(catalog, hub.source)


@pytest.mark.parametrize("file_bytes", [1_000, 200_000, 400_000, 600_000, 800_000])
def test_where_files_may_not_grow_a_crawl_ends_and_goes_on_when_they_may(
    forks: Forks, tmp_path: Path, hub: FakeHub, file_bytes: int
) -> None:
    ended = crawl(forks, tmp_path, hub, file_bytes)

    assert_said(ended, MAKE_ROOM)
    if file_bytes == 1_000:
        assert status_of(forks, tmp_path, hub).code == 75
        models = 0
    else:
        assert_status(status_of(forks, tmp_path, hub))
        models = assert_whole_so_far(tmp_path, hub)
        assert models < MODELS
    assert_goes_on_to_the_end(forks, tmp_path, hub, models)


def test_a_crawl_that_fills_the_disk_ends_and_goes_on_when_there_is_room(
    forks: Forks, tmp_path: Path, hub: FakeHub
) -> None:
    home = tmp_path / "disk" / "home"
    home.parent.mkdir()
    with mounted(home.parent, "-t", "tmpfs", "-o", "size=700k", "none"):
        for _ in range(2):
            assert_said(crawl(forks, home, hub), MAKE_ROOM)
            assert_status(status_of(forks, home, hub))
        shutil.copytree(home, tmp_path / "roomy")
    models = assert_whole_so_far(tmp_path / "roomy", hub)

    assert 0 < models < MODELS
    assert_goes_on_to_the_end(forks, tmp_path / "roomy", hub, models)


def test_a_disk_full_from_the_beginning_gets_one_sentence(forks: Forks, tmp_path: Path, hub: FakeHub) -> None:
    home = tmp_path / "home"
    with mounted(tmp_path, "-t", "tmpfs", "-o", "size=8m", "none"):
        with no_room(tmp_path):
            assert_said(crawl(forks, home, hub), MAKE_ROOM)
            assert_said(status_of(forks, home, hub), "start a crawl first (hubdex crawl head).", 75)
        assert hub.requests == []
        assert crawl(forks, home, hub).code == 0
        with no_room(tmp_path):
            for done in (crawl(forks, home, hub), status_of(forks, home, hub)):
                assert_said(done, "(disk I/O error).")
                assert "must have a little room and be writable" in done.err
        assert_status(status_of(forks, home, hub))


@pytest.mark.parametrize("command", [("crawler", "full"), ("indexer", "status")])
def test_an_output_that_takes_no_more_gets_one_sentence(
    forks: Forks, tmp_path: Path, hub: FakeHub, command: tuple[str, ...]
) -> None:
    assert crawl(forks, tmp_path, hub).code == 0
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", *command],
            env={**os.environ, **settings(tmp_path, hub)},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    said = Done(done.returncode, "", done.stderr, ())
    assert_said(said, "The output cannot be written (No space left on device).")


def a_file(home: Path) -> None:
    home.write_text("not a folder")


def under_a_file(home: Path) -> None:
    a_file(home.parent)


def database_is_a_folder(home: Path) -> None:
    (home / "catalog.db").mkdir(parents=True)


def database_is_something_else(home: Path) -> None:
    home.mkdir()
    (home / "catalog.db").write_bytes(b"not a database" * 1_000)


def lock_is_a_folder(home: Path) -> None:
    (home / "locks" / "crawl.lock").mkdir(parents=True)


@pytest.mark.parametrize(
    ("spoil", "words", "code"),
    [
        (a_file, "cannot be written to (Not a directory).", 2),
        (under_a_file, "cannot be written to (Not a directory).", 2),
        (database_is_a_folder, "for readers too (unable to open database file).", 1),
        (database_is_something_else, "file is not a database.", 1),
        (lock_is_a_folder, "cannot be written to (Is a directory).", 2),
    ],
)
def test_a_home_that_is_none_gets_one_sentence(
    forks: Forks, tmp_path: Path, hub: FakeHub, spoil: Callable[[Path], None], words: str, code: int
) -> None:
    home = tmp_path / "place" / "home"
    (tmp_path / "place").mkdir()
    if spoil is under_a_file:
        (tmp_path / "place").rmdir()
    spoil(home)

    assert_said(crawl(forks, home, hub), words, code)
    assert hub.requests == []
    status = status_of(forks, home, hub)
    assert status.code in {1, 75}
    assert "Traceback" not in status.err
    assert len(status.err.splitlines()) == 1


def test_a_home_that_may_only_be_read_gets_one_sentence(forks: Forks, tmp_path: Path, hub: FakeHub) -> None:
    assert crawl(forks, tmp_path, hub).code == 0
    with mounted(tmp_path, "--bind", "-o", "ro", str(tmp_path)):
        assert_said(crawl(forks, tmp_path, hub), "cannot be written to (Read-only file system).", 2)
        assert_said(status_of(forks, tmp_path, hub), "for readers too (unable to open database file).")
    assert_status(status_of(forks, tmp_path, hub))

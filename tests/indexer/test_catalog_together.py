"""Several processes at one catalog: nobody sees half a batch, nothing is lost."""

import os
from pathlib import Path

import pytest

from indexer.catalog.store import Catalog
from indexer.records import Batch, Checkpoint
from tests.indexer.script import FIRST, NOW, in_children, listed, make_older, open_catalog

PAGES, SIZE = 60, 5


@pytest.fixture
def path(tmp_path: Path) -> Path:
    open_catalog(tmp_path / "catalog.db").close()
    return tmp_path / "catalog.db"


def test_a_reader_beside_a_writer_sees_whole_batches_only(path: Path) -> None:
    def write(told: int) -> None:
        with open_catalog(path) as catalog:
            for page in range(1, PAGES + 1):
                rows = tuple(listed(n, f"a/m{n}") for n in range((page - 1) * SIZE, page * SIZE))
                mark = Checkpoint("full", "u", FIRST, page, page * SIZE)
                catalog.apply(Batch(rows, checkpoints=(mark,), seen_by=FIRST))
                os.write(told, b".")

    def watch(told: int) -> None:
        with Catalog(f"sqlite:///{path}", read_only=True) as catalog:
            models = 0
            while models < PAGES * SIZE:
                state = catalog.state()
                assert models <= state.models == state.serial == sum(mark.rows for mark in state.checkpoints)
                models = state.models
                assert catalog.count_suspects(FIRST) == 0
                followed = [change.serial for page in catalog.changes_since(0) for change in page]
                assert len(followed) >= models
                assert len(followed) % SIZE == 0
            os.write(told, b"ok")

    said, codes = in_children(write, watch)

    assert codes == [0, 0]
    assert said.count(b".") == PAGES
    assert b"ok" in said


def test_two_writers_with_the_same_models_leave_one_truth(path: Path) -> None:
    def write(told: int, worker: int) -> None:
        with open_catalog(path) as catalog:
            for turn in range(30):
                number = turn % 7
                row = listed(number, f"a/m{number}", worker * 100 + turn, sha=f"{worker}{turn}")
                mark = Checkpoint(f"pass{worker}", "u", NOW, turn + 1)
                catalog.apply(Batch((row,), checkpoints=(mark,), seen_by=FIRST))
                os.write(told, b".")

    said, codes = in_children(lambda told: write(told, 1), lambda told: write(told, 2))

    assert (codes, len(said)) == ([0, 0], 60)
    with open_catalog(path) as catalog:
        state = catalog.state()
        assert (state.models, state.serial) == (7, 60)
        assert [mark.pages for mark in state.checkpoints] == [30, 30]
        assert len({change.serial for page in catalog.changes_since(0) for change in page}) == 7
        assert catalog.count_suspects(FIRST) == 0


def test_writers_at_once_bring_an_older_catalog_up_to_date_once(tmp_path: Path) -> None:
    older = tmp_path / "older.db"
    make_older(older)

    def write(told: int) -> None:
        with open_catalog(older) as catalog:
            os.write(told, b"%d" % catalog.state().models)

    assert in_children(write, write, write) == (b"222", [0, 0, 0])

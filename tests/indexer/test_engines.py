"""What every engine does as its contract says; how it does that is tested beside each."""

import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from indexer.documents import Document
from indexer.engines.embedded import hits as embedded_hits
from indexer.engines.meilisearch import searching as meili_searching
from indexer.errors import EngineError, EngineUnavailable
from indexer.query import Sort, parse_query
from tests.indexer import engines
from tests.indexer.shelf import NOW, Shelf, document, documents, state

pytestmark = pytest.mark.usefixtures("each_engine")


def test_no_index_is_said_in_words(tmp_path: Path) -> None:
    reader, writer = engines.reader(tmp_path), engines.writer(tmp_path)
    asked: list[Callable[[], object]] = [
        lambda: reader.search(parse_query("x")),
        lambda: reader.owners("x", 5),
        reader.state,
        reader.hold,
    ]
    fed: list[Callable[[], object]] = [
        lambda: writer.write(documents(["a/x"]), []),
        lambda: writer.recount(documents(["a/x"])),
        lambda: writer.commit(state(1)),
    ]

    assert writer.state() is None
    for ask in asked:
        with pytest.raises(EngineUnavailable, match="no index yet"):
            ask()
    for feed in fed:
        with pytest.raises(EngineError, match="rebuild"):
            feed()
    writer.close()
    assert engines.engine().builds(tmp_path) == 0


def test_written_documents_replace_and_removals_drop(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, ["a/old", "a/gone"])
    shelf.writer.write([document(1, "a/new")], [2])
    assert shelf.total("old") == 1  # not committed yet

    shelf.writer.commit(state(1, serial=2))
    assert (shelf.total("old"), shelf.total("new"), shelf.total("gone")) == (0, 1, 0)
    assert shelf.reader.state() == state(1, serial=2)
    assert shelf.writer.state() == state(1, serial=2)
    shelf.writer.close()


def test_what_was_removed_and_came_back_before_a_commit_is_there(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, ["a/x", "a/y"])

    shelf.writer.write([document(2, "a/left")], [1])
    shelf.writer.write([document(1, "a/back")], [2])
    shelf.writer.commit(state(1, serial=2))

    assert shelf.found() == [1]
    assert shelf.total("back") == 1
    shelf.writer.close()


def test_what_is_written_last_is_what_is_held(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, ["a/x"])
    last = document(1, "a/x", downloads=7, tags=["mit"])

    shelf.writer.recount([document(1, "a/x", downloads=5)])
    shelf.writer.write([document(1, "a/x", downloads=6, tags=["mit"])], [])
    shelf.writer.recount([last])
    shelf.writer.commit(state(1, serial=2))
    assert shelf.differences(last) == {}

    shelf.writer.recount([document(1, "a/x", downloads=9, tags=["mit"])])
    shelf.writer.write([last], [])
    shelf.writer.commit(state(1, serial=3))
    assert shelf.differences(last) == {}
    shelf.writer.close()


def test_a_writer_that_is_opened_later_goes_on(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, ["a/x"])
    writer = engines.writer(tmp_path)

    writer.write([document(2, "a/y", downloads=1)], [])
    writer.commit(state(2, serial=2))
    writer.close()

    assert (shelf.reader.state(), shelf.found()) == (state(2, serial=2), [2, 1])


def test_a_reader_moves_to_a_rebuilt_index_by_itself(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, ["a/old"])
    assert shelf.total("old") == 1

    engines.writer(tmp_path).rebuild([lambda: documents(["a/new", "a/newer"])], state(2, serial=9))
    assert (shelf.total("old"), shelf.total("new")) == (0, 2)
    assert engines.engine().builds(tmp_path) == 1


def test_an_index_of_another_version_is_none(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, ["a/x"])

    engines.engine().make_version(tmp_path, 99)

    assert engines.writer(tmp_path).state() is None
    with pytest.raises(EngineUnavailable, match="of version 99, not"):
        engines.reader(tmp_path).search(parse_query("x"))
    shelf.writer.rebuild([lambda: documents(["a/x"])], state(1))
    assert engines.reader(tmp_path).search(parse_query("x")).total == 1


def test_nothing_half_built_is_seen(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, ["a/x"])
    seen: list[tuple[int, int]] = []
    told: list[int] = []

    def watching() -> Iterable[Document]:
        for one in documents(["b/y", "b/z"]):
            yield one
            seen.append((shelf.total("x"), shelf.total("y")))

    shelf.writer.rebuild([watching], state(2, serial=2), told.append)

    assert seen == [(1, 0), (1, 0)]
    assert (shelf.total("x"), shelf.total("y"), sum(told)) == (0, 1, 2)


def test_a_rebuild_that_fails_leaves_the_live_index_alone(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, ["a/x"])

    def breaking() -> Iterable[Document]:
        yield from documents(["b/y"])
        raise EngineError("planted")

    with pytest.raises(EngineError, match="planted"):
        shelf.writer.rebuild([breaking], state(1))
    assert engines.engine().builds(tmp_path) == 1
    assert engines.reader(tmp_path).search(parse_query("x")).total == 1
    shelf.writer.rebuild([lambda: documents(["c/z"])], state(1))
    assert engines.engine().builds(tmp_path) == 1


def test_a_rebuild_forgets_what_was_written_before_it(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, ["a/x"])
    shelf.writer.write([document(2, "a/forgotten")], [1])
    shelf.writer.recount([document(1, "a/x", downloads=9)])

    shelf.writer.rebuild([lambda: documents(["a/x"])], state(1, serial=2))
    shelf.writer.commit(state(1, serial=3))

    assert (shelf.found(), shelf.differences(*documents(["a/x"]))) == ([1], {})
    shelf.writer.close()


def test_what_was_not_committed_is_dropped_at_the_close(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, ["a/x", "a/y"])

    shelf.writer.write([document(3, "a/z")], [1])
    shelf.writer.close()
    shelf.writer.recount([document(2, "a/y", downloads=99)])
    shelf.writer.close()

    shelf.writer.commit(state(2, serial=2))
    assert shelf.found() == [1, 2]
    shelf.writer.close()


def test_moved_counters_are_taken_in_and_nothing_else_changes(tmp_path: Path) -> None:
    said: dict[str, Any] = {"task": "fill-mask", "tags": ["license:mit"], "params": 7 * 10**9}
    shelf = Shelf(tmp_path, [])
    shelf.writer.rebuild(
        [lambda: [document(n, f"a/m{n}", downloads=n, likes=9 - n, **said) for n in (1, 2)]], state(2)
    )
    assert (shelf.found(), shelf.found(sort="likes")) == ([2, 1], [1, 2])

    moved = document(1, "a/m1", downloads=20_000, likes=3, trending=5.0, **said)  # rises to the top tier
    shelf.writer.recount([moved])
    shelf.writer.commit(state(2, serial=2))

    assert (shelf.found(), shelf.found(sort="likes")) == ([1, 2], [2, 1])
    assert shelf.found("m task:fill-mask license:mit params:7b", sort="trending") == [1, 2]
    assert shelf.differences(moved) == {}
    assert shelf.reader.state() == state(2, serial=2)
    shelf.writer.close()


def test_that_nothing_has_changed_is_said_too(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, ["a/x"])
    later = replace(state(1), synced_at=NOW + timedelta(hours=1))

    for _ in range(2):
        shelf.writer.commit(later)
        assert (shelf.reader.state(), shelf.total("x")) == (later, 1)
    shelf.writer.close()


ORDERS: tuple[tuple[Sort, str], ...] = (
    ("downloads", "downloads"),
    ("likes", "likes"),
    ("trending", "trending"),
    ("created", "created_at"),
    ("updated", "updated_at"),
)


@pytest.fixture(scope="module")
def sorted_shelf(
    each_engine: object, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Shelf, list[dict[str, int]]]:
    draw = random.Random(7)
    fields = [name for _, name in ORDERS]
    numbers = [dict(zip(fields, draw.sample(range(1, 10**6), 5), strict=True)) for _ in range(80)]
    for one in numbers:
        one["created_at"] *= 1_000
        one["updated_at"] *= 1_000
    shelf = Shelf(tmp_path_factory.mktemp("sorted"), [])
    held = [document(n, f"a/m{n}", **fields) for n, fields in enumerate(numbers, 1)]
    shelf.writer.rebuild([lambda: held], state(len(held)))
    return shelf, numbers


@pytest.mark.parametrize(("sort", "field"), ORDERS)
def test_every_order_is_by_its_numbers(
    sorted_shelf: tuple[Shelf, list[dict[str, int]]], sort: Sort, field: str
) -> None:
    shelf, numbers = sorted_shelf
    wanted = sorted(range(1, 81), key=lambda n: -numbers[n - 1][field])

    selection = shelf.reader.search(parse_query("m", sort=sort, limit=50, offset=10))

    assert [one.number for one in selection.selected] == wanted[10:60]
    assert (selection.total, selection.ordered) == (80, True)


def test_facets_of_very_many_models_are_estimated_and_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = engines.writer(tmp_path)
    tasks = random.Random(1).choices(("fill-mask", "text-generation"), (1, 3), k=16_000)
    held = [document(n, f"a/m{n}", task=task) for n, task in enumerate(tasks, start=1)]
    writer.rebuild([lambda: held], state(len(held)))
    asked = parse_query("m", facets=("task", "gated"))
    counted = engines.reader(tmp_path).search(asked)
    for searching in (embedded_hits, meili_searching):
        monkeypatch.setattr(searching, "COUNTED", 15_999)
    estimated = engines.reader(tmp_path).search(asked)

    assert (counted.facets_exact, estimated.facets_exact) == (True, False)
    assert counted.facets["gated"] == estimated.facets["gated"] == (("no", 16_000),)
    assert dict(counted.facets["task"]) == Counter(tasks)
    assert dict(estimated.facets["task"]) == pytest.approx(Counter(tasks), rel=0.2)
    assert (estimated.total, estimated.selected) == (counted.total, counted.selected)

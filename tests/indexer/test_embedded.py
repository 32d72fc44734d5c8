"""The embedded engine: what it selects, in which order, and that its totals are exact."""

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.documents import Document, popularity, to_document
from indexer.engines.contract import IndexState
from indexer.engines.embedded import folder as folders
from indexer.engines.embedded import searching, short
from indexer.engines.embedded.reader import EmbeddedReader
from indexer.engines.embedded.schema import to_tantivy
from indexer.engines.embedded.writer import EmbeddedWriter
from indexer.engines.paging import FEW
from indexer.errors import EngineError, EngineUnavailable
from indexer.query import parse_query
from indexer.records import Outline

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def state(models: int, serial: int = 1) -> IndexState:
    return IndexState("a-catalog", serial, serial, models, NOW)


def document(number: int, repo_id: str, **fields: Any) -> Document:
    return to_document(Outline(number, repo_id, **fields))


def documents(ids: Sequence[str]) -> list[Document]:
    """Earlier ids are the more popular ones; numbers start at 1."""
    return [
        document(number, repo_id, downloads=len(ids) - number) for number, repo_id in enumerate(ids, start=1)
    ]


class Shelf:
    """An index over a list of ids, asked in words."""

    def __init__(self, root: Path, ids: Sequence[str]) -> None:
        self.root = root
        self.ids = ids
        self.writer = EmbeddedWriter(root)
        self.writer.rebuild([partial(documents, ids)], state(len(ids)))
        self.reader = EmbeddedReader(root)

    def total(self, text: str) -> int:
        return self.reader.search(parse_query(text)).total


def test_popularity_orders_by_downloads_then_likes_then_all_time() -> None:
    ordered: list[dict[str, Any]] = [
        {},
        {"downloads_all_time": 1},
        {"downloads_all_time": 10_000},
        {"likes": 1},
        {"likes": 10**9},
        {"downloads": 1},
        {"downloads": 1, "likes": 5},
        {"downloads": 3_900_000_000},
        {"downloads": 2**63 - 1, "likes": 2**63 - 1, "downloads_all_time": 2**63 - 1},
    ]
    values = [popularity(Outline(1, "a/x", **counters)) for counters in ordered]
    assert values == sorted(set(values))


NUMBERS = st.none() | st.integers(-(2**63), 2**63 - 1)


@given(
    st.builds(
        Outline, st.just(1), st.just("a/x"), created_at=NUMBERS, updated_at=NUMBERS, params=NUMBERS,
        downloads=NUMBERS, downloads_all_time=NUMBERS, likes=NUMBERS,
        trending=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    )
)  # fmt: skip
def test_whatever_a_catalog_holds_can_be_indexed(model: Outline) -> None:
    to_tantivy(to_document(model))


def test_no_index_is_said_in_words(tmp_path: Path) -> None:
    reader = EmbeddedReader(tmp_path)
    with pytest.raises(EngineUnavailable, match="no index yet"):
        reader.search(parse_query("x"))
    assert EmbeddedWriter(tmp_path).state() is None
    with pytest.raises(EngineError, match="rebuild"):
        EmbeddedWriter(tmp_path).write(documents(["a/x"]), [])


def test_written_documents_replace_and_removals_drop(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, ["a/old", "a/gone"])
    shelf.writer.write([document(1, "a/new")], [2])
    assert shelf.total("old") == 1  # not committed yet

    shelf.writer.commit(state(1, serial=2))
    assert (shelf.total("old"), shelf.total("new"), shelf.total("gone")) == (0, 1, 0)
    assert shelf.reader.state() == state(1, serial=2)
    shelf.writer.close()


def test_a_reader_moves_to_a_rebuilt_index_by_itself(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, ["a/old"])
    assert shelf.total("old") == 1

    EmbeddedWriter(tmp_path).rebuild([lambda: documents(["a/new", "a/newer"])], state(2, serial=9))
    assert (shelf.total("old"), shelf.total("new")) == (0, 2)
    assert len(list(tmp_path.glob("models-*"))) == 1


@pytest.mark.parametrize("damage", ["state", "version", "segments", "pointer"])
def test_a_damaged_index_is_not_trusted(tmp_path: Path, damage: str) -> None:
    Shelf(tmp_path, ["a/x"])
    live = folders.live_folder(tmp_path)
    assert live is not None
    if damage == "state":
        folders.state_file(live).write_text("{")
    elif damage == "version":
        text = folders.state_file(live).read_text()
        folders.state_file(live).write_text(text.replace('"schema_version":', '"schema_version":9'))
    elif damage == "segments":
        (live / "meta.json").write_text("{")
    else:
        (tmp_path / "current").write_text("../elsewhere")

    assert EmbeddedWriter(tmp_path).state() is None
    with pytest.raises(EngineUnavailable):
        EmbeddedReader(tmp_path).search(parse_query("x"))


def test_a_rebuild_that_fails_leaves_the_live_index_alone(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, ["a/x"])

    def breaking() -> Iterable[Document]:
        yield from documents(["b/y"])
        raise EngineError("planted")

    with pytest.raises(EngineError, match="planted"):
        shelf.writer.rebuild([breaking], state(1))
    assert len(list(tmp_path.glob("models-*"))) == 1
    assert EmbeddedReader(tmp_path).search(parse_query("x")).total == 1
    shelf.writer.rebuild([lambda: documents(["c/z"])], state(1))
    assert len(list(tmp_path.glob("models-*"))) == 1


MANY = [f"{('elm', 'oak')[n % 3 > 0]}/{('Qwen', 'Eve')[n % 2]}-{n}b" for n in range(200)]
SHORT = ("", "e", "E", "l", "7", "el", "lm", "7b", "qw", "e l", "-e", "/e", "e/", "z", "wen")


def test_short_queries_are_made_ready_and_answered_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = Shelf(tmp_path / "plain", MANY)
    monkeypatch.setattr(short, "WORTH_MODELS", FEW + 1)
    ready = Shelf(tmp_path / "ready", MANY)

    for text in SHORT:
        for limit, offset in ((20, 0), (3, 2), (100, 0), (100, 50), (20, 80)):
            query = parse_query(text, limit=limit, offset=offset)
            assert ready.reader.search(query) == plain.reader.search(query), text
            counting = replace(query, facets=("author", "gated"))
            assert ready.reader.search(counting) == plain.reader.search(counting), text
    assert len(ready_answers(ready)) > 5
    assert len(ready_answers(plain)) == 0


def test_short_answers_are_of_the_newest_commit_or_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(short, "WORTH_MODELS", FEW + 1)
    shelf = Shelf(tmp_path, MANY)
    before = shelf.total("e")

    shelf.writer.write([document(201, "elm/new")], [])
    shelf.writer.commit(state(201, serial=2), more=True)
    assert (shelf.total("e"), len(ready_answers(shelf))) == (before + 1, 0)
    shelf.writer.write([], [201])
    shelf.writer.commit(state(200, serial=3))
    assert (shelf.total("e"), len(ready_answers(shelf)) > 5) == (before, True)
    shelf.writer.close()


def ready_answers(shelf: Shelf) -> short.ShortAnswers:
    live = folders.live_folder(shelf.root)
    assert live is not None
    return short.read_short(live, shelf.reader.state())


def test_facets_of_very_many_models_are_estimated_and_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = EmbeddedWriter(tmp_path)
    tasks = random.Random(1).choices(("fill-mask", "text-generation"), (1, 3), k=16_000)
    held = [document(n, f"a/m{n}", task=task) for n, task in enumerate(tasks, start=1)]
    writer.rebuild([lambda: held], state(len(held)))
    asked = parse_query("m", facets=("task", "gated"))
    counted = EmbeddedReader(tmp_path).search(asked)
    monkeypatch.setattr(searching, "COUNTED", 15_999)
    estimated = EmbeddedReader(tmp_path).search(asked)

    assert (counted.facets_exact, estimated.facets_exact) == (True, False)
    assert counted.facets["gated"] == estimated.facets["gated"] == (("no", 16_000),)
    assert dict(counted.facets["task"]) == Counter(tasks)
    assert dict(estimated.facets["task"]) == pytest.approx(Counter(tasks), rel=0.2)
    assert (estimated.total, estimated.selected) == (counted.total, counted.selected)

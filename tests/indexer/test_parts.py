"""An index built by several processes is the one that a single process builds."""

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from indexer import sync as syncing
from indexer.catalog.store import Catalog
from indexer.checking import check_index
from indexer.documents import Document, to_document
from indexer.engines.contract import IndexState
from indexer.engines.embedded.reader import EmbeddedReader
from indexer.engines.embedded.writer import EmbeddedWriter
from indexer.errors import EngineError, EngineUnavailable
from indexer.query import KINDS, parse_query
from indexer.records import Batch, Listed, Outline, Removal
from indexer.sync import Sync
from tests.fakes.hub import GeneratedSource
from tests.indexer.house import NOW, listed

QUERIES = ("", "llama", "qwen 7b", "gguf", "a", "TheBloke/", "nothing at all")


def with_files(model: Listed, count: int) -> Listed:
    files = tuple(f"model-{quant}.gguf" for quant in ("Q4_K_M", "Q8_0", "F16")[:count])
    return replace(model, record=replace(model.record, files=files))


@pytest.mark.parametrize("processors", [2, 3])
def test_an_index_of_several_parts_is_that_of_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, processors: int
) -> None:
    source = GeneratedSource(500)
    told: list[tuple[int, int]] = []
    with Catalog(f"sqlite:///{tmp_path / 'catalog.db'}") as catalog:
        models = [with_files(listed(n, source.repo_id(n), n * 7 % 500), n % 4) for n in range(500)]
        catalog.apply(Batch(tuple(models)))
        catalog.apply(Batch(removals=tuple(Removal(f"{number:024x}", "gone") for number in range(0, 500, 9))))
        whole = Sync(catalog, EmbeddedWriter(tmp_path / "whole")).rebuild()
        monkeypatch.setattr(syncing, "APART", 100)
        writer = EmbeddedWriter(tmp_path / "parts")
        joined = Sync(
            catalog, writer, processors=processors, progress=lambda *one: told.append(one)
        ).rebuild()

        assert joined.written == whole.written == joined.models
        assert told[-1] == (joined.models, joined.models)
        one, other = (EmbeddedReader(tmp_path / name) for name in ("whole", "parts"))
        for text in QUERIES:
            for kind in KINDS:
                asked = parse_query(text, limit=100, kind=kind)
                assert one.search(asked).total == other.search(asked).total
                assert one.search(asked).selected == other.search(asked).selected
        assert one.state().variants == other.state().variants > 500
        assert check_index(catalog, other, sample=None).agrees
        catalog.apply(Batch((listed(0, "back/again"),)))
        assert Sync(catalog, writer).run().done == "followed"
        writer.close()
        assert check_index(catalog, EmbeddedReader(tmp_path / "parts"), sample=None).agrees
    assert [path.name for path in (tmp_path / "parts").rglob("part-*")] == []


def some(first: int) -> Iterator[Document]:
    yield from (to_document(Outline(number, f"a/m{number}")) for number in range(first, first + 10))


def failing() -> Iterator[Document]:
    yield from some(100)
    raise ValueError("the catalog cannot be read")


def killed() -> Iterator[Document]:
    yield from some(100)
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize(
    ("part", "why"), [(failing, "the catalog cannot be read"), (killed, "ended before it was done")]
)
def test_where_one_part_fails_nothing_is_left_of_any(tmp_path: Path, part: object, why: str) -> None:
    state = IndexState("a-catalog", 1, 1, 20, NOW)

    with pytest.raises(EngineError, match=why):
        EmbeddedWriter(tmp_path).rebuild([partial(some, 1), part], state)  # type: ignore[list-item]

    assert list(tmp_path.iterdir()) == []
    with pytest.raises(EngineUnavailable):
        EmbeddedReader(tmp_path).state()


def test_what_was_live_stays_when_a_part_fails(tmp_path: Path) -> None:
    writer = EmbeddedWriter(tmp_path)
    writer.rebuild([partial(some, 1), partial(some, 50)], IndexState("a-catalog", 1, 1, 20, NOW))

    with pytest.raises(EngineError):
        writer.rebuild([partial(some, 1), failing], IndexState("a-catalog", 2, 2, 20, NOW))

    assert EmbeddedReader(tmp_path).search(parse_query("m")).total == 20
    assert EmbeddedReader(tmp_path).state().serial == 1

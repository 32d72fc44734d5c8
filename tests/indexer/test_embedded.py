"""The embedded engine's own: what it makes of damage, and short queries that are made ready."""

import json
import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from indexer.engines.embedded import folder as folders
from indexer.engines.embedded import hits, short
from indexer.engines.embedded.reader import EmbeddedReader
from indexer.engines.embedded.writer import EmbeddedWriter
from indexer.engines.paging import FEW
from indexer.errors import EngineUnavailable
from indexer.query import parse_query
from tests.indexer.shelf import Shelf, document, state


@pytest.mark.parametrize("damage", ["state", "segments", "pointer"])
def test_a_damaged_index_is_not_trusted(tmp_path: Path, damage: str) -> None:
    Shelf(tmp_path, ["a/x"])
    live = folders.live_folder(tmp_path)
    assert live is not None
    if damage == "state":
        folders.state_file(live).write_text("{")
    elif damage == "segments":
        (live / "meta.json").write_text("{")
    else:
        (tmp_path / "current").write_text("../elsewhere")

    assert EmbeddedWriter(tmp_path).state() is None
    with pytest.raises(EngineUnavailable):
        EmbeddedReader(tmp_path).search(parse_query("x"))


def test_deletions_that_a_killed_writer_left_are_in_nobodys_way(tmp_path: Path) -> None:
    Shelf(tmp_path, [f"a/m{number}" for number in range(20)])
    live = folders.live_folder(tmp_path)
    assert live is not None
    meta = json.loads((live / "meta.json").read_text())
    segments = [one["segment_id"].replace("-", "") for one in meta["segments"]]
    # It was killed right before it could say that they count: whoever begins again comes to the same name.
    left = [f"{one}.{meta['opstamp'] + more}.del" for one in segments for more in range(1, 10)]
    for name in left:
        (live / name).write_bytes(b"what was written of it")
    managed = live / ".managed.json"
    managed.write_text(json.dumps([*json.loads(managed.read_text()), *left]))

    writer = EmbeddedWriter(tmp_path)
    writer.write([document(1, "a/z")], [])
    writer.commit(state(20, serial=2))
    writer.close()

    reader = EmbeddedReader(tmp_path)
    assert [reader.search(parse_query(text)).total for text in ("a/", "a/z", "a/m0")] == [20, 1, 0]


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


def test_models_of_very_many_variants_are_estimated_and_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hits themselves are the same, however many there are."""
    tasks = random.Random(1).choices(("fill-mask", "text-generation"), (1, 3), k=8_000)
    held = [
        document(number, f"a/m{number}", task=task, downloads=number, files=("Q8_0.gguf", "F16.gguf"))
        for number, task in enumerate(tasks, start=1)
    ]
    EmbeddedWriter(tmp_path).rebuild([lambda: held], state(len(held)))
    asked = parse_query("m format:gguf quant:q8_0,f16", facets=("task", "quant"), offset=1_990)
    answers = []
    for walked, counted in ((16_000, 16_000), (15_999, 16_000), (15_999, 15_999)):
        monkeypatch.setattr(hits, "WALKED", walked)
        monkeypatch.setattr(hits, "COUNTED", counted)
        answers.append(EmbeddedReader(tmp_path).search(asked))

    whole, estimated, sampled = answers
    assert [one.number for one in whole.selected] == list(range(6_010, 5_990, -1))
    assert (whole.total, whole.total_exact, whole.facets_exact) == (8_000, True, True)
    assert dict(whole.facets["task"]) == Counter(tasks)
    assert dict(whole.facets["quant"]) == {"q8_0": 8_000, "f16": 8_000}
    for one, within in ((estimated, 0.02), (sampled, 0.2)):
        assert one.selected == whole.selected
        assert (one.total_exact, one.facets_exact) == (False, False)
        assert one.total == pytest.approx(8_000, rel=within)
        for facet, counts in whole.facets.items():
            assert dict(one.facets[facet]) == pytest.approx(dict(counts), rel=within)

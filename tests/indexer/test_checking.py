"""Whether a check of the index sees every way in which it can differ from its catalog, and no other."""

import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from indexer.catalog.store import Catalog
from indexer.checking import TOLD
from indexer.documents import VariantPart, to_document
from indexer.projecting import documents_in
from indexer.records import Outline
from tests.indexer import engines
from tests.indexer.home import MODELS, QUANTS, Home, words
from tests.indexer.script import BATCHES, key_of, listed, open_catalog

GGUF = ("poet.Q4_K_M.gguf",)

pytestmark = pytest.mark.usefixtures("each_engine")


def test_an_index_agrees_after_every_sync_and_before_it_is_only_behind(tmp_path: Path) -> None:
    home = Home(tmp_path)
    for batch in BATCHES:
        before = home.catalog.state().serial
        home.catalog.apply(batch)
        if engines.engine().builds(home.index):
            behind = home.check()
            assert behind.agrees, words(behind)
            assert (behind.behind > 0) == (home.catalog.state().serial > before)
        home.sync()
        report = home.check()
        assert (report.agrees, report.behind, report.comparison.left_out) == (True, 0, 0), words(report)
        assert report.comparison.compared == home.catalog.state().models
    home.catalog.close()


def test_what_changed_since_is_left_out(home: Home) -> None:
    likes = replace(MODELS[4], counters=replace(MODELS[4].counters, likes=99))
    home.put(replace(MODELS[0], record=replace(MODELS[0].record, repo_id="new/name")), likes, removed=(3,))
    home.put(listed(99, "a/newcomer"))

    report = home.check()

    assert (report.agrees, report.behind, report.comparison.left_out) == (True, 4, 4)
    assert report.comparison.compared == len(MODELS) - 3


def test_models_held_otherwise_than_the_catalog_has_them_are_named(home: Home) -> None:
    first, second, third, fourth = (home.outline(number) for number in (1, 2, 3, 4))
    home.spoil(
        to_document(first._replace(repo_id="other/name")),
        to_document(second._replace(likes=5, params=3)),
        to_document(third._replace(tags=[*third.tags, "one-too-many"])),
        to_document(Outline(1_000, "a/stranger", key_of(1_000))),
        removed=(5,),
    )
    home.spoil(to_document(fourth), twice=True)

    report = home.check()

    assert not report.agrees
    assert report.comparison.differing == 6
    renamed, counted, tagged, *others = words(report)
    assert renamed.startswith("TheBloke/Llama-2-7B-Chat-GGUF: ")
    assert re.search(r"not found by its author and|its author and .* are not its own", renamed)
    assert "params is 3 instead of 7241732096" in counted
    assert "likes is 5 instead of 17" in counted
    assert re.fullmatch(rf"{third.repo_id}: (it is held with words that|its.* tags) are not its own", tagged)
    assert others == [
        f"{fourth.repo_id}: is held 2 times",
        f"{MODELS[4].record.repo_id}: is missing",
        "1000: is held, but the catalog has no such model",
    ]


@pytest.mark.parametrize(
    ("spoiled", "said"),
    [
        (lambda parts: parts[1:], "q.* is missing"),
        (lambda parts: parts[:0], "is missing.*is missing"),
        (lambda parts: [*parts, parts[0]._replace(code=7)], "none of its own"),
        (lambda parts: [parts[0]._replace(bits=333), *parts[1:]], "bits is 333 instead of"),
        (lambda parts: [parts[0]._replace(label="q9", quants=("q9",)), *parts[1:]], "not its own|not found"),
        (lambda parts: parts[::-1], "not its own|place"),
    ],
)
def test_variants_held_otherwise_are_named_as_their_models(
    home: Home, spoiled: Callable[[Sequence[VariantPart]], Sequence[VariantPart]], said: str
) -> None:
    held = to_document(home.outline(1))
    assert len(held.variants) == len(QUANTS)
    home.spoil(replace(held, variants=tuple(spoiled(held.variants))))

    report = home.check()

    assert report.comparison.differing == 1
    [line] = words(report)
    assert re.fullmatch(rf"{home.outline(1).repo_id}: .*variant.*", line)
    assert re.search(said, line), line


def test_what_is_guessed_by_another_model_that_has_changed_is_left_out(home: Home) -> None:
    made = ("base_model:quantized:acme/base",)
    base, derived = listed(98, "acme/base", params=7 * 10**9), listed(99, "zoo/poet", tags=made, files=GGUF)
    home.put(base, derived)
    home.sync()
    number = home.catalog.find("zoo/poet").number
    guessed = home.catalog.find("acme/base").record.params
    [document] = documents_in(home.catalog, [home.outline(number)])
    assert document.params == guessed == document.variants[0].params
    assert home.check().agrees
    home.spoil(replace(document, params=5))
    assert home.check().comparison.differing == 1

    home.put(replace(base, record=replace(base.record, params=8 * 10**9)))
    home.sync()
    report = home.check()

    assert (report.agrees, report.behind, report.comparison.left_out) == (True, 0, 1), words(report)
    home.sync(rebuild=True)
    assert (home.check().agrees, home.check().comparison.left_out) == (True, 0)


def test_a_count_that_differs_is_said_though_no_drawn_model_does(home: Home) -> None:
    home.spoil(removed=(1, 2))
    drawn = [n for n in range(20) if home.check(1, random=Random(n)).comparison.differing == 0]
    report = home.check(1, random=Random(drawn[0]))

    assert report.problems == (f"The index holds {len(MODELS) - 2} models, the catalog {len(MODELS)}.",)
    assert not report.agrees
    assert report.comparison.compared == 1


def test_a_sample_finds_what_differs_among_those_it_draws(home: Home) -> None:
    outlines = map(home.outline, range(1, len(MODELS) + 1))
    home.spoil(*(to_document(outline._replace(task="other")) for outline in outlines))

    report = home.check(7, random=Random(1))

    assert (report.comparison.compared, report.comparison.differing) == (7, 7)
    assert len(home.check().comparison.differences) == TOLD < home.check().comparison.differing


def test_an_index_that_moves_meanwhile_is_held_still(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("indexer.checking.PAGE", 9)
    moves: list[str] = []

    def move(done: int, _of: int) -> None:
        number = min(done + 1, len(MODELS))  # comes next
        other = replace(MODELS[number - 1].record, tags=(f"changed-{done}",))
        home.put(replace(MODELS[number - 1], record=other), removed=(done,))
        moves.append(home.sync(rebuild=done % 2 == 0))

    report = home.check(progress=move)

    assert report.agrees, words(report)
    assert set(moves) == {"followed", "rebuilt"}
    assert report.comparison.left_out > len(moves) / 2


def foreign(home: Home) -> None:
    home.catalog.close()
    for path in home.folder.glob("catalog.db*"):
        path.unlink()
    home.catalog = Catalog(f"sqlite:///{home.folder / 'catalog.db'}")
    home.put(*MODELS)


def restored(home: Home) -> None:
    home.catalog.close()
    shutil.copy(home.folder / "catalog.db", home.folder / "backup.db")
    home.catalog = open_catalog(home.folder / "catalog.db")
    home.put(listed(99, "a/later"))
    home.sync()
    home.catalog.close()
    for path in home.folder.glob("catalog.db*"):
        path.unlink()
    shutil.copy(home.folder / "backup.db", home.folder / "catalog.db")
    home.catalog = open_catalog(home.folder / "catalog.db")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (foreign, "The index is of another catalog"),
        (restored, "The index is ahead of the catalog"),
        (lambda home: engines.engine().make_version(home.index, 0), "The index is of version 0, not "),
        (lambda home: engines.engine().make_version(home.index, 99), "The index is of version 99, not "),
        (lambda home: engines.engine().drop(home.index), "There is no index yet"),
    ],
)
def test_an_index_that_is_none_is_said_in_words_and_the_next_sync_puts_it_right(
    home: Home, spoil: Callable[[Home], object], said: str
) -> None:
    spoil(home)

    report = home.check()

    assert not report.agrees
    assert [said in problem for problem in report.problems] == [True]
    assert home.sync() == "rebuilt"
    assert home.check().agrees

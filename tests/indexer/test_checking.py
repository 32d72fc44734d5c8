"""Whether a check of the index sees every way in which it can differ from its catalog, and no other."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from indexer.__main__ import main
from indexer.catalog.store import Catalog
from indexer.checking import TOLD, CheckReport, check_index
from indexer.documents import Document, to_document
from indexer.engines.embedded import folder as folders
from indexer.engines.embedded.reader import EmbeddedReader
from indexer.engines.embedded.schema import NUMBER, make_schema, open_index, to_tantivy
from indexer.engines.embedded.writer import EmbeddedWriter
from indexer.records import Batch, Listed, Outline, Removal
from indexer.sync import Sync
from tests.factories import make_models
from tests.indexer.script import BATCHES, key_of, listed, open_catalog

MODELS = tuple(
    replace(one, record=replace(one.record, key=key_of(n))) for n, one in enumerate(make_models(), 1)
)
"""The first has the number 1."""


class Home:
    """A catalog and an index of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.index = folder / "index"
        self.catalog = open_catalog(folder / "catalog.db")

    def put(self, *rows: Listed, removed: tuple[int, ...] = ()) -> None:
        self.catalog.apply(Batch(rows, tuple(Removal(key_of(number), "gone") for number in removed)))

    def sync(self, *, rebuild: bool = False) -> str:
        writer = EmbeddedWriter(self.index)
        sync = Sync(self.catalog, writer)
        report = sync.rebuild() if rebuild else sync.run()
        writer.close()
        return report.done

    def check(self, sample: int | None = None, **options: object) -> CheckReport:
        return check_index(self.catalog, EmbeddedReader(self.index), sample=sample, **options)  # type: ignore[arg-type]

    def spoil(self, *documents: Document, removed: tuple[int, ...] = (), twice: bool = False) -> None:
        """Write to the index what is not in the catalog, as if it had been synced."""
        folder = folders.live_folder(self.index)
        assert folder is not None
        writer = open_index(folder, make_schema()).writer(20_000_000, 1)
        for number in removed:
            writer.delete_documents_by_term(NUMBER, number)
        for document in documents:
            if not twice:
                writer.delete_documents_by_term(NUMBER, document.number)
            writer.add_document(to_tantivy(document))
        writer.commit()

    def outline(self, number: int) -> Outline:
        return self.catalog.standings([number])[number].outline


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    home = Home(tmp_path)
    home.put(*MODELS)
    home.sync()
    yield home
    home.catalog.close()


def words(report: CheckReport) -> list[str]:
    return [f"{one.id or one.number}: {one.what}" for one in report.comparison.differences]


def test_an_index_agrees_after_every_sync_and_before_it_is_only_behind(tmp_path: Path) -> None:
    home = Home(tmp_path)
    for batch in BATCHES:
        before = home.catalog.state().serial
        home.catalog.apply(batch)
        if folders.live_folder(home.index) is not None:
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
        to_document(second._replace(likes=5, params=None)),
        to_document(third._replace(tags=[*third.tags, "one-too-many"])),
        to_document(Outline(1_000, "a/stranger")),
        removed=(5,),
    )
    home.spoil(to_document(fourth), twice=True)

    report = home.check()

    assert not report.agrees
    assert report.comparison.differing == 6
    renamed, counted, *others = words(report)
    assert renamed.startswith("TheBloke/Llama-2-7B-Chat-GGUF: it is not found by its author and name_grams")
    assert "params is unknown instead of 7241732096" in counted
    assert "likes is 5 instead of 17" in counted
    assert others == [
        f"{third.repo_id}: it is held with words that are not its own",
        f"{fourth.repo_id}: is held 2 times",
        f"{MODELS[4].record.repo_id}: is missing",
        "1000: is held, but the catalog has no such model",
    ]


def test_a_count_that_differs_is_said_though_no_drawn_model_does(home: Home) -> None:
    home.spoil(removed=(1, 2))
    drawn = [n for n in range(20) if home.check(1, random=Random(n)).comparison.differing == 0]
    report = home.check(1, random=Random(drawn[0]))

    assert report.problems == (f"The index holds {len(MODELS) - 2} models, the catalog {len(MODELS)}.",)
    assert not report.agrees
    assert report.comparison.compared == 1


def test_a_sample_finds_what_differs_among_those_it_draws(home: Home) -> None:
    for number in range(1, len(MODELS) + 1):
        home.spoil(to_document(home.outline(number)._replace(task="other")))

    report = home.check(7, random=Random(1))

    assert (report.comparison.compared, report.comparison.differing) == (7, 7)
    assert len(home.check().comparison.differences) == TOLD < home.check().comparison.differing


def test_a_word_that_leads_nowhere_is_noticed(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the words of a schema are cut otherwise than when the index was made."""
    from indexer.engines.embedded import comparing, schema  # noqa: PLC0415

    def with_another(document: Document) -> schema.Texts:
        return [*schema.texts_of(document), (schema.TAGS, "never-indexed")]

    monkeypatch.setattr(comparing, "texts_of", with_another)
    monkeypatch.setattr(comparing, "numbers_of", lambda d, _texts: schema.numbers_of(d, schema.texts_of(d)))
    assert home.check().comparison.differing == len(MODELS)
    monkeypatch.setattr("indexer.checking.LOOKED_UP", 1)
    assert home.check().agrees


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


def state_with(home: Home, **fields: int) -> None:
    folder = folders.live_folder(home.index)
    assert folder is not None
    file = folders.state_file(folder)
    file.write_text(json.dumps({**json.loads(file.read_text()), **fields}))


def garbled(home: Home) -> None:
    largest = max(home.index.glob("models-*/*.idx"), key=lambda path: path.stat().st_size)
    content = bytearray(largest.read_bytes())
    content[len(content) // 2] ^= 1
    largest.write_bytes(content)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (foreign, "The index is of another catalog"),
        (restored, "The index is ahead of the catalog"),
        (garbled, ".idx is not as it was written"),
        (lambda home: state_with(home, schema_version=1), "The index is of version 1, not "),
        (lambda home: state_with(home, schema_version=99), "The index is of version 99, not "),
        (lambda home: state_with(home, opstamp=10**9), "The index is older than its own state says"),
        (lambda home: shutil.rmtree(home.index), "There is no index yet"),
        (lambda home: (home.index / "current").write_text("models-none"), "There is no index yet"),
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


def test_the_command_says_it_to_people_and_to_scripts(
    home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUBDEX_HOME", str(home.folder))
    assert main(["check"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "The index agrees with the catalog."
    home.put(listed(99, "a/later"))
    assert main(["check", "--all"]) == 0
    assert f"{len(MODELS)} of {len(MODELS) + 1} models, 1 changes behind" in capsys.readouterr().out

    home.spoil(removed=(1,))
    assert main(["check", "--sample", "1000", "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert (answer["agrees"], answer["index_behind"], answer["left_out"]) == (False, 1, 1)
    assert answer["differences"] == [{"number": 1, "id": MODELS[0].record.repo_id, "what": "is missing"}]
    assert main(["check"]) == 1
    assert "The index differs in 1 of them; " in capsys.readouterr().out
    shutil.rmtree(home.index)
    assert main(["check"]) == 1
    assert capsys.readouterr().out.startswith("There is no index yet")
    for wrong in (["--sample", "0"], ["--sample", "x"], ["--all", "--sample", "3"]):
        with pytest.raises(SystemExit, match="2"):
            main(["check", *wrong])

"""Whether a check sees what is wrong with an index of the embedded engine, in its own ways."""

import json
import shutil
from collections.abc import Callable

import pytest

from indexer.__main__ import main
from indexer.documents import Document
from indexer.engines.embedded import comparing, schema
from indexer.engines.terms import TAGS
from tests.indexer.engines import Embedded
from tests.indexer.home import MODELS, Home
from tests.indexer.script import listed


def test_a_word_that_leads_nowhere_is_noticed(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the words of a schema are cut otherwise than when the index was made."""

    def with_another(document: Document) -> schema.Shared:
        shared = schema.shared_of(document)
        return shared._replace(texts=[*shared.texts, (TAGS, "never-indexed")])

    monkeypatch.setattr(comparing, "shared_of", with_another)
    assert home.check().comparison.differing == len(MODELS)
    monkeypatch.setattr("indexer.checking.LOOKED_UP", 1)
    assert home.check().agrees


def garbled(home: Home) -> None:
    largest = max(home.index.glob("models-*/*.idx"), key=lambda path: path.stat().st_size)
    content = bytearray(largest.read_bytes())
    content[len(content) // 2] ^= 1
    largest.write_bytes(content)


def cut_off(home: Home) -> None:
    Embedded().change_state(home.index, opstamp=10**9)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (garbled, ".idx is not as it was written"),
        (cut_off, "The index is older than its own state says"),
        (lambda home: (home.index / "current").write_text("models-none"), "There is no index yet"),
    ],
)
def test_an_index_that_is_damaged_is_said_in_words_and_the_next_sync_puts_it_right(
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

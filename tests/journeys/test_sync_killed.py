"""An index sync and a rebuild killed at every one of their writes end, started again, as if undisturbed."""

import re
import shutil
import signal
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from indexer.catalog.store import Catalog
from indexer.checking import check_index
from indexer.engines.contract import IndexState
from indexer.engines.embedded.reader import EmbeddedReader
from indexer.engines.embedded.writer import EmbeddedWriter
from indexer.query import parse_query
from indexer.records import Batch, Removal
from indexer.sync import Sync
from tests.indexer.script import key_of, listed
from tests.journeys.forking import Done, Forks, Kind
from tests.journeys.running import looking

MODELS = 120
CONSTANTS = {
    "indexer.catalog.store.PAGE": 10,
    "indexer.engines.embedded.writer.EmbeddedWriter.commit_every": 45,
    "indexer.engines.embedded.short.WORTH_MODELS": 41,
    "indexer.engines.embedded.writer.UPDATE_THREADS": 1,
    "indexer.engines.embedded.parts.THREADS": 1,
}
QUERIES = ("", "llama", "o", "owner3/", "renamed", "7b -llama", "lama", "fresh gguf")
NATIVE = 6
"""Of the files that come to be, so many are killed after."""

Answers = dict[str, tuple[list[int], int]]


def answers_of(reader: EmbeddedReader) -> Answers:
    answers: Answers = {}
    for text in QUERIES:
        found = reader.search(parse_query(text, limit=100))
        answers[text] = ([one.number for one in found.selected], found.total)
    return answers


class Scene:
    """A home whose index is behind its catalog by changes, removals and counters of several commits."""

    def __init__(self, folder: Path, forks: Forks) -> None:
        self._folder = folder
        self._forks = forks
        self.start = folder / "start"
        with Catalog(f"sqlite:///{self.start / 'catalog.db'}") as catalog:
            names = [f"owner{n % 7}/{('Llama', 'Qwen')[n % 2]}-{n}-7b" for n in range(MODELS)]
            catalog.apply(Batch(tuple(listed(n, name, n) for n, name in enumerate(names))))
            assert self.run(self.start, "sync").code == 0
            self.totals = {MODELS}
            fresh = (listed(n, f"fresh/model-{n}", 5 * n, tags=("gguf",)) for n in range(200, 240))
            catalog.apply(Batch(tuple(listed(n, f"owner1/renamed-{n}", n) for n in range(30))))
            catalog.apply(Batch((), tuple(Removal(key_of(n), "gone") for n in range(30, 50))))
            catalog.apply(Batch(tuple(fresh)))
            catalog.apply(Batch(tuple(listed(n, names[n], 10_000 - n) for n in range(50, 90))))
        self.answers: dict[str, Answers] = {}

    def run(self, home: Path, command: str, kill: tuple[Kind, int] | None = None) -> Done:
        return self._forks.run(
            "indexer", command, environment={"HUBDEX_HOME": str(home)}, kill=kill, constants=CONSTANTS
        )

    def home(self, name: str) -> Path:
        return Path(shutil.copytree(self.start, self._folder / name))


def polling(reader: EmbeddedReader, totals: set[int]) -> AbstractContextManager[list[object]]:
    """Ask without pause; gives what was wrong with the answers."""

    def look() -> object | None:
        total = reader.search(parse_query("")).total
        return None if total in totals else total

    return looking(look, 0.001)


def totals_of_commits(home: Path, monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """How many models an undisturbed sync's commits hold, one after the other."""
    for name, value in CONSTANTS.items():
        monkeypatch.setattr(name, value)
    writer, reader = EmbeddedWriter(home / "index"), EmbeddedReader(home / "index")
    totals = {reader.state().models}
    commit = writer.commit

    def counted(state: IndexState, *, more: bool = False) -> None:
        commit(state, more=more)
        totals.add(reader.state().models)

    monkeypatch.setattr(writer, "commit", counted)
    with Catalog(f"sqlite:///{home / 'catalog.db'}", read_only=True) as catalog:
        assert Sync(catalog, writer).run().done == "followed"
    writer.close()
    return totals


def assert_right(home: Path, undisturbed: Answers) -> None:
    reader = EmbeddedReader(home / "index")
    with Catalog(f"sqlite:///{home / 'catalog.db'}", read_only=True) as catalog:
        report = check_index(catalog, reader, sample=None)
    assert (report.agrees, report.behind) == (True, 0), report
    assert answers_of(reader) == undisturbed


def folders_in(home: Path) -> list[str]:
    return sorted(path.name for path in (home / "index").iterdir())


def places(writes: list[str]) -> list[int]:
    """Where to kill: before every write and, where many files are removed, before the first and amid them."""
    kinds = [re.sub(r"^remove.*", "remove", what) for what in writes]
    removals = [at for at, kind in enumerate(kinds, 1) if kind == "remove"]
    firsts = [at for at, kind in enumerate(kinds, 1) if at == 1 or kind != kinds[at - 2]]
    return sorted({*firsts, removals[len(removals) // 2]})


@pytest.mark.parametrize("command", ["sync", "rebuild"])
def test_killed_at_any_write_and_started_again_an_index_ends_as_if_undisturbed(
    forks: Forks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    scene = Scene(tmp_path, forks)
    totals = totals_of_commits(scene.home("commits"), monkeypatch)
    assert len(totals) >= 3
    whole = scene.home("whole")
    undisturbed = scene.run(whole, command)
    assert undisturbed.code == 0, undisturbed.err
    answers = answers_of(EmbeddedReader(whole / "index"))
    assert_right(whole, answers)
    watched = scene.run(scene.home("watched"), command, kill=("native", 10_000)).of("native")
    steps = max(1, len(watched) // NATIVE)
    kills: list[tuple[Kind, int]] = [("file", at) for at in places(undisturbed.of("file"))]
    kills += [("native", at) for at in range(1, len(watched), steps)]

    for turn, (kind, at) in enumerate(kills):
        home = scene.home(f"{kind}-{at}")
        reader = EmbeddedReader(home / "index")
        assert reader.state().models == MODELS
        with polling(reader, totals) as complaints:
            killed = scene.run(home, command, kill=(kind, at))
            assert killed.code == -signal.SIGKILL or kind == "native"
            assert EmbeddedReader(home / "index").state().models in totals
            restarted = scene.run(home, ("sync", "rebuild")[turn % 2])
        assert complaints == []
        assert restarted.code == 0, restarted.err
        assert answers_of(reader) == answers
        assert_right(home, answers)
        assert turn % 2 == 0 or len(folders_in(home)) == 2
        shutil.rmtree(home)
    assert len(kills) > 12

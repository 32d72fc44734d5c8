"""The catalog against a plain dictionary, through any sequence of pages."""

import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from indexer.catalog.store import Catalog
from indexer.records import Batch, Checkpoint, Counters, GgufFacts, Listed, ModelRecord, Removal, Tree
from indexer.variants.records import RepoFile

KEYS = st.integers(0, 5).map(lambda number: f"{number:024x}")
PATHS = st.sampled_from(["a/x", "a/X", "b/y", "c", "d/z"])
ROWS = st.builds(
    lambda key, path, sha, downloads, gguf: Listed(
        ModelRecord(key, path, sha=sha, files=("m.gguf",)), Counters(downloads), gguf
    ),
    KEYS,
    PATHS,
    st.sampled_from([None, "1" * 40, "2" * 40]),
    st.sampled_from([0, 1, 2]),
    st.sampled_from([None, None, GgufFacts(), GgufFacts(7, "llama", 4_096)]),
)
FILES = st.sampled_from(
    [RepoFile("README.md", 7), *(RepoFile(f"{n}.gguf", n, f"{n:x}" * 64) for n in (1, 15))]
)
TREES = st.builds(
    Tree,
    KEYS,
    st.sampled_from(["1" * 40, "2" * 40]),
    st.none() | st.lists(FILES, max_size=3, unique=True).map(tuple),
)
RUNS = st.sampled_from([datetime(2026, 11, day, tzinfo=UTC) for day in (1, 2, 3)])
"""Starts of full passes, drawn in any order: a clock may be set back."""
MARKS = st.builds(
    lambda name, run, ended: Checkpoint(
        name, None if ended else "u", run, finished_at=run if ended else None, origin=run
    ),
    st.sampled_from(["head", "full", "full/up", "full/down"]),
    RUNS,
    st.booleans(),
)


class CatalogMachine(RuleBasedStateMachine):
    """Follows the catalog with a dictionary, and an index with the feeds alone."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.catalog = Catalog(f"sqlite:///{Path(self.folder.name) / 'catalog.db'}")
        self.truth: dict[str, Listed] = {}
        self.follower: dict[int, tuple[object, ...]] = {}
        self.gguf: dict[str, GgufFacts | None] = {}
        self.trees: dict[str, Tree] = {}
        self.serial = 0
        self.seen: dict[str, datetime] = {}
        self.marks: dict[str, Checkpoint] = {}

    @rule(
        rows=st.lists(ROWS, max_size=6),
        run=st.none() | RUNS,
        seen_keys=st.lists(KEYS, max_size=3),
        marks=st.lists(MARKS, max_size=2, unique_by=lambda mark: mark.name),
        dropped=st.lists(st.sampled_from(["full/up", "full/down"]), max_size=2),
        trees=st.lists(TREES, max_size=3),
    )
    def list_a_page(
        self,
        rows: list[Listed],
        run: datetime | None,
        seen_keys: list[str],
        marks: list[Checkpoint],
        dropped: list[str],
        trees: list[Tree],
    ) -> None:
        by_key = {row.record.key: row for row in rows}
        page = {row.record.repo_id: row for row in by_key.values()}
        for row in page.values():
            arriving = {other.record.key for other in page.values()}
            for key, known in list(self.truth.items()):
                if known.record.repo_id == row.record.repo_id and key not in arriving:
                    del self.truth[key]
        self.truth |= {row.record.key: row for row in page.values()}
        said = {key: row.gguf for key, row in by_key.items() if row in page.values() and row.gguf}
        self.gguf |= {key: None if gguf == GgufFacts() else gguf for key, gguf in said.items()}
        self.forget()
        self.trees |= {tree.key: tree for tree in trees if tree.key in self.truth}
        if run is not None:
            self.seen |= dict.fromkeys((*by_key, *seen_keys), run)
        self.seen = {key: when for key, when in self.seen.items() if key in self.truth}
        self.marks = {name: mark for name, mark in self.marks.items() if name not in dropped}
        for mark in marks:
            ended = mark if not mark.is_under_way else None
            before = self.marks.get(mark.name)
            kept = (
                (ended.finished_at, ended.origin)
                if ended
                else (before.last_finished_at, before.last_origin)
                if before
                else (None, None)
            )
            self.marks[mark.name] = replace(mark, last_finished_at=kept[0], last_origin=kept[1])
        self.catalog.apply(
            Batch(
                tuple(rows),
                seen_by=run,
                seen_keys=tuple(seen_keys),
                checkpoints=tuple(marks),
                dropped_checkpoints=tuple(dropped),
                trees=tuple(trees),
            )
        )

    def forget(self) -> None:
        self.gguf = {key: gguf for key, gguf in self.gguf.items() if key in self.truth}
        self.trees = {key: tree for key, tree in self.trees.items() if key in self.truth}

    def facts_of(self, row: Listed) -> tuple[object, ...]:
        key = row.record.key
        return (row.record.repo_id, row.counters.downloads, self.gguf.get(key), self.trees.get(key))

    @rule(key=KEYS)
    def remove(self, key: str) -> None:
        self.truth.pop(key, None)
        self.seen.pop(key, None)
        self.forget()
        self.catalog.apply(Batch(removals=(Removal(key, "gone"),)))

    @rule()
    def reopen(self) -> None:
        self.catalog.close()
        self.catalog = Catalog(f"sqlite:///{Path(self.folder.name) / 'catalog.db'}")

    @rule()
    def follow(self) -> None:
        """An index that reads both feeds holds just what the catalog holds."""
        reached = self.catalog.state().serial
        feeds = (self.catalog.changes_since(self.serial), self.catalog.counters_since(self.serial))
        for page in (page for feed in feeds for page in feed):
            for change in page:
                if change.model is None:
                    self.follower.pop(change.number, None)
                else:
                    model = change.model
                    self.follower[change.number] = (
                        model.record.repo_id, model.counters.downloads, model.gguf, model.tree,
                    )  # fmt: skip
        self.serial = reached
        held = sorted(self.follower.values(), key=str)
        assert held == sorted(map(self.facts_of, self.truth.values()), key=str)

    @invariant()
    def holds_the_truth(self) -> None:
        held = {name.number: name for page in self.catalog.outlines() for name in page}
        stored = self.catalog.by_numbers(list(held))
        assert {model.record.key: model.record for model in stored.values()} == {
            key: row.record for key, row in self.truth.items()
        }
        assert self.catalog.state().models == len(self.truth)

    @invariant()
    def knows_which_trees_are_due(self) -> None:
        due = {one.key: one.sha for one in self.catalog.trees_due(10)}
        assert due == {
            key: row.record.sha
            for key, row in self.truth.items()
            if row.record.sha and (key not in self.trees or self.trees[key].sha != row.record.sha)
        }

    @invariant()
    def knows_who_holds_a_file(self) -> None:
        for digit in "1f":
            held = {(one.repo_id, one.path) for one in self.catalog.holders(digit * 64)}
            assert held == {
                (self.truth[key].record.repo_id, file.path)
                for key, tree in self.trees.items()
                for file in tree.files or ()
                if file.sha256 == digit * 64
            }

    @invariant()
    def suspects_what_a_run_has_not_seen(self) -> None:
        for day in (1, 2, 3):
            run = datetime(2026, 11, day, tzinfo=UTC)
            suspects = [suspect.key for suspect in self.catalog.suspects(run)]
            assert sorted(suspects) == sorted(key for key in self.truth if self.seen.get(key) != run)
            assert self.catalog.count_suspects(run) == len(suspects)

    @invariant()
    def keeps_the_checkpoints(self) -> None:
        held = {mark.name: replace(mark, updated_at=None) for mark in self.catalog.checkpoints()}
        assert held == self.marks

    def teardown(self) -> None:
        self.catalog.close()
        self.folder.cleanup()


TestCatalogMachine = CatalogMachine.TestCase
TestCatalogMachine.settings = settings(
    max_examples=40, stateful_step_count=15, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)

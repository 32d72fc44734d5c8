"""The trees that are due: what is asked for, what is stored together, and what is not believed."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crawler.chain import Gone, Heard, Outdated, Page, Unclear
from crawler.trees import (
    AT_ONCE,
    GONE_IN_A_ROW,
    MISSED_IN_A_ROW,
    MOST_AT_ONCE,
    TOGETHER,
    TreeErrand,
    TreesLeg,
)
from indexer.addresses import tree_url
from indexer.catalog.store import Catalog
from indexer.catalog.trees import MAX_FILES
from indexer.errors import UpstreamUnavailable
from indexer.records import Batch, Checkpoint
from indexer.variants.records import RepoFile
from tests.indexer.script import listed, open_catalog

HUB = "https://hub.example"
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
MODELS = 3 * TOGETHER
README = {"type": "file", "oid": "1" * 40, "size": 7, "path": "README.md"}


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with open_catalog(tmp_path / "catalog.db") as opened:
        opened.apply(
            Batch(tuple(listed(n, f"a/m{n}", n, sha=f"{n:040x}", tags=("gguf",)) for n in range(MODELS)))
        )
        yield opened


def loaded(catalog: Catalog) -> TreesLeg:
    leg = TreesLeg(HUB, {mark.name: mark for mark in catalog.checkpoints()}, lambda: NOON)
    leg.load(catalog)
    return leg


def read(leg: TreesLeg, catalog: Catalog, heard: Heard) -> Batch | None:
    """Let the first tree be answered, and what follows be stored."""
    batch = leg.read(leg.errands()[0], heard)
    if batch is not None:
        catalog.apply(batch)
    return batch


def due(catalog: Catalog) -> int:
    return len(catalog.trees_due(1_000))


def test_the_most_wanted_are_asked_for_a_few_at_a_time(catalog: Catalog) -> None:
    leg = loaded(catalog)

    assert [one.due.repo_id for one in leg.errands()] == [f"a/m{MODELS - 1 - n}" for n in range(AT_ONCE)]
    assert leg.errands()[0].url == f"{HUB}/api/models/a/m59/tree/{59:040x}?recursive=true"
    leg.widen(6)
    leg.widen(1)  # those under way are not given up
    assert len(leg.errands()) == 6
    leg.widen(1_000)
    assert len(leg.errands()) == MOST_AT_ONCE


def test_an_address_escapes_what_a_commit_may_hold() -> None:
    assert (
        tree_url(HUB, "a/b.c", "x/../y?z#") == f"{HUB}/api/models/a/b.c/tree/x%2F..%2Fy%3Fz%23?recursive=true"
    )


def test_pages_are_stored_together_and_trees_too(catalog: Catalog) -> None:
    leg = loaded(catalog)
    first, second = leg.errands()[:2]
    assert leg.read(first, Page([README], f"{HUB}/next?cursor=1")) is None
    assert first.url == f"{HUB}/next?cursor=1"
    assert leg.read(second, Page([], None)) is None
    assert leg.read(first, Page([README | {"path": "m.gguf"}, README | {"size": 8}], None)) is None
    assert due(catalog) == MODELS

    batches = [batch for _ in range(TOGETHER - 2) if (batch := read(leg, catalog, Page([README])))]

    [batch] = batches
    assert len(batch.trees) == TOGETHER
    assert batch.trees[0].files == ()
    assert batch.trees[1].files == (RepoFile("README.md", 8), RepoFile("m.gguf", 7))
    assert (batch.checkpoints[0].pages, batch.checkpoints[0].rows) == (TOGETHER + 1, TOGETHER)
    assert due(catalog) == MODELS - TOGETHER


def test_the_last_ones_are_stored_and_then_it_ends(catalog: Catalog) -> None:
    leg = loaded(catalog)
    assert read(leg, catalog, Page([README])) is None
    rest = leg.rest()
    assert rest is not None
    catalog.apply(rest)
    assert leg.rest() is None

    while not leg.wants_more:
        read(leg, catalog, Page([README]))
    assert due(catalog) == 0
    leg.load(catalog)

    assert leg.finished
    mark = catalog.checkpoint("trees")
    assert mark is not None
    assert (mark.pages, mark.rows, mark.finished_at) == (MODELS, MODELS, NOON)


def test_counts_go_on_where_another_run_was_cut_off_but_not_on_another_hub(catalog: Catalog) -> None:
    leg = loaded(catalog)
    for _ in range(TOGETHER):
        read(leg, catalog, Page([README]))
    assert loaded(catalog).checkpoint.rows == TOGETHER

    marks = {mark.name: mark for mark in catalog.checkpoints()}
    assert TreesLeg("https://other.example", marks, lambda: NOON).checkpoint.rows == 0
    ended = {"trees": Checkpoint("trees", None, NOON, rows=9, finished_at=NOON)}
    assert TreesLeg(HUB, ended, lambda: NOON).checkpoint.rows == 0


def test_what_was_missed_is_left_for_another_run_and_no_more(catalog: Catalog) -> None:
    leg = loaded(catalog)
    for heard in (Outdated(), Outdated(), Unclear()):
        read(leg, catalog, heard)
    while not leg.wants_more:
        read(leg, catalog, Page([README]))
    leg.load(catalog)

    assert (leg.finished, leg.counts.missed, due(catalog)) == (True, 3, 3)
    assert len(loaded(catalog).errands()) == 3


def test_a_hub_that_gives_nothing_in_a_row_is_not_asked_on(catalog: Catalog) -> None:
    leg = loaded(catalog)
    row: list[Heard] = [Unclear(), Outdated()] * (MISSED_IN_A_ROW - 1)
    for heard in (Unclear(), Page([README]), *row):
        read(leg, catalog, heard)

    with pytest.raises(UpstreamUnavailable, match="5 models in a row"):
        read(leg, catalog, Unclear())


def test_a_hub_that_says_of_everything_that_it_is_gone_is_not_believed(catalog: Catalog) -> None:
    leg = loaded(catalog)
    read(leg, catalog, Page([README]))
    while not leg.wants_more:
        read(leg, catalog, Gone())

    assert leg.counts.hidden == GONE_IN_A_ROW
    assert due(catalog) == MODELS - 1 - GONE_IN_A_ROW == leg.counts.missed


def test_a_tree_without_meaning_is_set_aside_and_not_asked_for_again(catalog: Catalog) -> None:
    leg = loaded(catalog)
    errand = leg.errands()[0]
    leg.read(errand, Page([README], f"{HUB}/next?cursor=1"))
    leg.read(errand, Page([{"type": "file", "path": "m.gguf"}]))
    batch = leg.rest()

    assert batch is not None
    assert [one.files for one in batch.trees] == [None]
    assert [(one.row_id, one.reason) for one in batch.set_aside] == [
        ("a/m59", "files: its size is no number of bytes")
    ]


def test_half_of_an_endless_tree_is_not_taken_for_a_whole_one(catalog: Catalog) -> None:
    leg = loaded(catalog)
    errand = leg.errands()[0]
    page = Page([README] * (MAX_FILES // 2 + 1), f"{HUB}/next?cursor=1")
    leg.read(errand, page)
    assert isinstance(leg.errands()[0], TreeErrand)
    leg.read(errand, page)

    batch = leg.rest()
    assert batch is not None
    assert batch.trees[0].files is None

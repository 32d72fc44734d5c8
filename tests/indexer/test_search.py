"""Answers: what an engine selects, told from the catalog and checked against the text."""

import tempfile
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.catalog.store import Catalog
from indexer.engines.contract import Step
from indexer.engines.embedded.reader import EmbeddedReader
from indexer.engines.embedded.writer import EmbeddedWriter
from indexer.grams import Term, find
from indexer.query import parse_query
from indexer.records import Batch, Checkpoint, Counters, Listed, ModelRecord
from indexer.search import Search, SearchPage
from indexer.sync import Sync

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def listed(number: int, repo_id: str, downloads: int = 0) -> Listed:
    return Listed(ModelRecord(f"{number:024x}", repo_id), Counters(downloads=downloads))


class House:
    """A catalog, its index and the search over both."""

    def __init__(self, folder: Path, ids: Iterable[str]) -> None:
        self.folder = folder
        self.ids = list(ids)
        self.catalog = Catalog(f"sqlite:///{folder / 'catalog.db'}", now=lambda: NOW)
        rows = [listed(n, repo_id, len(self.ids) - n) for n, repo_id in enumerate(self.ids)]
        self.catalog.apply(Batch(tuple(rows), checkpoint=Checkpoint("full", "u", NOW)))
        self.sync()
        later = NOW + timedelta(seconds=90)
        self.search = Search(self.catalog, EmbeddedReader(folder / "index"), now=lambda: later)

    def sync(self) -> None:
        writer = EmbeddedWriter(self.folder / "index")
        Sync(self.catalog, writer, now=lambda: NOW).run()
        writer.close()

    def ask(self, text: str, limit: int = 100, offset: int = 0) -> SearchPage:
        return self.search.answer(parse_query(text, limit=limit, offset=offset))


def ids(page: SearchPage) -> list[str]:
    return [hit.model.record.repo_id for hit in page.hits]


def marked(page: SearchPage) -> list[list[str]]:
    return [[hit.model.record.repo_id[a:b] for a, b in hit.highlights] for hit in page.hits]


IDS = ["codellama/CodeLlama-7b-hf", "TheBloke/CodeLlama-7B-GGUF", "gpt2", "meta-llama/Llama-2-7b"]


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path, IDS)


def test_hits_say_what_matched(house: House) -> None:
    assert marked(house.ask("TheBloke/llama 7b")) == [["Llama", "7B"]]
    assert marked(house.ask("llama2")) == [["Llama-2"]]
    assert marked(house.ask("bloke")) == [["Bloke"]]


def test_a_long_term_is_checked_letter_by_letter(house: House) -> None:
    page = house.ask("codellama7bhf")

    assert ids(page) == ["codellama/CodeLlama-7b-hf"]
    assert (page.total, page.total_exact) == (1, True)


def test_a_model_renamed_or_removed_since_the_sync_is_not_shown(house: House) -> None:
    house.catalog.apply(Batch((listed(2, "openai-community/other"),)))

    page = house.ask("gpt2")
    assert (ids(page), page.total, page.total_exact) == ([], 0, False)
    assert page.coverage.behind in {0, 1}  # the catalog's numbers may be a second old


def test_the_answer_says_how_old_and_complete_it_is(house: House) -> None:
    coverage = house.ask("").coverage
    assert (coverage.models, coverage.age_seconds, coverage.complete) == (4, 90, False)

    house.catalog.apply(Batch(checkpoint=Checkpoint("full", None, NOW, finished_at=NOW)))
    fresh = Search(house.catalog, EmbeddedReader(house.folder / "index"))
    assert fresh.coverage().complete
    assert fresh.coverage().completed_at == NOW


def test_paging_a_checked_total_loses_nothing(house: House) -> None:
    pages = [house.ask("codellama7b", 1, offset) for offset in (0, 1, 2)]

    assert [ids(page) for page in pages] == [
        ["codellama/CodeLlama-7b-hf"],
        ["TheBloke/CodeLlama-7B-GGUF"],
        [],
    ]
    assert {page.total for page in pages} == {2}


# -- the set of hits is that of a short predicate over the text --------------------------------

WORDS = ["llama", "lam", "code", "7b", "70b", "1.7b", "q", "qwen", "2.5", "x2", "chat", "stablediffusion"]
NAME = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).flatmap(
    lambda words: st.lists(st.sampled_from(["-", "_", ".", "", "--"]), min_size=4, max_size=4).map(
        lambda joints: "".join(word + joint for word, joint in zip(words, joints, strict=False)).strip("-_.")
    )
)
ID = st.one_of(NAME, st.tuples(NAME, NAME).map("/".join))
QUERY = st.one_of(
    ID, NAME, st.text(alphabet="amlqc7201.b /-", max_size=12), st.tuples(NAME, NAME).map(" -".join)
)


def expected(text: str, repo_id: str) -> bool:
    """Say whether a model answers a query: the definition that the index must not depart from."""
    query = parse_query(text)
    owner, _, name = repo_id.rpartition("/")

    def anywhere(term: Term) -> bool:
        return bool(find(term, name) or (owner and find(term, owner)))

    flat = "".join(char for char in owner.lower() if char.isalnum())
    return (
        flat.startswith(query.owner or "")
        and all(find(w.term, name) if w.scope == "name" else anywhere(w.term) for w in query.wanted)
        and not any(anywhere(term) for term in query.excluded)
    )


@settings(max_examples=30, deadline=None)
@given(st.lists(ID, min_size=1, max_size=25, unique=True), st.lists(QUERY, min_size=8, max_size=8))
def test_hits_are_those_of_the_definition(ids: list[str], queries: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        house = House(Path(folder), ids)
        for text in queries:
            page = house.ask(text)
            literal = {hit.model.record.repo_id for hit in page.hits if hit.step is not Step.TYPO}

            assert literal == {repo_id for repo_id in ids if expected(text, repo_id)}, text
            assert page.total == len(page.hits)
            assert page.total_exact or len(literal) < len(page.hits)
        house.catalog.close()

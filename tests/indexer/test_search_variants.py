"""Answers about variants: what an engine selects is checked against what a model holds now."""

from dataclasses import replace
from pathlib import Path

import pytest

from indexer.catalog.store import Catalog
from indexer.config import HomeConfig
from indexer.hits import VARIANTS_TOLD
from indexer.query import parse_query
from indexer.records import Batch, Listed
from indexer.search import Search, SearchPage
from tests.factories import fill_home, make_listed, sync_home
from tests.indexer import engines
from tests.stock import MANY, QUANTS, make_stock, tree_of

pytestmark = pytest.mark.usefixtures("each_engine")

FILES_ALONE = make_listed("zoo/plain", tags=(), library=None, params=None, files=("plain.Q4_K_M.gguf",))


class Stock:
    """Models with variants, their index and the search over both."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.models, trees = make_stock()
        fill_home(folder, (*self.models, FILES_ALONE), trees=trees)
        config = HomeConfig(home=folder)
        self.catalog = Catalog(config.database_url)
        self.search = Search(self.catalog, engines.reader(config.index_folder))

    def put(self, listed: Listed) -> None:
        """Change a model behind the back of its index."""
        self.catalog.apply(Batch((listed,)))

    def ask(self, text: str, **options: object) -> SearchPage:
        return self.search.answer(parse_query(text, **options))  # type: ignore[arg-type]


@pytest.fixture
def stock(tmp_path: Path) -> Stock:
    return Stock(tmp_path)


def found(page: SearchPage) -> list[str]:
    return [hit.model.record.repo_id for hit in page.hits]


def test_a_variant_that_is_gone_since_the_sync_is_not_shown(stock: Stock) -> None:
    before = stock.ask("poet q8_0"), stock.ask("poet q8_0", kind="variant")
    quants = stock.models[0]
    files = tuple(path for path in quants.record.files or () if "Q8_0" not in path)
    stock.put(replace(quants, record=replace(quants.record, sha="d" * 40, files=files)))
    after = stock.ask("poet q8_0"), stock.ask("poet q8_0", kind="variant")

    assert [found(page) for page in before] == [[QUANTS], [QUANTS]]
    assert [(found(page), page.total) for page in after] == [([], 0), ([], 0)]


def test_variants_are_told_only_where_they_are_chosen(stock: Stock) -> None:
    plain, chosen = stock.ask("poet").hits, stock.ask("poet <5gb").hits

    assert [hit.variants for hit in plain] == [(), ()]
    assert [one.label for one in chosen[0].variants][:2] == ["Q4_K_M", "Q2_K"]


def test_a_tree_that_was_read_since_counts_at_once(stock: Stock) -> None:
    guess = stock.models[2]
    (before,) = stock.ask("guess q4_k_m", kind="variant").hits
    stock.catalog.apply(Batch(trees=(tree_of(guess, {"guess-7b.Q4_K_M.gguf": 4_321_000_000}),)))
    (after,) = stock.ask("guess q4_k_m", kind="variant").hits

    assert before.variant is not None
    assert before.variant.is_estimated
    assert after.variant is not None
    assert (after.variant.bytes, after.variant.is_estimated) == (4_321_000_000, False)


def test_a_model_carries_the_best_of_many_variants(stock: Stock) -> None:
    (hit,) = stock.ask("many format:gguf").hits

    assert (hit.model.record.repo_id, len(hit.variants), hit.variants_total) == (MANY, VARIANTS_TOLD, 34)
    assert hit.variants[0].label == "Q4_K_M"


def test_a_format_that_only_files_tell_finds_their_model(stock: Stock) -> None:
    assert found(stock.ask("plain gguf")) == ["zoo/plain"]
    assert found(stock.ask("plain onnx")) == []
    assert found(stock.ask("plain gguf", kind="variant")) == ["zoo/plain"]
    assert found(stock.ask("poet safetensors", kind="variant")) == ["acme/Poet-8B-Instruct"]


def test_a_pasted_link_shows_the_variant_it_names(stock: Stock) -> None:
    (hit,) = stock.ask(f"https://huggingface.co/{QUANTS}/blob/main/Poet-8B-Instruct-Q2_K.gguf").hits

    assert [one.label for one in hit.variants] == ["Q2_K"]


def test_parameters_of_a_base_model_count_for_its_copies(stock: Stock) -> None:
    base, copy = "acme/Riddle", "acme/Riddle-GGUF"
    stock.put(make_listed(base, params=13 * 10**9))
    made = (f"base_model:quantized:{base}", "gguf")
    stock.put(make_listed(copy, params=None, tags=made, files=("riddle.Q4_K_M.gguf",)))
    sync_home(stock.folder)

    (hit,) = stock.ask("acme/riddle size:7gb-9gb", kind="variant").hits
    assert hit.variant is not None
    assert (hit.variant.params, hit.variant.params_source) == (13 * 10**9, "base")

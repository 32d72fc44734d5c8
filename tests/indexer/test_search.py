"""Answers: what an engine selects, told from the catalog and checked against the text."""

import tempfile
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from indexer.engines.paging import TYPOS_BELOW
from indexer.grams import Term, find
from indexer.keywords import keywords_of
from indexer.query import parse_query
from indexer.ranking import FAMILY, Step, rank_of
from indexer.records import Batch, Checkpoint
from indexer.search import Search, SearchPage
from tests.indexer import engines
from tests.indexer.house import NOW, House, ids, listed

pytestmark = pytest.mark.usefixtures("each_engine")


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
    assert (ids(page), page.total) == ([], 0)
    assert page.coverage.behind in {0, 1}  # the catalog's numbers may be a second old


def test_the_answer_says_how_old_and_complete_it_is(house: House) -> None:
    coverage = house.ask("").coverage
    assert (coverage.models, coverage.age_seconds, coverage.complete) == (4, 90, False)

    house.catalog.apply(Batch(checkpoints=(Checkpoint("full", None, NOW, finished_at=NOW),)))
    fresh = Search(house.catalog, engines.reader(house.folder / "index"))
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


SHELF = (
    "meta-llama/Llama-2-7b-chat-hf",
    "TheBloke/Llama-2-7B-Chat-GGUF",
    "codellama/CodeLlama-7b-hf",
    "TheBloke/CodeLlama-7B-GGUF",
    "TheBloke/TinyLlama-1.1B-Chat-v1.0-GGUF",
    "TheBloke/Mistral-7B-GGUF",
    "Qwen/Qwen2.5-7B",
    "Qwen/Qwen2.5-Coder-1.7B",
    "Qwen/Qwen3-235B",
    "someone/llama",
    "meta-llama/Prompt-Guard-86M",
    "gpt2",
    "gpt2/notes",
    "theblokefan/llama",
    "mistralai/Mistral-7B-v0.1",
    "stabilityai/sd_xl-base",
)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> House:
    return House(tmp_path_factory.mktemp("shelf"), SHELF)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "TheBloke/llama",
            [
                "TheBloke/Llama-2-7B-Chat-GGUF",
                "TheBloke/CodeLlama-7B-GGUF",
                "TheBloke/TinyLlama-1.1B-Chat-v1.0-GGUF",
                "theblokefan/llama",
            ],
        ),
        ("thebloke/mis", ["TheBloke/Mistral-7B-GGUF"]),
        ("/guard", ["meta-llama/Prompt-Guard-86M"]),
        ("meta-llama/", ["meta-llama/Llama-2-7b-chat-hf", "meta-llama/Prompt-Guard-86M"]),
        ("235", ["Qwen/Qwen3-235B"]),
        ("35", []),
        ("7b qwen2.5", ["Qwen/Qwen2.5-7B"]),
        ("qwen25", ["Qwen/Qwen2.5-7B", "Qwen/Qwen2.5-Coder-1.7B"]),
        ("1.7b", ["Qwen/Qwen2.5-Coder-1.7B"]),
        ("17b", []),
        ("sdxl", ["stabilityai/sd_xl-base"]),
        ("mistral -gguf", ["mistralai/Mistral-7B-v0.1"]),
        ("tinyllama11b", ["TheBloke/TinyLlama-1.1B-Chat-v1.0-GGUF"]),
        ("promptguard86m", ["meta-llama/Prompt-Guard-86M"]),
        ("https://huggingface.co/TheBloke/Mistral-7B-GGUF/tree/main", ["TheBloke/Mistral-7B-GGUF"]),
        ("https://huggingface.co/gpt2", ["gpt2", "gpt2/notes"]),
        ("zzzzzz", []),
    ],
)
def test_a_query_selects_and_orders(shelf: House, text: str, expected: list[str]) -> None:
    assert shelf.found(text) == expected


def test_steps_come_in_order(shelf: House) -> None:
    assert shelf.found("llama")[:2] == ["someone/llama", "theblokefan/llama"]
    steps = shelf.steps("llama")
    assert steps == sorted(steps)
    assert set(steps) == {Step.EXACT_NAME, Step.WORDS, Step.INSIDE}
    assert shelf.steps("llam")[0] is Step.PREFIXES
    assert shelf.steps("gpt2")[0] is Step.EXACT_NAME
    assert shelf.steps("Qwen/qwen2.5-7b")[0] is Step.EXACT_ID


def test_name_only_leaves_out_owners(shelf: House) -> None:
    assert "meta-llama/Prompt-Guard-86M" in shelf.found("llama")
    assert "meta-llama/Prompt-Guard-86M" not in shelf.found("/llama")
    assert "meta-llama/Prompt-Guard-86M" not in shelf.found("meta-llama/llama")


def test_an_empty_query_lists_everything_by_popularity(shelf: House) -> None:
    assert shelf.found("") == list(SHELF)
    assert shelf.ask("").total == len(SHELF)


def test_paging_gives_every_hit_once_in_the_same_order(shelf: House) -> None:
    for text in ("llama", "", "7b", "TheBloke/"):
        paged = [one for offset in range(0, 20, 3) for one in shelf.found(text, 3, offset)]
        assert paged == shelf.found(text)


def test_a_slip_of_the_finger_is_forgiven_but_never_in_a_number(shelf: House) -> None:
    assert shelf.found("mistrl") == ["TheBloke/Mistral-7B-GGUF", "mistralai/Mistral-7B-v0.1"]
    assert set(shelf.steps("mistrl")) == {Step.TYPO}
    assert shelf.found("qwen4") == []


def test_where_a_whole_family_answers_only_the_famous_are_known_by_its_name(tmp_path: Path) -> None:
    others = [listed(n, f"some{n}/llama-{n}", 9_000) for n in range(FAMILY)]
    famous = listed(9_001, "bigscience/bloom", 10_000)
    rows = [
        listed(9_002, "a/llama", 1),
        listed(9_003, "a/bloom", 1),
        famous,
        listed(9_004, "b/bloom-9b", 10**6),
    ]
    house = House(tmp_path, [])
    house.catalog.apply(Batch((*others, *rows)))
    house.sync()

    assert "a/llama" not in house.found("llama")
    assert house.found("bloom") == ["bigscience/bloom", "a/bloom", "b/bloom-9b"]
    house.catalog.apply(Batch(tuple(listed(n + 20_000, f"some{n}/bloom-{n}", 2) for n in range(FAMILY))))
    house.sync()
    assert house.found("bloom")[:2] == ["bigscience/bloom", "b/bloom-9b"]
    assert house.steps("bloom")[:2] == [Step.EXACT_NAME, Step.WORDS]


def test_where_a_whole_family_answers_a_word_still_being_typed_is_no_word(tmp_path: Path) -> None:
    rows = [listed(n, f"some{n}/Qwen-{n}", 5) for n in range(FAMILY)]
    house = House(tmp_path, [])
    house.catalog.apply(Batch((*rows, listed(9_001, "a/qwe-test", 1), listed(9_002, "Qwen/Qwen3", 9))))
    house.sync()

    assert house.found("qwe")[0] == "Qwen/Qwen3"
    assert set(house.steps("qwe")) == {Step.PREFIXES}
    assert house.steps("qwen")[0] is Step.WORDS


def test_a_number_without_its_point_stands_behind_the_number(tmp_path: Path) -> None:
    house = House(tmp_path, ["a/scout-17b", "a/v1-7", "a/qwen-1.7b"])

    assert house.found("1.7") == ["a/qwen-1.7b", "a/scout-17b", "a/v1-7"]
    assert house.steps("1.7b") == [Step.WORDS, Step.INSIDE]


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


@example(["llama-stablediffusion"], ["llama -stablediffusionllama"])
@settings(max_examples=10, deadline=None)
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


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(ID, st.lists(st.sampled_from(WORDS), max_size=2).map(tuple), min_size=45, max_size=80),
    st.lists(NAME, min_size=4, max_size=8),
)
def test_many_hits_stand_where_the_definition_puts_them(
    tags: dict[str, tuple[str, ...]], queries: list[str]
) -> None:
    ids = list(tags)
    with tempfile.TemporaryDirectory() as folder:
        house = House(Path(folder), tags)
        for text in ["", "q", "b", "7b", "llama", "qwen", "llama/", "/q", *queries]:
            query = parse_query(text)
            ranked = [
                (rank, at)
                for at, one in enumerate(ids)
                if (rank := rank_of(query, one, partial(keywords_of, *tags[one]))) is not None
            ]
            if len(ranked) >= TYPOS_BELOW:
                paged = [one for offset in range(0, 100, 7) for one in house.found(text, 7, offset)]
                assert paged == [ids[at] for _, at in sorted(ranked)], text
                assert house.ask(text).total == len(ranked)
        house.catalog.close()

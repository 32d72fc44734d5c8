"""All real models through the replaying stand-in Hub: nothing lost, and the right answers."""

import re

import pytest

from api.handoff.shelf import packaged
from indexer.projecting import contents_in
from indexer.query import parse_query
from indexer.records import Outline
from indexer.search import SearchPage
from tests.indexer.relevance import WISHES, Asked, Wish
from tests.journeys.replaying import Replayed

pytestmark = pytest.mark.real_data

LLAMA = "TheBloke/Llama-2-7B-Chat-GGUF"


def test_catalog_and_index_hold_exactly_the_distinct_ids(replayed: Replayed) -> None:
    names = [name for page in replayed.catalog.outlines() for name in page]

    assert len(names) == len(replayed.listed)
    assert {name.repo_id for name in names} == replayed.listed
    assert replayed.search.coverage().models == len(replayed.listed)
    assert replayed.total("") == len(replayed.listed)


def test_an_owner_and_a_part_of_a_name(replayed: Replayed) -> None:
    found = replayed.ask("TheBloke/llama")

    for wanted in (LLAMA, "TheBloke/CodeLlama-7B-GGUF", "TheBloke/TinyLlama-1.1B-Chat-v1.0-GGUF"):
        rank = [one for at in range(0, 400, 100) for one in replayed.ask("TheBloke/llama", 100, at)]
        assert wanted in rank or wanted not in replayed.listed
    assert {repo_id.split("/")[0] for repo_id in found} == {"TheBloke"}
    assert all("llama" in repo_id.split("/")[1].lower() for repo_id in found)


@pytest.mark.parametrize("text", ["TheBloke", "theblo", "TheBloke/"])
def test_an_owner_lists_all_its_models(replayed: Replayed, text: str) -> None:
    wanted = {repo_id for repo_id in replayed.listed if repo_id.startswith("TheBloke/")}
    found: set[str] = set()
    for at in range(0, replayed.total(text), 100):
        found |= set(replayed.ask(text, 100, at))

    assert wanted <= found
    assert replayed.ask(text)[0].startswith("TheBloke/")


def test_name_only_lists_no_owner_only_match(replayed: Replayed) -> None:
    found = replayed.ask("/llama")

    assert all("llama" in repo_id.rpartition("/")[2].lower() for repo_id in found)
    assert replayed.total("/llama") == sum(
        1 for repo_id in replayed.listed if _has(repo_id.rpartition("/")[2], "llama")
    )


def test_inside_of_words_and_owners_count_too(replayed: Replayed) -> None:
    wanted = [
        model.repo_id
        for page in replayed.catalog.outlines()
        for model in page
        if any(_has(part, "llama") for part in model.repo_id.split("/")) or _is_tagged(model, "llama")
    ]

    assert replayed.total("llama") == len(wanted)
    assert replayed.total("llama") > replayed.total("/llama") > 1_000
    first = replayed.search.answer(parse_query("llama", limit=100)).hits
    assert [hit.step for hit in first] == sorted(hit.step for hit in first)


def _is_tagged(model: Outline, word: str) -> bool:
    said = [tag for tag in (*model.tags, model.task, model.library) if tag and ":" not in tag]
    return any(word in re.split(r"[\W_]+", tag.lower()) for tag in said)


def _has(text: str, letters: str) -> bool:
    """The letters in one word, or from a word's start on across separators; plain and slow."""
    words = "".join(char if char.isalnum() else " " for char in text.lower()).split()
    starts = ["".join(words[at:]) for at in range(len(words))]
    return any(letters in word for word in words) or any(start.startswith(letters) for start in starts)


def test_spellings_of_a_name_give_the_same_first_answers(replayed: Replayed) -> None:
    tops = [replayed.ask(text, 5) for text in ("llama2 7b", "llama-2-7b", "Llama 2 7B")]

    assert [set(top) for top in tops] == [set(tops[0])] * 3


def test_a_name_being_typed(replayed: Replayed) -> None:
    assert all("qwen2.5-cod" in repo_id.lower() for repo_id in replayed.ask("qwen2.5-cod", 20))


def test_a_typo_finds_what_was_meant_after_what_was_typed(replayed: Replayed) -> None:
    found = replayed.ask("mistrl", 20)
    literal = [repo_id for repo_id in replayed.listed if "mistrl" in repo_id.lower()]

    assert set(found[: len(literal)]) == set(literal)
    assert all("mistral" in repo_id.lower() for repo_id in found[len(literal) :])
    assert len(found) == 20


@pytest.mark.parametrize(
    "text",
    [
        f"https://huggingface.co/{LLAMA}",
        f"https://huggingface.co/{LLAMA}/tree/main",
        f"https://huggingface.co/{LLAMA}/blob/main/llama-2-7b-chat.Q4_K_M.gguf",
        f"hf.co/{LLAMA}:Q4_K_M",
        f"ollama run hf.co/{LLAMA}",
        f"huggingface://{LLAMA}/x.gguf",
        f"lmstudio://open_from_hf?model={LLAMA}",
        LLAMA,
        LLAMA.lower(),
    ],
)
def test_a_pasted_model_comes_first(replayed: Replayed, text: str) -> None:
    assert replayed.ask(text, 3)[0] == LLAMA


def test_excluded_terms_are_left_out(replayed: Replayed) -> None:
    found = replayed.ask("llama -uncensored")

    assert found
    assert not any("uncensored" in repo_id.lower() for repo_id in found)
    both = replayed.total("llama uncensored")
    assert replayed.total("llama -uncensored") == replayed.total("llama") - both


def test_codellama_is_found_by_its_parts(replayed: Replayed) -> None:
    wanted = "codellama/CodeLlama-7b-hf"
    for text in ("codellama", "codel", "llama code", "codellama/llama"):
        pages = (replayed.ask(text, 100, at) for at in range(0, min(9_900, replayed.total(text)), 100))
        assert any(wanted in page for page in pages), text


def test_every_model_is_first_for_its_own_id(replayed: Replayed) -> None:
    every = sorted(replayed.listed)[:: max(1, len(replayed.listed) // 400)]
    for repo_id in every:
        if "/" in repo_id:
            first = replayed.ask(repo_id, 3)
            assert repo_id in first, repo_id


def test_our_recommendations_are_there_and_fit_the_memory_they_are_for(replayed: Replayed) -> None:
    for entry in packaged():
        model = replayed.catalog.find(entry.model)
        variants = contents_in(replayed.catalog, [model])[model.number].variants
        for step in entry.variants:
            named = [one for one in variants if step.variant in {one.label, one.format}]

            assert named, (entry.model, step.variant)
            assert not named[0].needs or named[0].needs[0] <= step.memory, (entry.model, step.variant)


@pytest.fixture(scope="module")
def asked(replayed: Replayed) -> Asked:
    def ask(text: str, limit: int, offset: int) -> SearchPage:
        return replayed.search.answer(parse_query(text, limit=limit, offset=offset))

    return Asked(ask, frozenset(repo_id.lower() for repo_id in replayed.listed))


@pytest.mark.parametrize("wish", WISHES, ids=lambda wish: wish.text)
def test_what_is_typed_is_answered(asked: Asked, wish: Wish) -> None:
    assert list(asked.complaints(wish)) == []

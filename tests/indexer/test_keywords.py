"""Tags, tasks and libraries find a model where its id does not; noise is found last."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.catalog.store import Catalog
from indexer.grams import terms_of
from indexer.keywords import MAX_KEYWORDS, MAX_LENGTH, keywords_of, tag_with
from indexer.noise import is_noise
from indexer.query import parse_query
from indexer.ranking import Step
from indexer.records import Batch, Counters, Listed, ModelRecord, Outline
from indexer.search import Search
from indexer.sync import Sync
from tests.indexer import engines
from tests.indexer.house import House, ids

pytestmark = pytest.mark.usefixtures("each_engine")


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("text-to-image", {"texttoimage", "text", "to", "image"}),
        ("4-bit", {"4bit", "bit"}),
        ("Qwen2.5", {"qwen25"}),
        ("2.5d", {"2.5d"}),
        ("Русский", {"русскии"}),
        ("license:mit", set()),
        ("base_model:quantized:a/b", set()),
        ("region:us", set()),
        ("endpoints_compatible", set()),
        ("---", set()),
        ("x" * (MAX_LENGTH + 1), set()),
    ],
)
def test_a_tag_names_a_model_by_its_words(tag: str, expected: set[str]) -> None:
    assert set(keywords_of(tag)) == expected


@given(st.lists(st.text(max_size=80) | st.none(), max_size=60))
def test_keywords_are_bounded_and_can_be_asked_for(said: list[str | None]) -> None:
    keywords = keywords_of(*said)

    assert len(keywords) == len(set(keywords)) <= MAX_KEYWORDS
    for keyword in keywords:
        assert 0 < len(keyword) <= MAX_LENGTH
        assert [term.keyword for term in terms_of(keyword)] == [keyword]
        assert tag_with(keyword, *said) in said


def test_too_many_keywords_are_cut_off() -> None:
    assert len(keywords_of(*(f"word{n}" for n in range(1_000)))) == MAX_KEYWORDS


SEEING = ("acme/seeing",)
PICTURES = {
    "acme/text-to-image": (),
    "acme/seeing": ("image-text-to-text",),
    "acme/flux": ("text-to-image", "lora"),
    "acme/llama": ("gguf", "4-bit", "merge"),
    "acme/llama-gguf": (),
    "acme/llama-4": (),
}


@pytest.mark.parametrize(
    ("text", "hits"),
    [
        ("text to image", ["acme/text-to-image", "acme/flux", *SEEING]),
        ("text-to-image", ["acme/text-to-image", "acme/flux", *SEEING]),
        ("texttoimage", ["acme/text-to-image", "acme/flux"]),
        ("flux lora", ["acme/flux"]),
        ("lor", []),
        ("llama gguf", ["acme/llama-gguf", "acme/llama"]),
        ("llama 4", ["acme/llama-4"]),
        ("llama 4bit", ["acme/llama"]),
        ("llama -gguf", ["acme/llama-4"]),
        ("llama -merge", ["acme/llama-gguf", "acme/llama-4"]),
        ("acme/gguf", ["acme/llama-gguf"]),
        ("/lora", []),
    ],
)
def test_what_only_a_tag_names_comes_last(tmp_path: Path, text: str, hits: list[str]) -> None:
    assert House(tmp_path, PICTURES).found(text) == hits


def test_a_hit_says_which_tag_it_was_found_by(tmp_path: Path) -> None:
    hits = House(tmp_path, PICTURES).ask("flux image lora").hits

    assert [(hit.step, hit.tags) for hit in hits] == [(Step.KEYWORD, ("text-to-image", "lora"))]


def test_a_task_and_a_library_name_a_model_too(tmp_path: Path) -> None:
    record = ModelRecord("0" * 24, "acme/x", task="speech-recognition", library="sentence-transformers")
    with Catalog(f"sqlite:///{tmp_path / 'catalog.db'}") as catalog:
        catalog.apply(Batch((Listed(record, Counters()),)))
        Sync(catalog, engines.writer(tmp_path / "index")).run()
        search = Search(catalog, engines.reader(tmp_path / "index"))

        assert ids(search.answer(parse_query("speech recognition"))) == ["acme/x"]
        assert ids(search.answer(parse_query("sentence transformers"))) == ["acme/x"]
        assert ids(search.answer(parse_query("sentence -speech"))) == []


@pytest.mark.parametrize(
    "name",
    [
        "google-gemma-7b-1726420121",
        "Qwen-Qwen1.5-7B-1717767600123",
        "0b6b1b9e-9b0a-4b64-a0b5-0b6c0a0f8f11",
        "Qwen2.5-0.5B-Instruct-Gensyn-Swarm-fluffy_leaping_mole",
        "blockassist-bc-quick_fox_1757000000",
    ],
)
def test_uploads_of_bots_are_noise_unless_many_want_them(name: str) -> None:
    assert is_noise(Outline(1, f"a/{name}", downloads=99))
    assert not is_noise(Outline(1, f"a/{name}", downloads=100))


@pytest.mark.parametrize(
    "name", ["Llama-2-7B", "gemma-7b-20240115", "phone-0049301234567", "x-1234567890", "ppo-LunarLander-v2"]
)
def test_what_somebody_named_is_no_noise(name: str) -> None:
    assert not is_noise(Outline(1, f"a/{name}"))


def test_noise_is_found_behind_all_else_of_its_step_and_sorted_like_all_else(tmp_path: Path) -> None:
    def model(at: int, name: str, downloads: int, **said: object) -> Listed:
        return Listed(ModelRecord(f"{at:024x}", f"a/{name}", **said), Counters(downloads=downloads))  # type: ignore[arg-type]

    with Catalog(f"sqlite:///{tmp_path / 'catalog.db'}") as catalog:
        rows = [
            model(1, "gemma-1726420121", 90),
            model(2, "gemma-empty", 80, files=(".gitattributes", "README.md")),
            model(3, "gemma-closed", 70, disabled=True),
            model(4, "gemma-full", 3, files=(".gitattributes", "model.bin")),
            model(5, "gemma-unknown", 2),
            model(6, "codegemma", 60),
        ]
        catalog.apply(Batch(tuple(rows)))
        Sync(catalog, engines.writer(tmp_path / "index")).run()
        search = Search(catalog, engines.reader(tmp_path / "index"))

        assert ids(search.answer(parse_query("gemma"))) == [
            "a/gemma-full", "a/gemma-unknown",
            "a/gemma-1726420121", "a/gemma-empty", "a/gemma-closed",
            "a/codegemma",
        ]  # fmt: skip
        assert ids(search.answer(parse_query("gemma", sort="downloads", limit=3))) == [
            "a/gemma-1726420121", "a/gemma-empty", "a/gemma-closed",
        ]  # fmt: skip

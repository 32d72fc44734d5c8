"""Owners while their names are typed: which part of a text can be one, which are given, in which order."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.documents import to_document
from indexer.engines.contract import EngineReader
from indexer.engines.embedded import owners as embedded
from indexer.engines.meilisearch import owners as meilisearch
from indexer.engines.terms import TIERS
from indexer.errors import EngineUnavailable
from indexer.owners import MAX_OWNERS, Owner, begun, owner_typed
from indexer.records import Batch, Outline
from indexer.text import compact
from tests.indexer import engines
from tests.indexer.house import House, listed
from tests.indexer.shelf import state

pytestmark = pytest.mark.usefixtures("each_engine")

# -- what was typed ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "typed", "ending", "is_bound"),
    [
        ("theb", "theb", "", False),
        (" TheB ", "TheB", "", False),
        ("meta-l", "meta-l", "", False),
        ("theb/", "theb", "", True),
        ("theb/lla", "theb", "lla", True),
        ("theb/lla 7b -code", "theb", "lla 7b -code", True),
        ("a/b/c", "a", "b/c", True),
    ],
)
def test_one_word_or_the_left_side_can_be_an_owner(
    text: str, typed: str, ending: str, *, is_bound: bool
) -> None:
    found = owner_typed(text)

    assert found is not None
    assert (found.typed, found.ending, found.is_bound) == (typed, ending, is_bound)
    assert found.completed(Owner("TheBloke", 6)) == f"TheBloke/{ending}"


NO_OWNERS = (
    "", " ", "\0", "/llama", "_/x", "-", "--", "-theb", "-theb/x", "llama 7b", "llama theb/x", "author:theb",
    "format:gguf/x", "https://huggingface.co/TheBloke", "hf.co/TheBloke/x", "TheBloke/x:Q4_K_M",
)  # fmt: skip


@pytest.mark.parametrize("text", NO_OWNERS)
def test_nothing_else_can(text: str) -> None:
    assert owner_typed(text) is None


@given(st.text(max_size=60))
def test_whatever_is_typed_is_read(text: str) -> None:
    found = owner_typed(text)
    if found is not None:
        assert found.prefix
        assert found.typed in text


def test_an_owner_is_named_only_with_its_slash_and_all_its_letters() -> None:
    owner = Owner("Meta-Llama", 6)

    said = {
        text: (typed := owner_typed(text)) and typed.names(owner) for text in ("meta-llama/", "meta-llama")
    }
    assert said == {"meta-llama/": True, "meta-llama": False}
    assert not owner_typed("meta/").names(owner)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("name", "prefix", "end"),
    [
        ("TheBloke", "theb", 4),
        ("meta-llama", "metal", 6),
        ("01-ai", "01a", 4),
        ("Ünal", "un", 2),
        ("-x", "x", 2),
        ("x", "y", 0),
        ("x", "xy", 0),
        ("x", "", 0),
    ],
)
def test_the_letters_of_a_beginning_are_those_that_were_typed(name: str, prefix: str, end: int) -> None:
    assert begun(name, prefix) == end


# -- which are given, in which order -----------------------------------------------------------


def outline(number: int, repo_id: str, downloads: int | None = None) -> Outline:
    return Outline(number, repo_id, f"{number:024x}", downloads=downloads)


def given_by(
    engine: EngineReader, models: Sequence[Outline], prefix: str, limit: int
) -> list[tuple[str, int]]:
    ids = {model.number: model.repo_id for model in models}
    selection = engine.owners(prefix, limit)
    return [(ids[one.number].split("/")[0].lower(), one.models) for one in selection.owners]


def expected(models: Sequence[Outline], prefix: str) -> list[tuple[str, int]]:
    """Look at the owner of every model."""
    weights: dict[str, dict[int, int]] = {}
    counts: dict[str, int] = {}
    for model in models:
        owner = model.repo_id.rpartition("/")[0].lower()
        if owner and compact(owner).startswith(prefix):
            worth = model.downloads or 0
            tier = sum(worth < least for _, least in TIERS)
            tiers = weights.setdefault(owner, {})
            tiers[tier] = tiers.get(tier, 0) + worth
            counts[owner] = counts.get(owner, 0) + 1
    best = {owner: (min(tiers), -tiers[min(tiers)], owner) for owner, tiers in weights.items()}
    ordered = sorted(counts, key=lambda owner: (compact(owner) != prefix, best[owner]))
    return [(owner, counts[owner]) for owner in ordered]


OWNERS = [
    "a",
    "A-b",
    "ab",
    "a_b.c",
    "abc-7b",
    "b",
    "ba",
    "bab",
    "aaaaaaaaaaaaaaaaaaaa",
    "aaaaaaaaaaaaaaaaaaaab",
    "",
]
DOWNLOADS = st.sampled_from([None, 0, 1, 99, 100, 300, 9_999, 10_000, 2_000_000])
MODELS = st.lists(st.tuples(st.sampled_from(OWNERS), DOWNLOADS), min_size=1, max_size=60).map(
    lambda some: [
        outline(number, f"{owner}/m{number}".lstrip("/"), downloads=downloads)
        for number, (owner, downloads) in enumerate(some, start=1)
    ]
)
PREFIXES = ["", "a", "b", "ab", "abc", "abc7", "ba", "c", "a" * 15, "a" * 16, "a" * 17, "a" * 20, "a" * 22]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(MODELS, st.integers(1, 12))
def test_owners_are_those_of_all_models_in_the_order_of_the_definition(
    models: list[Outline], limit: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        engines.writer(root).rebuild([lambda: map(to_document, models)], state(len(models)))
        engine = engines.reader(root)

        for prefix in PREFIXES:
            assert given_by(engine, models, prefix, limit) == expected(models, prefix)[:limit], prefix


def test_equally_popular_owners_stand_by_name_however_many_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for searching in (embedded, meilisearch):
        monkeypatch.setattr(searching, "FETCHED", (MAX_OWNERS, 1_000))
    models = [outline(number, f"o{number * 37 % 301}/m") for number in range(1, 301)]
    engines.writer(tmp_path).rebuild([lambda: map(to_document, models)], state(300))

    found = given_by(engines.reader(tmp_path), models, "o", MAX_OWNERS)
    assert found == expected(models, "o")[:MAX_OWNERS]


def test_owners_of_written_and_removed_models_are_counted_at_the_commit(tmp_path: Path) -> None:
    writer = engines.writer(tmp_path)
    models = [outline(number, f"acme/m{number}") for number in range(1, 6)]
    writer.rebuild([lambda: map(to_document, models)], state(5))
    engine = engines.reader(tmp_path)

    renamed = outline(2, "acme-labs/m2", downloads=500)
    writer.write([to_document(renamed)], [1])
    assert given_by(engine, models, "acme", 3) == [("acme", 5)]
    writer.commit(state(4, serial=2))
    writer.close()

    assert given_by(engine, [renamed, *models[2:]], "acme", 3) == [("acme", 3), ("acme-labs", 1)]
    assert given_by(engine, [renamed, *models[2:]], "acmel", 3) == [("acme-labs", 1)]
    assert engine.owners("acme", 3).state == engine.state()


def test_owners_without_an_index_are_not_there_yet(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match="no index yet"):
        engines.reader(tmp_path).owners("a", 3)


def test_many_models_that_nobody_downloads_do_not_come_first(tmp_path: Path) -> None:
    mirror = [outline(number, f"mirror/m{number}", downloads=99) for number in range(1, 301)]
    models = [*mirror, outline(301, "mistral/a", downloads=12_000), outline(302, "mi-lab/b", downloads=150)]
    engines.writer(tmp_path).rebuild([lambda: map(to_document, models)], state(302))

    found = given_by(engines.reader(tmp_path), models, "mi", 3)
    assert found == [("mistral", 1), ("mi-lab", 1), ("mirror", 300)]


# -- told from the catalog ---------------------------------------------------------------------


def test_owners_are_written_as_the_catalog_writes_them(tmp_path: Path) -> None:
    house = House(tmp_path, ["TheBloke/a", "TheBloke/b", "theblokefan/c", "Other/d", "gpt2"])

    page = house.search.owners("theb", 3)
    assert page.owners == (Owner("TheBloke", 2), Owner("theblokefan", 1))
    assert (page.coverage.models, page.coverage.age_seconds) == (5, 90)
    assert house.search.owners("gpt2", 3).owners == ()


def test_an_owner_renamed_or_gone_since_the_sync_is_not_shown(tmp_path: Path) -> None:
    house = House(tmp_path, ["acme/a", "acme-labs/b"])
    house.catalog.apply(Batch((listed(0, "other/a"),)))

    assert house.search.owners("acme", 3).owners == (Owner("acme-labs", 1),)

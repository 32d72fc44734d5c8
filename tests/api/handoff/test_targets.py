"""From what somebody named to the files of one commit: by the catalog, by the Hub, by the cache."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from huggingface_hub import snapshot_download
from pydantic import SecretStr

from api.handoff.choosing import MAX_FILES, IncompleteVariant, VariantNotFound
from api.handoff.errors import (
    BadReference,
    BadToken,
    DisabledModel,
    EntryNotFound,
    GatedModel,
    RepoNotFound,
    RevisionNotFound,
    TooLarge,
)
from api.handoff.hub import Hub
from api.handoff.jobs.records import Wanted
from api.handoff.references import Reference, read_reference
from api.handoff.targets import find_target
from indexer.catalog.store import Catalog
from indexer.errors import UpstreamUnavailable
from indexer.hub import HubConfig
from indexer.projecting import contents_in
from indexer.records import Batch, Listed, Tree
from indexer.variants.records import RepoFile
from tests.factories import make_listed
from tests.fakes.hub import FakeHub, ListSource, make_row

QUANTS = "acme/Poet-8B-GGUF"
WEIGHTS = "acme/Poet-8B"
GATED = "acme/Secret-8B"
SIZES = {
    "Poet-8B-Q4_K_M.gguf": 4_920_734_272, "Poet-8B-Q8_0.gguf": 8_540_770_880,
    "BF16/Poet-8B-BF16-00001-of-00002.gguf": 9_000_000_000,
    "BF16/Poet-8B-BF16-00002-of-00002.gguf": 7_068_890_000,
    "Q6_K/Poet-8B-Q6_K-00001-of-00003.gguf": 2_200_000_000,
    "mmproj-Poet-8B-F16.gguf": 880_000_000, "README.md": 4_000,
}  # fmt: skip
PARTS = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")
FILES = {
    QUANTS: tuple(SIZES),
    WEIGHTS: ("README.md", "config.json", "model.safetensors.index.json", *PARTS, "onnx/model.onnx",
              "model.fp16.safetensors"),
    GATED: ("README.md", "model.safetensors"),
}  # fmt: skip
PROJECTOR = "mmproj-Poet-8B-F16.gguf"


def sha_of(repo_id: str) -> str:
    return hashlib.sha1(repo_id.encode(), usedforsecurity=False).hexdigest()


def listed() -> tuple[Listed, ...]:
    return tuple(make_listed(repo_id, files=tuple(sorted(files))) for repo_id, files in FILES.items())


@pytest.fixture
def source() -> ListSource:
    rows = []
    for repo_id, files in FILES.items():
        siblings = [{"rfilename": path, "content": path.encode()} for path in sorted(files)]
        gated = "manual" if repo_id == GATED else False
        rows.append(make_row(id=repo_id, sha=sha_of(repo_id), siblings=siblings, gated=gated))
    return ListSource(rows)


@pytest.fixture
def upstream(source: ListSource) -> Iterator[FakeHub]:
    with FakeHub(source, token="hf_valid") as running:
        yield running


@pytest.fixture
def hub(upstream: FakeHub, tmp_path: Path) -> Iterator[Hub]:
    opened = Hub(config_of(upstream, tmp_path))
    yield opened
    opened.close()


def config_of(upstream: FakeHub, home: Path, token: str | None = None) -> HubConfig:
    config = HubConfig(home=home, upstream=upstream.url, retry_base_seconds=0.001)
    return config.model_copy(update={"token": SecretStr(token) if token else None})


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    sizes = tuple(RepoFile(path, size) for path, size in SIZES.items())
    with Catalog(HubConfig(home=tmp_path).database_url) as opened:
        models = listed()
        opened.apply(Batch(models))
        opened.apply(Batch(trees=(Tree(models[0].record.key, models[0].record.sha or "", sizes),)))
        yield opened


def asked_of(upstream: FakeHub) -> list[str]:
    return [f"{one.method} {one.path}" for one in upstream.requests]


def test_what_the_catalog_knows_takes_one_question(catalog: Catalog, hub: Hub, upstream: FakeHub) -> None:
    wanted = find_target(Reference(QUANTS), catalog, hub)

    assert wanted == Wanted(
        QUANTS, "main", sha_of(QUANTS), ("Poet-8B-Q4_K_M.gguf", PROJECTOR),
        "Poet-8B-Q4_K_M.gguf", "Q4_K_M", "gguf", 4_920_734_272 + 880_000_000,
    )  # fmt: skip
    assert asked_of(upstream) == [f"HEAD /{QUANTS}/resolve/main/Poet-8B-Q4_K_M.gguf"]


def test_without_a_catalog_the_hub_says_the_same(catalog: Catalog, hub: Hub, upstream: FakeHub) -> None:
    known = find_target(Reference(QUANTS), catalog, hub)
    asked = find_target(Reference(QUANTS), None, hub)

    assert replace(asked, bytes=None) == replace(known, bytes=None)
    assert asked.bytes == len("Poet-8B-Q4_K_M.gguf") + len(PROJECTOR)
    assert asked_of(upstream)[-1] == f"HEAD /{QUANTS}/resolve/{asked.commit}/Poet-8B-Q4_K_M.gguf"


@pytest.mark.parametrize(
    ("named", "label"),
    [
        ("q8_0", "Q8_0"),
        ("Q8_0", "Q8_0"),
        ("q8-0", "Q8_0"),
        ("Poet-8B-Q8_0.gguf", "Q8_0"),
        ("poet-8b-q8_0.GGUF", "Q8_0"),
        (f"{QUANTS}:Poet-8B-Q8_0.gguf", "Q8_0"),
        ("bf16", "BF16"),
        ("BF16", "BF16"),
        ("BF16/Poet-8B-BF16-00002-of-00002.gguf", "BF16"),
        ("Poet-8B-BF16-00001-of-00002.gguf", "BF16"),
        ("q4", "Q4_K_M"),
        ("*Q8*", "files"),
        ("README.md", "files"),
    ],
)
def test_a_variant_goes_by_many_names(catalog: Catalog, hub: Hub, named: str, label: str) -> None:
    for wanted in (
        find_target(Reference(QUANTS, variant=named), catalog, hub),
        find_target(Reference(QUANTS), catalog, hub, variant=named),
    ):
        assert wanted.label == ("" if label == "files" else label)
        if label == "BF16":
            assert wanted.paths[:2] == tuple(sorted(path for path in SIZES if path.startswith("BF16/")))
        assert (PROJECTOR in wanted.paths) == bool(wanted.label)


def test_weights_bring_what_they_are_loaded_with(catalog: Catalog, hub: Hub) -> None:
    wanted = find_target(Reference(WEIGHTS), catalog, hub)

    assert wanted.paths == (*PARTS, "config.json", "model.safetensors.index.json")
    assert wanted.variant == "safetensors"


def test_a_pasted_file_brings_its_variant_and_named_files_nothing(catalog: Catalog, hub: Hub) -> None:
    pasted = read_reference(f"https://huggingface.co/{WEIGHTS}/blob/main/{PARTS[1]}")

    assert find_target(pasted, catalog, hub).paths[:2] == PARTS
    assert find_target(Reference(WEIGHTS), catalog, hub, files=[PARTS[1]]).paths == (PARTS[1],)
    assert find_target(Reference(WEIGHTS, files=PARTS), catalog, hub).paths == PARTS


def test_a_size_that_is_estimated_is_none_to_refuse_anything_by(catalog: Catalog, hub: Hub) -> None:
    weights = catalog.find(WEIGHTS)
    [estimated, *_] = contents_in(catalog, [weights])[weights.number].variants
    assert (estimated.is_estimated, estimated.bytes is None) == (True, False)

    assert find_target(Reference(WEIGHTS), catalog, hub).bytes is None


def test_everything(catalog: Catalog, hub: Hub) -> None:
    wanted = find_target(Reference(WEIGHTS), catalog, hub, everything=True)

    assert set(wanted.paths) == set(FILES[WEIGHTS])
    assert wanted.paths[0].endswith(".safetensors")
    assert (wanted.variant, wanted.format) == ("", "")


def test_a_new_commit_is_read_from_the_hub(catalog: Catalog, hub: Hub, source: ListSource) -> None:
    commit = source.push(QUANTS, {"rfilename": "Poet-8B-Q5_K_M.gguf", "content": b"new"})

    wanted = find_target(Reference(QUANTS, variant="Q5_K_M"), catalog, hub)

    assert (wanted.commit, wanted.paths[0]) == (commit, "Poet-8B-Q5_K_M.gguf")


def test_an_earlier_commit_is_read_from_the_hub(catalog: Catalog, hub: Hub, source: ListSource) -> None:
    source.push(QUANTS, {"rfilename": "Poet-8B-Q5_K_M.gguf", "content": b"new"})
    earlier = Reference(QUANTS, sha_of(QUANTS), variant="Q5_K_M")

    with pytest.raises(VariantNotFound):
        find_target(earlier, catalog, hub)
    assert find_target(replace(earlier, variant="Q8_0"), None, hub).commit == sha_of(QUANTS)


def test_another_name_leads_to_the_present_one(hub: Hub, source: ListSource) -> None:
    source.rename(QUANTS, "acme/Bard-8B-GGUF")

    wanted = find_target(Reference(QUANTS, variant="Q8_0"), None, hub)

    assert wanted.repo_id == "acme/Bard-8B-GGUF"


@pytest.mark.parametrize(
    ("reference", "kind", "said"),
    [
        (Reference("acme/Nothing"), RepoNotFound, "acme/Nothing"),
        (Reference(QUANTS, "nowhere"), RevisionNotFound, "nowhere"),
        (Reference(GATED), GatedModel, f"accept its terms at .*/{GATED}"),
        (Reference(QUANTS, variant="Q2_K"), VariantNotFound, r"has Q4_K_M, Q8_0"),
        (Reference(QUANTS, path="none.gguf"), VariantNotFound, "'none.gguf'"),
        (Reference(QUANTS, path="None/x"), VariantNotFound, "'None/x'"),
        (Reference(QUANTS, files=("README.md", "none.gguf")), EntryNotFound, "none.gguf"),
        (Reference(QUANTS, variant="Q6_K"), IncompleteVariant, "2 of its 3 files are missing"),
    ],
)
@pytest.mark.parametrize("with_catalog", [True, False])
def test_what_cannot_be_had_is_refused(
    catalog: Catalog,
    hub: Hub,
    upstream: FakeHub,
    reference: Reference,
    kind: type[Exception],
    said: str,
    *,
    with_catalog: bool,
) -> None:
    with pytest.raises(kind, match=said) as caught:
        find_target(reference, catalog if with_catalog else None, hub)

    assert upstream.requests
    if isinstance(caught.value, GatedModel):
        assert caught.value.page == f"{upstream.url}/{GATED}"


def test_missing_files_can_be_named_all_the_same(catalog: Catalog, hub: Hub) -> None:
    path = "Q6_K/Poet-8B-Q6_K-00001-of-00003.gguf"

    assert find_target(Reference(QUANTS), catalog, hub, files=[path]).paths == (path,)


def test_with_access_the_gated_model_is_had(upstream: FakeHub, catalog: Catalog, tmp_path: Path) -> None:
    upstream.accept(GATED)
    hub = Hub(config_of(upstream, tmp_path, "hf_valid"))

    assert find_target(Reference(GATED), catalog, hub).paths == ("model.safetensors",)
    hub.close()


def test_a_disabled_model_and_a_bad_token(upstream: FakeHub, source: ListSource, catalog: Catalog,
                                          hub: Hub, tmp_path: Path) -> None:  # fmt: skip
    source.change(WEIGHTS, disabled=True)
    stranger = Hub(config_of(upstream, tmp_path, "hf_wrong"))

    with pytest.raises(DisabledModel):
        find_target(Reference(WEIGHTS), catalog, hub)
    with pytest.raises(BadToken):
        find_target(Reference(QUANTS), catalog, stranger)
    stranger.close()


def test_files_have_a_bound_and_stay_where_they_are(hub: Hub, source: ListSource) -> None:
    many = [{"rfilename": f"data/{at}.json", "content": b""} for at in range(MAX_FILES + 1)]
    source.add(make_row(id="zoo/many", siblings=many))

    with pytest.raises(TooLarge, match="5,001 files"):
        find_target(Reference("zoo/many"), None, hub)
    with pytest.raises(BadReference):
        find_target(Reference("zoo/many"), None, hub, files=["../x"])


def test_what_is_in_the_cache_can_be_had_without_the_hub(
    catalog: Catalog, hub: Hub, upstream: FakeHub, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    snapshot_download(WEIGHTS, endpoint=upstream.url, cache_dir=cache, token=False)
    snapshot_download(QUANTS, endpoint=upstream.url, cache_dir=cache, token=False, allow_patterns="*Q8_0*")
    there = find_target(Reference(WEIGHTS), catalog, hub)
    upstream.stop()

    assert find_target(Reference(WEIGHTS), catalog, hub, cache=cache) == there
    for known in (catalog, None):
        alone = find_target(Reference(QUANTS), known, hub, files=["Poet-8B-Q8_0.gguf"], cache=cache)
        assert (alone.commit, alone.paths) == (sha_of(QUANTS), ("Poet-8B-Q8_0.gguf",))
    for reference in (Reference(QUANTS), Reference(QUANTS, variant="Q4_K_M"), Reference("acme/Nothing")):
        with pytest.raises(UpstreamUnavailable):
            find_target(reference, catalog, hub, cache=cache)
    with pytest.raises(UpstreamUnavailable):
        find_target(Reference(WEIGHTS), catalog, hub)

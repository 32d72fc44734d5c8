"""Variants over the API and on the pages: found, listed best first, fitted, and who holds a file."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.config import ApiConfig
from indexer.catalog.store import Catalog
from indexer.config import HomeConfig
from indexer.records import Batch
from tests.api.conftest import LOCAL
from tests.factories import fill_home, make_listed
from tests.stock import GUESSED, MANY, PARAMS, QUANTS, SIZELESS, WEIGHTS, make_stock, sha256_of

Q4 = "Poet-8B-Instruct-Q4_K_M.gguf"


@pytest.fixture(scope="module")
def stocked_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("stock")
    models, trees = make_stock()
    fill_home(home, models, trees=trees)
    return home


@pytest.fixture
def stocked(stocked_home: Path) -> Iterator[TestClient]:
    app = create_app(ApiConfig(home=stocked_home))
    with TestClient(app, base_url=LOCAL, follow_redirects=False) as opened:
        yield opened


def search(client: TestClient, **asked: Any) -> Any:
    response = client.get("/v1/search", params=asked)
    assert response.status_code == 200, response.text
    return response.json()


def labels(answer: Any) -> dict[str, list[str]]:
    return {hit["id"]: [one["label"] for one in hit["variants"]] for hit in answer["hits"]}


def test_a_hit_carries_the_variants_that_match_and_a_plain_search_none(stocked: TestClient) -> None:
    assert labels(search(stocked, q="poet")) == {QUANTS: [], WEIGHTS: []}
    assert labels(search(stocked, q="poet q4_k_m")) == {QUANTS: ["Q4_K_M"]}
    small = search(stocked, q="<5gb", format="gguf", author="acme")
    assert labels(small)[QUANTS] == ["Q4_K_M", "Q2_K", "IQ4_KS", "Q6_K"]


def test_all_conditions_hold_for_one_and_the_same_variant(stocked: TestClient) -> None:
    assert labels(search(stocked, q="poet q8_0 <5gb")) == {}
    assert labels(search(stocked, q="poet", quant="q8_0", max_bytes=9 * 10**9)) == {QUANTS: ["Q8_0"]}
    assert labels(search(stocked, q="poet", min_bits=4.5, max_bits=5)) == {QUANTS: ["Q4_K_M"]}


def test_variants_are_hits_of_their_own(stocked: TestClient) -> None:
    answer = search(stocked, q="poet gguf <9gb", kind="variant", memory="5.7gb+3gb", facets=["quant"])

    first = answer["hits"][0]
    assert (first["kind"], first["model"], first["label"]) == ("variant", QUANTS, "Q4_K_M")
    assert first["id"].startswith(f"{QUANTS}:")
    assert (first["bytes"], first["bits"]) == (4_920_734_272, 4.9)
    assert first["params"] == pytest.approx(PARAMS, rel=0.01)
    assert first["files"] == [{"path": Q4, "bytes": 4_920_734_272, "sha256": sha256_of(Q4)}]
    assert first["sidecars"] == [
        {"path": "mmproj-Poet-8B-Instruct-F16.gguf", "bytes": 880_000_000, "kind": "mmproj"}
    ]
    assert (first["license"], first["gated"], first["downloads"]) == ("llama3.1", False, 900_000)
    assert first["quality_cost"] == 0.18
    assert {one["value"]: one["count"] for one in answer["facets"]["quant"]}["q4_k_m"] == 1
    assert {hit["label"]: hit["fits"]["verdict"] for hit in answer["hits"] if hit["fits"]} == {
        "Q4_K_M": "ram", "Q8_0": "no", "Q2_K": "vram", "IQ4_KS": "vram",
    }  # fmt: skip


def test_the_sum_of_a_fit_is_the_sum_of_its_parts(stocked: TestClient) -> None:
    (hit,) = search(stocked, q="poet q4_k_m", kind="variant", memory="6gb", ctx="8k")["hits"]

    fits = hit["fits"]
    assert fits["need_bytes"] == fits["file_bytes"] + fits["context_bytes"] + fits["overhead_bytes"]
    assert fits["file_bytes"] == 4_920_734_272 + 880_000_000
    assert (fits["context_bytes"], fits["context"], fits["guessed"]) == (2**30, 8_192, False)
    assert fits["overhead_bytes"] == pytest.approx((fits["file_bytes"] + 2**30) / 20, abs=2)


def test_fits_filters_and_memory_only_tells(stocked: TestClient) -> None:
    fitting = search(stocked, q="acme/ gguf", kind="variant", fits="6gb", limit=100)
    told = search(stocked, q="acme/ gguf", kind="variant", memory="6gb", limit=100)

    assert {hit["fits"]["verdict"] for hit in fitting["hits"]} == {"vram"}
    assert fitting["total"] < told["total"]
    assert fitting["query"]["fits"] == "6gb"
    assert told["query"]["fits"] is None


def test_what_is_unknown_or_estimated_is_said(stocked: TestClient) -> None:
    (guess, _) = search(stocked, q="guess", kind="variant", memory="24gb")["hits"]
    (riddle,) = search(stocked, q="riddle", kind="variant", memory="24gb")["hits"]

    assert (guess["model"], guess["estimated"], guess["nominal"]) == (GUESSED, True, True)
    assert guess["fits"]["verdict"] == "vram"
    assert (riddle["model"], riddle["bytes"], riddle["fits"]) == (SIZELESS, None, None)
    assert search(stocked, q="riddle <900gb", kind="variant")["total"] == 0


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"fits": "lots"}, "`fits` takes memory such as `8gb`"),
        ({"memory": "8gb+"}, "`memory` takes memory"),
        ({"ctx": "long"}, "`ctx` takes a length of context"),
        ({"min_bits": "many"}, "`min_bits`"),
        ({"max_bytes": "-1"}, "`max_bytes`"),
        ({"kind": "file"}, "`kind`"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(
    stocked: TestClient, parameters: dict[str, str], named: str
) -> None:
    response = stocked.get("/v1/search", params=parameters)

    assert response.status_code == 422
    assert named in response.json()["message"]


def test_hits_are_sorted_by_the_size_of_what_matches(stocked: TestClient) -> None:
    hits = search(stocked, kind="variant", sort="size", limit=100)["hits"]

    sizes = [one["bytes"] for one in hits if one["bytes"]]
    assert sizes == sorted(sizes, reverse=True)
    assert len(sizes) > 30


def test_a_model_lists_its_variants_best_first(stocked: TestClient) -> None:
    answer = stocked.get(f"/v1/models/{QUANTS}/variants", params={"memory": "10gb"}).json()

    by_label = {one["label"]: one for one in answer["variants"]}
    assert next(iter(by_label)) == "Q4_K_M"
    split = by_label["BF16"]
    assert (split["shards"], split["bytes"], split["missing"]) == (2, 16_068_890_000, 0)
    assert (by_label["Q6_K"]["shards"], by_label["Q6_K"]["missing"], by_label["Q6_K"]["fits"]) == (3, 2, None)
    assert by_label["IQ4_KS"]["ik_only"]
    assert [one["kind"] for one in answer["sidecars"]] == ["imatrix"]
    assert (answer["license"], answer["gated"], len(answer["revision"])) == ("llama3.1", False, 40)
    assert stocked.get("/v1/models/acme/none/variants").status_code == 404
    assert stocked.get(f"/v1/models/{QUANTS}/variants?memory=x").status_code == 422


def test_a_file_leads_to_the_models_that_hold_it(stocked: TestClient, stocked_home: Path) -> None:
    found = stocked.get(f"/v1/files/{sha256_of(Q4).upper()}").json()

    assert [(one["model"], one["path"], one["bytes"], one["current"]) for one in found["models"]] == [
        (QUANTS, Q4, 4_920_734_272, True)
    ]
    assert stocked.get(f"/v1/files/{'0' * 64}").status_code == 404
    assert "No model is known" in stocked.get(f"/v1/files/{'0' * 64}").json()["message"]
    refused = stocked.get("/v1/files/abc")
    assert (refused.status_code, "64 hexadecimal digits" in refused.json()["message"]) == (422, True)


def test_a_file_of_an_earlier_commit_is_not_current(tmp_path: Path) -> None:
    models, trees = make_stock()
    fill_home(tmp_path, models, trees=trees)
    with Catalog(HomeConfig(home=tmp_path).database_url) as catalog:
        catalog.apply(Batch((make_listed(QUANTS, sha="e" * 40, files=(Q4,)),)))

    with TestClient(create_app(ApiConfig(home=tmp_path)), base_url=LOCAL) as client:
        (one,) = client.get(f"/v1/files/{sha256_of(Q4)}").json()["models"]
        (variant,) = client.get(f"/v1/models/{QUANTS}/variants").json()["variants"]

    assert one["current"] is False
    assert variant["estimated"] is True


def words(text: str) -> str:
    return unescape(" ".join(re.sub(r"<[^>]*>", " ", text).split()))


def test_a_hit_on_the_page_leads_to_the_variant_on_its_models_page(stocked: TestClient) -> None:
    text = stocked.get("/", params={"q": "poet q4_k_m", "memory": "6gb+4gb"}).text

    path = re.search(r'<a class="variant" href="([^"]*)">', text)
    assert path is not None
    assert "Q4_K_M 4.92 GB 4.9 bits needs RAM too" in words(text)
    page = stocked.get(unescape(path[1]))
    anchor = path[1].partition("#")[2]
    assert f'<tr id="{anchor}">' in page.text
    said = words(page.text)
    assert "4.92 GB file + 880 MB mmproj + 0.5 GiB context at 4k + 5 % = 6.2 GiB" in said
    assert "2 are missing of 3 files: it cannot be loaded" in said
    assert "only ik_llama.cpp loads it" in said
    assert "Beside them, part of none: imatrix.dat" in said


def test_a_page_says_what_is_estimated_and_what_nobody_knows(stocked: TestClient) -> None:
    guessed, sizeless = (words(stocked.get(f"/{name}").text) for name in (GUESSED, SIZELESS))
    gated = words(stocked.get(f"/{WEIGHTS}").text)

    assert "~4" in guessed
    assert "estimated from quant and parameters" in guessed
    assert "unknown, like its size" in sizeless
    assert "Licence llama3.1 \N{MIDDLE DOT} access on request" in gated
    assert "safetensors quant unknown" in gated
    assert "16.1 GB 16.00" in gated


def test_many_variants_are_folded_away(stocked: TestClient) -> None:
    text = stocked.get(f"/{MANY}").text

    assert text.count("<tr id=") == 34
    assert "4 more variants" in text


def test_what_was_typed_stands_in_chips_that_take_it_out(stocked: TestClient) -> None:
    text = stocked.get("/", params={"q": "poet <6gb fits:8gb+16gb ctx:8k bits:4-5", "kind": "variant"}).text

    found = re.findall(r'<a class="chip" href="([^"]*)">(.*?)</a>', text, re.DOTALL)
    chips = {words(said): unescape(path) for path, said in found}
    assert list(chips) == [
        "Take out: up to 6 GB", "Take out: fits 8 GiB VRAM + 16 GiB RAM", "Take out: 8k context",
        "Take out: 4 to 5 bits",
    ]  # fmt: skip
    assert (
        chips["Take out: up to 6 GB"] == "/?q=poet%20fits%3A8gb%2B16gb%20ctx%3A8k%20bits%3A4-5&kind=variant"
    )


@pytest.mark.parametrize(
    ("asked", "memory"),
    [
        ({"vram": "8", "ram": "32"}, "8gb+32gb"),
        ({"vram": "", "ram": "16"}, "0gb+16gb"),
        ({"memory": "8"}, "8gb"),
        ({"memory": "lots"}, ""),
        ({"vram": "-1", "ram": "x"}, ""),
        ({}, ""),
    ],
)
def test_the_form_of_memory_works_without_a_script(
    stocked: TestClient, asked: dict[str, str], memory: str
) -> None:
    text = stocked.get("/", params={"q": "poet", **asked}).text

    kept = re.findall(r'<input type="hidden" name="memory" value="([^"]*)">', text)
    assert kept == ([memory] if memory else [])

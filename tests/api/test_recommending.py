"""Recommended models with what the catalog knows: in the API, and on the empty search page."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.config import ApiConfig
from api.handoff.shelf import Shelves, packaged
from api.recommending import KNOWN_SECONDS, Recommending
from api.sources import Sources
from indexer.catalog.store import Catalog, utc_now
from indexer.config import HomeConfig
from indexer.records import Batch
from indexer.variants.answers import Room
from tests.api.conftest import LOCAL
from tests.factories import fill_home, make_listed, make_models
from tests.stock import GUESSED, QUANTS, WEIGHTS, make_stock

FILE = f"""\
models:
- {{model: {GUESSED}, title: Guess, why: Guesses, variants: {{1gb: Q2_K, 8gb: Q8_0}}}}
- {{model: {QUANTS.upper()}, title: Poet <3, why: Rhymes, variants: {{4gb: Q2_K, 8gb: Q4_K_M, 16gb: Q8_0}},
    parameters: {{ctx: 4096, temperature: 0.8, stop: [x]}}}}
- {{model: {WEIGHTS}, title: Weights, why: Weigh, variants: {{1gb: safetensors}}}}
- {{model: nobody/nothing, title: Nothing, why: Is not there, variants: {{1gb: Q4_K_M}}}}
- {{model: acme/off, title: "Off", why: Is switched off, variants: {{1gb: Q4_K_M}}}}
"""


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    stock, trees = make_stock()
    off = make_listed("acme/off", files=("off-Q4_K_M.gguf",), tags=("gguf",), disabled=True)
    fill_home(home, (*make_models(), *stock, off), trees=trees)
    (home / "recommended.yaml").write_text(FILE)
    return home


@pytest.fixture
def shop(stocked: Path) -> Iterator[TestClient]:
    app = create_app(ApiConfig(home=stocked))
    with TestClient(app, base_url=LOCAL, follow_redirects=False) as opened:
        yield opened


def cards(text: str) -> list[tuple[str, str]]:
    """Title and label of each card."""
    found = re.findall(r'class="card-title">(.*?)</span>.*?class="label">(.*?)</span>', text, re.DOTALL)
    return [(title, label) for title, label in found]


def test_the_api_gives_the_variant_for_the_memory(shop: TestClient) -> None:
    plain = shop.get("/v1/recommended").json()
    fitted = shop.get("/v1/recommended?memory=10gb&ctx=8k").json()
    guess, poet, weights, nothing, off = fitted["recommended"]

    assert [one["model"] for one in plain["recommended"]] == [
        GUESSED,
        QUANTS,
        WEIGHTS,
        "nobody/nothing",
        "acme/off",
    ]
    assert plain["warning"] is None
    assert plain["recommended"][1]["variant"]["label"] == "Q2_K"
    assert (poet["variant"]["label"], poet["variant"]["fits"]["verdict"]) == ("Q4_K_M", "vram")
    assert poet["variant"]["fits"]["context"] == 8_192
    assert poet["steps"][0] == {"memory_gib": 4.0, "variant": "Q2_K"}
    assert (poet["parameters"]["temperature"], poet["parameters"]["stop"]) == (0.8, ["x"])
    assert poet["page"].endswith("?memory=10gb&ctx=8192&use=Poet-8B-Instruct-Q4_K_M.gguf#get")
    jan = poet["model_json"]
    assert (jan["state"], poet["state"], jan["object"], jan["format"]) == (None, None, "model", "gguf")
    assert (jan["settings"]["ctx_len"], jan["parameters"]["temperature"]) == (4_096, 0.8)
    assert (jan["parameters"]["stop"], weights["model_json"]) == (["x"], None)
    assert (weights["variant"]["format"], guess["variant"]["label"]) == ("safetensors", "Q8_0")
    assert (nothing["known"], nothing["variant"], nothing["page"]) == (False, None, "/nobody/nothing")
    assert off["known"]


def test_a_label_that_is_gone_gives_way_to_what_fits(shop: TestClient) -> None:
    plain, tight = (shop.get("/v1/recommended", params={"memory": memory}).json() for memory in ("", "1gb"))

    assert plain["recommended"][0]["steps"][0]["variant"] == "Q2_K"
    assert plain["recommended"][0]["variant"]["label"] == "Q4_K_M"
    assert tight["recommended"][0]["variant"]["label"] == "Q4_K_M"


def test_memory_that_is_none_is_refused(shop: TestClient) -> None:
    assert shop.get("/v1/recommended?memory=much").status_code == 422
    assert shop.get("/v1/recommended?colour=red").status_code == 422


def test_nothing_is_known_before_there_is_a_catalog(empty_client: TestClient) -> None:
    answer = empty_client.get("/v1/recommended").json()

    assert len(answer["recommended"]) == len(packaged())
    assert not any(one["known"] or one["variant"] for one in answer["recommended"])


def test_the_empty_page_shows_what_can_be_picked(shop: TestClient) -> None:
    text = shop.get("/").text

    assert cards(text) == [("Guess", "Q4_K_M"), ("Poet &lt;3", "Q2_K"), ("Weights", "safetensors")]
    assert f'<a class="card" href="/{QUANTS}?use=Poet-8B-Instruct-Q2_K.gguf#get">' in text
    assert text.index("Good to begin with") < text.index('id="hits"')


def test_with_memory_the_best_that_fits_come_first(shop: TestClient) -> None:
    for text in (shop.get("/?vram=10").text, shop.get("/-/results?memory=10gb").text):
        assert cards(text) == [("Guess", "Q8_0"), ("Poet &lt;3", "Q4_K_M"), ("Weights", "safetensors")]
        assert re.findall(r'class="fit (\w+)"', text.partition('id="count"')[0]) == ["vram", "vram", "no"]
        assert f'href="/{QUANTS}?memory=10gb&amp;use=' in text
        assert "in 10 GiB" in text


@pytest.mark.parametrize(
    "path", ["/?q=llama", "/?offset=20", "/?sort=likes", "/?kind=variant", "/TheBloke", "/-/results?q=poet"]
)
def test_whoever_asks_for_something_is_recommended_nothing(shop: TestClient, path: str) -> None:
    assert "Good to begin with" not in shop.get(path).text


def test_a_broken_file_is_said_on_the_status(stocked: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("models:\n- 5\n")
    app = create_app(ApiConfig(home=stocked, recommended=broken))
    with TestClient(app, base_url=LOCAL) as client:
        assert "broken.yaml is not used: line 2" in client.get("/-/status").text
        assert "broken.yaml is not used: line 2" in client.get("/v1/recommended").json()["warning"]
        assert client.get("/").status_code == 200


def test_what_the_catalog_comes_to_know_is_shown_soon(tmp_path: Path) -> None:
    fill_home(tmp_path)
    first = packaged()[0].model
    clock = [0.0]
    sources = Sources(ApiConfig(home=tmp_path), utc_now)
    recommending = Recommending(sources, Shelves(tmp_path), clock=lambda: clock[0])
    assert not any(one.can_be_picked for one in recommending.recommendations(Room()))

    with Catalog(HomeConfig(home=tmp_path).database_url) as catalog:
        catalog.apply(Batch((make_listed(first, files=("a-Q8_0.gguf",), tags=("gguf",)),)))

    assert not any(one.can_be_picked for one in recommending.recommendations(Room()))
    clock[0] = KNOWN_SECONDS
    assert [one.entry.model for one in recommending.recommendations(Room()) if one.can_be_picked] == [first]
    sources.close()

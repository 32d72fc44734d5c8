"""What is to be got of a model: over the API for every variant, on its page for one of them."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.config import ApiConfig
from api.handoff.plan import APPS
from tests.api.conftest import LOCAL
from tests.factories import fill_home, make_listed
from tests.stock import MANY, QUANTS, WEIGHTS, make_stock

SPLIT = "BF16/Poet-8B-Instruct-BF16*00002.gguf"
EVIL = "a'><img src=x onerror=alert(1)>$(id).Q4_K_M.gguf"


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    home = tmp_path_factory.mktemp("stock")
    models, trees = make_stock()
    evil = make_listed("acme/evil", files=(EVIL,), tags=("gguf",), params=None)
    empty = make_listed("acme/empty", files=("README.md",), params=None)
    fill_home(home, (*models, evil, empty), trees=trees)
    app = create_app(ApiConfig(home=home))
    with TestClient(app, base_url=LOCAL, follow_redirects=False) as opened:
        yield opened


def words(text: str) -> str:
    return unescape(" ".join(re.sub(r"<[^>]*>", " ", text).split()))


def panel(client: TestClient, path: str) -> str:
    text = client.get(path).text
    return text[text.index('<section id="getting"') : text.index('<section id="variants"')]


def test_each_variant_says_what_each_app_is_given(stocked: TestClient) -> None:
    variants = stocked.get(f"/v1/models/{QUANTS}/variants").json()["variants"]

    by_label = {one["label"]: one["handoffs"] for one in variants}
    assert all(
        {one["app"] for one in handoffs} == {app.word for app in APPS} for handoffs in by_label.values()
    )
    ollama = {
        label: next(one for one in given if one["app"] == "ollama") for label, given in by_label.items()
    }
    assert ollama["Q4_K_M"] == {
        "app": "ollama", "name": "Ollama", "kind": "command",
        "text": f"ollama run hf.co/{QUANTS}:Q4_K_M", "steps": [], "file": None, "url": None,
        "note": "What lets it see comes with it.", "why_not": None,
    }  # fmt: skip
    assert (ollama["BF16"]["file"], len(ollama["BF16"]["steps"])) == ("Modelfile", 4)
    assert ollama["Q6_K"]["why_not"] == "2 of its 3 files are not in the repository."
    assert ollama["IQ4_KS"]["why_not"] == "Only ik_llama.cpp loads IQ4_KS."


def test_the_example_of_the_description_is_true(stocked: TestClient) -> None:
    examples = stocked.get("/openapi.json").json()["components"]["schemas"]["HandoffAnswer"]["examples"]

    (given, refused) = examples
    handoffs = stocked.get(f"/v1/models/{QUANTS}/variants").json()["variants"][0]["handoffs"]
    ours = {one["app"]: one for one in handoffs}
    # What is null is left out of a description.
    assert given.keys() | {"file", "url", "why_not"} == ours["ollama"].keys()
    assert given["text"] == ours["ollama"]["text"].replace(QUANTS, "TheBloke/Llama-2-7B-Chat-GGUF")
    assert {**refused, "file": None, "url": None} == ours["vllm"]


def test_commands_lead_to_the_hub_that_is_crawled(tmp_path: Path) -> None:
    models, trees = make_stock()
    fill_home(tmp_path, models, trees=trees)
    config = ApiConfig(home=tmp_path, upstream="https://hub.example.org")
    with TestClient(create_app(config), base_url=LOCAL) as client:
        handoffs = client.get(f"/v1/models/{QUANTS}/variants").json()["variants"][0]["handoffs"]
        page = words(panel(client, f"/{QUANTS}"))

    said = {one["app"]: one for one in handoffs}
    assert said["hf"]["text"].startswith("HF_ENDPOINT=https://hub.example.org hf download ")
    assert "only, not from hub.example.org" in said["jan"]["why_not"]
    assert "Jan, Docker Model Runner, node-llama-cpp, Msty, Backyard AI: this app downloads" in page


@pytest.mark.parametrize(
    ("asked", "label"),
    [
        ("", "Q4_K_M"),
        ("?memory=24gb", "Q4_K_M"),
        ("?memory=5gb", "Q2_K"),
        ("?memory=5gb%2B16gb", "Q2_K"),
        ("?memory=1gb", "Q4_K_M"),
        (f"?use={quote(SPLIT)}", "BF16"),
        ("?use=BF16&memory=4gb", "BF16"),
        ("?use=nothing", "Q4_K_M"),
        (f"?use={'x' * 3_000}", "Q4_K_M"),
    ],
)
def test_a_page_hands_off_the_best_variant_that_fits_or_the_one_asked_for(
    stocked: TestClient, asked: str, label: str
) -> None:
    text = panel(stocked, f"/{QUANTS}{asked}")

    assert f'<p class="chosen"><span class="label">{label}</span>' in text


def test_every_row_leads_to_its_own_hand_off(stocked: TestClient) -> None:
    text = stocked.get(f"/{QUANTS}?memory=6gb%2B4gb&ctx=8192").text

    paths = [unescape(path) for path in re.findall(r'<a class="use" href="([^"]*)"', text)]
    assert len(paths) == text.count('<tr id="v-') == 6
    assert paths[0].startswith(f"/{QUANTS}?memory=6gb%2B4gb&ctx=8192&use=Poet-8B-Instruct-")
    labels = re.findall(r'<tr id="v-[^"]*"><th scope="row"><span class="label">([^<]*)<', text)
    for path, label in zip(paths, labels, strict=True):
        assert f'<p class="chosen"><span class="label">{label}</span>' in panel(stocked, path)
        assert path.endswith("#get")
    assert text.count('aria-current="true"') == 1


def test_a_page_says_what_a_variant_is_not_for(stocked: TestClient) -> None:
    assert "Not for vLLM, MLX: it does not load GGUF" not in words(panel(stocked, f"/{WEIGHTS}"))
    gated = words(panel(stocked, f"/{WEIGHTS}"))
    broken = words(panel(stocked, f"/{QUANTS}?use=Q6_K"))

    assert "Gated: ask for access at https://huggingface.co/acme/Poet-8B-Instruct first." in gated
    assert "hf auth login hf download acme/Poet-8B-Instruct" in gated
    assert "2 of its 3 files are not in the repository" in broken
    assert "nothing can load this variant while files of it are missing" in broken
    assert "ollama run" not in broken


def test_a_model_without_variants_keeps_the_repository(stocked: TestClient) -> None:
    text = stocked.get("/acme/empty").text

    assert "<code>hf download acme/empty</code>" in text
    assert "<code>git clone https://huggingface.co/acme/empty</code>" in text
    assert "fieldset" not in text


def test_names_of_files_stay_text(stocked: TestClient) -> None:
    text = stocked.get("/acme/evil").text

    assert "<img src=x" not in text
    assert "use=a%27%3E%3Cimg%20src%3Dx" in text


def test_a_panel_is_there_once_and_small(stocked: TestClient) -> None:
    text = stocked.get(f"/{MANY}").text

    assert text.count('id="getting"') == 1
    assert len(panel(stocked, f"/{MANY}")) < 16_000
    assert len(text) < 60_000

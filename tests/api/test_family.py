"""A model's page and answer: what it was made from, what was made from it, its files, its owner's others."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.config import ApiConfig
from indexer.catalog.store import Catalog
from indexer.config import HomeConfig
from indexer.records import Batch, Removal
from tests.api.conftest import LOCAL
from tests.api.test_pages import shown
from tests.factories import fill_home, make_family, make_listed, sync_home

BASE = "/acme/base-7b"
ENDLESS = make_family()[-1].record.repo_id


@pytest.fixture(scope="module")
def family_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("family")
    fill_home(home, make_family())
    return home


@pytest.fixture
def family(family_home: Path) -> Iterator[TestClient]:
    with TestClient(
        create_app(ApiConfig(home=family_home)), base_url=LOCAL, follow_redirects=False
    ) as opened:
        yield opened


def section(text: str, name: str) -> str:
    found = re.search(rf'<section aria-labelledby="{name}">.*?</section>', text, re.DOTALL)
    return found[0] if found else ""


def linked(text: str) -> list[str]:
    return re.findall(r'<li><a href="/([^"]+)">', text)


def test_what_was_made_from_a_model_is_counted_and_the_popular_are_listed(family: TestClient) -> None:
    text = family.get(BASE).text

    quantized = section(text, "quantized")
    assert linked(quantized) == [f"quants/base-7b-GGUF-{at}" for at in range(5)]
    assert 'Quantized <span class="number">7</span>' in quantized
    assert "All 7 quantized copies" in quantized
    assert linked(section(text, "finetune")) == [ENDLESS, "zoo/base-7b-Poet"]
    assert linked(section(text, "adapter")) == ["zoo/base-7b-Lora"]
    assert linked(section(text, "merge")) == ["zoo/a-merge"]
    assert "All 1" not in text


def test_the_link_to_all_of_them_leads_to_just_these(family: TestClient) -> None:
    path = re.search(r'href="([^"]+)">All 7', family.get(BASE).text)
    assert path is not None

    text = family.get(path[1]).text

    assert shown(text) == [f"quants/base-7b-GGUF-{at}" for at in range(7)]
    assert f'7 quantized copies of <a href="{BASE}">acme/base-7b</a>' in text


def test_a_base_model_is_linked_whatever_its_case(family: TestClient) -> None:
    text = section(family.get("/zoo/base-7b-Poet").text, "bases")

    assert linked(text) == ["acme/base-7b"]
    assert "finetuned into this one" in text


def test_a_base_model_nobody_knows_leads_to_the_hub(family: TestClient) -> None:
    text = section(family.get("/zoo/a-merge").text, "bases")

    assert linked(text) == ["acme/base-7b"]
    assert 'href="https://huggingface.co/nobody/unknown"' in text
    assert "not in this index" in text


def test_the_answer_tells_the_same(family: TestClient) -> None:
    base = family.get("/v1/models/acme/base-7b").json()
    merge = family.get("/v1/models/zoo/a-merge").json()

    assert base["base_models"] == []
    assert [(one["relation"], one["total"], one["tag"]) for one in base["derived_models"]] == [
        ("quantized", 7, "base_model:quantized:acme/base-7b"),
        ("finetune", 2, "base_model:finetune:acme/base-7b"),
        ("adapter", 1, "base_model:adapter:acme/base-7b"),
        ("merge", 1, "base_model:merge:acme/base-7b"),
    ]
    assert base["derived_models"][0]["models"][0] == "quants/base-7b-GGUF-0"
    found = family.get("/v1/search", params={"tag": base["derived_models"][0]["tag"]}).json()
    assert found["total"] == 7
    assert merge["base_models"] == [
        {"id": "acme/base-7b", "relation": "merge", "known": True},
        {"id": "nobody/unknown", "relation": "merge", "known": False},
    ]
    assert merge["derived_models"] == []


def test_without_an_index_the_page_tells_what_the_catalog_knows(family_home: Path, tmp_path: Path) -> None:
    shutil.copytree(family_home, tmp_path, dirs_exist_ok=True)
    shutil.rmtree(HomeConfig(home=tmp_path).index_folder)
    with TestClient(create_app(ApiConfig(home=tmp_path)), base_url=LOCAL) as client:
        page = client.get("/zoo/a-merge")
        answer = client.get("/v1/models/zoo/a-merge").json()

    assert page.status_code == 200
    assert linked(section(page.text, "bases")) == ["acme/base-7b"]
    assert "cannot be listed just now" in page.text
    assert "hubdex status" in page.text
    assert section(page.text, "others") == ""
    assert answer["derived_models"] is None
    assert len(answer["base_models"]) == 2


def test_other_models_of_the_owner_are_listed(family: TestClient) -> None:
    text = section(family.get("/quants/base-7b-GGUF-3").text, "others")

    assert linked(text) == [f"quants/base-7b-GGUF-{at}" for at in (0, 1, 2, 4, 5, 6)]
    assert '<a href="/quants">All 7 models of quants</a>' in text


def test_a_long_list_of_files_is_folded_and_ends(family: TestClient) -> None:
    text = section(family.get(f"/{ENDLESS}").text, "files")

    before, _, folded = text.partition("<details>")
    assert before.count("<li>") == 12
    assert folded.count("<li>") == 988
    assert 'Files <span class="number">1,200</span>' in before
    assert f'200 more are <a href="https://huggingface.co/{ENDLESS}/tree/main"' in folded


def test_facts_lead_to_all_that_share_them(family: TestClient) -> None:
    text = family.get(BASE).text

    for path, words in (("task:text-generation", "text-generation"), ("gated:manual", "on request")):
        assert f'<a href="/?q={path.replace(":", "%3A")}">{words}</a>' in text
    assert 'title="7,241,732,096">7.2B' in text
    assert 'title="1,234,567"><b>1.2M</b> downloads ever' in text
    assert re.search(r'<time datetime="2026-05-24T12:00:00Z" title="2026-05-24 12:00 UTC">', text)
    assert re.search(r'href="https://huggingface.co/acme/base-7b/commit/[0-9a-f]{40}"', text)
    assert 'data-copy="acme/base-7b"' in text


def test_a_gate_and_a_ban_are_told(family: TestClient) -> None:
    assert 'Ask for access at <a href="https://huggingface.co/acme/base-7b"' in family.get(BASE).text
    assert 'accept its terms at <a href="https://huggingface.co/zoo/' in family.get("/zoo/base-7b-Lora").text
    assert "The Hub has disabled this model" in family.get("/acme/other").text


def test_a_former_name_among_the_bases_is_the_model_itself(empty_client: TestClient, tmp_path: Path) -> None:
    before = make_listed("old/name")
    fill_home(tmp_path, (before,))
    fill_home(tmp_path, (make_listed("new/name", key=before.record.key, tags=("base_model:old/name",)),))

    assert empty_client.get("/v1/models/new/name").json()["base_models"] == []


def test_a_removed_model_is_told_from_one_that_never_was(empty_client: TestClient, tmp_path: Path) -> None:
    gone = make_listed("acme/gone")
    fill_home(tmp_path, (gone, make_listed("acme/here")))
    with Catalog(HomeConfig(home=tmp_path).database_url) as catalog:
        catalog.apply(Batch(removals=(Removal(gone.record.key, "gone"),)))
    sync_home(tmp_path)

    page, other = empty_client.get("/acme/gone"), empty_client.get("/acme/never")
    answer = empty_client.get("/v1/models/acme/gone")

    assert (page.status_code, other.status_code, answer.status_code) == (404, 404, 404)
    assert "is no longer public" in page.text
    assert "No model is called" in other.text
    assert "is no longer public" in answer.json()["message"]

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.factories import fill_home, make_listed


def test_a_model_is_given_whole(client: TestClient) -> None:
    answer = client.get("/v1/models/TheBloke/CodeLlama-7B-GGUF").json()

    assert answer["id"] == "TheBloke/CodeLlama-7B-GGUF"
    assert answer["author"] == "TheBloke"
    assert answer["formats"] == ["gguf"]
    assert answer["license"] == "llama2"
    assert answer["files"] == ["README.md", "config.json", "model.safetensors"]
    assert answer["updated_at"] == "2026-05-24T12:00:00Z"


@pytest.mark.parametrize(
    "path", ["thebloke/codellama-7b-gguf", "TheBloke%2FCodeLlama-7B-GGUF", "THEBLOKE/CODELLAMA-7B-GGUF"]
)
def test_a_model_is_found_however_it_is_spelled(client: TestClient, path: str) -> None:
    assert client.get(f"/v1/models/{path}").json()["id"] == "TheBloke/CodeLlama-7B-GGUF"


def test_a_model_without_owner_is_given(client: TestClient) -> None:
    assert client.get("/v1/models/xlm-roberta").json()["author"] is None


def test_a_former_name_leads_to_the_model(empty_client: TestClient, tmp_path: Path) -> None:
    before = make_listed("old/name")
    fill_home(tmp_path, (before,))
    fill_home(tmp_path, (make_listed("new/name", key=before.record.key),))

    answer = empty_client.get("/v1/models/old/name").json()

    assert answer["id"] == "new/name"
    assert answer["aliases"] == ["old/name"]
    assert empty_client.get("/old/name").headers["location"] == "/new/name"


@pytest.mark.parametrize("path", ["nobody/nothing", "nothing", "%00", "a/%2e%2e"])
def test_an_unknown_model_is_not_found(client: TestClient, path: str) -> None:
    response = client.get(f"/v1/models/{path}")

    assert response.status_code == 404
    assert response.json()["error"] == "model_not_found"


def test_an_endless_id_is_refused(client: TestClient) -> None:
    response = client.get(f"/v1/models/{'a' * 256}/b")

    assert response.status_code == 422
    assert "`owner`" in response.json()["message"]

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.config import ApiConfig
from api.security import SECURITY_HEADERS, is_local_host


@pytest.mark.parametrize("path", ["/", "/v1/search", "/v1/nothing", "/nobody/nothing", "/docs", "/healthz"])
def test_every_answer_carries_the_headers(client: TestClient, path: str) -> None:
    headers = client.get(path).headers

    assert {name: headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:8017", "localhost", "LocalHost:1", "[::1]", "[::1]:9000", "127.8.9.1:80"]
)
def test_names_of_this_machine_are_its_own(host: str) -> None:
    assert is_local_host(host)


@pytest.mark.parametrize(
    "host",
    [
        "", "evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "192.168.1.5",
        "localhost@evil", "evil@localhost", "[::1", "127.0.0.1:80:80", "localhost:", "[fe80::1]", "0.0.0.0",
        "localhost/x",
    ],
)  # fmt: skip
def test_other_names_are_not(host: str) -> None:
    assert not is_local_host(host)


def test_a_foreign_name_is_refused_when_only_this_machine_is_served(client: TestClient) -> None:
    response = client.get("/v1/search", headers={"host": "rebound.example:8017"})

    assert response.status_code == 400
    assert response.json()["error"] == "bad_host"
    assert "content-security-policy" in response.headers


def test_any_name_is_served_when_the_network_is(home: Path) -> None:
    app = create_app(ApiConfig(home=home, host="0.0.0.0"))

    with TestClient(app, base_url="http://models.example") as client:
        assert client.get("/v1/search").status_code == 200


def test_nothing_in_a_page_needs_a_weaker_policy(client: TestClient) -> None:
    for path in ("/?q=llama", "/TheBloke/CodeLlama-7B-GGUF", "/docs", "/nobody/nothing"):
        text = client.get(path).text

        assert " style=" not in text
        assert "<style" not in text
        assert "<script>" not in text
        assert " onclick" not in text
        assert 'src="http' not in text

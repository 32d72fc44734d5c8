from pathlib import Path

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from api.app import create_app
from api.config import ApiConfig
from api.security import SECURITY_HEADERS
from tests.api.conftest import LOCAL

APP = "https://app.example"


@pytest.mark.parametrize("path", ["/", "/v1/search", "/v1/nothing", "/nobody/nothing", "/docs", "/healthz"])
def test_every_answer_carries_the_headers(client: TestClient, path: str) -> None:
    headers = client.get(path).headers

    assert {name: headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS


def test_a_foreign_name_is_refused_in_a_sentence_that_says_what_to_do(client: TestClient) -> None:
    for path in ("/v1/search", "/", "/healthz", "/-/static/base.css"):
        response = client.get(path, headers={"host": "rebound.example:8017"})

        assert response.status_code == 400
        assert response.json()["error"] == "bad_host"
        assert "`rebound.example`" in response.json()["message"]
        assert "HUBDEX_ALLOWED_HOSTS" in response.json()["message"]
        assert "content-security-policy" in response.headers


def test_a_host_that_is_no_name_is_not_repeated(client: TestClient) -> None:
    response = client.get("/v1/search", headers={"host": "<b>" + "a" * 5_000})

    assert response.status_code == 400
    assert "aaa" not in response.text


def test_a_name_is_served_once_it_is_set(home: Path) -> None:
    config = ApiConfig(home=home, host="0.0.0.0", allowed_hosts=("models.example",))

    with TestClient(create_app(config), base_url="http://models.example") as client:
        assert client.get("/v1/search").status_code == 200
        assert client.get("/v1/search", headers={"host": "192.168.1.5:8017"}).status_code == 200
        assert client.get("/v1/search", headers={"host": "other.example"}).status_code == 400


def preflight(client: TestClient, origin: str) -> Response:
    return client.options("/v1/search", headers={"origin": origin, "access-control-request-method": "GET"})


def test_no_other_origin_is_let_in_unless_told(client: TestClient) -> None:
    answer, asked = client.get("/v1/search", headers={"origin": APP}), preflight(client, APP)

    assert answer.status_code == 200
    assert asked.status_code == 405
    assert asked.json()["error"] == "method_not_allowed"
    assert not [name for name in (*answer.headers, *asked.headers) if name.startswith("access-control")]


def test_an_origin_that_is_set_may_read_answers_and_errors(home: Path) -> None:
    app = create_app(ApiConfig(home=home, cors_origins=(APP,)))

    with TestClient(app, base_url=LOCAL) as client:
        for path in ("/v1/search", "/v1/nothing"):
            headers = client.get(path, headers={"origin": APP}).headers
            assert headers["access-control-allow-origin"] == APP
            assert headers["vary"] == "Origin"
        other = client.get("/v1/search", headers={"origin": "https://evil.example"})
        assert preflight(client, APP).headers["access-control-allow-methods"] == "GET, HEAD"
        assert preflight(client, "https://evil.example").status_code == 405

    assert "access-control-allow-origin" not in other.headers
    assert other.headers["vary"] == "Origin"


def test_every_origin_may_be_let_in(home: Path) -> None:
    app = create_app(ApiConfig(home=home, cors_origins=("*",)))

    with TestClient(app, base_url=LOCAL) as client:
        assert client.get("/v1/search").headers["access-control-allow-origin"] == "*"
        assert preflight(client, APP).status_code == 204


def test_a_head_is_answered_like_the_get_it_stands_for(client: TestClient) -> None:
    for path in ("/", "/v1/search", "/v1/models/xlm-roberta", "/v1/nothing", "/nobody/nothing", "/docs"):
        head, get = client.head(path), client.get(path)

        assert head.status_code == get.status_code
        assert head.headers["content-type"] == get.headers["content-type"]
        assert head.content == b""


def test_nothing_in_a_page_needs_a_weaker_policy(client: TestClient) -> None:
    for path in (
        "/?q=llama",
        "/TheBloke/CodeLlama-7B-GGUF",
        "/docs",
        "/nobody/nothing",
        "/TheBloke",
        "/-/status",
    ):
        text = client.get(path).text

        assert " style=" not in text
        assert "<style" not in text
        assert "<script>" not in text
        assert " onclick" not in text
        assert 'src="http' not in text

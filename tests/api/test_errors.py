from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.config import ApiConfig
from api.errors import to_failure
from indexer.errors import (
    BadRequest,
    Busy,
    CatalogMissing,
    EngineError,
    HubdexError,
    MalformedRow,
    ModelNotFound,
    UpstreamUnavailable,
)
from tests.api.conftest import LOCAL


@pytest.mark.parametrize(
    "path",
    [
        "/v1/nothing", "/v1", "/v2/x", "/api/models", "/models", "/models/x", "/docs/x", "/metrics/x",
        "/-/nothing", "/-/static/nothing.js", "/-/static/..%2fapp.py", "/datasets/a/b", "/.well-known/x",
        "/owner/name/resolve/main/x.gguf", "/name/resolve/main/x.gguf", "/V1/search", "/v1/search/",
        "/-", "/-/", "/-/status/x", "/-/results/x", "/healthz/x", "/spaces/a/b",
    ],
)  # fmt: skip
def test_reserved_paths_never_become_pages(client: TestClient, path: str) -> None:
    response = client.get(path)

    assert response.status_code == 404
    assert response.json() == {"error": "not_found", "message": "There is nothing at this address."}


def test_a_wrong_method_is_told(client: TestClient) -> None:
    response = client.post("/v1/search")

    assert response.status_code == 405
    assert response.json()["error"] == "method_not_allowed"
    assert response.headers["allow"] == "GET"


def test_people_get_pages_even_of_errors(client: TestClient) -> None:
    for path, status in (("/nobody/nothing", 404), ("/a/b/c/d", 404), ("/?q=" + "a" * 301, 422)):
        response = client.get(path)

        assert response.status_code == status
        assert response.headers["content-type"].startswith("text/html")
        assert 'id="search"' in response.text


def test_the_page_of_an_unknown_model_leads_on(client: TestClient) -> None:
    text = client.get("/nobody/<b>nothing").text

    assert "https://huggingface.co/nobody/%3Cb%3Enothing" in text
    assert 'href="/?q=nobody/%3Cb%3Enothing"' in text
    assert "<b>" not in text


def test_a_surprise_shows_nothing_of_itself(home: Path) -> None:
    app = create_app(ApiConfig(home=home))
    app.state.sources = None

    with TestClient(app, base_url=LOCAL, raise_server_exceptions=False) as client:
        response = client.get("/v1/search")
        page = client.get("/")

    assert response.status_code == page.status_code == 500
    assert response.json()["error"] == "internal"
    assert "NoneType" not in response.text + page.text
    assert "content-security-policy" in response.headers


@pytest.mark.parametrize(
    ("error", "status", "word"),
    [
        (BadRequest("no"), 422, "bad_request"),
        (ModelNotFound("a/b"), 404, "model_not_found"),
        (Busy("no"), 503, "busy"),
        (CatalogMissing("no"), 503, "catalog_unavailable"),
        (EngineError("no"), 503, "engine_failed"),
        (UpstreamUnavailable("no"), 503, "upstream_unavailable"),
        (MalformedRow("no"), 502, "malformed_row"),
        (HubdexError("no"), 500, "failed"),
        (KeyError("secret"), 500, "internal"),
    ],
)
def test_every_error_has_its_status(error: Exception, status: int, word: str) -> None:
    failure = to_failure(error)

    assert (failure.status, failure.word) == (status, word)
    assert "secret" not in failure.message

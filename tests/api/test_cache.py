"""`/v1/cache` and the page `/-/cache`, over a cache on the disk."""

from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.config import ApiConfig
from api.handoff.jobs.store import JobStore
from indexer.catalog.store import Catalog
from indexer.records import Batch, Listed, Tree
from tests.api.conftest import LOCAL
from tests.api.handoff.cache.making import ONE, TWO, put, put_ours, revisions_in
from tests.factories import make_models
from tests.stock import QUANTS, make_stock

KNOWN = "openai-community/gpt2"
OF_KNOWN = next(one.record.sha for one in make_models() if one.record.repo_id == KNOWN) or ""


@pytest.fixture
def config(tmp_path: Path) -> ApiConfig:
    (tmp_path / "hub").mkdir()
    return ApiConfig(home=tmp_path / "home", hub_cache=tmp_path / "hub", cache_limit=10**9)


def _fill(config: ApiConfig, models: tuple[Listed, ...], trees: tuple[Tree, ...] = ()) -> None:
    with Catalog(config.database_url) as catalog:
        catalog.apply(Batch(models))
        catalog.apply(Batch(trees=trees))


@pytest.fixture
def cached(config: ApiConfig) -> Path:
    """A model of Hubdex's, one of the user's, and one that the catalog does not know."""
    _fill(config, make_models())
    with JobStore(config.jobs_url) as store:
        put_ours(store, config.hub_cache, KNOWN, OF_KNOWN, {"a": b"12345"}, ref="main", used_at=3_000)
    put(config.hub_cache, "gpt2-legacy", ONE, {"b": b"123"}, ref="main", used_at=2_000)
    put(config.hub_cache, "me/secret", ONE, {"c": b"1"}, used_at=1_000)
    return config.hub_cache


@pytest.fixture
def client(config: ApiConfig, cached: Path) -> Iterator[TestClient]:
    with TestClient(create_app(config), base_url=LOCAL, follow_redirects=False) as opened:
        yield opened


def test_what_lies_there_is_told(client: TestClient, cached: Path) -> None:
    answer = client.get("/v1/cache").json()

    assert (answer["path"], answer["bytes"], answer["downloaded_bytes"]) == (str(cached), 9, 5)
    assert (answer["limit"], answer["partial_bytes"], answer["problems"]) == (10**9, 0, [])
    assert answer["free_bytes"] > 0
    assert not answer["truncated"]
    assert answer["revisions"][0] == {
        "model": KNOWN, "revision": OF_KNOWN, "refs": ["main"], "bytes": 5, "files": 1,
        "last_used": "1970-01-01T00:50:00Z", "complete": True, "current": True, "downloaded_by_hubdex": True,
        "pinned": False, "in_use": False, "verification": None,
    }  # fmt: skip
    others = [(one["model"], one["current"], one["downloaded_by_hubdex"]) for one in answer["revisions"][1:]]
    assert others == [("gpt2-legacy", False, False), ("me/secret", None, False)]


def test_without_a_catalog_or_a_cache_there_is_an_answer(tmp_path: Path) -> None:
    config = ApiConfig(home=tmp_path / "home", hub_cache=tmp_path / "none")
    with TestClient(create_app(config), base_url=LOCAL) as client:
        assert client.get("/v1/cache").json()["revisions"] == []
        assert "Nothing is in the cache yet" in client.get("/-/cache").text
        put(tmp_path / "none", "acme/gale", ONE, {"a": b"a"})
    with TestClient(create_app(config), base_url=LOCAL) as client:
        [one] = client.get("/v1/cache").json()["revisions"]
        assert one["current"] is None
    assert not (tmp_path / "home" / "jobs.db").exists()


def test_a_cache_that_cannot_be_read_is_no_failure_of_ours(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    config = ApiConfig(home=tmp_path / "home", hub_cache=tmp_path / "file")
    with TestClient(create_app(config), base_url=LOCAL) as client:
        assert client.get("/v1/cache").status_code == 503
        assert client.get("/v1/cache").json()["error"] == "cache_unusable"
        assert "cannot be read" in client.get("/-/cache").text


def test_the_catalog_tells_what_is_missing(config: ApiConfig) -> None:
    models, trees = make_stock()
    _fill(config, models, trees)
    sha = next(one.record.sha for one in models if one.record.repo_id == QUANTS) or ""
    put(config.hub_cache, QUANTS, sha, {"Poet-8B-Instruct-Q4_K_M.gguf": b"short"})
    with TestClient(create_app(config), base_url=LOCAL) as client:
        [one] = client.get("/v1/cache").json()["revisions"]

    assert (one["current"], one["complete"]) == (True, False)


def test_who_may_not_write_is_told_neither_folders_nor_what_may_be_private(client: TestClient) -> None:
    elsewhere = {"x-forwarded-for": "203.0.113.9"}
    answer = client.get("/v1/cache", headers=elsewhere).json()
    page = client.get("/-/cache", headers=elsewhere).text

    assert answer["path"] is None
    assert [one["model"] for one in answer["revisions"]] == [KNOWN, "gpt2-legacy"]
    assert "secret" not in page
    assert "Folder" not in page
    assert "<button" not in page
    assert "1 revision more" in page
    for path in ("/v1/cache/pin", "/v1/cache/unpin", "/v1/cache/verify"):
        asked = {"model": KNOWN, "revision": "main"}
        assert client.post(path, json=asked, headers=elsewhere).status_code == 401
    assert client.delete(f"/v1/cache/{KNOWN}/{OF_KNOWN}", headers=elsewhere).status_code == 401
    confirmed = client.get(f"/-/cache/delete?model=me/secret&revision={ONE}", headers=elsewhere)
    assert confirmed.status_code == 303
    assert "secret" not in confirmed.headers["location"]


def test_pinning_keeps_a_revision(client: TestClient, cached: Path) -> None:
    asked = {"model": KNOWN, "revision": "main"}

    assert client.post("/v1/cache/pin", json=asked).json() == {
        "model": KNOWN, "revision": OF_KNOWN, "pinned": True
    }  # fmt: skip
    assert client.get("/v1/cache").json()["revisions"][0]["pinned"]
    refused = client.delete(f"/v1/cache/{KNOWN}/{OF_KNOWN}?force=true")
    assert (refused.status_code, refused.json()["error"]) == (409, "protected")

    assert not client.post("/v1/cache/unpin", json=asked).json()["pinned"]
    deleted = client.delete(f"/v1/cache/{KNOWN}/{OF_KNOWN[:12]}")
    assert deleted.json() == {"model": KNOWN, "revision": OF_KNOWN, "freed_bytes": 5}
    assert revisions_in(cached) == {("gpt2-legacy", ONE), ("me/secret", ONE)}
    assert len(client.get("/v1/cache").json()["revisions"]) == 2


def test_the_users_own_goes_only_when_that_is_said(client: TestClient, cached: Path) -> None:
    refused = client.delete(f"/v1/cache/gpt2-legacy/{ONE}")

    assert refused.status_code == 409
    assert "Hubdex did not download" in refused.json()["message"]
    assert client.delete(f"/v1/cache/gpt2-legacy/{ONE}?force=true").status_code == 200
    assert ("gpt2-legacy", ONE) not in revisions_in(cached)


@pytest.mark.parametrize("revision", [TWO, "222222", "..%2F..", "%2e%2e%2f%2e%2e", "main%00x", "x" * 255])
def test_what_is_not_there_is_not_found(client: TestClient, cached: Path, revision: str) -> None:
    before = revisions_in(cached)

    assert client.delete(f"/v1/cache/{KNOWN}/{revision}?force=true").status_code in {404, 405, 422}
    assert client.delete(f"/v1/cache/../{revision}?force=true").status_code in {404, 405, 422}
    asked = {"model": f"../{KNOWN}", "revision": revision}
    assert client.post("/v1/cache/pin", json=asked).status_code == 404
    assert revisions_in(cached) == before


def test_questions_out_of_bounds_are_refused(client: TestClient) -> None:
    for asked in ({}, {"model": ""}, {"model": "x" * 300}, {"model": "a/b", "more": 1}, {"model": ["a"]}):
        assert client.post("/v1/cache/verify", json=asked).status_code == 422
    assert client.delete(f"/v1/cache/{KNOWN}/12345").status_code == 422
    assert client.get("/-/cache?offset=-1").status_code == 200
    assert client.get("/-/cache?offset=99999999999999999999").status_code == 200


def test_verifying_is_begun_and_asked_for_again(client: TestClient, cached: Path) -> None:
    next((cached / "models--gpt2-legacy" / "blobs").iterdir()).write_bytes(b"???")

    for model, state in ((KNOWN, "right"), ("gpt2-legacy", "wrong")):
        asked = {"model": model, "revision": "main"}
        begun = client.post("/v1/cache/verify", json=asked)
        assert begun.status_code == 202
        found = None
        while found is None:
            Event().wait(0.01)
            held = client.get("/v1/cache").json()["revisions"]
            found = next(one["verification"]["found"] for one in held if one["model"] == model)
        assert next(one["verification"]["state"] for one in held if one["model"] == model) == state
        assert found["wrong"] == (["b"] if state == "wrong" else [])
    page = client.get("/-/cache").text
    assert "verified</span>" in page
    assert "wrong: b</span>" in page


def test_the_forms_of_the_page_do_what_they_say(client: TestClient, cached: Path) -> None:
    named = {"model": "gpt2-legacy", "revision": ONE}

    for action in ("pin", "verify", "unpin"):
        done = client.post(f"/-/cache/{action}", data={**named, "place": "r-x", "offset": "0"})
        assert (done.status_code, done.headers["location"]) == (303, "/-/cache?offset=0#r-x")
        assert ("Unpin" in client.get("/-/cache").text) == (action != "unpin")
    asked = client.get("/-/cache/delete", params=named).text
    assert "Hubdex did not download all of it" in asked
    assert 'name="force" value="1"' in asked
    refused = client.post("/-/cache/delete", data=named)
    assert refused.status_code == 409
    assert "<h1>That stays as it is</h1>" in refused.text
    done = client.post("/-/cache/delete", data={**named, "force": "1"})
    assert (done.status_code, done.headers["location"]) == (303, "/-/cache")
    assert ("gpt2-legacy", ONE) not in revisions_in(cached)
    assert client.get("/-/cache/delete", params=named).status_code == 404


def test_the_page_of_a_pinned_revision_has_no_button(client: TestClient) -> None:
    client.post("/-/cache/pin", data={"model": KNOWN, "revision": OF_KNOWN})

    page = client.get("/-/cache/delete", params={"model": KNOWN, "revision": OF_KNOWN}).text

    assert "It stays: it is pinned; unpin it first." in page
    assert "<button" not in page


def test_another_sites_page_changes_nothing(client: TestClient, cached: Path) -> None:
    theirs = {"origin": "https://evil.example"}
    before = revisions_in(cached)

    assert client.post("/-/cache/delete", data={"model": KNOWN}, headers=theirs).status_code == 403
    assert client.delete(f"/v1/cache/{KNOWN}/{OF_KNOWN}", headers=theirs).status_code == 403
    assert revisions_in(cached) == before


def test_names_that_strangers_chose_are_text(client: TestClient, cached: Path) -> None:
    folder = cached / "models--acme--gale" / "snapshots" / '"><script>alert(1)'
    folder.mkdir(parents=True)
    (folder / "<b>").write_text("x")
    (cached / "models--<i>odd").mkdir()

    text = client.get("/-/cache").text

    assert "<script>alert" not in text
    assert "<i>odd" not in text
    assert "&lt;i&gt;odd" in text


def test_a_page_shows_a_hundred(client: TestClient, cached: Path) -> None:
    for number in range(120):
        put(cached, f"zoo/m{number}", ONE, {"a": b"a"}, used_at=10.0 + number)

    first, second = client.get("/-/cache").text, client.get("/-/cache?offset=100").text

    assert (first.count("<tr id="), second.count("<tr id=")) == (100, 23)
    assert "Used earlier" in first
    assert "Used later" in second

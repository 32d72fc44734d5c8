"""Downloads over the API, from the stand-in Hub into a cache."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import HfApi
from pydantic import SecretStr
from starlette.testclient import TestClient

from api.app import create_app
from api.config import ApiConfig
from api.handoff.jobs import carrying
from indexer.process import exclusive
from tests.fakes.hub import FakeHub, Fault, ListSource, make_row
from tests.journeys.running import wait_until

LOCAL = "http://127.0.0.1:8017"
WEIGHTS = bytes(range(256)) * 32_000
OTHER = b"other" * 300_000
FILES = [
    {"rfilename": "gale.Q4_K_M.gguf", "content": WEIGHTS},
    {"rfilename": "gale.Q5_K_M.gguf", "content": WEIGHTS},
    {"rfilename": "gale.Q8_0.gguf", "content": OTHER},
    {"rfilename": "README.md", "content": b"# Gale\n"},
]
Answer = dict[str, object]


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    rows = [
        make_row(id="acme/Gale-GGUF", siblings=FILES),
        make_row(id="acme/Gated", siblings=FILES, gated="manual"),
    ]
    with FakeHub(ListSource(rows)) as running:
        yield running
        running.release()


def config_of(hub: FakeHub, folder: Path, **more: object) -> ApiConfig:
    given = {"home": folder / "home", "hub_cache": folder / "cache", "upstream": hub.url, "token": None}
    return ApiConfig(**{**given, "retry_base_seconds": 0.01, **more})  # type: ignore[arg-type]


@pytest.fixture
def client(hub: FakeHub, tmp_path: Path) -> Iterator[TestClient]:
    with opened(config_of(hub, tmp_path)) as client:
        yield client
        hub.release()


def opened(config: ApiConfig) -> TestClient:
    return TestClient(create_app(config), base_url=LOCAL, client=("127.0.0.1", 5000), follow_redirects=False)


def ask(client: TestClient, path: str = "gale.Q4_K_M.gguf", **more: object) -> Answer:
    body = {"model": "acme/Gale-GGUF", "files": [path], **more}
    response = client.post("/v1/downloads", json=body)
    assert response.status_code in {200, 202}, response.text
    answer: Answer = response.json()
    assert (response.status_code == 200) == (answer["state"] == "already_downloaded")
    return answer


def job(client: TestClient, asked: Answer) -> Answer:
    answer: Answer = client.get(f"/v1/downloads/{asked['job_id']}").json()
    return answer


def until(client: TestClient, asked: Answer, *states: str) -> Answer:
    wait_until(
        lambda: job(client, asked)["state"] in {*states, "failed"}, f"{states}, not {job(client, asked)}"
    )
    answer = job(client, asked)
    assert answer["state"] in states, answer
    return answer


def held_midway(client: TestClient, hub: FakeHub, asked: Answer) -> None:
    """Wait until the Hub holds a file back of which some is here."""
    hub.wait_until_held()
    wait_until(lambda: file(job(client, asked))["downloaded_bytes"] != 0, "its first bytes")


def act(client: TestClient, asked: Answer, action: str) -> Answer:
    response = client.post(f"/v1/downloads/{asked['job_id']}/{action}")
    assert response.status_code == 200, response.text
    answer: Answer = response.json()
    return answer


def file(answer: Answer, position: int = 0) -> Answer:
    files = answer["files"]
    assert isinstance(files, list)
    found: Answer = files[position]
    return found


def files_below(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def left_in(cache: Path) -> list[Path]:
    return [*cache.glob("*/blobs/*"), *cache.glob("*/snapshots/*")]


def test_a_pasted_address_ends_in_the_cache(client: TestClient, tmp_path: Path) -> None:
    link = {"source_url": "hf.co/acme/Gale-GGUF:Q4_K_M"}
    response = client.post("/v1/downloads", json=link)
    assert response.status_code == 202
    assert response.headers["cache-control"] == "no-store"
    ready = until(client, response.json(), "ready")
    again = [client.post("/v1/downloads", json=link) for _ in range(2)][-1]

    snapshot = Path(str(ready["snapshot"]))
    assert (snapshot / "gale.Q4_K_M.gguf").read_bytes() == WEIGHTS
    assert snapshot.is_relative_to(tmp_path / "cache")
    assert ready["downloaded_bytes"] == ready["total_bytes"]
    assert len(str(file(ready)["sha256"])) == 64
    assert again.status_code == 200
    assert again.json()["state"] == "already_downloaded"
    assert [one["state"] for one in client.get("/v1/downloads").json()["downloads"]] == [
        "already_downloaded",
        "ready",
    ]


def test_what_was_downloaded_stands_the_check_of_the_library_itself(
    client: TestClient, hub: FakeHub, tmp_path: Path
) -> None:
    until(client, ask(client), "ready")

    checked = HfApi(endpoint=hub.url).verify_repo_checksums("acme/Gale-GGUF", cache_dir=tmp_path / "cache")

    assert (checked.checked_count, checked.mismatches, checked.extra_paths) == (1, [], [])
    assert checked.missing_paths == ["README.md", "gale.Q5_K_M.gguf", "gale.Q8_0.gguf"]


def test_the_same_files_asked_twice_are_one_job(client: TestClient, hub: FakeHub) -> None:
    hub.script([Fault.hold(after_bytes=1_000)])
    first = ask(client)
    hub.wait_until_held()
    second = ask(client)
    hub.release()

    assert second["job_id"] == first["job_id"]
    until(client, first, "ready")
    assert len(hub.cdn_requests) == 1


def test_two_jobs_with_one_blob_fetch_it_once(client: TestClient, hub: FakeHub) -> None:
    hub.script([Fault.hold(after_bytes=1_000)])
    first = ask(client)
    second = ask(client, "gale.Q5_K_M.gguf")
    hub.wait_until_held()
    hub.release()

    ready = [until(client, one, "ready") for one in (first, second)]
    assert len(hub.cdn_requests) == 1
    assert files_below(Path(str(ready[0]["snapshot"]))) == {"gale.Q4_K_M.gguf", "gale.Q5_K_M.gguf"}


def test_two_files_of_one_job_with_one_blob_fetch_it_once(client: TestClient, hub: FakeHub) -> None:
    body = {"model": "acme/Gale-GGUF", "everything": True}
    ready = until(client, client.post("/v1/downloads", json=body).json(), "ready")

    assert len(hub.cdn_requests) == 2
    assert files_below(Path(str(ready["snapshot"]))) == {str(one["rfilename"]) for one in FILES}


def test_a_paused_job_goes_on_where_it_was(client: TestClient, hub: FakeHub, tmp_path: Path) -> None:
    hub.script([Fault.hold(after_bytes=5_000_000)])
    asked = ask(client)
    held_midway(client, hub, asked)
    assert act(client, asked, "pause")["state"] == "paused"
    assert act(client, asked, "pause")["state"] == "paused"
    hub.release()
    wait_until(lambda: file(job(client, asked))["state"] != "verifying", "its end")
    assert not list((tmp_path / "cache").glob("*/snapshots/*"))
    act(client, asked, "resume")
    ready = until(client, asked, "ready")

    assert file(ready)["state"] == "done"
    assert 0 < int(str(file(ready)["resumed_from"])) <= len(WEIGHTS)
    assert Path(str(ready["snapshot"]), "gale.Q4_K_M.gguf").read_bytes() == WEIGHTS


def test_a_cancelled_job_leaves_nothing_and_can_be_tried_again(
    client: TestClient, hub: FakeHub, tmp_path: Path
) -> None:
    hub.script([Fault.hold(after_bytes=5_000_000)])
    asked = ask(client)
    held_midway(client, hub, asked)
    assert act(client, asked, "cancel")["state"] == "cancelled"
    hub.release()
    wait_until(lambda: not left_in(tmp_path / "cache"), "an empty cache")
    refused = client.post(f"/v1/downloads/{asked['job_id']}/resume")
    act(client, asked, "retry")

    assert refused.status_code == 409
    assert refused.json()["error"] == "wrong_state"
    assert until(client, asked, "ready")["error"] is None


def test_what_another_job_wants_stays_when_one_is_cancelled(
    client: TestClient, hub: FakeHub, tmp_path: Path
) -> None:
    hub.script([Fault.hold(after_bytes=5_000_000)])
    first = ask(client)
    hub.wait_until_held()
    act(client, first, "pause")
    second = ask(client, "gale.Q5_K_M.gguf")
    wait_until(lambda: file(job(client, second))["sha256"] is not None, "its hash")
    hub.release()
    act(client, first, "cancel")

    ready = until(client, second, "ready")
    assert Path(str(ready["snapshot"]), "gale.Q5_K_M.gguf").read_bytes() == WEIGHTS


def test_no_more_jobs_run_than_may(hub: FakeHub, tmp_path: Path) -> None:
    with opened(config_of(hub, tmp_path, downloads=1)) as client:
        hub.script([Fault.hold()])
        first, second = ask(client), ask(client, "gale.Q8_0.gguf")
        hub.wait_until_held()
        assert job(client, first)["state"] == "downloading"
        assert job(client, second)["state"] == "queued"
        hub.release()
        until(client, second, "ready")
        assert job(client, first)["state"] == "ready"


def test_wrong_bytes_are_never_seen(client: TestClient, hub: FakeHub, tmp_path: Path) -> None:
    hub.script([Fault.wrong_byte(), Fault.wrong_byte()])
    asked = ask(client)
    failed = until(client, asked, "failed")

    assert isinstance(failed["error"], dict)
    assert failed["error"]["error"] == "wrong_bytes"
    assert failed["snapshot"] is None
    assert left_in(tmp_path / "cache") == []
    act(client, asked, "retry")
    assert until(client, asked, "ready")["error"] is None


def test_gated_models_say_where_their_terms_are(client: TestClient, hub: FakeHub) -> None:
    response = client.post("/v1/downloads", json={"model": "acme/Gated", "variant": "Q4_K_M"})

    assert response.status_code == 403
    assert response.json()["error"] == "gated"
    assert f"{hub.url}/acme/Gated" in response.json()["message"]


def test_a_hub_that_is_away_is_told_and_tried_again(hub: FakeHub, tmp_path: Path) -> None:
    with opened(config_of(hub, tmp_path)) as client:
        hub.script([Fault.hold()])
        asked = ask(client)
        hub.wait_until_held()
        hub.stop()
        failed = until(client, asked, "failed")
        response = client.post("/v1/downloads", json={"model": "acme/Gale-GGUF", "variant": "Q8_0"})
        hub.start()
        act(client, asked, "retry")
        until(client, asked, "ready")

    assert isinstance(failed["error"], dict)
    assert failed["error"]["error"] == "upstream_unavailable"
    assert response.status_code == 503


def test_a_full_disk_is_told_before_anything_comes(
    client: TestClient, hub: FakeHub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(carrying, "SPARE_BYTES", 2**62)
    failed = until(client, ask(client), "failed")

    assert isinstance(failed["error"], dict)
    assert failed["error"]["error"] == "no_space"
    assert hub.cdn_requests == []
    assert left_in(tmp_path / "cache") == []


def test_more_than_the_cache_may_hold_is_refused(hub: FakeHub, tmp_path: Path) -> None:
    with opened(config_of(hub, tmp_path, cache_limit=1_000_000)) as client:
        body = {"model": "acme/Gale-GGUF", "files": ["gale.Q4_K_M.gguf"]}
        response = client.post("/v1/downloads", json=body)
        small = client.post("/v1/downloads", json={**body, "files": ["README.md"]}).json()
        until(client, small, "ready")

    assert response.status_code == 422
    assert response.json()["error"] == "over_limit"


def test_while_another_process_downloads_jobs_wait(hub: FakeHub, tmp_path: Path) -> None:
    config = config_of(hub, tmp_path)
    with exclusive(config.lock_folder, "downloads"), opened(config) as client:
        waiting = ask(client)
        assert waiting["state"] == "queued"
        assert "another process" in str(waiting["note"])
        assert act(client, waiting, "pause")["state"] == "paused"
    with opened(config) as client:
        assert job(client, waiting)["state"] == "paused"
        act(client, waiting, "resume")
        assert until(client, waiting, "ready")["note"] == ""


def test_what_was_under_way_goes_on_at_the_next_start(hub: FakeHub, tmp_path: Path) -> None:
    config = config_of(hub, tmp_path)
    hub.script([Fault.hold(after_bytes=5_000_000)])
    with opened(config) as client:
        asked = ask(client)
        held_midway(client, hub, asked)
    with opened(config) as client:
        ready = until(client, asked, "ready")

    assert hub.cdn_requests[-1].headers["range"] == f"bytes={file(ready)['resumed_from']}-"
    assert file(ready)["resumed_from"] != 0


def test_ended_jobs_can_be_forgotten(client: TestClient, hub: FakeHub) -> None:
    hub.script([Fault.hold()])
    asked = ask(client)
    early = client.delete(f"/v1/downloads/{asked['job_id']}")
    hub.wait_until_held()
    hub.release()
    until(client, asked, "ready")
    gone = client.delete(f"/v1/downloads/{asked['job_id']}")

    assert early.status_code == 409
    assert gone.status_code == 204
    assert client.get(f"/v1/downloads/{asked['job_id']}").json()["error"] == "job_not_found"
    assert client.delete(f"/v1/downloads/{asked['job_id']}").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"model": "a/b", "source_url": "a/b"},
        {"model": "acme/Gale-GGUF", "variant": "Q4_K_M", "everything": True},
        {"model": "acme/Gale-GGUF", "surprise": 1},
        {"model": "../../etc"},
        {"model": "acme/Gale-GGUF", "revision": "../main"},
        {"model": "acme/Gale-GGUF", "files": ["../../../etc/passwd"]},
        {"model": "acme/Gale-GGUF", "files": ["a"] * 1_001},
        {"source_url": "https://evil.example/acme/Gale-GGUF"},
        {"source_url": "x" * 5_000},
    ],
)
def test_what_cannot_be_meant_is_refused(client: TestClient, hub: FakeHub, body: Answer) -> None:
    response = client.post("/v1/downloads", json=body)

    assert response.status_code == 422, response.text
    assert set(response.json()) == {"error", "message"}
    assert hub.requests == []


def test_unknown_models_and_files_are_told(client: TestClient) -> None:
    for body, word in (
        ({"model": "acme/Nowhere"}, "model_not_found"),
        ({"model": "acme/Gale-GGUF", "files": ["nothing.gguf"]}, "file_not_found"),
        ({"model": "acme/Gale-GGUF", "revision": "other"}, "revision_not_found"),
    ):
        response = client.post("/v1/downloads", json=body)
        assert (response.status_code, response.json()["error"]) == (404, word)
    for path in ("/v1/downloads/0", "/v1/downloads/0/events"):
        assert client.get(path).json()["error"] == "job_not_found"
    assert client.post("/v1/downloads/0/explode").status_code == 422


def test_plain_forms_do_the_same(client: TestClient) -> None:
    sent = client.post("/-/downloads", data={"model": "acme/Gale-GGUF", "variant": "Q4_K_M", "revision": ""})
    [asked] = client.get("/v1/downloads").json()["downloads"]
    until(client, asked, "ready")
    cancelled = client.post(f"/-/downloads/{asked['job_id']}/cancel", headers={"accept": "text/html"})
    forgotten = client.post(f"/-/downloads/{asked['job_id']}/forget")
    wrong = client.post("/-/downloads", data={"surprise": "1"})

    assert (sent.status_code, sent.headers["location"]) == (303, f"/-/cache#d-{asked['job_id']}")
    assert (forgotten.status_code, forgotten.headers["location"]) == (303, "/-/cache")
    assert cancelled.status_code == 409
    assert cancelled.headers["content-type"].startswith("text/html")
    assert wrong.status_code == 422
    assert client.get("/v1/downloads").json() == {"downloads": []}


def test_broken_lists_of_downloads_break_nothing_else(hub: FakeHub, tmp_path: Path) -> None:
    config = config_of(hub, tmp_path)
    config.home.mkdir()
    (config.home / "jobs.db").write_bytes(b"broken" * 1_000)
    with opened(config) as client:
        answers = [
            client.get("/v1/downloads"),
            client.post("/v1/downloads", json={"model": "acme/Gale-GGUF"}),
        ]
        healthy = client.get("/healthz")

    assert [one.status_code for one in answers] == [503, 503]
    assert {one.json()["error"] for one in answers} == {"jobs_unavailable"}
    assert healthy.status_code == 200


def test_looking_makes_nothing(client: TestClient, tmp_path: Path) -> None:
    assert client.get("/v1/downloads").json() == {"downloads": []}
    assert client.get("/v1/downloads/0").status_code == 404
    assert not (tmp_path / "cache").exists()


def test_what_is_downloaded_is_told_to_nobody_who_may_not_download(hub: FakeHub, tmp_path: Path) -> None:
    key = "0123456789abcdef-secret"
    bearer = {"authorization": f"Bearer {key}"}
    with opened(config_of(hub, tmp_path, api_key=SecretStr(key))) as client:
        client.headers.update(bearer)
        job = str(ask(client)["job_id"])
        wait_until(lambda: client.get(f"/v1/downloads/{job}").json()["state"] == "ready", "the file")
        del client.headers["authorization"]

        for path in ("", f"/{job}", f"/{job}/events", "/events"):
            refused = client.get(f"/v1/downloads{path}")
            assert (refused.status_code, refused.json()["error"]) == (401, "key_needed")
            assert refused.headers["www-authenticate"] == "Bearer"
        pages = [client.get("/-/cache").text, client.get("/-/cache", headers=bearer).text]

    assert ["Gale-GGUF" in page for page in pages] == [False, True]
    assert [str(tmp_path) in page for page in pages] == [False, True]

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from starlette.testclient import TestClient

from api.app import create_app
from api.config import ApiConfig
from indexer.catalog.store import Catalog
from indexer.config import HomeConfig
from indexer.errors import HubdexError
from indexer.planned import SCHEDULE_LOCK
from indexer.process import exclusive
from indexer.quota import QuotaFile, observe
from indexer.records import Batch, SetAside
from indexer.runs import Runs
from tests.activity import plan_day, record, record_night
from tests.factories import NAMES, fill_home, make_listed, sync_home


def test_status_tells_what_is_known(client: TestClient) -> None:
    answer = client.get("/v1/status").json()

    assert answer["ready"] is True
    assert answer["version"]
    assert answer["index"]["models"] == answer["catalog"]["models"] == len(NAMES)
    assert answer["catalog"]["set_aside"] == 0
    only = answer["catalog"]["passes"][0]
    assert (only["name"], only["pages"], only["rows"]) == ("full", 1, len(NAMES))
    assert only["last_finished_at"] is not None


def test_status_keeps_the_cursor_to_itself(empty_client: TestClient, tmp_path: Path) -> None:
    fill_home(tmp_path, complete=False)

    text = empty_client.get("/v1/status").text

    assert "next_url" not in text
    assert "cursor" not in text
    assert "secret" not in text


def test_before_there_is_anything_the_service_says_so(empty_client: TestClient) -> None:
    status = empty_client.get("/v1/status")
    search = empty_client.get("/v1/search")

    assert status.status_code == 200
    assert status.json()["ready"] is False
    assert status.json()["catalog"] is None
    assert search.status_code == 503
    assert search.json()["error"] == "engine_unavailable"
    assert search.headers["retry-after"] == "2"
    assert empty_client.get("/healthz").json() == {"status": "ok"}
    assert empty_client.get("/readyz").status_code == 503
    assert empty_client.get("/v1/models/a/b").status_code == 503
    assert empty_client.get("/a/b").status_code == 503


def test_a_catalog_without_index_answers_what_it_can(empty_client: TestClient, tmp_path: Path) -> None:
    with Catalog(HomeConfig(home=tmp_path).database_url) as catalog:
        catalog.apply(Batch((make_listed("acme/gale"),)))

    assert empty_client.get("/v1/models/acme/gale").status_code == 200
    assert empty_client.get("/acme/gale").status_code == 200
    assert empty_client.get("/v1/search").status_code == 503
    assert "1 model read so far" in empty_client.get("/").text
    status = empty_client.get("/v1/status").json()
    assert status["catalog"]["models"] == 1
    assert status["index"] is None


def test_an_empty_index_of_nothing_is_no_answer(empty_client: TestClient, tmp_path: Path) -> None:
    Catalog(HomeConfig(home=tmp_path).database_url).close()
    sync_home(tmp_path)

    assert empty_client.get("/v1/search").status_code == 503
    assert empty_client.get("/readyz").status_code == 503
    assert empty_client.get("/v1/status").json()["ready"] is False
    assert "The first models are on their way" in empty_client.get("/").text


def test_the_service_begins_to_answer_when_there_is_something(
    empty_client: TestClient, tmp_path: Path
) -> None:
    assert empty_client.get("/readyz").status_code == 503

    fill_home(tmp_path)

    assert empty_client.get("/readyz").json() == {"status": "ready"}
    assert empty_client.get("/v1/search").json()["total"] == len(NAMES)


@contextmanager
def night_in(home: Path, days_ago: float = 0.01) -> Iterator[TestClient]:
    """A service in whose home much ran, and where a scheduler runs."""
    now = datetime.now(UTC)
    fill_home(home, days_ago=days_ago)
    record_night(home, now)
    plan_day(home, now)
    config = ApiConfig(home=home, cache_limit=2 * 10**9)
    with (
        exclusive(config.lock_folder, SCHEDULE_LOCK),
        TestClient(create_app(config, now=lambda: now), base_url="http://127.0.0.1:8017") as client,
    ):
        yield client


def test_status_tells_what_ran_and_what_is_next(tmp_path: Path) -> None:
    with night_in(tmp_path) as client:
        answer = client.get("/v1/status").json()

    assert (answer["ready"], answer["stale"], answer["message"]) == (True, False, "Searches are answered.")
    assert [(one["job"], one["outcome"]) for one in answer["runs"][:2]] == [
        ("crawl-recent", "done"),
        ("crawl-recent", "later"),
    ]
    assert answer["runs"][0]["did"] == "2,000 rows read, 131 new, 240 changed"
    assert [one["job"] for one in answer["next"]][:2] == ["crawl-head", "crawl-recent"]


def test_what_is_older_than_it_should_be_is_called_stale(tmp_path: Path) -> None:
    with night_in(tmp_path, days_ago=3.1) as client:
        status, ready = client.get("/v1/status").json(), client.get("/readyz")
        found, owners = client.get("/v1/search").json(), client.get("/v1/owners?q=q").json()
        page = client.get("/-/status").text

    assert ready.status_code == 200
    assert ready.json() == {"status": "ready", "stale": True, "message": status["message"]}
    assert status["message"].startswith(
        "What is new on the Hub was last read 3 days ago, and should be every"
    )
    assert found["index"]["stale"] is owners["index"]["stale"] is status["stale"] is True
    assert "What is new on the Hub was last read 3 days ago" in page
    assert "older than it should be" in page


def test_what_is_new_enough_is_not_called_stale(client: TestClient) -> None:
    assert client.get("/v1/search").json()["index"]["stale"] is False
    assert client.get("/v1/status").json()["runs"] == client.get("/v1/status").json()["next"] == []


def test_the_page_tells_what_runs_what_is_next_and_what_to_do(tmp_path: Path) -> None:
    with night_in(tmp_path) as client, Runs(ApiConfig(home=tmp_path)).running("crawl-full") as run:
        run.note({"rows": 5_000, "new": 1}, at_once=True)
        client.get("/v1/cache")
        page = client.get("/-/status").text

    assert "running, begun" in page
    assert "5,000 rows read, 1 new" in page
    assert "in 11 minutes (every 1h)" in page or "in 12 minutes (every 1h)" in page
    assert "now (every 1h)" in page
    assert "it is off" in page
    assert "What went wrong" in page
    assert "look at this machine&#x27;s network, <code>HTTPS_PROXY</code>" in page
    assert "0 B (0 B of 2.00 GB by Hubdex)" in page
    assert "none yet" in page


def test_what_programs_wrote_is_shown_as_text(tmp_path: Path) -> None:
    with night_in(tmp_path) as client:
        record(tmp_path, "crawl-head", datetime.now(UTC), 1, error=HubdexError("<script>alert(1)</script>"))
        page = client.get("/-/status").text

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_the_status_page_tells_what_is_known(client: TestClient) -> None:
    text = client.get("/-/status").text

    assert f"{len(NAMES)} models" in text
    assert '<th scope="row">full</th>' in text
    assert "Every row of the Hub had a meaning." in text
    assert "huggingface.co" in text
    assert "not asked lately" in text


def test_the_status_page_works_before_there_is_anything(empty_client: TestClient, tmp_path: Path) -> None:
    assert "Nothing has been read from the Hub yet." in empty_client.get("/-/status").text

    fill_home(tmp_path, complete=False)
    text = empty_client.get("/-/status").text

    assert "under way since" in text
    assert "the first pass over the Hub is still running" in text
    assert "never" in text
    assert "secret" not in text


def test_rows_without_meaning_are_shown_as_text(empty_client: TestClient, tmp_path: Path) -> None:
    with Catalog(HomeConfig(home=tmp_path).database_url) as catalog:
        catalog.apply(Batch(set_aside=(SetAside("it has no <id>", "a/<b>", "<script>" * 100),)))

    text = empty_client.get("/-/status").text

    assert "1 row of the Hub had no meaning." in text
    assert "it has no &lt;id&gt;" in text
    assert "<script>" not in text
    assert text.count("&lt;script&gt;") < 40


def test_what_is_left_of_the_quota_is_told(empty_client: TestClient, tmp_path: Path) -> None:
    config = ApiConfig(home=tmp_path)
    told = {"ratelimit": '"api";r=412;t=150', "ratelimit-policy": '"fixed window";"api";q=500;w=300'}
    kept = QuotaFile(config.quota_folder / "api-anonymous.json", config.upstream)
    window = observe(None, told, time.monotonic())
    assert window is not None

    assert empty_client.get("/v1/status").json()["quota"] is None
    kept.keep(window)
    quota = empty_client.get("/v1/status").json()["quota"]

    assert (quota["left"], quota["limit"]) == (412, 500)
    assert 0 < quota["resets_in_seconds"] <= 150
    assert "412 of 500" in empty_client.get("/-/status").text


def test_a_catalog_that_cannot_be_read_is_told_on_the_page(empty_client: TestClient, tmp_path: Path) -> None:
    (tmp_path / "catalog.db").write_bytes(b"no database" * 1_000)

    page, answer = empty_client.get("/-/status"), empty_client.get("/v1/status")

    assert page.status_code == answer.status_code == 503
    assert page.headers["content-type"].startswith("text/html")
    assert answer.json()["error"] == "catalog_unavailable"


def test_health_can_be_asked_without_a_body(client: TestClient) -> None:
    assert client.head("/healthz").status_code == 200
    assert client.head("/readyz").status_code == 200

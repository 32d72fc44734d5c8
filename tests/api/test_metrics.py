"""What `/metrics` shows: read by the official parser, bounded, cheap, and the same as README says."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import time

import pytest
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from api.app import create_app
from api.config import ApiConfig
from api.handoff.jobs.records import Job, JobFile, Wanted
from api.handoff.jobs.store import JobStore
from indexer.config import HomeConfig
from indexer.quota import QuotaFile, Window
from indexer.runs import Runs
from tests.conftest import ROOT
from tests.factories import NAMES, fill_home

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
LOCAL = "http://127.0.0.1:8017"
Samples = dict[tuple[str, tuple[str, ...]], float]


def samples(client: TestClient) -> Samples:
    """Every figure, by its name and the values of its labels in the order of their names."""
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    found: Samples = {}
    for family in text_string_to_metric_families(answer.text):
        assert family.documentation
        assert family.type != "unknown"
        for one in family.samples:
            key = (one.name, tuple(value for _, value in sorted(one.labels.items())))
            assert key not in found
            found[key] = one.value
    return found


def write_runs(home: Path) -> None:
    """Three crawls that were throttled, failed and go on, and a sync."""
    moments = iter([NOW - timedelta(hours=2), NOW - timedelta(hours=1), *[NOW] * 20])
    runs = Runs(HomeConfig(home=home), now=lambda: next(moments))
    with runs.running("crawl-full") as run:
        run.note(
            {"answers_200": 3_000, "answers_429": 2, "unanswered": 1, "rows": 41, "new": 41, "counters": 7}
        )
    with runs.running("crawl-full") as run:
        run.note({"answers_200": 1, "rows": 1, "changed": 1, "answers_evil\n": 3, "odd": 4})
        run.end("failed", "It failed.")
    with runs.running("index-sync") as run:
        run.note({"syncs": 1})


@pytest.fixture
def full_home(tmp_path: Path) -> Path:
    """A home in which there is something of everything."""
    fill_home(tmp_path)
    write_runs(tmp_path)
    config = ApiConfig(home=tmp_path)
    kept = QuotaFile(config.quota_folder / "api-anonymous.json", config.upstream, now=time)
    kept.keep(Window("api", 500, 412, time() + 150, 300.0))
    with JobStore(config.jobs_url) as store:
        files = (JobFile("a.gguf", 100, None, 60), JobFile("b.gguf", 50, None, 0))
        for at, state in enumerate(("paused", "ready", "paused")):
            wanted = Wanted("acme/gale", "main", f"{at:040x}", ("a.gguf", "b.gguf"))
            store.add(Job(f"{at:016x}", wanted, state, files, NOW, NOW))  # type: ignore[arg-type]
    return tmp_path


@pytest.fixture
def full_client(full_home: Path) -> Iterator[TestClient]:
    app = create_app(ApiConfig(home=full_home, cache_limit=10**9))
    with TestClient(app, base_url=LOCAL, follow_redirects=False) as opened:
        opened.get("/v1/cache")  # looked at meanwhile else, and shown the next time
        yield opened


def test_stored_figures_are_shown(full_client: TestClient) -> None:
    found = samples(full_client)

    assert found["hubdex_ready", ()] == 1
    assert found["hubdex_hub_requests_total", ("full", "200")] == 3_001
    assert found["hubdex_hub_requests_total", ("full", "429")] == 2
    assert found["hubdex_hub_requests_total", ("full", "none")] == 1
    assert found["hubdex_rows_total", ("full",)] == 42
    assert {key[1][0]: value for key, value in found.items() if key[0] == "hubdex_changes_total"} == {
        "new": 41, "changed": 1, "removed": 0, "counters": 7
    }  # fmt: skip
    assert found["hubdex_job_runs_total", ("crawl-full", "done")] == 1
    assert found["hubdex_job_runs_total", ("crawl-full", "failed")] == 1
    assert found["hubdex_job_last_end_timestamp_seconds", ("crawl-full",)] == NOW.timestamp()
    assert found["hubdex_job_last_done_timestamp_seconds", ("crawl-full",)] == NOW.timestamp() - 3_600
    assert found["hubdex_job_running", ("crawl-full",)] == 0
    assert found["hubdex_quota_left", ("api", "anonymous")] == 412
    assert found["hubdex_quota_limit", ("api", "anonymous")] == 500
    assert found["hubdex_catalog_models", ()] == found["hubdex_index_models", ("embedded",)] == len(NAMES)
    assert found["hubdex_index_serial_lag", ("embedded",)] == 0
    assert 0 <= found["hubdex_pass_age_seconds", ("full",)] < 600
    assert found["hubdex_index_stale", ()] == 0
    assert (found["hubdex_downloads", ("paused",)], found["hubdex_downloads", ("ready",)]) == (2, 1)
    assert found["hubdex_download_bytes", ("paused",)] == 120
    assert found["hubdex_cache_limit_bytes", ()] == 10**9
    assert found["process_resident_memory_bytes", ()] > 10**6


def test_searches_and_requests_are_counted_and_say_nothing_of_what_was_asked(client: TestClient) -> None:
    for path in ("/v1/search?q=planted", "/v1/search?q=planted&kind=variant", "/v1/owners?q=planted"):
        client.get(path)
    found = samples(client)
    for kind in ("model", "variant", "owner"):
        assert found["hubdex_search_seconds_count", (kind,)] == 1
        assert found["hubdex_search_seconds_bucket", (kind, "5.0")] == 1
    client.get(f"/{NAMES[0]}")
    client.get("/planted/name")
    client.head("/healthz")
    client.get("/v1/search", params={"limit": "planted"})
    client.get("/", headers={"host": "planted.example"})

    text = client.get("/metrics").text
    found = samples(client)

    assert "planted" not in text
    assert NAMES[0] not in text
    assert found["hubdex_http_requests_total", ("/v1/search", "2xx")] == 2
    assert found["hubdex_http_requests_total", ("/v1/search", "4xx")] == 1
    assert found["hubdex_http_requests_total", ("/{_path:path}", "2xx")] == 1
    assert found["hubdex_http_requests_total", ("/{_path:path}", "4xx")] == 1
    assert found["hubdex_http_requests_total", ("/healthz", "2xx")] == 1
    assert found["hubdex_http_requests_total", ("none", "4xx")] == 1
    assert not [name for name, _ in found if name.endswith("_created")]


def test_what_breaks_is_counted_too(home: Path) -> None:
    app = create_app(ApiConfig(home=home))

    @app.get("/v1/broken")
    def broken() -> None:
        raise ZeroDivisionError

    app.router.routes.insert(0, app.router.routes.pop())
    with TestClient(app, base_url=LOCAL, raise_server_exceptions=False) as client:
        assert client.get("/v1/broken").status_code == 500
        assert samples(client)["hubdex_http_requests_total", ("/v1/broken", "5xx")] == 1


def test_two_apps_of_a_process_count_apart(home: Path) -> None:
    with (
        TestClient(create_app(ApiConfig(home=home)), base_url=LOCAL) as one,
        TestClient(create_app(ApiConfig(home=home)), base_url=LOCAL) as other,
    ):
        one.get("/v1/search")
        assert samples(one)["hubdex_search_seconds_count", ("model",)] == 1
        assert samples(other)["hubdex_search_seconds_count", ("model",)] == 0


def test_nothing_is_needed_for_figures(empty_client: TestClient, tmp_path: Path) -> None:
    before = samples(empty_client)
    (tmp_path / "catalog.db").write_bytes(b"no database" * 1_000)
    (tmp_path / "jobs.db").write_bytes(b"no database" * 1_000)
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "crawl-full.json").write_bytes(b"{")
    broken = samples(empty_client)

    for found in (before, broken):
        assert found["hubdex_ready", ()] == 0
        assert not [name for name, _ in found if name.startswith("hubdex_catalog")]


def test_a_program_that_asks_for_openmetrics_is_given_it(full_client: TestClient) -> None:
    answer = full_client.get("/metrics", headers={"accept": "application/openmetrics-text; version=1.0.0"})

    assert answer.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    families = openmetrics.text_string_to_metric_families(answer.text)  # type: ignore[no-untyped-call]
    assert "hubdex_hub_requests" in {one.name for one in families}


def test_readme_names_every_figure_and_no_other(full_client: TestClient) -> None:
    readme = (ROOT / "README.md").read_text()
    told = set(re.findall(r"`((?:hubdex|process)_[a-z_]+)(?:\{[a-z, ]+\})?`", readme))
    text = full_client.get("/metrics").text
    shown = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")}

    assert {name for name in told if name != "hubdex_session"} == shown


def test_readme_names_the_labels(full_client: TestClient) -> None:
    readme = (ROOT / "README.md").read_text()
    for family in text_string_to_metric_families(full_client.get("/metrics").text):
        labels = {name for one in family.samples for name in one.labels} - {"le"}
        total = "_total" if family.type == "counter" else ""
        told = re.search(rf"`{family.name}{total}(?:\{{([a-z, ]+)\}})?`", readme)
        assert told is not None, family.name
        assert set((told[1] or "").split(", ")) - {""} == labels, family.name


def test_the_rules_of_the_example_ask_for_figures_there_are(full_client: TestClient) -> None:
    rules = (ROOT / "deploy" / "OPERATING.md").read_text()
    shown = {name for name, _ in samples(full_client)}
    asked = set(re.findall(r"hubdex_[a-z_]+(?=[{\[ )]|$)", rules, re.MULTILINE)) - {"hubdex_meilisearch"}

    assert asked
    assert asked <= shown, json.dumps(sorted(asked - shown))

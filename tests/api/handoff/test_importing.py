"""`POST /models`: an address answers with the card of its model, that of a file begins the download."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.config import ApiConfig
from api.handoff.cards import state_of
from api.handoff.jobs.records import ENDED, Job, Wanted
from tests.api.conftest import LOCAL
from tests.factories import NOON, fill_home, make_listed
from tests.fakes.hub import FakeHub, Fault, ListSource, make_row

QUANTS = "acme/Poet-8B-GGUF"
UNKNOWN = "zoo/New-1B-GGUF"
GATED = "acme/Secret-8B"
FILE = "Poet-8B.Q3_K_M.gguf"
FILES = {
    QUANTS: (FILE, "Poet-8B.Q4_K_M.gguf", "README.md"),
    UNKNOWN: ("BF16/New-1B.BF16.gguf", "New-1B.Q8_0.gguf"),
    GATED: ("model.safetensors",),
}


def sha_of(repo_id: str) -> str:
    return hashlib.sha1(repo_id.encode(), usedforsecurity=False).hexdigest()


@pytest.fixture
def upstream() -> Iterator[FakeHub]:
    rows = [
        make_row(
            id=repo_id,
            sha=sha_of(repo_id),
            gated="manual" if repo_id == GATED else False,
            siblings=[{"rfilename": path, "content": path.encode() * 99} for path in paths],
        )
        for repo_id, paths in FILES.items()
    ]
    with FakeHub(ListSource(rows)) as running:
        yield running


@pytest.fixture
def service(upstream: FakeHub, tmp_path: Path) -> Iterator[TestClient]:
    """A service that knows two of the three models."""
    known = (
        make_listed(QUANTS, files=FILES[QUANTS], params=None, tags=("gguf", "license:mit"), library="gguf"),
        make_listed(GATED, files=FILES[GATED], gated="manual"),
    )
    fill_home(tmp_path, known)
    config = ApiConfig(home=tmp_path, upstream=upstream.url, retry_base_seconds=0.001)
    config = config.model_copy(update={"hub_cache": tmp_path / "cache", "token": None})
    with TestClient(create_app(config), base_url=LOCAL) as opened:
        yield opened


def told(service: TestClient, source_url: str, status: int = 200) -> dict[str, Any]:
    response = service.post("/models", json={"source_url": source_url})
    assert response.status_code == status, response.text
    answer: dict[str, Any] = response.json()
    return answer


def end_of(service: TestClient, answer: dict[str, Any]) -> str:
    """Follow a download by its events, and give the state it ends in."""
    with service.stream("GET", f"/v1/downloads/{answer['job_id']}/events") as stream:
        for line in stream.iter_lines():
            state = json.loads(line.removeprefix("data:"))["state"] if line.startswith("data:") else ""
            if state in ENDED:
                return str(state)
    raise AssertionError("the events ended before the download")


@pytest.mark.parametrize("below", ["", "/tree/main", "/"])
def test_the_address_of_a_model_answers_with_its_card(
    service: TestClient, upstream: FakeHub, below: str
) -> None:
    for host in ("https://huggingface.co", upstream.url, LOCAL):
        card = told(service, f"{host}/{QUANTS}{below}")

        assert card["source_url"] == f"{host}/{QUANTS}{below}"
        assert (card["state"], card["id"], card["revision"]) == (None, QUANTS, sha_of(QUANTS))
        assert card["metadata"]["format"] == "gguf"
        assert (card["metadata"]["author"], card["metadata"]["license"]) == ("acme", "mit")
        assert [one["label"] for one in card["variants"]] == ["Q4_K_M", "Q3_K_M"]
    assert upstream.requests == []


def test_a_model_nobody_has_crawled_has_a_card_too(service: TestClient) -> None:
    card = told(service, f"https://huggingface.co/{UNKNOWN}/tree/main/BF16")

    assert [one["label"] for one in card["variants"]] == ["Q8_0", "BF16"]
    assert card["metadata"]["size"] == len("New-1B.Q8_0.gguf") * 99
    assert card["metadata"]["license"] is None


def test_the_address_of_a_file_begins_the_download(service: TestClient, tmp_path: Path) -> None:
    url = f"https://huggingface.co/{QUANTS}/blob/main/{FILE}"

    answer = told(service, url, 202)

    assert answer == {
        "source_url": url, "state": "downloading", "id": QUANTS, "job_id": answer["job_id"],
        "metadata": {"format": "gguf"},
    }  # fmt: skip
    assert end_of(service, answer) == "ready"
    [snapshot] = (tmp_path / "cache").glob(f"models--acme--Poet-8B-GGUF/snapshots/{sha_of(QUANTS)}")
    assert [path.name for path in snapshot.iterdir()] == [FILE]
    assert told(service, url)["state"] == "ready"
    assert told(service, f"https://huggingface.co/{QUANTS}")["state"] == "ready"


def test_a_quant_begins_it_as_well(service: TestClient) -> None:
    answer = told(service, f"hf.co/{QUANTS}:Q4_K_M", 202)

    assert answer["state"] == "downloading"
    assert end_of(service, answer) == "ready"


def test_a_download_that_fails_is_an_error(service: TestClient, upstream: FakeHub) -> None:
    upstream.script(Fault("wrong", route="cdn") for _ in range(20))
    answer = told(service, f"https://huggingface.co/{QUANTS}/blob/main/{FILE}", 202)

    assert end_of(service, answer) == "failed"
    assert told(service, f"https://huggingface.co/{QUANTS}")["state"] == "error"


@pytest.mark.parametrize(
    ("source_url", "status", "word"),
    [
        ("https://evil.example/o/r", 422, "bad_reference"),
        ("https://huggingface.co/datasets/o/r", 422, "bad_reference"),
        (f"https://huggingface.co/{QUANTS}/resolve/main/../../x", 422, "bad_reference"),
        ("x" * 3_000, 422, "bad_request"),
        ("https://huggingface.co/acme/Nothing", 404, "model_not_found"),
        ("https://huggingface.co/acme/Nothing/blob/main/x.gguf", 404, "model_not_found"),
        (f"https://huggingface.co/{QUANTS}/blob/main/none.gguf", 404, "variant_not_found"),
        (f"https://huggingface.co/{QUANTS}/tree/nowhere", 404, "revision_not_found"),
        (f"hf.co/{QUANTS}:Q2_K", 404, "variant_not_found"),
        (f"https://huggingface.co/{GATED}/blob/main/model.safetensors", 403, "gated"),
    ],
)
def test_what_cannot_be_had_is_refused(service: TestClient, source_url: str, status: int, word: str) -> None:
    assert told(service, source_url, status)["error"] == word


def test_no_secret_is_repeated(service: TestClient) -> None:
    card = told(service, f"https://me:hf_SECRET@huggingface.co/{QUANTS}?token=hf_SECRET")

    assert "SECRET" not in str(card)


@pytest.mark.parametrize(
    ("state", "told_as"),
    [("queued", "downloading"), ("paused", "downloading"), ("failed", "error"), ("cancelled", None),
     ("already_downloaded", "ready")],
)  # fmt: skip
def test_states(state: Any, told_as: str | None) -> None:
    wanted = Wanted(QUANTS, "main", sha_of(QUANTS), (FILE,))

    assert state_of(Job("0" * 16, wanted, state, (), NOON, NOON)) == told_as

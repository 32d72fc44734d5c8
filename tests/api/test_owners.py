from pathlib import Path

from starlette.testclient import TestClient

from tests.api.test_pages import shown
from tests.factories import NAMES, fill_home, make_listed

BLOKE = [name for name in NAMES if name.startswith("TheBloke/")]


def test_an_owner_has_a_page_of_all_their_models_by_popularity(client: TestClient) -> None:
    text = client.get("/TheBloke").text

    assert shown(text) == BLOKE
    assert "6 models, most downloaded first" in text
    assert "<h1>TheBloke</h1>" in text
    assert 'href="https://huggingface.co/TheBloke"' in text
    assert "<title>TheBloke - Hubdex</title>" in text


def test_the_search_on_it_stays_with_the_owner(client: TestClient) -> None:
    page = client.get("/TheBloke", params={"q": "llama -code"}).text
    piece = client.get("/-/results", params={"q": "llama -code", "owner": "TheBloke"}).text

    assert 'action="/TheBloke"' in page
    assert 'data-results="/-/results?owner=TheBloke"' in page
    assert 'value="llama -code"' in page
    assert shown(page) == shown(piece) == [BLOKE[0], BLOKE[2]]


def test_an_owner_without_a_match_keeps_the_page(client: TestClient) -> None:
    response = client.get("/TheBloke", params={"q": "whisper"})

    assert response.status_code == 200
    assert "No model matches" in response.text


def test_its_pages_lead_to_one_another(empty_client: TestClient, tmp_path: Path) -> None:
    fill_home(tmp_path, tuple(make_listed(f"acme/m{at}", downloads=100 - at) for at in range(45)))

    first, last = empty_client.get("/acme").text, empty_client.get("/acme?offset=40").text

    assert 'rel="next" href="/acme?offset=20"' in first
    assert len(shown(last)) == 5
    assert 'rel="prev" href="/acme?offset=20"' in last


def test_a_longer_owner_is_another(empty_client: TestClient, tmp_path: Path) -> None:
    fill_home(tmp_path, tuple(make_listed(name) for name in ("acme/a", "acme-labs/b", "ac-me/c", "d")))

    for text in ("", "author:acme-labs", "author:acme,ac-me"):
        assert shown(empty_client.get("/acme", params={"q": text}).text) == ["acme/a"]


def test_nobody_has_no_page(client: TestClient) -> None:
    for path in ("/nobody", "/nobody/", "/nobody/models", "/TheBlok"):
        response = client.get(path)

        assert response.status_code == 404
        assert response.headers["content-type"].startswith("text/html")
    assert "No model and no owner is called" in client.get("/nobody").text


def test_a_question_too_long_is_refused_on_the_page(client: TestClient) -> None:
    response = client.get("/TheBloke", params={"q": "a" * 301})

    assert response.status_code == 422
    assert 'action="/TheBloke"' in response.text


def test_an_owner_can_be_looked_up_only_once_there_is_an_index(empty_client: TestClient) -> None:
    assert empty_client.get("/acme").status_code == 503


def test_exact_case_wins_over_other_case(empty_client: TestClient, tmp_path: Path) -> None:
    fill_home(
        tmp_path, (make_listed("bert"), make_listed("BERT/tiny"), make_listed("Gale/x"), make_listed("gale"))
    )

    assert "<h1>BERT</h1>" in empty_client.get("/BERT").text
    assert "hf download bert<" in empty_client.get("/bert").text
    assert empty_client.get("/Bert").headers["location"] == "/bert"
    assert "<h1>Gale</h1>" in empty_client.get("/Gale").text


def test_ids_with_an_owner_win_over_those_without(empty_client: TestClient, tmp_path: Path) -> None:
    fill_home(tmp_path, (make_listed("gpt2"), make_listed("gpt2/tree"), make_listed("other")))

    assert "hf download gpt2/tree<" in empty_client.get("/gpt2/tree").text
    assert empty_client.get("/gpt2/tree/blob/main/x").headers["location"] == "/gpt2/tree"
    assert empty_client.get("/gpt2/tree/main").headers["location"] == "/gpt2"
    assert empty_client.get("/other/tree").headers["location"] == "/other"
    assert empty_client.get("/v1/models/gpt2/tree").json()["id"] == "gpt2/tree"
    assert empty_client.get("/v1/models/other/tree").status_code == 404


def test_former_names_lead_to_the_present_one(empty_client: TestClient, tmp_path: Path) -> None:
    before = make_listed("old/name")
    fill_home(tmp_path, (before,))
    fill_home(tmp_path, (make_listed("new/name", key=before.record.key),))

    for path in (
        "/old/name",
        "/OLD/Name",
        "/old/name/",
        "/old/name/tree/main",
        "/old/name/blob/main/a/b.gguf",
    ):
        response = empty_client.get(path)

        assert (response.status_code, response.headers["location"]) == (307, "/new/name")

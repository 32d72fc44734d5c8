import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.api.test_pages import shown
from tests.factories import NAMES, fill_home, make_listed

BLOKE = [name for name in NAMES if name.startswith("TheBloke/")]


def told(client: TestClient, **parameters: object) -> list[tuple[str, int]]:
    answer = client.get("/v1/owners", params=parameters).json()  # type: ignore[arg-type]
    return [(one["name"], one["models"]) for one in answer["owners"]]


def test_owners_are_given_by_the_beginning_of_their_names(client: TestClient) -> None:
    assert told(client, q="theb") == [("TheBloke", 6)]
    assert told(client, q="meta-L") == told(client, q="metallama/Lla") == [("meta-llama", 3)]
    assert told(client, q="google", limit=1) == [("google", 3)]
    assert told(client, q="google") == [("google", 3), ("google-bert", 1)]
    assert told(client, q="gpt2-legacy") == told(client, q="oke") == []


def test_owners_of_the_most_popular_models_come_first_when_nothing_is_typed(client: TestClient) -> None:
    owners = {name.split("/")[0] for name in NAMES if "/" in name}

    assert told(client, limit=3)[0] == ("TheBloke", 6)
    assert len(told(client, limit=20)) == 20
    assert {name for name, _ in told(client, limit=20)} < owners


def test_the_answer_about_owners_says_what_it_stands_for(client: TestClient) -> None:
    index = client.get("/v1/owners", params={"q": "the"}).json()["index"]

    assert (index["models"], index["complete"]) == (len(NAMES), True)


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"limit": "0"}, "`limit`"),
        ({"limit": "21"}, "`limit`"),
        ({"limit": "x"}, "`limit`"),
        ({"q": "a" * 256}, "`q`"),
        ({"offset": "1"}, "`offset`"),
    ],
)
def test_a_wrong_question_about_owners_is_refused(
    client: TestClient, parameters: dict[str, str], named: str
) -> None:
    response = client.get("/v1/owners", params=parameters)

    assert response.status_code == 422
    assert response.json()["error"] == "bad_request"
    assert named in response.json()["message"]


def test_owners_are_told_only_once_there_is_an_index(empty_client: TestClient) -> None:
    assert empty_client.get("/v1/owners", params={"q": "a"}).status_code == 503


def suggested(client: TestClient, **parameters: object) -> list[str]:
    """Where the owners lead that are suggested, in order."""
    text = client.get("/-/results", params=parameters).text  # type: ignore[arg-type]
    return re.findall(r'<a class="pick" id="owner-\d" href="([^"]+)">', text)


def test_an_owner_is_suggested_while_it_is_typed(client: TestClient) -> None:
    text = client.get("/", params={"q": "theb"}).text

    assert suggested(client, q="theb") == ["/?q=TheBloke/"]
    assert '<span class="name"><mark>TheB</mark>loke</span>' in text
    assert '<span class="number">6 <span class="word">models</span></span>' in text
    assert '<a class="page" href="/TheBloke" title="Page of TheBloke">' in text
    assert text.index('id="owner-0"') < text.index('id="hit-0"')
    assert suggested(client, q="theb/lla 7b", sort="likes") == ["/?q=TheBloke/lla%207b&amp;sort=likes"]
    assert len(suggested(client, q="m")) == 3


@pytest.mark.parametrize(
    "text", ["", "theb lla", "/theb", "-theb", "author:thebloke", "hf.co/TheBloke/x", "zz"]
)
def test_no_owner_is_suggested_where_none_can_be_meant(client: TestClient, text: str) -> None:
    assert suggested(client, q=text) == []


def test_no_owner_is_suggested_on_later_pages_and_on_the_page_of_one(client: TestClient) -> None:
    assert suggested(client, q="m") != []
    assert suggested(client, q="m", offset=20) == []
    assert suggested(client, q="m", owner="microsoft") == []


@pytest.mark.parametrize("text", ["TheBloke/", "thebloke/lla"])
def test_an_owner_that_stands_there_is_linked_and_not_suggested(client: TestClient, text: str) -> None:
    assert suggested(client, q=text) == []
    assert '<a href="/TheBloke">Page of TheBloke</a>' in client.get("/", params={"q": text}).text
    assert "Page of" not in client.get("/", params={"q": "TheBloke lla"}).text


def test_names_of_owners_stay_text(empty_client: TestClient, tmp_path: Path) -> None:
    fill_home(tmp_path, (make_listed("<i>x&/a"),))

    for text in ("i", "ix", "<i>x&/"):
        answer = empty_client.get("/-/results", params={"q": text}).text

        assert "<i>x" not in answer
        assert "&lt;" in answer


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

import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.config import ApiConfig
from tests.factories import NAMES, fill_home, make_listed


def shown(text: str) -> list[str]:
    return re.findall(r'<a class="hit" id="hit-\d+" href="/([^"]+)">', text)


def test_the_form_works_without_a_script(client: TestClient) -> None:
    text = client.get("/", params={"q": "TheBloke/codel"}).text

    assert shown(text) == ["TheBloke/CodeLlama-7B-GGUF"]
    assert "<mark>CodeL</mark>lama-7B-GGUF" in text
    assert "1 model matches" in text
    assert f"{len(NAMES)} models" in text
    assert 'value="TheBloke/codel"' in text


def test_pages_lead_to_one_another(client: TestClient) -> None:
    first = client.get("/").text
    second = client.get("/?q=&offset=20").text
    last = client.get("/?q=&offset=40").text

    assert shown(first) + shown(second) + shown(last) == list(NAMES)
    assert 'rel="next" href="/?offset=20"' in first
    assert 'rel="prev"' not in first
    assert 'rel="prev" href="/"' in second
    assert 'rel="next"' not in last


@pytest.mark.parametrize("offset", ["-1", "x", "", "1e9", "٣"])
def test_a_strange_offset_is_the_first_page(client: TestClient, offset: str) -> None:
    assert len(shown(client.get("/", params={"offset": offset}).text)) == 20


def test_the_answer_for_the_script_is_the_one_of_the_page(client: TestClient) -> None:
    piece = client.get("/-/results", params={"q": "qwen"}).text
    page = client.get("/", params={"q": "qwen"}).text

    assert piece.startswith('<div id="answer" data-state="answered">')
    assert shown(piece) == shown(page)


def test_what_was_typed_stays_text(client: TestClient) -> None:
    text = client.get("/", params={"q": '"><script>alert(1)</script>'}).text

    assert "<script>alert" not in text
    assert "&quot;&gt;&lt;script&gt;" in text


def test_no_hit_helps_on(client: TestClient) -> None:
    text = client.get("/", params={"q": "zzzzzzzz"}).text

    assert "No model matches" in text
    assert "Try it another way" in text


def ways(text: str) -> dict[str, str]:
    """Where the buttons lead that are offered when nothing matches, by what they say."""
    found = re.findall(r'<a class="button quiet" href="([^"]*)">(.*?)</a>', text)
    return {re.sub(r"<.*?>", "", words): path for path, words in found}


def test_no_hit_offers_to_ask_for_less(client: TestClient) -> None:
    text = client.get("/", params={"q": "zzzz qwen -coder format:gguf", "sort": "likes"}).text

    assert list(ways(text).items()) == [
        ("Leave out -coder", "/?q=zzzz%20qwen%20format%3Agguf&amp;sort=likes"),
        ("Leave out format:gguf", "/?q=zzzz%20qwen%20-coder&amp;sort=likes"),
        ("Leave out zzzz", "/?q=qwen%20-coder%20format%3Agguf&amp;sort=likes"),
        ("Leave out qwen", "/?q=zzzz%20-coder%20format%3Agguf&amp;sort=likes"),
    ]


def test_no_hit_of_an_owner_offers_all_others(client: TestClient) -> None:
    assert ways(client.get("/", params={"q": "TheBloke/whisper"}).text) == {
        "whisper of any owner": "/?q=/whisper"
    }
    assert ways(client.get("/TheBloke", params={"q": "whisper"}).text) == {"Search all models": "/?q=whisper"}


def test_a_page_behind_the_last_leads_back(client: TestClient) -> None:
    assert ways(client.get("/?q=llama&offset=500").text) == {"To the first": "/?q=llama"}


def test_an_index_under_construction_says_so(empty_client: TestClient, tmp_path: Path) -> None:
    fill_home(tmp_path, complete=False)

    assert "the first pass over the Hub is still running" in empty_client.get("/").text


@pytest.mark.parametrize(("days", "is_old"), [(1, False), (5, True)])
def test_what_was_read_long_ago_is_called_old(tmp_path: Path, days: int, *, is_old: bool) -> None:
    fill_home(tmp_path, days_ago=days)
    app = create_app(ApiConfig(home=tmp_path, usual_recent="every 1d"))

    with TestClient(app, base_url="http://127.0.0.1:8017") as client:
        hits, model = client.get("/?q=llama").text, client.get("/gpt2-legacy").text

    assert f"as of {days} day" in hits
    assert ("older than it should be" in hits) is is_old
    why = 'title="What is new on the Hub was last read 5 days ago, and should be every day; '
    assert (f'(<a href="/-/status" {why}' in hits) is is_old
    assert f"Hubdex last read from the Hub {days} day" in model
    assert ("What is shown here may have changed since." in model) is is_old


def test_the_page_waits_for_the_first_models(empty_client: TestClient) -> None:
    response = empty_client.get("/")

    assert response.status_code == 503
    assert "The first models are on their way" in response.text
    assert 'data-state="waiting"' in empty_client.get("/-/results").text


def test_a_model_has_a_page(client: TestClient) -> None:
    text = client.get("/meta-llama/Llama-3.2-1B").text

    assert "<code>hf download meta-llama/Llama-3.2-1B</code>" in text
    assert 'href="https://huggingface.co/meta-llama/Llama-3.2-1B"' in text
    assert "Ask for access at" in text
    assert "7.2B" in text
    assert "/blob/main/model.safetensors" in text


@pytest.mark.parametrize(
    ("path", "to"),
    [
        ("/thebloke/codellama-7b-gguf", "/TheBloke/CodeLlama-7B-GGUF"),
        ("/TheBloke/CodeLlama-7B-GGUF/tree/main", "/TheBloke/CodeLlama-7B-GGUF"),
        ("/TheBloke/CodeLlama-7B-GGUF/blob/main/a/b.gguf", "/TheBloke/CodeLlama-7B-GGUF"),
        ("/xlm-roberta/tree/main", "/xlm-roberta"),
        ("/TheBloke/CodeLlama-7B-GGUF/", "/TheBloke/CodeLlama-7B-GGUF"),
        ("/TheBloke%2FCodeLlama-7B-GGUF/", "/TheBloke/CodeLlama-7B-GGUF"),
        ("/XLM-Roberta", "/xlm-roberta"),
        ("/TheBloke/", "/TheBloke"),
        ("/thebloke", "/TheBloke"),
        ("/TheBloke/models", "/TheBloke"),
    ],
)
def test_paths_lead_where_the_hub_would(client: TestClient, path: str, to: str) -> None:
    response = client.get(path)

    assert response.status_code == 307
    assert response.headers["location"] == to


def test_a_model_without_owner_has_a_page(client: TestClient) -> None:
    assert "<code>hf download xlm-roberta</code>" in client.get("/xlm-roberta").text


def test_names_from_the_hub_stay_text(empty_client: TestClient, tmp_path: Path) -> None:
    fill_home(tmp_path, (make_listed("a/b", tags=("<img src=x>",), task="<i>", files=("<b>/'x'",)),))

    text = empty_client.get("/a/b").text + empty_client.get("/").text

    assert "<img src=x>" not in text
    assert "<i>" not in text.replace('<i aria-hidden="true">', "")
    assert "<b>/" not in text


def test_static_files_are_kept_by_their_content(client: TestClient) -> None:
    url = re.search(r"/-/static/search\.js\?v=\w+", client.get("/").text)
    assert url is not None

    first = client.get(url[0])
    again = client.get(url[0], headers={"if-none-match": first.headers["etag"]})

    assert "immutable" in first.headers["cache-control"]
    assert first.headers["content-type"].startswith("text/javascript")
    assert again.status_code == 304
    assert client.get("/-/static/search.js").headers["cache-control"] == "no-cache"
    assert client.get("/favicon.ico").headers["location"].startswith("/-/static/icon.svg")


def test_the_api_describes_itself(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]

    assert {"/v1/search", "/v1/models/{owner}/{name}", "/v1/models/{name}", "/v1/status"} <= set(paths)
    assert {"/healthz", "/readyz"} <= set(paths)
    assert "/{owner}/{name}" not in paths
    assert client.get("/docs").status_code == 200

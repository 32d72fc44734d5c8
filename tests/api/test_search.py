import pytest
from starlette.testclient import TestClient

from tests.factories import NAMES

BLOKE_LLAMAS = {
    "TheBloke/Llama-2-7B-Chat-GGUF",
    "TheBloke/CodeLlama-7B-GGUF",
    "TheBloke/TinyLlama-1.1B-Chat-v1.0-GGUF",
}


def test_search_answers_partial_names(client: TestClient) -> None:
    answer = client.get("/v1/search", params={"q": "TheBloke/llama"}).json()

    assert {hit["id"] for hit in answer["hits"]} == BLOKE_LLAMAS
    assert answer["total"] == 3
    assert answer["total_exact"] is True


def test_search_says_what_matched_and_what_it_stands_for(client: TestClient) -> None:
    answer = client.get("/v1/search", params={"q": "codestral"}).json()

    hit = answer["hits"][0]
    assert [hit["id"][start:end] for start, end in hit["highlights"]] == ["Codestral"]
    assert answer["query"]["terms"] == ["codestral"]
    assert answer["index"]["models"] == len(NAMES)
    assert answer["index"]["complete"] is True
    assert 0 <= answer["index"]["age_seconds"] < 300


def test_an_empty_query_lists_the_most_downloaded_first(client: TestClient) -> None:
    answer = client.get("/v1/search").json()

    assert [hit["id"] for hit in answer["hits"]] == list(NAMES[:20])
    assert answer["total"] == len(NAMES)


def test_search_pages_without_gaps_or_repeats(client: TestClient) -> None:
    pages = [client.get("/v1/search", params={"limit": 7, "offset": at}).json() for at in range(0, 49, 7)]

    assert [hit["id"] for page in pages for hit in page["hits"]] == list(NAMES)


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"limit": "0"}, "`limit`"),
        ({"limit": "101"}, "`limit`"),
        ({"limit": "many"}, "`limit`"),
        ({"limit": "9" * 5_000}, "`limit`"),
        ({"offset": "-1"}, "`offset`"),
        ({"kind": "variant"}, "`kind`"),
        ({"sort": "size"}, "`sort`"),
        ({"x" * 200: ""}, "`x"),
        ({"q": "a" * 301}, "301 characters"),
        ({"q": "a b c d e f g h i j k l m n o p q"}, "16 terms"),
        ({"offset": "9990"}, "10000"),
    ],
)
def test_search_refuses_what_it_does_not_know(
    client: TestClient, parameters: dict[str, str], named: str
) -> None:
    response = client.get("/v1/search", params=parameters)

    assert response.status_code == 422
    assert response.json()["error"] == "bad_request"
    assert named in response.json()["message"]
    assert len(response.content) < 500


@pytest.mark.parametrize("text", ["\0", "'\"<script>", "%", "\ufffd", "💥", "a/b/c/d", "-", "--", "/", " "])
def test_search_answers_whatever_is_typed(client: TestClient, text: str) -> None:
    assert client.get("/v1/search", params={"q": text}).status_code == 200
    assert client.get("/", params={"q": text}).status_code == 200
    assert client.get("/-/results", params={"q": text}).status_code == 200


def test_search_takes_bytes_that_are_no_text(client: TestClient) -> None:
    assert client.get("/v1/search?q=%ff%fe").status_code == 200

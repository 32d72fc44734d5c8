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
        ({"kind": "file"}, "`kind`"),
        ({"sort": "colour"}, "`sort`"),
        ({"x" * 200: ""}, "`x"),
        ({"gated": "perhaps"}, "`gated"),
        ({"facets": "colour"}, "`facets"),
        ({"min_params": "-1"}, "`min_params`"),
        ({"tag": ""}, "`tag"),
        ({"tag": "t" * 201}, "`tag"),
        ({"tag": [str(number) for number in range(33)]}, "`tag`"),
        ({"q": "tag:" + ",".join(map(str, range(40)))}, "32 values"),
        ({"q": "a" * 301}, "301 characters"),
        ({"q": "a b c d e f g h i j k l m n o p q"}, "16 terms"),
        ({"offset": "99990"}, "100,000"),
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


def ids_of(client: TestClient, **parameters: object) -> list[str]:
    return [hit["id"] for hit in client.get("/v1/search", params=parameters).json()["hits"]]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"format": "gguf", "author": ["TheBloke", "unsloth"]}, "author:thebloke,unsloth format:gguf"),
        ({"gated": "manual"}, "gated:manual"),
        ({"license": "LLAMA2"}, "license:llama2"),
        ({"tag": ["gguf", "license:llama2"]}, "tag:gguf tag:license:llama2"),
        ({"min_params": 10**9, "max_params": 8 * 10**9, "q": "qwen"}, "qwen params:1b-8b"),
    ],
)
def test_filters_as_parameters_and_in_the_query_are_the_same(
    client: TestClient, parameters: dict[str, object], named: str
) -> None:
    found = ids_of(client, **parameters)

    assert 0 < len(found) < len(NAMES)
    assert ids_of(client, q=named) == found


def test_the_answer_says_how_filters_were_understood(client: TestClient) -> None:
    asked = {"q": "format:GGUF params:<8b", "task": "fill-mask"}
    query = client.get("/v1/search", params=asked).json()["query"]

    assert query["filters"] == {"task": ["fill-mask"], "format": ["gguf"]}
    assert (query["min_params"], query["max_params"]) == (None, 8 * 10**9 - 1)
    assert query["terms"] == []


def test_facets_count_all_that_was_found(client: TestClient) -> None:
    answer = client.get("/v1/search?q=llama&facets=author&facets=gated&limit=1").json()

    facets = answer["facets"].items()
    counts = {facet: {one["value"]: one["count"] for one in some} for facet, some in facets}
    llamas = [name for name in NAMES if "llama" in name.lower()]
    assert counts["gated"]["manual"] == sum(name.startswith("meta-llama/") for name in llamas)
    assert sum(counts["gated"].values()) == answer["total"] == len(llamas)
    assert counts["author"]["thebloke"] == 3


def test_hits_come_in_the_order_that_is_asked_for(client: TestClient) -> None:
    everything = client.get("/v1/search", params={"sort": "downloads", "limit": 100}).json()["hits"]

    downloads = [hit["downloads"] for hit in everything]
    assert downloads == sorted(downloads, reverse=True)
    assert len(downloads) == len(NAMES)

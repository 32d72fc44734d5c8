"""What the Hub does one way or another, by switches."""

import pytest

from tests.fakes.hub import FakeHub, GeneratedSource, ListSource, make_row
from tests.fakes.hub.asking import Clock, ask, pages, walk
from tests.fakes.hub.quota import RateHeaders


def models(count: int) -> ListSource:
    return ListSource(make_row(id=f"o/m-{number:04}") for number in range(count))


def ids(hub: FakeHub, target: str) -> list[str]:
    return [str(row["id"]) for row in walk(hub, target)]


def test_a_gateway_gives_up_on_large_limits() -> None:
    with FakeHub(models(9), gateway_limit=500, clock=Clock()) as hub:
        for query in ("limit=501", "limit=1000", "sort=downloads"):
            refused = ask(hub, f"/api/models?{query}")
            assert refused.status == 504
            assert refused.headers["Content-Type"].startswith("text/html")
        assert ask(hub, "/api/models?limit=500").headers["RateLimit"] == '"api";r=496;t=300'
        assert ask(hub, "/api/models?limit=no").status == 400
        assert ask(hub, "/api/models/o/m-0001").status == 200


def test_large_limits_are_capped_or_refused() -> None:
    with FakeHub(models(1_001)) as hub:
        assert len(ask(hub, "/api/models?limit=1001").rows) == 1_000
    with FakeHub(models(1_001), refuses_large_limit=True) as hub:
        assert ask(hub, "/api/models?limit=1001").error == "Invalid limit parameter"
        assert len(ask(hub, "/api/models?limit=1000").rows) == len(ask(hub, "/api/models").rows) == 1_000

    with FakeHub(models(9), page_rows=4) as hub:
        assert [len(page) for page in pages(hub, "/api/models?limit=1000")] == [4, 4, 1]
        assert len(ask(hub, "/api/models?limit=3").rows) == 3


def test_skip_is_ignored_or_honoured() -> None:
    with FakeHub(models(9)) as hub:
        assert len(ids(hub, "/api/models?skip=4&limit=3")) == 9
        everything = ids(hub, "/api/models")
    with FakeHub(models(9), honours_skip=True) as hub:
        assert ids(hub, "/api/models?skip=4&limit=3") == everything[4:]
        assert ids(hub, "/api/models?skip=9") == []


def test_a_full_last_page_may_lead_to_an_empty_one() -> None:
    with FakeHub(models(6), ends_with_empty_page=True) as hub:
        assert [len(page) for page in pages(hub, "/api/models?limit=3")] == [3, 3, 0]
        assert [len(page) for page in pages(hub, "/api/models?limit=4")] == [4, 2]


def test_a_compound_reference_among_other_words_may_find_nothing() -> None:
    queries = ["m%20o/m-0001", "o%20m-0001"]
    with FakeHub(models(3)) as hub:
        assert [len(ids(hub, f"/api/models?search={query}")) for query in queries] == [1, 1]
    with FakeHub(models(3), loses_compound_searches=True) as hub:
        assert [len(ids(hub, f"/api/models?search={query}")) for query in queries] == [0, 0]
        assert [len(ids(hub, f"/api/models?search={query}")) for query in ("o/m-0001", "m%20o")] == [1, 3]


def test_cursors_expire_when_told() -> None:
    with FakeHub(models(9)) as hub:
        first = ask(hub, "/api/models?limit=3").next_url
        assert first is not None
        second = ask(hub, first).next_url
        assert second is not None
        hub.expire_cursors()
        for url in (first, second):
            refused = ask(hub, url)
            assert (refused.status, refused.error) == (400, "Invalid cursor: expired")
        assert len(ids(hub, "/api/models?limit=3")) == 9
        assert ask(hub, second).status == 200


def test_a_cursor_from_before_the_hub_was_there_expires_too() -> None:
    with FakeHub(models(9)) as hub:
        given = ask(hub, "/api/models?limit=3").next_url
    assert given is not None
    target = given.removeprefix(hub.url)
    with FakeHub(models(9)) as hub:
        assert ask(hub, target).status == 200
        hub.expire_cursors()
        assert ask(hub, target).status == 400


def test_cursors_can_have_a_lifetime() -> None:
    with FakeHub(models(9), cursor_lifetime_requests=2) as hub:
        given = ask(hub, "/api/models?limit=3").next_url
        assert given is not None
        assert [ask(hub, given).status for _ in range(3)] == [200, 200, 400]
        assert len(ids(hub, "/api/models?limit=1")) == 9


@pytest.mark.parametrize(
    ("sent", "names"),
    [
        ("both", ["RateLimit", "RateLimit-Policy"]),
        ("limit", ["RateLimit"]),
        ("policy", ["RateLimit-Policy"]),
        ("none", []),
    ],
)
def test_the_hub_may_say_less_of_its_quota(sent: RateHeaders, names: list[str]) -> None:
    with FakeHub(models(1), quota=1, rate_headers=sent) as hub:
        replies = [ask(hub, "/api/models") for _ in range(2)]
    assert [reply.status for reply in replies] == [200, 429]
    for reply in replies:
        assert [name for name in reply.headers if name.startswith("RateLimit")] == names


def test_header_names_may_be_lower_case() -> None:
    with FakeHub(models(2), lower_case_headers=True) as hub:
        names = ask(hub, "/api/models?limit=1").headers.keys()
    assert {"ratelimit", "ratelimit-policy", "link", "x-hf-warning"} <= set(names)
    assert "RateLimit" not in names


def test_the_quota_can_change_while_the_hub_runs() -> None:
    clock = Clock()
    with FakeHub(models(1), quota=5, token="hf_x", token_quota=9, clock=clock) as hub:
        ask(hub, "/api/models")
        ask(hub, "/api/models", token="hf_x")
        hub.set_quota(3)
        assert ask(hub, "/api/models").headers["RateLimit"] == '"api";r=1;t=300'
        assert ask(hub, "/api/models", token="hf_x").headers["RateLimit"] == '"api";r=7;t=300'
        hub.set_quota(token_quota=2)
        assert ask(hub, "/api/models", token="hf_x").status == 429
        assert ask(hub, "/api/models").headers["RateLimit-Policy"] == '"fixed window";"api";q=3;w=300'
        clock.now += 300
        hub.set_quota(700, token_quota=1_000)
        assert ask(hub, "/api/models").headers["RateLimit"] == '"api";r=699;t=300'
        assert ask(hub, "/api/models", token="hf_x").headers["RateLimit"] == '"api";r=999;t=300'


def test_more_parameters_narrow_the_listing() -> None:
    source = models(3)
    source.add(make_row(id="q/small", gated="auto", tags=["gguf", "fr"], gguf={"total": 999_885_952}))
    source.change("q/small", safetensors=None, pipeline_tag="summarization", library_name="peft")
    source.add(make_row(id="q/unknown", gated="manual", safetensors=None))
    with FakeHub(source) as hub:
        for query in (
            "pipeline_tag=summarization", "library=peft", "language=fr", "tags=fr", "num_parameters=max:1B",
            "num_parameters=min:900M,max:1.5B", "gated=true&filter=gguf",
        ):  # fmt: skip
            assert ids(hub, f"/api/models?limit=1&{query}") == ["q/small"], query
        assert sorted(ids(hub, "/api/models?gated=true")) == ["q/small", "q/unknown"]
        assert len(ids(hub, "/api/models?gated=false&num_parameters=min:6B")) == 3


def test_requests_are_told_one_after_the_other() -> None:
    told: list[int] = []
    with FakeHub(models(3), quota=2, on_request=told.append) as hub:
        statuses = [ask(hub, target).status for target in ("/api/models", "/nowhere", "/api/models")]
        assert statuses == [200, 404, 429]
        assert told == [1, 2, 3]


def test_a_generated_hub_pages_in_constant_time_from_either_end() -> None:
    class Counting(GeneratedSource):
        computed = 0

        def row(self, i: int) -> dict[str, object]:
            self.computed += 1
            return super().row(i)

    source = Counting(3_100_000, seed=1)
    with FakeHub(source) as hub:
        for query in ("sort=createdAt&direction=-1", "sort=createdAt&direction=1", "sort=lastModified"):
            walked = pages(hub, f"/api/models?{query}&limit=100")
            for _ in range(3):
                source.computed = 0
                assert len(next(walked)) == 100
                assert source.computed == 101

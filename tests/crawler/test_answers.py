import pytest
from pydantic import SecretStr

from crawler.answers import (
    Again,
    Answer,
    Elsewhere,
    FromTheStart,
    Judge,
    WithoutFields,
    read_json,
)
from crawler.chain import Gone, Outdated, Page, Unclear
from crawler.retries import MAX_FAILURES, MAX_REDIRECTS, MAX_THROTTLES, Attempts, Patience
from indexer.errors import SettingsError, UpstreamError, UpstreamUnavailable

HUB = "https://hub.example"
URL = f"{HUB}/api/models?limit=1000&expand[]=likes&expand[]=baseModels"
JUDGE = Judge(HUB, Patience(1.0))
TOKEN = "hf_PlantedSecretToken123"
SIGNED_IN = Judge(HUB, Patience(1.0), SecretStr(TOKEN))


def answer(status: int, body: bytes = b"", url: str = URL, **headers: str) -> Answer:
    return Answer(url, status, {name.replace("_", "-"): text for name, text in headers.items()}, body)


def test_judge_reads_a_page() -> None:
    verdict = JUDGE.judge(answer(200, b'[{"a":1}]', link=f'<{HUB}/x?cursor=1>; rel="next"'), Attempts())

    assert verdict == Page([{"a": 1}], f"{HUB}/x?cursor=1")


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"error":"x"}', b"[{", b"[" * 100_000])
def test_judge_asks_again_when_a_page_is_no_list(body: bytes) -> None:
    assert JUDGE.judge(answer(200, body), Attempts()) == Again(
        1.0, Attempts(failures=1), "its answer was no list of models"
    )


def test_judge_goes_in_no_circle() -> None:
    itself = f'<{URL}>; rel="next"'

    assert JUDGE.judge(answer(200, b"[]", link=itself), Attempts()) == Again(
        1.0, Attempts(failures=1), "its page named itself as the next one"
    )
    with pytest.raises(UpstreamUnavailable, match="named itself"):
        JUDGE.judge(answer(200, b"[]", link=itself), Attempts(failures=MAX_FAILURES - 1))


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_judge_asks_again_after_a_failure(status: int) -> None:
    verdict = JUDGE.judge(answer(status), Attempts(failures=3))

    timed_out = status in {408, 504}
    assert verdict == Again(8.0, Attempts(failures=4), f"it answered {status}", timed_out)


def test_judge_waits_at_least_as_long_as_a_failing_hub_asks() -> None:
    verdicts = [
        JUDGE.judge(answer(503, retry_after=asked), Attempts(failures=3)) for asked in ("2", "30", "x")
    ]

    assert [one.after_seconds for one in verdicts if isinstance(one, Again)] == [8.0, 30.0, 8.0]


def test_judge_gives_up_after_so_many_failures() -> None:
    with pytest.raises(
        UpstreamUnavailable, match=r"hub\.example failed 8 times in a row \(it answered 500\)"
    ):
        JUDGE.judge(answer(500), Attempts(failures=MAX_FAILURES - 1))


def test_judge_waits_for_the_reset_after_a_spent_quota() -> None:
    verdict = JUDGE.judge(answer(429, ratelimit='"api";r=0;t=77'), Attempts(failures=2))

    assert verdict == Again(78.0, Attempts(failures=2, throttles=1), "it answered 429")


def test_judge_gives_up_after_so_many_429s() -> None:
    with pytest.raises(UpstreamUnavailable, match="429"):
        JUDGE.judge(answer(429), Attempts(throttles=MAX_THROTTLES - 1))


def test_judge_follows_a_redirect_within_the_hub() -> None:
    verdict = JUDGE.judge(answer(307, location="/api/v2/models?limit=1"), Attempts())

    assert verdict == Elsewhere(f"{HUB}/api/v2/models?limit=1", Attempts(redirects=1))


@pytest.mark.parametrize(("location", "redirects"), [("", 0), ("/again", MAX_REDIRECTS)])
def test_judge_follows_no_endless_redirect(location: str, redirects: int) -> None:
    with pytest.raises(UpstreamError, match="redirects"):
        JUDGE.judge(answer(302, location=location), Attempts(redirects=redirects))


def test_judge_drops_fields_the_hub_names_as_unknown() -> None:
    body = '{"error":"✖ Invalid option: expected one of \\"likes\\"|\\"tags\\""}'.encode()

    assert JUDGE.judge(answer(400, body), Attempts()) == WithoutFields(frozenset({"baseModels"}))


@pytest.mark.parametrize("status", [400, 404, 410])
def test_judge_restarts_when_the_cursor_is_refused(status: int) -> None:
    refused = answer(status, b'{"error":"Invalid cursor"}', url=f"{HUB}/api/models?cursor=c")

    assert JUDGE.judge(refused, Attempts()) == FromTheStart()


def test_judge_blanks_the_token_wherever_the_hub_repeats_it() -> None:
    link = f'<{HUB}/api/models?limit=1&for={TOKEN}>; rel="next"'

    page = SIGNED_IN.judge(answer(200, f'[{{"id":"Bearer {TOKEN}"}}]'.encode(), link=link), Attempts())
    moved = SIGNED_IN.judge(answer(307, location=f"/{TOKEN}"), Attempts())

    assert page == Page([{"id": "Bearer (token)"}], f"{HUB}/api/models?limit=1&for=(token)")
    assert moved == Elsewhere(f"{HUB}/(token)", Attempts(redirects=1))
    assert TOKEN not in repr(SIGNED_IN)


def test_a_token_that_may_be_a_word_is_left_in_rows() -> None:
    judge = Judge(HUB, Patience(), SecretStr("llama"))

    assert judge.judge(answer(200, b'[{"id":"llama"}]'), Attempts()) == Page([{"id": "llama"}])


def test_judge_says_what_the_hub_said() -> None:
    with pytest.raises(UpstreamError, match=r"refused the listing \(400: Invalid sort parameter\)\.$"):
        JUDGE.judge(answer(400, x_error_message="Invalid sort\x1b parameter"), Attempts())


@pytest.mark.parametrize("status", [401, 403])
def test_judge_names_the_token_when_there_is_one(status: int) -> None:
    with pytest.raises(SettingsError, match="refused the Hugging Face token"):
        SIGNED_IN.judge(answer(status), Attempts())
    with pytest.raises(UpstreamError, match="does not list models to everyone"):
        JUDGE.judge(answer(status), Attempts())


def test_judge_names_an_answer_it_does_not_know() -> None:
    with pytest.raises(UpstreamError, match="answered 418: short and stout"):
        JUDGE.judge(answer(418, b"short\nand stout."), Attempts())


def test_patience_is_short_before_the_hub_was_heard() -> None:
    patience = Patience(1.0)

    assert [patience.failure_delay(failures, heard=False) for failures in (1, 2, 3)] == [1.0, 2.0, None]


def test_patience_doubles_up_to_a_minute() -> None:
    patience = Patience(1.0)

    waits = [patience.failure_delay(failures, heard=True) for failures in range(1, MAX_FAILURES + 1)]

    assert waits == [1, 2, 4, 8, 16, 32, 60, None]


def test_read_json_lets_half_a_surrogate_pair_through_for_its_row_to_be_set_aside() -> None:
    assert read_json(b'[{"id":"a"},{"id":"\\ud800"}]') == [{"id": "a"}, {"id": "\ud800"}]


MODEL = f"{HUB}/api/models/acme/gale?expand%5B%5D=likes"


def of_model(status: int, body: bytes = b"", **headers: str) -> object:
    return JUDGE.judge(answer(status, body, url=MODEL, **headers), Attempts(), about="model")


def test_judge_reads_a_model() -> None:
    assert of_model(200, b'{"_id":"a","id":"acme/gale"}') == Page([{"_id": "a", "id": "acme/gale"}])


@pytest.mark.parametrize("body", [b"[]", b"{}", b"<html>"])
def test_judge_asks_again_when_an_answer_is_no_model(body: bytes) -> None:
    assert isinstance(of_model(200, body), Again)


@pytest.mark.parametrize(
    ("status", "body", "code", "has_token", "gone"),
    [
        (404, "Repository not found", "RepoNotFound", True, True),
        (404, "Repository not found", "RepoNotFound", False, True),
        (401, '{"error":"Invalid username or password."}', "", False, True),
        (404, "Sorry, we can't find the page you are looking for.", "", False, False),
        (401, "Log in to this network first", "", False, False),
        (403, "Access denied", "", True, False),
        (451, "Unavailable", "", False, False),
    ],
)
def test_a_model_is_gone_only_when_the_hub_says_so(
    status: int, body: str, code: str, *, has_token: bool, gone: bool
) -> None:
    judge = SIGNED_IN if has_token else JUDGE
    said = answer(status, body.encode(), url=MODEL, x_error_code=code)

    assert judge.judge(said, Attempts(), about="model") == (Gone() if gone else Unclear())


def test_a_401_is_no_missing_model_to_whoever_has_a_token() -> None:
    said = answer(401, b'{"error":"Invalid username or password."}', url=MODEL)

    with pytest.raises(SettingsError, match="refused the Hugging Face token"):
        SIGNED_IN.judge(said, Attempts(), about="model")


TREE = f"{HUB}/api/models/acme/gale/tree/{'1' * 40}?recursive=true"


def of_tree(judge: Judge, status: int, body: bytes = b"", url: str = TREE, **headers: str) -> object:
    return judge.judge(answer(status, body, url=url, **headers), Attempts(), about="tree")


def test_judge_reads_a_tree() -> None:
    link = f'<{TREE}&cursor=x>; rel="next"'

    assert of_tree(JUDGE, 200, b'[{"path":"a"}]', link=link) == Page([{"path": "a"}], f"{TREE}&cursor=x")
    assert of_tree(JUDGE, 200, b"{}") == Again(1.0, Attempts(failures=1), "its answer was no list of files")
    assert of_tree(JUDGE, 307, location="/api/models/x/y") == Elsewhere(
        f"{HUB}/api/models/x/y", Attempts(redirects=1)
    )


@pytest.mark.parametrize("judge", [JUDGE, SIGNED_IN])
@pytest.mark.parametrize(
    ("status", "headers", "verdict"),
    [
        (404, {"x_error_code": "RepoNotFound"}, Gone()),
        (404, {"x_error_code": "RevisionNotFound"}, Outdated()),
        (404, {"x_error_code": "EntryNotFound"}, Unclear()),
        (404, {}, Unclear()),
        (403, {"x_error_message": "Access to this resource is disabled."}, Gone()),
        (403, {"x_error_code": "GatedRepo"}, Gone()),
        (401, {"x_error_code": "GatedRepo"}, Gone()),
        (403, {"x_error_message": "Go away"}, Unclear()),
        (400, {}, Unclear()),
        (410, {}, Unclear()),
        (451, {}, Unclear()),
    ],
)
def test_judge_tells_a_hidden_tree_from_one_that_cannot_be_had(
    judge: Judge, status: int, headers: dict[str, str], verdict: object
) -> None:
    for url in (TREE, f"{TREE}&cursor=x"):
        assert of_tree(judge, status, b"", url, **headers) == verdict


def test_judge_takes_no_tree_for_gone_because_of_a_token() -> None:
    no_user = b'{"error":"Invalid username or password."}'

    assert of_tree(JUDGE, 401, no_user) == Gone()
    with pytest.raises(SettingsError, match="token"):
        of_tree(SIGNED_IN, 401, no_user)


@pytest.mark.parametrize(
    "headers", [{"x_error_message": "Access to this resource is disabled."}, {"x_error_code": "GatedRepo"}]
)
def test_judge_takes_no_model_for_gone_because_its_files_are_not_shown(headers: dict[str, str]) -> None:
    assert of_model(403, b"", **headers) == Unclear()


def test_judge_says_whether_a_page_was_asked_for_gguf_headers() -> None:
    assert JUDGE.judge(answer(200, b"[]"), Attempts()) == Page([])
    asked = answer(200, b"[]", url=f"{URL}&expand%5B%5D=gguf")
    assert JUDGE.judge(asked, Attempts()) == Page([], has_gguf=True)

"""Who may write: no other site's page, nobody without the key, and nothing that is long."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from httpx2 import Response
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.testclient import TestClient
from starlette.types import Message, Scope

from api.access import SESSION, Access
from api.app import create_app
from api.asking import MayWrite
from api.bodies import MAX_BODY_BYTES
from api.config import ApiConfig
from api.hosts import Hosts, is_own_origin
from api.paths import FORGET_KEY, KEY, key_path, local_path
from api.security import Guard
from tests.api.conftest import LOCAL

SECRET = "0123456789abcdef-secret"
OTHER = "another-key-of-a-service"
BEARER = {"authorization": f"Bearer {SECRET}"}
NAME = "models.example"
EVIL = "https://evil.example"
LONG = b'"' + b"a" * MAX_BODY_BYTES + b'"'


@contextmanager
def opened(
    home: Path, *, key: str | None = None, url: str = LOCAL, **settings: object
) -> Iterator[TestClient]:
    """A service with a route that writes."""
    told = {**settings, "api_key": SecretStr(key) if key else None}
    app = create_app(ApiConfig.model_validate({"home": home, **told}))

    async def write(request: Request, may_write: MayWrite) -> JSONResponse:
        return JSONResponse({"may_write": may_write, "bytes": len(await request.body())})

    async def read(may_write: MayWrite) -> JSONResponse:
        return JSONResponse({"may_write": may_write})

    app.add_api_route("/v1/written", write, methods=["POST", "PUT", "PATCH", "DELETE", "PURGE"])
    app.add_api_route("/-/written", write, methods=["POST"])
    app.router.routes.insert(0, app.router.routes.pop())
    app.add_api_route("/v1/read", read, methods=["GET"])
    app.router.routes.insert(0, app.router.routes.pop())
    with TestClient(app, base_url=url, follow_redirects=False) as client:
        yield client


@pytest.fixture
def alone(home: Path) -> Iterator[TestClient]:
    """On loopback, without a key."""
    with opened(home) as client:
        yield client


@pytest.fixture
def shared(home: Path) -> Iterator[TestClient]:
    """In a network, with a key."""
    with opened(home, key=SECRET, host="0.0.0.0", allowed_hosts=(NAME,), url=f"http://{NAME}:8017") as client:
        yield client


def refusal(response: Response) -> tuple[int, str]:
    assert set(response.json()) == {"error", "message"}
    return response.status_code, response.json()["error"]


def log_in(client: TestClient, key: str = SECRET, **headers: str) -> Response:
    return client.post(KEY, data={"key": key}, headers=headers)


# Whose page it is from


@pytest.mark.parametrize(
    ("origin", "host", "scheme"),
    [
        (LOCAL, "127.0.0.1:8017", "http"),
        ("http://localhost:8017", "LOCALHOST:8017", "http"),
        ("http://models.example", "models.example", "http"),
        ("http://models.example", "models.example:80", "http"),
        ("https://models.example", "models.example", "http"),  # a proxy that does not say it took the TLS off
        ("https://models.example", "models.example:443", "https"),
        ("https://models.example:8443", "models.example:8443", "http"),
        ("HTTP://Models.Example:80", "models.example", "http"),
        ("http://[::1]:8017", "[::1]:8017", "http"),
    ],
)
def test_a_page_of_our_own_is_known_by_host_and_port(origin: str, host: str, scheme: str) -> None:
    assert is_own_origin(origin, host, scheme)


@pytest.mark.parametrize(
    ("origin", "host", "scheme"),
    [
        ("null", "127.0.0.1:8017", "http"),
        ("", "127.0.0.1:8017", "http"),
        ("http://127.0.0.1:8018", "127.0.0.1:8017", "http"),
        ("http://127.0.0.1", "127.0.0.1:8017", "http"),
        ("http://localhost:8017", "127.0.0.1:8017", "http"),
        ("http://127.0.0.1:8017.evil.example", "127.0.0.1:8017", "http"),
        ("http://127.0.0.1:8017@evil.example", "127.0.0.1:8017", "http"),
        ("http://127.0.0.1:8017/", "127.0.0.1:8017", "http"),
        ("http://127.0.0.1:8017 http://evil.example", "127.0.0.1:8017", "http"),
        ("127.0.0.1:8017", "127.0.0.1:8017", "http"),
        ("//127.0.0.1:8017", "127.0.0.1:8017", "http"),
        ("ftp://127.0.0.1:8017", "127.0.0.1:8017", "http"),
        ("chrome-extension://abc", "abc", "http"),
        ("http://models.example", "models.example", "https"),  # what is sent in the clear can be another's
        ("https://models.example", "models.example:80", "http"),
        ("http://models.example:0", "models.example", "http"),
        ("http://", "", "http"),
        ("http://sub.models.example", "models.example", "http"),
    ],
)
def test_every_other_page_is_foreign(origin: str, host: str, scheme: str) -> None:
    assert not is_own_origin(origin, host, scheme)


AUTHORITIES = st.from_regex(r"[a-z0-9.-]{1,12}(:[0-9]{1,5})?", fullmatch=True)


@given(
    scheme=st.sampled_from(["http", "https"]), origin=AUTHORITIES | st.text(), host=AUTHORITIES | st.text()
)
def test_what_is_ours_has_the_same_name_and_port(scheme: str, origin: str, host: str) -> None:
    def plain(authority: str) -> tuple[str, int]:
        name, _, port = authority.lower().partition(":")
        return name.removesuffix("."), int(port or {"http": 80, "https": 443}[scheme])

    if is_own_origin(f"{scheme}://{origin}", host, "http"):
        assert plain(origin) == plain(host)
    assert not is_own_origin(origin, host, "http") or "://" in origin


@given(authority=AUTHORITIES)
def test_a_service_knows_its_own_pages(authority: str) -> None:
    assert is_own_origin(f"https://{authority}", authority, "http")


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": EVIL},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9000"},
        {"origin": ""},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": LOCAL, "sec-fetch-site": "cross-site"},
        {"origin": EVIL, "sec-fetch-site": "same-origin"},
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "PURGE"])
@pytest.mark.parametrize("path", ["/v1/written", KEY, FORGET_KEY, "/v1/nothing", "/TheBloke"])
def test_no_page_of_another_site_writes(
    alone: TestClient, headers: dict[str, str], method: str, path: str
) -> None:
    assert refusal(alone.request(method, path, headers=headers)) == (403, "foreign_origin")


def test_a_second_origin_does_not_hide_behind_the_first(alone: TestClient) -> None:
    headers = [("origin", LOCAL), ("origin", EVIL)]

    assert refusal(alone.post("/v1/written", headers=headers)) == (403, "foreign_origin")


def test_the_key_does_not_open_for_another_site_and_nor_does_cors(home: Path) -> None:
    for origins in ("*", EVIL):
        with opened(home, key=SECRET, cors_origins=origins) as client:
            written = client.post("/v1/written", headers={"origin": EVIL, **BEARER})
            asked = client.options(
                "/v1/written", headers={"origin": EVIL, "access-control-request-method": "POST"}
            )
            read = client.get("/v1/read", headers={"origin": EVIL, **BEARER})

        assert refusal(written) == (403, "foreign_origin")
        assert "POST" not in asked.headers["access-control-allow-methods"]
        assert read.json() == {"may_write": False}


@pytest.mark.parametrize(
    "headers",
    [{}, {"origin": LOCAL}, {"origin": LOCAL, "sec-fetch-site": "same-origin"}, {"sec-fetch-site": "none"}],
)
def test_own_pages_and_programs_write_on_this_machine(alone: TestClient, headers: dict[str, str]) -> None:
    answer = alone.post("/v1/written", json={"a": 1}, headers=headers)

    assert answer.json() == {"may_write": True, "bytes": len('{"a":1}')}
    assert alone.get("/v1/read", headers=headers).json() == {"may_write": True}


def test_the_refusal_says_whose_page_it_was_and_no_markup(alone: TestClient) -> None:
    assert f"`{EVIL}`" in alone.post("/v1/written", headers={"origin": EVIL}).json()["message"]
    assert "`Host`" in alone.post("/v1/written", headers={"origin": EVIL}).json()["message"]
    assert "bbb" not in alone.post("/v1/written", headers={"origin": "<" + "a" * 100 + "bbb"}).text


# Under which name it was asked


def test_a_rebound_name_does_not_write(alone: TestClient, shared: TestClient) -> None:
    for client in (alone, shared):
        headers = {"host": "rebound.example:8017", "origin": "http://rebound.example:8017", **BEARER}

        assert refusal(client.post("/v1/written", json={}, headers=headers)) == (400, "bad_host")


@pytest.mark.parametrize(
    "headers",
    [
        {"host": NAME},
        {"host": NAME, "origin": f"https://{NAME}"},
        {"host": "rebound.example:8017", "origin": "http://rebound.example:8017"},
        {"x-forwarded-for": "192.0.2.7"},
        {"forwarded": "for=192.0.2.7"},
        {"via": "1.1 proxy"},
        {"host": f"localhost.{NAME}"},
    ],
)
def test_without_a_key_only_this_machine_writes(home: Path, headers: dict[str, str]) -> None:
    with opened(home, allowed_hosts="*") as client:
        refused = client.post("/v1/written", json={}, headers=headers)

        assert refusal(refused) == (401, "key_needed")
        assert "HUBDEX_API_KEY" in refused.json()["message"]
        assert client.get("/v1/read", headers=headers).json() == {"may_write": False}
        assert client.post("/v1/written", json={}).status_code == 200


def test_without_a_key_nobody_writes_in_a_network(home: Path) -> None:
    with opened(home, host="0.0.0.0") as client:
        assert refusal(client.post("/v1/written", json={})) == (401, "key_needed")
        assert client.get("/v1/search").status_code == 200


# The key


def test_the_key_is_asked_for_and_taken(shared: TestClient) -> None:
    missing = shared.post("/v1/written", json={})

    assert refusal(missing) == (401, "key_needed")
    assert missing.headers["www-authenticate"] == "Bearer"
    assert KEY in missing.json()["message"]
    assert shared.post("/v1/written", json={}, headers=BEARER).json()["may_write"] is True
    assert shared.delete("/v1/written", headers={"authorization": f"bearer  {SECRET} "}).status_code == 200


@pytest.mark.parametrize(
    "given_key",
    [OTHER, "", SECRET[:-1], SECRET + "x", SECRET.upper(), f"{SECRET}\0", "\xe9" * 20, "a" * 5_000],
)
def test_a_wrong_key_is_refused_without_saying_it(shared: TestClient, given_key: str) -> None:
    headers = [(b"authorization", b"Bearer " + given_key.encode("latin-1")), (b"host", NAME.encode())]
    by_header = shared.post("/v1/written", json={}, headers=headers)
    by_form = log_in(shared, given_key)

    assert refusal(by_header) == (401, "wrong_key")
    assert by_form.status_code == 401
    assert "set-cookie" not in by_form.headers
    assert not given_key or given_key not in by_header.text + by_form.text
    assert SECRET not in by_header.text + by_form.text


@given(given_key=st.text())
def test_nothing_but_the_key_is_the_key(given_key: str) -> None:
    access = Access(SecretStr(SECRET), "0.0.0.0")

    assert access.session_for(given_key) is None
    assert access.session_for(SECRET) is not None


def test_another_login_in_the_header_leaves_the_cookie_in_force(shared: TestClient) -> None:
    log_in(shared)

    assert shared.post("/v1/written", json={}, headers={"authorization": "Basic eDp5"}).status_code == 200
    assert refusal(shared.post("/v1/written", json={}, headers={"authorization": "Bearer x"})) == (
        401,
        "wrong_key",
    )


@pytest.mark.parametrize(
    "path", ["/", "/v1/search", "/v1/status", "/healthz", "/docs", "/-/status", KEY, "/TheBloke"]
)
def test_reading_never_needs_the_key(shared: TestClient, path: str) -> None:
    for headers in ({}, {"authorization": "Bearer wrong"}, {"cookie": f"{SESSION}=wrong"}, {"origin": EVIL}):
        assert shared.get(path, headers=headers).status_code == 200
        assert shared.head(path, headers=headers).status_code == 200


@pytest.mark.parametrize("method", ["TRACE", "PROPFIND", "get", "Post", "CONNECT", "X"])
def test_a_method_nobody_knows_counts_as_writing(shared: TestClient, method: str) -> None:
    async def ask() -> int:
        told: list[Message] = []
        scope: Scope = {
            "type": "http", "method": method, "path": "/v1/read", "raw_path": b"/v1/read",
            "query_string": b"", "headers": [(b"host", NAME.encode())], "scheme": "http",
            "http_version": "1.1", "server": (NAME, 80), "client": ("192.0.2.1", 1), "root_path": "",
        }  # fmt: skip

        async def send(message: Message) -> None:
            told.append(message)

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        await shared.app(scope, receive, send)
        status: int = told[0]["status"]
        return status

    assert asyncio.run(ask()) == 401


def test_who_may_write_is_told_to_whoever_reads(shared: TestClient) -> None:
    assert shared.get("/v1/read").json() == {"may_write": False}
    assert shared.get("/v1/read", headers=BEARER).json() == {"may_write": True}
    assert shared.get("/v1/read", headers={"authorization": f"Bearer {OTHER}"}).json() == {"may_write": False}
    log_in(shared)
    assert shared.get("/v1/read").json() == {"may_write": True}
    assert shared.get("/v1/read", headers={"sec-fetch-site": "cross-site"}).json() == {"may_write": True}


# The session of a browser


def test_a_browser_is_given_the_key_and_gives_it_up(shared: TestClient) -> None:
    then = "/TheBloke?q=x"
    form = shared.get(key_path(then)).text
    answer = shared.post(KEY, data={"key": f" {SECRET}\n", "next": then})

    assert f'name="next" value="{then}"' in form
    assert (answer.status_code, answer.headers["location"]) == (303, then)
    cookie = answer.headers["set-cookie"].lower()
    assert SECRET not in cookie
    assert {"httponly", "samesite=strict", "path=/"} <= set(cookie.split("; "))
    assert "secure" not in cookie
    assert shared.post("/v1/written", json={}).status_code == 200
    assert shared.get(key_path(then)).headers["location"] == then
    assert "Forget the key" in shared.get(KEY).text

    assert shared.post(FORGET_KEY, data={}).headers["location"] == "/"
    assert refusal(shared.post("/v1/written", json={})) == (401, "key_needed")


@pytest.mark.parametrize("headers", [{"origin": f"https://{NAME}:8017"}, {"x-forwarded-proto": "https"}])
def test_the_cookie_of_an_encrypted_page_never_travels_in_the_clear(
    home: Path, headers: dict[str, str]
) -> None:
    scheme = "https" if "x-forwarded-proto" in headers else "http"  # uvicorn turns the one into the other
    with opened(home, key=SECRET, allowed_hosts=(NAME,), url=f"{scheme}://{NAME}:8017") as client:
        cookie = log_in(client, **headers).headers["set-cookie"].lower()

    assert "secure" in cookie.split("; ")


def test_a_cookie_of_another_key_opens_nothing(home: Path, shared: TestClient) -> None:
    with opened(home, key=OTHER) as other:
        log_in(other, OTHER)
        session = other.cookies[SESSION]

    for value in (session, SECRET, "", "x", "\xe9", session[:-1]):
        headers = [(b"cookie", f"{SESSION}={value}".encode("latin-1")), (b"host", NAME.encode())]
        assert refusal(shared.post("/v1/written", json={}, headers=headers)) == (401, "key_needed")


def test_a_form_without_a_session_leads_to_where_the_key_is_given(shared: TestClient) -> None:
    page = f"http://{NAME}:8017/-/cache?a=b&c=d%20e"
    answer = shared.post("/-/written", data={"a": "b"}, headers={"referer": page})

    assert answer.status_code == 303
    assert answer.headers["location"] == "/-/key?next=/-/cache%3Fa%3Db%26c%3Dd%2520e"
    assert 'value="/-/cache?a=b&amp;c=d%20e"' in shared.get(answer.headers["location"]).text
    log_in(shared)
    assert shared.post("/-/written", data={"a": "b"}).json() == {"may_write": True, "bytes": 3}


@pytest.mark.parametrize(
    "referer",
    ["", f"{EVIL}/-/cache", f"http://{NAME}:8017@evil.example/x", f"http://{NAME}:8017//evil.example", "x"],
)
def test_a_form_of_nobodys_page_leads_to_the_first_one(shared: TestClient, referer: str) -> None:
    answer = shared.post("/-/written", data={"a": "b"}, headers={"referer": referer})

    assert answer.headers["location"] == "/-/key?next=/"


def test_a_script_is_told_rather_than_led(shared: TestClient) -> None:
    for headers in ({"sec-fetch-mode": "cors"}, {"authorization": "Bearer x"}):
        assert shared.post("/-/written", data={"a": "b"}, headers=headers).status_code == 401
    assert refusal(shared.post("/-/written", json={})) == (401, "key_needed")
    assert refusal(shared.post("/v1/written", data={"a": "b"})) == (401, "key_needed")


ELSEWHERE = [
    "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example",
    "/\n/evil.example", EVIL, "evil.example", "javascript:alert(1)", "", " /", "/a b", "/a\\b", "/\x00", "/é",
    "?q=x", "/" + "a" * 4_000, "http:/evil.example", "/\r\nset-cookie: x=y",
]  # fmt: skip


@pytest.mark.parametrize("then", ELSEWHERE)
def test_the_way_on_never_leads_elsewhere(shared: TestClient, then: str) -> None:
    assert shared.post(FORGET_KEY, data={"next": then}).headers["location"] == "/"
    assert 'name="next" value="/"' in shared.get(KEY, params={"next": then}).text
    assert shared.post(KEY, data={"key": SECRET, "next": then}).headers["location"] == "/"


@pytest.mark.parametrize(
    "then", ["/", "/-/cache", "/a/b?q=x&y=%2F#v-1", "/a//b", "/?q=http://evil.example", KEY]
)
def test_the_way_on_leads_to_every_path_of_ours(shared: TestClient, then: str) -> None:
    assert local_path(then) == then
    assert shared.post(FORGET_KEY, data={"next": then}).headers["location"] == then


@given(then=st.text() | st.from_regex(r"[/\\.\t ]{0,4}evil\.example", fullmatch=True))
def test_a_path_is_local_however_a_browser_reads_it(then: str) -> None:
    read = local_path(then).replace("\\", "/")  # as browsers do; they also leave tabs and line ends out

    assert read.startswith("/")
    assert not read.startswith("//")
    assert read.isprintable()


def test_the_page_says_when_there_is_nothing_to_give(alone: TestClient) -> None:
    assert "No key is needed here" in alone.get(KEY).text
    assert "There is no key yet" in alone.get(KEY, headers={"x-forwarded-for": "192.0.2.7"}).text
    assert log_in(alone, OTHER).headers["location"] == KEY


def test_the_status_says_what_a_browser_may_do(shared: TestClient) -> None:
    assert (
        f'only search (<a href="{key_path("/-/status")}">Give it the key</a>)' in shared.get("/-/status").text
    )
    log_in(shared)
    assert f'search, download and delete (<a href="{KEY}">Key</a>)' in shared.get("/-/status").text


def test_the_page_is_never_kept(shared: TestClient) -> None:
    assert shared.get(KEY).headers["cache-control"] == "no-store"
    assert log_in(shared, OTHER).headers["cache-control"] == "no-store"


# What is sent


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
def test_the_api_takes_json_only(alone: TestClient, kind: str) -> None:
    headers = {"content-type": kind} if kind else {}

    assert refusal(alone.post("/v1/written", content=b"{}", headers=headers)) == (415, "not_json")
    if kind:
        assert refusal(alone.post("/v1/written", headers=headers)) == (415, "not_json")
    assert alone.post("/v1/written").status_code == 200
    assert alone.post(
        "/v1/written", content=b"{}", headers={"content-type": "Application/JSON; charset=utf-8"}
    ).is_success


def test_forms_are_taken_where_the_pages_send_them_and_only_plain_ones(alone: TestClient) -> None:
    assert alone.post("/-/written", data={"a": "b"}).status_code == 200
    assert refusal(alone.post("/-/written", files={"a": b"b"})) == (415, "not_json")
    assert refusal(alone.post("/-/written", content=b"a=b", headers={"content-type": "text/plain"})) == (
        415,
        "not_json",
    )


def in_pieces(content: bytes) -> Iterator[bytes]:
    for start in range(0, len(content), 1_000):
        yield content[start : start + 1_000]


@pytest.mark.parametrize("path", ["/v1/written", "/-/written"])
def test_what_is_sent_is_short_announced_or_not(alone: TestClient, path: str) -> None:
    headers = {"content-type": "application/json"}

    for content in (LONG, LONG[: MAX_BODY_BYTES + 1]):
        assert refusal(alone.post(path, content=content, headers=headers)) == (413, "too_large")
        assert refusal(alone.post(path, content=in_pieces(content), headers=headers)) == (413, "too_large")
    for fits in (LONG[:MAX_BODY_BYTES], in_pieces(LONG[:MAX_BODY_BYTES])):
        assert alone.post(path, content=fits, headers=headers).json()["bytes"] == MAX_BODY_BYTES


def test_a_form_of_too_many_fields_is_refused(alone: TestClient) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}

    assert alone.post(FORGET_KEY, content="&".join(["a=b"] * 200), headers=form).status_code == 422
    assert alone.post(FORGET_KEY, content=b"next=\xff", headers=form).status_code == 422


def asked_of_guard(receive: Message | None, length: int = 9) -> list[Message]:
    """What a guard answers to a body of which this comes and then nothing more."""

    async def app(_scope: Scope, _receive: object, _send: object) -> None:
        raise AssertionError("this was not to be reached")

    async def ask() -> list[Message]:
        told: list[Message] = []
        pieces = [{"type": "http.request", "body": b"{", "more_body": True}, *([receive] if receive else [])]

        async def next_piece() -> Message:
            if pieces:
                return pieces.pop(0)
            await asyncio.Event().wait()
            raise AssertionError

        async def send(message: Message) -> None:
            told.append(message)

        access = Access(None, "127.0.0.1")
        guard = Guard(app, hosts=Hosts(), access=access, patience_seconds=0.01)
        headers = [
            (b"host", b"localhost"),
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % length),
        ]
        await guard({"type": "http", "method": "POST", "path": "/v1/x", "headers": headers}, next_piece, send)
        return told

    return asyncio.run(ask())


def test_nobody_is_waited_for_for_ever() -> None:
    assert asked_of_guard(None)[0]["status"] == 408


def test_what_is_announced_as_long_is_not_waited_for() -> None:
    assert asked_of_guard(None, MAX_BODY_BYTES + 1)[0]["status"] == 413


def test_whoever_goes_away_is_not_answered() -> None:
    assert asked_of_guard({"type": "http.disconnect"}) == []

import hashlib
from collections.abc import Iterator
from typing import cast
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.fakes.hub import FakeHub, ListSource, Row, make_row
from tests.fakes.hub.asking import Reply, ask, model_of

TOKEN = "hf_valid"
SHA = "5" * 40
CONFIG = b'{"model_type": "gale"}\n'
WEIGHTS = bytes(range(256)) * 40
GIT_SHA1 = hashlib.sha1(b"blob %d\0" % len(CONFIG) + CONFIG, usedforsecurity=False).hexdigest()
SHA256 = hashlib.sha256(WEIGHTS).hexdigest()
FILES: list[Row] = [
    {"rfilename": "config.json", "content": CONFIG},
    {"rfilename": "q/a b+ü%.gguf", "content": WEIGHTS},
    {"rfilename": "README.md"},
    {"rfilename": "large.gguf", "size": 3_500_000},
]
RESOLVE = "/acme/Gale/resolve/main"
ODD = f"{RESOLVE}/q/a%20b%2B%C3%BC%25.gguf"
TREE = "/api/models/acme/Gale/tree/main?recursive=true"


@pytest.fixture
def source() -> ListSource:
    return ListSource(
        [make_row(id="acme/Gale", sha=SHA, siblings=FILES), make_row(id="oldie", siblings=FILES)]
    )


@pytest.fixture
def hub(source: ListSource) -> Iterator[FakeHub]:
    with FakeHub(source, token=TOKEN) as running:
        yield running


def follow(hub: FakeHub, target: str, **headers: str) -> Reply:
    """The bytes behind an address, as a client without a token gets them."""
    return ask(hub, ask(hub, target).headers["Location"], headers=headers)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_file_that_git_holds_lies_at_another_path(hub: FakeHub, method: str) -> None:
    first = ask(hub, f"{RESOLVE}/config.json", method=method)

    location = urlsplit(first.headers["Location"])
    assert first.status == 307
    assert (location.netloc, location.path) == ("", f"/api/resolve-cache/models/acme/Gale/{SHA}/config.json")
    assert parse_qs(location.query)["etag"] == [f'"{GIT_SHA1}"']
    assert first.headers["X-Repo-Commit"] == SHA
    assert first.headers["X-Linked-ETag"] == f'"{GIT_SHA1}"'
    assert first.headers["X-Linked-Size"] == str(len(CONFIG))
    assert first.headers["ETag"] is None
    assert 100 < int(first.headers["Content-Length"]) < 400
    second = ask(hub, first.headers["Location"], method=method)
    assert (second.status, second.headers["ETag"]) == (200, f'"{GIT_SHA1}"')
    assert second.headers["X-Repo-Commit"] == SHA
    assert second.headers["Content-Length"] == str(len(CONFIG))
    assert second.body == (CONFIG if method == "GET" else b"")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_file_stored_apart_lies_at_another_origin(hub: FakeHub, method: str) -> None:
    first = ask(hub, ODD, method=method)

    assert first.status == 302
    assert first.headers["Location"].startswith(f"{hub.cdn_url}/")
    assert hub.cdn_url != hub.url
    assert (first.headers["X-Linked-ETag"], first.headers["X-Linked-Size"]) == (f'"{SHA256}"', "10240")
    second = ask(hub, first.headers["Location"], method=method)
    assert (second.status, second.headers["Content-Length"]) == (200, "10240")
    assert len(second.headers["ETag"]) == 66
    assert second.headers["ETag"] != f'"{SHA256}"'
    assert second.headers["RateLimit"] is None
    assert second.body == (WEIGHTS if method == "GET" else b"")
    assert [one.method for one in hub.cdn_requests] == [method]


@pytest.mark.parametrize("revision", ["main", SHA, SHA[:8]])
def test_a_file_is_of_a_commit(hub: FakeHub, revision: str) -> None:
    assert follow(hub, f"/acme/Gale/resolve/{revision}/config.json").body == CONFIG
    assert follow(hub, "/oldie/resolve/main/config.json").body == CONFIG


def test_older_commits_stay_to_be_had(hub: FakeHub, source: ListSource) -> None:
    link = ask(hub, ODD).headers["Location"]
    new = source.push("acme/Gale", {"rfilename": "q/a b+ü%.gguf", "content": b"new"})

    assert ask(hub, ODD).headers["X-Repo-Commit"] == new
    assert follow(hub, ODD).body == b"new"
    assert follow(hub, ODD.replace("main", SHA)).body == WEIGHTS
    assert ask(hub, link).body == WEIGHTS
    assert follow(hub, f"{RESOLVE}/config.json").body == CONFIG
    assert model_of(ask(hub, f"/api/models/acme/Gale/revision/{SHA}"))["sha"] == SHA
    told = model_of(ask(hub, "/api/models/acme/Gale?blobs=true"))
    assert told["sha"] == new
    assert "commits" not in told


@pytest.mark.parametrize(
    ("asked", "status", "told", "body"),
    [
        ("bytes=0-0", 206, "bytes 0-0/10240", WEIGHTS[:1]),
        ("bytes=10000-", 206, "bytes 10000-10239/10240", WEIGHTS[10_000:]),
        ("bytes=10000-99999", 206, "bytes 10000-10239/10240", WEIGHTS[10_000:]),
        ("bytes=-3", 206, "bytes 10237-10239/10240", WEIGHTS[-3:]),
        ("bytes=10240-", 416, "bytes */10240", b""),
        ("bytes=-0", 416, "bytes */10240", b""),
        ("bytes=5-4", 200, None, WEIGHTS),
        ("bytes=0-1,5-6", 200, None, WEIGHTS),
        ("bytes=-", 200, None, WEIGHTS),
        ("pieces=0-1", 200, None, WEIGHTS),
    ],
)
def test_a_range(hub: FakeHub, asked: str, status: int, told: str | None, body: bytes) -> None:
    reply = follow(hub, ODD, **{"Range": asked, "If-Range": '"another"'})

    assert (reply.status, reply.headers["Content-Range"], reply.body) == (status, told, body)
    assert reply.headers["Content-Length"] == str(len(body))
    assert reply.headers["Accept-Ranges"] == "bytes"


def test_a_file_that_git_holds_comes_in_ranges_too(hub: FakeHub) -> None:
    reply = follow(hub, f"{RESOLVE}/config.json", Range="bytes=2-")
    assert (reply.status, reply.body) == (206, CONFIG[2:])


def test_a_file_may_be_answered_at_once(source: ListSource) -> None:
    with FakeHub(source, answers_directly=True) as hub:
        whole, part = ask(hub, ODD), ask(hub, ODD, headers={"Range": "bytes=9-"})

    assert (whole.status, whole.body, whole.headers["ETag"]) == (200, WEIGHTS, f'"{SHA256}"')
    assert (part.status, part.body, part.headers["X-Repo-Commit"]) == (206, WEIGHTS[9:], SHA)


def test_a_cdn_may_know_no_ranges(source: ListSource) -> None:
    with FakeHub(source, cdn_ignores_range=True) as hub:
        reply = follow(hub, ODD, Range="bytes=9-")

    assert (reply.status, reply.body) == (200, WEIGHTS)


def test_what_is_made_up_is_the_same_in_whole_and_in_parts(hub: FakeHub) -> None:
    whole = follow(hub, f"{RESOLVE}/large.gguf")
    first = ask(hub, f"{RESOLVE}/large.gguf")

    assert len(whole.body) == 3_500_000
    assert first.headers["X-Linked-ETag"] == f'"{hashlib.sha256(whole.body).hexdigest()}"'
    for start, stop in ((0, 9), (1_048_570, 1_048_590), (2_097_152, 3_500_000), (3_499_999, 3_500_000)):
        part = follow(hub, f"{RESOLVE}/large.gguf", Range=f"bytes={start}-{stop - 1}")
        assert part.body == whole.body[start:stop]
    pieces = {whole.body[at : at + 1_048_576] for at in range(0, 3_000_000, 1_048_576)}
    assert len(pieces) == 3
    assert follow(hub, "/oldie/resolve/main/large.gguf").body != whole.body


def test_trees_and_sizes_tell_the_truth_of_given_and_of_small_files(hub: FakeHub) -> None:
    tree = {str(one["path"]): one for one in ask(hub, TREE).rows}
    told = cast("list[Row]", model_of(ask(hub, "/api/models/acme/Gale?blobs=true"))["siblings"])

    assert (tree["config.json"]["oid"], tree["config.json"]["size"]) == (GIT_SHA1, len(CONFIG))
    assert cast("Row", tree["q/a b+ü%.gguf"]["lfs"])["oid"] == SHA256
    readme = ask(hub, f"{RESOLVE}/README.md")
    assert readme.headers["X-Linked-ETag"] == f'"{tree["README.md"]["oid"]}"'
    for file in told:
        entry = tree[str(file["rfilename"])]
        assert (file["blobId"], file["size"]) == (entry["oid"], entry["size"])
    assert cast("Row", told[1]["lfs"])["sha256"] == SHA256
    assert "content" not in str(ask(hub, "/api/models/acme/Gale").body)
    assert "content" not in str(ask(hub, "/api/models?full=true").body)


def test_signed_addresses_are_good_for_a_while_and_as_they_are(source: ListSource) -> None:
    moments = [1_000.0]
    with FakeHub(source, clock=lambda: moments[0], cdn_lifetime_seconds=60) as hub:
        link = ask(hub, ODD).headers["Location"]
        for altered in (
            link.replace("Expires=1060", "Expires=9060"),
            link[:-1] + ("0" if link[-1] != "0" else "1"),
            link.partition("?")[0],
            link.replace("xet-bridge-us/", "xet-bridge-us/0"),
        ):
            assert ask(hub, altered).status == 403
        moments[0] = 1_059.0
        assert ask(hub, link).status == 200
        moments[0] = 1_060.0
        assert ask(hub, link).status == 403
        fresh = ask(hub, ODD).headers["Location"]
        hub.expire_links()
        assert ask(hub, fresh).status == 403
        assert follow(hub, ODD).status == 200


def test_the_cdn_takes_no_token(hub: FakeHub) -> None:
    link = ask(hub, ODD, token=TOKEN).headers["Location"]

    refused = ask(hub, link, token=TOKEN)
    assert (refused.status, b"Only one auth mechanism allowed" in refused.body) == (400, True)
    assert hub.cdn_requests[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert ask(hub, link, method="POST").status == 405


def test_xet_is_not_spoken_of_unless_it_is_offered(source: ListSource, hub: FakeHub) -> None:
    plain = ask(hub, ODD)
    assert (plain.headers["X-Xet-Hash"], plain.headers["Link"]) == (None, None)
    assert not any("xetHash" in one for one in ask(hub, TREE).rows)
    assert ask(hub, f"/api/models/acme/Gale/xet-read-token/{SHA}").status == 404

    with FakeHub(source, offers_xet=True) as offering:
        hinted, git_held = ask(offering, ODD), ask(offering, f"{RESOLVE}/config.json")
        token = ask(offering, f"/api/models/acme/Gale/xet-read-token/{SHA}")
        tree = {str(one["path"]): one for one in ask(offering, TREE).rows}
        nowhere = ask(offering, "/api/models/acme/Gale/xet-read-token/nowhere")
    assert hinted.headers["X-Xet-Hash"] == tree["q/a b+ü%.gguf"]["xetHash"]
    address = f"<{offering.url}/api/models/acme/Gale/xet-read-token/{SHA}>"
    assert hinted.headers["Link"].startswith(f'{address}; rel="xet-auth", <')
    assert (git_held.headers["X-Xet-Hash"], "xetHash" in tree["config.json"]) == (None, False)
    assert urlsplit(token.headers["X-Xet-Cas-Url"]).hostname == "127.0.0.1"
    assert token.headers["X-Xet-Access-Token"]
    assert int(token.headers["X-Xet-Token-Expiration"]) > 0
    assert nowhere.headers["X-Error-Code"] == "RevisionNotFound"

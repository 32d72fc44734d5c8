import logging
import traceback

import pytest

from api.handoff.asking import Lost
from api.handoff.errors import (
    BadAnswer,
    BadRedirect,
    BadReference,
    BadToken,
    DisabledModel,
    EntryNotFound,
    GatedModel,
    HandoffError,
    Interrupted,
    RepoNotFound,
    RevisionNotFound,
    Unreachable,
)
from api.handoff.hub import Hub, RemoteFile
from tests.api.handoff.conftest import (
    COMMIT,
    CONFIG,
    LARGE,
    REPO,
    SHA1,
    SHA256,
    SMALL,
    TOKEN,
    WEIGHTS,
    MakeHub,
)
from tests.fakes.hub import FakeHub, Fault, ListSource
from tests.fakes.hub.asking import Clock


def read(hub: Hub, remote: RemoteFile, start: int = 0) -> tuple[int, bytes]:
    with hub.open(remote, start) as body:
        return body.start, b"".join(body.pieces)


@pytest.mark.parametrize("revision", ["main", COMMIT, COMMIT[:8]])
def test_a_large_file_is_described_by_the_first_answer(hub: Hub, fake: FakeHub, revision: str) -> None:
    remote = hub.head(REPO, revision, LARGE)

    assert remote == RemoteFile(REPO, COMMIT, LARGE, SHA256, len(WEIGHTS))
    assert remote.sha256 == SHA256
    assert fake.cdn_requests == []


def test_a_small_file_is_described_behind_the_hubs_own_redirect(make_hub: MakeHub, fake: FakeHub) -> None:
    remote = make_hub(token=TOKEN).head(REPO, "main", SMALL)

    assert remote == RemoteFile(REPO, COMMIT, SMALL, SHA1, len(CONFIG))
    assert remote.sha256 is None
    assert [one.headers["authorization"] for one in fake.requests] == [f"Bearer {TOKEN}"] * 2
    assert all(one.headers["accept-encoding"] == "identity" for one in fake.requests)


@pytest.mark.parametrize(("path", "content"), [(SMALL, CONFIG), (LARGE, WEIGHTS)])
@pytest.mark.parametrize("start", [0, 5])
def test_bytes_come_from_where_they_are_asked_for(hub: Hub, path: str, content: bytes, start: int) -> None:
    assert read(hub, hub.head(REPO, "main", path), start) == (start, content[start:])


def test_the_token_goes_to_the_hub_and_nowhere_else(make_hub: MakeHub, fake: FakeHub) -> None:
    hub = make_hub(token=TOKEN)

    assert read(hub, hub.head(REPO, "main", LARGE))[1] == WEIGHTS
    assert [one.headers.get("authorization") for one in fake.requests] == [f"Bearer {TOKEN}"] * 2
    assert len(fake.cdn_requests) == 1
    assert "authorization" not in fake.cdn_requests[0].headers


def test_a_server_that_knows_no_ranges_begins_anew(source: ListSource, make_hub: MakeHub) -> None:
    with FakeHub(source, cdn_ignores_range=True) as fake:
        hub = make_hub(upstream=fake.url)

        assert read(hub, hub.head(REPO, "main", LARGE), 1_000) == (0, WEIGHTS)


def test_more_than_there_is_begins_anew(hub: Hub) -> None:
    assert read(hub, hub.head(REPO, "main", LARGE), len(WEIGHTS)) == (0, WEIGHTS)


@pytest.mark.parametrize(
    ("asked", "error", "words"),
    [
        (("acme/None", "main", SMALL), RepoNotFound, "there is none, or it is private"),
        ((REPO, "other", SMALL), RevisionNotFound, "no branch, tag or commit 'other'"),
        ((REPO, "main", "none.bin"), EntryNotFound, "no file 'none.bin'"),
        (("acme/Shut", "main", SMALL), GatedModel, "/acme/Shut with your account, then set HF_TOKEN"),
        (("acme/Off", "main", SMALL), DisabledModel, "has disabled"),
    ],
)
def test_strangers_are_told_why_not(
    hub: Hub, fake: FakeHub, asked: tuple[str, str, str], error: type[HandoffError], words: str
) -> None:
    with pytest.raises(error, match=words) as caught:
        hub.head(*asked)
    assert len(fake.requests) == 1
    if isinstance(caught.value, GatedModel):
        assert caught.value.page == f"{fake.url}/acme/Shut"


@pytest.mark.parametrize(
    ("token", "repo_id", "error", "words"),
    [
        (TOKEN, "acme/None", RepoNotFound, "or not for this token"),
        (TOKEN, "acme/Shut", GatedModel, "then try again"),
        ("hf_wrong", REPO, BadToken, "does not know the token"),
    ],
)
def test_holders_of_a_token_are_told_why_not(
    make_hub: MakeHub, token: str, repo_id: str, error: type[HandoffError], words: str
) -> None:
    with pytest.raises(error, match=words):
        make_hub(token=token).head(repo_id, "main", SMALL)


@pytest.mark.parametrize(
    "asked",
    [
        (REPO, "main", "../x"), (REPO, "..", "x"), (REPO, "a/../../b", "x"), ("a/b/c", "main", "x"),
        ("..", "main", "x"), (REPO, "main", "/etc/passwd"), (REPO, "main", "a\\..\\b"), (REPO, "main", ""),
        (REPO, "", "x"), (REPO, "main", "a//b"), (REPO, "main", "a\0b"), (REPO, "main", "\ud800"),
    ],
)  # fmt: skip
def test_names_that_lead_elsewhere_are_never_asked_for(
    hub: Hub, fake: FakeHub, asked: tuple[str, str, str]
) -> None:
    with pytest.raises(BadReference):
        hub.head(*asked)
    assert fake.requests == []


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest/meta-data/", "http://10.0.0.1/x", "http://[::ffff:10.0.0.1]/x",
        "http://2852039166/", "http://0x0a.1/", "http://[fe80::1]/x", "http://user:pw@127.0.0.1/x",
        "ftp://127.0.0.1/x", "file:///etc/passwd", "http://0.0.0.0/x", "//192.168.0.1/x", "http://224.0.0.1/",
        "http://[64:ff9b::a00:1]/x",
    ],
)  # fmt: skip
def test_redirects_never_lead_astray(make_hub: MakeHub, fake: FakeHub, location: str) -> None:
    hub = make_hub(token=TOKEN)
    remote = hub.head(REPO, "main", LARGE)
    fake.script([Fault.redirect(location, route="resolve"), Fault.redirect(location, route="cdn")])

    with pytest.raises(BadRedirect):
        hub.head(REPO, "main", LARGE)
    with pytest.raises(BadRedirect):
        read(hub, remote)
    fake.heal()
    assert read(hub, remote)[1] == WEIGHTS


def test_circles_are_left(hub: Hub, fake: FakeHub) -> None:
    fake.script([Fault.redirect(route="resolve")] * 6)

    with pytest.raises(BadRedirect, match="circles"):
        hub.head(REPO, "main", LARGE)


def test_no_file_is_believed_without_its_hash(hub: Hub, fake: FakeHub) -> None:
    fake.script([Fault.garbage(route="resolve")])

    with pytest.raises(BadAnswer, match="does not say what"):
        hub.head(REPO, "main", LARGE)


def test_somebody_who_waits_is_told_soon(make_hub: MakeHub, fake: FakeHub, clock: Clock) -> None:
    fake.script([Fault.answer(503, route="resolve")] * 3)
    began = clock()

    with pytest.raises(Unreachable, match="3 times in a row, the last time because the Hub answered 503"):
        make_hub().head(REPO, "main", LARGE)
    assert clock() - began == 3  # 1 and 2 seconds


def test_whoever_has_time_gets_it_in_the_end(hub: Hub, fake: FakeHub, clock: Clock) -> None:
    told: list[str] = []
    fake.script([Fault.answer(503, route="resolve")] * 5 + [Fault.drop(route="resolve")] * 2)

    assert hub.head(REPO, "main", LARGE, told.append).etag == SHA256
    assert "Trying again: the Hub answered 503." in told
    assert told[-1] == ""


@pytest.mark.parametrize(("retry_after", "seconds"), [(17, 17), (None, 1)])
def test_another_limiter_is_obeyed(
    hub: Hub, fake: FakeHub, clock: Clock, retry_after: int | None, seconds: int
) -> None:
    fake.script([Fault.answer(429, retry_after=retry_after, route="resolve")])
    began = clock()

    assert hub.head(REPO, "main", LARGE).etag == SHA256
    assert clock() - began == seconds


def test_a_spent_quota_is_waited_for(hub: Hub, fake: FakeHub, clock: Clock) -> None:
    told: list[str] = []
    fake.set_quota(100, bucket="resolvers")
    hub.head(REPO, "main", LARGE)
    fake.let_others_spend(98, "resolvers")
    hub.head(REPO, "main", LARGE)
    began = clock()

    assert hub.head(REPO, "main", LARGE, told.append).etag == SHA256
    assert fake.throttled == 0
    assert 290 < clock() - began < 302
    assert any("quota is spent" in why for why in told)


def test_a_quota_that_others_spent_is_waited_for(hub: Hub, fake: FakeHub, clock: Clock) -> None:
    fake.set_quota(10, bucket="resolvers")
    fake.let_others_spend(10, "resolvers")
    began = clock()

    assert hub.head(REPO, "main", LARGE).etag == SHA256
    assert fake.throttled == 1
    assert 290 < clock() - began < 302


def test_what_is_left_is_told_to_other_processes(hub: Hub, make_hub: MakeHub, fake: FakeHub) -> None:
    fake.set_quota(4, bucket="resolvers")
    for _ in range(3):
        hub.head(REPO, "main", LARGE)

    make_hub().head(REPO, "main", LARGE)
    make_hub().head(REPO, "main", LARGE)
    assert fake.throttled == 0


def test_a_wait_can_be_broken_off(hub: Hub, fake: FakeHub) -> None:
    def waiting(why: str) -> None:
        if why:
            raise Interrupted

    fake.script([Fault.answer(429, retry_after=600, route="resolve")])

    with pytest.raises(Interrupted):
        hub.head(REPO, "main", LARGE, waiting)


def test_a_closed_hub_asks_no_more(hub: Hub, fake: FakeHub) -> None:
    hub.close()

    with pytest.raises(Interrupted):
        hub.head(REPO, "main", LARGE)
    assert fake.requests == []


def test_a_tree_is_read_whole(source: ListSource, make_hub: MakeHub) -> None:
    with FakeHub(source, tree_entries=2) as fake:
        tree = make_hub(upstream=fake.url).tree(REPO, "main")

    assert (tree.repo_id, tree.commit) == (REPO, COMMIT)
    assert {file.path: (file.bytes, file.sha256) for file in tree.files} == {
        SMALL: (len(CONFIG), None),
        LARGE: (len(WEIGHTS), SHA256),
        "empty": (0, None),
    }


def test_a_renamed_model_is_found_under_its_new_name(hub: Hub, source: ListSource) -> None:
    source.rename(REPO, "acme/Storm")

    assert hub.commit(REPO, "main") == ("acme/Storm", COMMIT)
    assert hub.tree(REPO, "main").repo_id == "acme/Storm"


@pytest.mark.parametrize("asked", [("acme/None", "main"), (REPO, "x/y")])
def test_a_tree_that_is_not_there(hub: Hub, asked: tuple[str, str]) -> None:
    with pytest.raises((RepoNotFound, RevisionNotFound)):
        hub.tree(*asked)


def test_no_address_with_a_signature_is_told_to_anybody(
    make_hub: MakeHub, fake: FakeHub, caplog: pytest.LogCaptureFixture
) -> None:
    hub = make_hub(token=TOKEN)
    remote = hub.head(REPO, "main", LARGE)
    said = []
    with caplog.at_level(logging.DEBUG):
        for fault in (
            Fault.answer(403, route="cdn"),
            Fault.reset(route="cdn"),
            Fault.reset(midway=True, route="cdn"),
            Fault.truncate(route="cdn"),
            Fault.redirect("http://10.0.0.1/x?Signature=abc", route="cdn"),
            Fault.redirect("http://a b/?Signature=abc", route="cdn"),
        ):
            fake.script([fault])
            with pytest.raises((Lost, BadRedirect)) as caught:
                read(hub, remote)
            said += traceback.format_exception(caught.value)
        assert read(hub, remote)[1] == WEIGHTS

    told = caplog.text + "".join(said)
    assert fake.faults_left == 0
    assert "Signature" not in told
    assert fake.cdn_requests[0].path not in told
    assert TOKEN not in told

from collections.abc import Iterator

import pytest

from tests.fakes.hub import FakeHub, ListSource, make_row
from tests.fakes.hub.asking import ask, model_of

TOKEN = "hf_valid"


@pytest.fixture
def source() -> ListSource:
    return ListSource([make_row(id="acme/Gale-7B"), make_row(id="oldie"), make_row(id="acme/gale-7b-GGUF")])


@pytest.fixture
def hub(source: ListSource) -> Iterator[FakeHub]:
    with FakeHub(source, token=TOKEN) as running:
        yield running


def test_a_model_is_told_in_full(hub: FakeHub) -> None:
    row = ask(hub, "/api/models/acme/Gale-7B").json()
    assert isinstance(row, dict)
    assert {"_id", "id", "modelId", "author", "sha", "siblings", "tags", "gated", "disabled"} <= set(row)
    assert not {"downloadsAllTime", "trendingScore"} & set(row)


def test_an_id_without_an_owner_is_one_segment(hub: FakeHub) -> None:
    row = ask(hub, "/api/models/oldie").json()
    assert isinstance(row, dict)
    assert "author" not in row


def test_expand_works_on_one_model_too(hub: FakeHub) -> None:
    row = ask(hub, "/api/models/acme/Gale-7B?expand[]=downloadsAllTime&expand[]=usedStorage").json()
    assert isinstance(row, dict)
    assert set(row) == {"_id", "id", "downloadsAllTime"}
    assert ask(hub, "/api/models/acme/Gale-7B?expand[]=nonsense").status == 400


def test_sizes_come_only_when_asked_for(hub: FakeHub, source: ListSource) -> None:
    source.change("oldie", siblings=[{"rfilename": "a", "content": b"gale\n"}])
    plain, sized = ask(hub, "/api/models/oldie").json(), ask(hub, "/api/models/oldie?blobs=true").json()
    assert isinstance(plain, dict)
    assert isinstance(sized, dict)
    assert plain["siblings"] == [{"rfilename": "a"}]
    assert sized["siblings"] == [
        {"rfilename": "a", "size": 5, "blobId": "d93a7edfd90153695b1508a177a59049ef91caa3"}
    ]


def test_a_renamed_model_redirects_and_keeps_the_query(hub: FakeHub, source: ListSource) -> None:
    source.rename("oldie", "newco/oldie")
    source.rename("newco/oldie", "newest/oldie")
    for old in ("oldie", "newco/oldie"):
        moved = ask(hub, f"/api/models/{old}?expand[]=likes")
        assert moved.status == 307
        assert moved.headers["Location"] == "/api/models/newest/oldie?expand[]=likes"
        assert moved.headers["Content-Type"].startswith("text/plain")
    assert ask(hub, "/api/models/newest/oldie").status == 200


def test_a_new_model_may_take_an_old_name(hub: FakeHub, source: ListSource) -> None:
    source.rename("oldie", "newco/oldie")
    source.add(make_row(id="oldie", _id="6a0000000000000000000001"))
    assert ask(hub, "/api/models/oldie").status == 200


def test_wrong_case_redirects(hub: FakeHub) -> None:
    assert ask(hub, "/api/models/ACME/gale-7b").headers["Location"] == "/api/models/acme/Gale-7B"


def test_a_disabled_or_gated_model_is_told_of(hub: FakeHub, source: ListSource) -> None:
    source.change("oldie", disabled=True)
    source.change("acme/Gale-7B", gated="manual")
    disabled, gated = ask(hub, "/api/models/oldie"), ask(hub, "/api/models/acme/Gale-7B?expand=gated")
    assert (disabled.status, model_of(disabled)["disabled"]) == (200, True)
    assert (gated.status, model_of(gated)["gated"]) == (200, "manual")


def test_a_model_has_the_revisions_it_has(hub: FakeHub, source: ListSource) -> None:
    sha = str(model_of(ask(hub, "/api/models/oldie"))["sha"])
    for revision in ("main", sha, sha[:8]):
        for repo_id in ("oldie", "acme/Gale-7B"):
            expected = 200 if repo_id == "oldie" or revision == "main" else 404
            assert ask(hub, f"/api/models/{repo_id}/revision/{revision}").status == expected
    unknown = ask(hub, "/api/models/oldie/revision/refs%2Fpr%2F1")
    assert (unknown.error, unknown.headers["X-Error-Code"]) == (
        "Invalid rev id: refs/pr/1",
        "RevisionNotFound",
    )
    source.rename("oldie", "new/oldie")
    moved = ask(hub, "/api/models/oldie/revision/main?blobs=true")
    assert moved.headers["Location"] == "/api/models/new/oldie/revision/main?blobs=true"


@pytest.mark.parametrize("path", ["acme/nothing", "nothing"])
def test_a_missing_model_is_401_to_strangers_and_404_to_members(hub: FakeHub, path: str) -> None:
    stranger = ask(hub, f"/api/models/{path}")
    assert stranger.status == 401
    assert stranger.error == stranger.headers["X-Error-Message"] == "Invalid username or password."
    assert stranger.headers["X-Error-Code"] is None
    assert stranger.headers["WWW-Authenticate"].startswith('Bearer realm="Authentication required"')
    member = ask(hub, f"/api/models/{path}", token=TOKEN)
    assert (member.status, member.headers["X-Error-Code"]) == (404, "RepoNotFound")


def test_a_private_or_deleted_model_looks_missing(hub: FakeHub, source: ListSource) -> None:
    source.change("oldie", private=True)
    source.rename("acme/Gale-7B", "acme/Gone")
    source.delete("acme/Gone")
    for repo_id in ("oldie", "acme/Gone", "acme/Gale-7B"):
        assert ask(hub, f"/api/models/{repo_id}").status == 401
        assert ask(hub, f"/api/models/{repo_id}", token=TOKEN).headers["X-Error-Code"] == "RepoNotFound"


@pytest.mark.parametrize("path", ["/api/models", "/api/models/oldie"])
def test_a_bad_token_is_refused_everywhere(hub: FakeHub, path: str) -> None:
    refused = ask(hub, path, token="hf_stale")
    assert refused.status == 401
    assert refused.headers["X-Error-Message"] == "Invalid credentials in Authorization header"


def test_a_token_can_be_revoked_and_another_made(hub: FakeHub) -> None:
    asked = {token: ask(hub, "/api/models", token=token).status for token in (TOKEN, "hf_next")}
    hub.set_token(None)
    revoked = {token: ask(hub, "/api/models", token=token).status for token in (TOKEN, "hf_next", None)}
    hub.set_token("hf_next")
    renewed = {token: ask(hub, "/api/models", token=token).status for token in (TOKEN, "hf_next")}

    assert asked == {TOKEN: 200, "hf_next": 401}
    assert revoked == {TOKEN: 401, "hf_next": 401, None: 200}
    assert renewed == {TOKEN: 401, "hf_next": 200}


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/api/models/",
        "/api/models/a/b/c",
        "/api/modelsx",
        "/api/models//b",
        "/api/models/a/revision/b/c",
    ],
)
def test_other_paths_are_404(hub: FakeHub, path: str) -> None:
    assert ask(hub, path).status == 404


def test_a_source_refuses_two_models_with_one_id(source: ListSource) -> None:
    with pytest.raises(ValueError, match="there already"):
        source.add(make_row(id="oldie"))
    with pytest.raises(ValueError, match="there already"):
        source.rename("oldie", "acme/Gale-7B")

import threading
from collections.abc import Iterator

import pytest

from tests.fakes.hub import FakeHub, ListSource, make_row
from tests.fakes.hub.asking import Clock, ask

TOKEN = "hf_valid"
RESOLVE = "/acme/Gale/resolve/main"
CONFIG = f"{RESOLVE}/config.json"


@pytest.fixture
def source() -> ListSource:
    files = [{"rfilename": name, "size": 2_000_000} for name in ("model.safetensors", "tokenizer.model")]
    files.append({"rfilename": "config.json", "size": 20})
    return ListSource([make_row(id="acme/Gale", siblings=files), make_row(id="oldie", siblings=files)])


@pytest.fixture
def hub(source: ListSource) -> Iterator[FakeHub]:
    with FakeHub(source, token=TOKEN) as running:
        yield running


def test_gated_files_are_for_those_let_in_but_all_may_know_them(hub: FakeHub, source: ListSource) -> None:
    cached = ask(hub, CONFIG).headers["Location"]
    source.change("acme/Gale", gated="auto")

    for path in (CONFIG, cached, f"{RESOLVE}/nothing"):
        stranger, member = ask(hub, path), ask(hub, path, token=TOKEN)
        assert (stranger.status, member.status) == (401, 403)
        assert stranger.headers["X-Error-Code"] == member.headers["X-Error-Code"] == "GatedRepo"
        assert stranger.error == stranger.headers["X-Error-Message"]
        assert stranger.error == (
            "Access to model acme/Gale is restricted. You must have access to it and be authenticated to "
            "access it. Please log in."
        )
        assert "acme/Gale" in member.error
    assert ask(hub, "/api/models/acme/Gale/tree/main").status == 200
    hub.accept("acme/Gale")
    assert ask(hub, CONFIG, token=TOKEN).status == 307
    assert ask(hub, CONFIG).status == 401


def test_a_bad_token_is_refused(hub: FakeHub) -> None:
    refused = ask(hub, CONFIG, token="hf_stale")
    assert (refused.status, refused.error) == (401, "Invalid credentials in Authorization header")


@pytest.mark.parametrize("path", ["/acme/nothing/resolve/main/x", "/nothing/resolve/main/x"])
def test_a_missing_model_is_401_to_strangers_and_404_to_members(hub: FakeHub, path: str) -> None:
    stranger, member = ask(hub, path, method="HEAD"), ask(hub, path, token=TOKEN)
    assert (stranger.status, stranger.headers["X-Error-Code"]) == (401, None)
    assert stranger.headers["X-Error-Message"] == "Invalid username or password."
    assert (member.status, member.headers["X-Error-Code"]) == (404, "RepoNotFound")


def test_private_and_disabled_models_keep_their_files(hub: FakeHub, source: ListSource) -> None:
    source.change("oldie", private=True)
    source.change("acme/Gale", disabled=True)

    assert ask(hub, "/oldie/resolve/main/config.json").status == 401
    closed = ask(hub, CONFIG)
    assert (closed.status, closed.error) == (403, "Access to this resource is disabled.")


def test_a_missing_file_and_a_missing_commit_are_told_apart(hub: FakeHub, source: ListSource) -> None:
    no_file = ask(hub, f"{RESOLVE}/nothing.json")
    no_commit = ask(hub, "/acme/Gale/resolve/refs%2Fpr%2F1/config.json")

    row = source.find("acme/Gale")
    assert row is not None
    assert (no_file.status, no_file.headers["X-Error-Code"]) == (404, "EntryNotFound")
    assert no_file.headers["X-Repo-Commit"] == row["sha"]
    assert (no_commit.status, no_commit.headers["X-Error-Code"]) == (404, "RevisionNotFound")
    assert no_commit.error == "Invalid rev id: refs/pr/1"


@pytest.mark.parametrize("path", ["..%2f..%2fetc%2fpasswd", "images", "config.json/", "//config.json"])
def test_only_files_are_files(hub: FakeHub, path: str) -> None:
    assert ask(hub, f"{RESOLVE}/{path}").status == 404


def test_an_old_name_serves_directly(hub: FakeHub, source: ListSource) -> None:
    source.rename("acme/Gale", "storm/Gale")

    small, large = ask(hub, CONFIG), ask(hub, f"{RESOLVE}/model.safetensors", method="HEAD")
    assert small.headers["Location"].startswith("/api/resolve-cache/models/storm/Gale/")
    assert large.status == 302
    assert ask(hub, "/api/models/acme/Gale").status == 307


def test_files_have_a_quota_of_their_own(source: ListSource) -> None:
    clock = Clock()
    with FakeHub(
        source, quota=2, resolvers_quota=4, token=TOKEN, token_resolvers_quota=9, clock=clock
    ) as hub:
        first = ask(hub, CONFIG)
        assert first.headers["RateLimit"] == '"resolvers";r=3;t=300'
        assert first.headers["RateLimit-Policy"] == '"fixed window";"resolvers";q=4;w=300'
        assert ask(hub, first.headers["Location"]).headers["RateLimit"] == '"resolvers";r=2;t=300'
        assert ask(hub, f"{RESOLVE}/nothing").headers["RateLimit"] == '"resolvers";r=1;t=300'
        assert ask(hub, "/api/models").headers["RateLimit"] == '"api";r=1;t=300'
        hub.let_others_spend(1, "resolvers")
        refused = ask(hub, CONFIG)
        assert (refused.status, refused.headers["RateLimit"]) == (429, '"resolvers";r=0;t=300')
        assert ask(hub, CONFIG, token=TOKEN).headers["RateLimit"] == '"resolvers";r=8;t=300'
        hub.set_quota(50, bucket="resolvers")
        assert ask(hub, CONFIG).headers["RateLimit"] == '"resolvers";r=44;t=300'


def test_the_second_hop_may_be_billed_to_the_api(source: ListSource) -> None:
    with FakeHub(source, resolve_cache_bucket="api") as hub:
        cached = ask(hub, ask(hub, CONFIG).headers["Location"])

    assert cached.headers["RateLimit"].startswith('"api";r=499;')


def test_two_may_ask_at_once(hub: FakeHub) -> None:
    links: list[str] = []

    def resolve() -> None:
        links.append(ask(hub, f"{RESOLVE}/tokenizer.model").headers["Location"])

    asking = [threading.Thread(target=resolve) for _ in range(4)]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()

    assert len(links) == 4
    assert len({link.partition("?")[0] for link in links}) == 1

"""`hubdex index keys`: two keys that do what they are for on a real server, and nothing else."""

import json
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from indexer.config import HomeConfig, KeysConfig, read_config
from indexer.documents import Document, to_document
from indexer.engines.contract import IndexState
from indexer.engines.meilisearch.comparing import MeiliHeld
from indexer.engines.meilisearch.keys import SEARCH, WRITE, Grant, Keys, make_keys, same_keys
from indexer.engines.meilisearch.server import Server
from indexer.engines.meilisearch.writer import MeiliWriter
from indexer.engines.opening import meili_reader, open_reader, open_replicas
from indexer.errors import EngineRefused, SettingsError
from indexer.query import parse_query
from indexer.records import Outline
from tests.indexer.house import NOW
from tests.journeys.running import Ended, Product
from tests.servers.meilisearch import MeiliServer

pytestmark = pytest.mark.meilisearch

MASTER = "PlantedMasterKeyOfTheTest"
OTHER_MASTER = "AnotherPlantedMasterKey"
Start = Callable[..., MeiliServer]


@pytest.fixture(scope="module")
def server(meilisearch_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MeiliServer]:
    """A server with a master key, another product's index, and ours with two models."""
    with MeiliServer(tmp_path_factory.mktemp("keyed"), master_key=MASTER) as one:
        others = Server(one.url, SecretStr(MASTER))
        others.create("movies", {})
        others.wait(asked(one, "POST", "/indexes/movies/documents", [{"id": "1"}]).body["taskUid"])
        yield one


@pytest.fixture(scope="module")
def keys(server: MeiliServer) -> Keys:
    made = make_keys(config(server.url))
    MeiliWriter(Server(server.url, made.write)).rebuild([lambda: some(0, 2)], state(1))
    return made


def config(*urls: str, master_key: str = MASTER) -> KeysConfig:
    return KeysConfig(meili_url=urls, master_key=SecretStr(master_key))


def some(first: int, last: int, downloads: int = 0) -> list[Document]:
    outlines = [
        Outline(number, f"a/m{number}", key=f"{number:024x}", downloads=downloads)
        for number in range(first, last)
    ]
    return [to_document(outline) for outline in outlines]


def state(serial: int) -> IndexState:
    return IndexState("c", serial, serial, 0, NOW)


class Answer:
    def __init__(self, status: int, body: Any) -> None:
        self.status, self.body = status, body


def asked(server: MeiliServer, method: str, path: str, body: object = None, key: str = MASTER) -> Answer:
    """Ask a server for anything with a key."""
    connection = HTTPConnection(server.url.removeprefix("http://"), timeout=30)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    try:
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        response = connection.getresponse()
        said = response.read()
        return Answer(response.status, json.loads(said) if said else None)
    finally:
        connection.close()


def run(home: Path, *urls: str, master_key: str = MASTER, arguments: tuple[str, ...] = ()) -> Ended:
    """Run the command as people do; neither what it writes nor the home ever holds the master key."""
    settings = {"HUBDEX_MEILI_URL": ", ".join(urls), "MEILI_MASTER_KEY": master_key, "HUBDEX_LOG": "debug"}
    ended = Product(home, "http://127.0.0.1:9", settings).run("indexer", "keys", *arguments)
    assert not master_key or master_key not in ended.out + ended.err
    assert "Traceback" not in ended.err
    assert not home.exists()
    return ended


def failed(ended: Ended, code: int) -> str:
    """The one line that a failure wrote."""
    assert (ended.code, ended.out) == (code, "")
    [line] = ended.err.splitlines()
    return line


Request = tuple[str, str, object]
LOOKS: list[Request] = [
    ("GET", "/indexes/hubdex-models/settings", None),
    ("GET", "/indexes/hubdex-models/documents", None),
    ("POST", "/indexes/hubdex-models/documents/fetch", {}),
    ("GET", "/indexes/hubdex-models/stats", None),
    ("GET", "/indexes", None),
    ("GET", "/tasks", None),
    ("GET", "/version", None),
    ("DELETE", "/indexes/hubdex-models", None),
    ("POST", "/indexes/hubdex-models/documents", [{"id": "x"}]),
    ("POST", "/swap-indexes", [{"indexes": ["hubdex-models", "hubdex-state"]}]),
]
FOREIGN: list[Request] = [
    ("GET", "/indexes/movies", None),
    ("GET", "/indexes/movies/documents", None),
    ("GET", "/indexes/movies/settings", None),
    ("GET", "/indexes/movies/stats", None),
    ("POST", "/indexes/movies/search", {}),
    ("POST", "/multi-search", {"queries": [{"indexUid": "movies"}]}),
    ("POST", "/indexes/movies/documents", [{"id": "2"}]),
    ("DELETE", "/indexes/movies/documents", None),
    ("PATCH", "/indexes/movies/settings", {"searchableAttributes": []}),
    ("DELETE", "/indexes/movies", None),
    ("POST", "/indexes", {"uid": "films"}),
    ("POST", "/swap-indexes", [{"indexes": ["hubdex-models", "movies"]}]),
    ("GET", "/keys", None),
    ("GET", f"/keys/{WRITE.uid}", None),
    ("POST", "/keys", {"actions": ["*"], "indexes": ["*"], "expiresAt": None}),
    ("PATCH", f"/keys/{WRITE.uid}", {"name": "mine"}),
    ("DELETE", f"/keys/{SEARCH.uid}", None),
    ("POST", "/dumps", None),
    ("POST", "/snapshots", None),
    ("GET", "/metrics", None),
    ("GET", "/experimental-features", None),
    ("DELETE", "/tasks?uids=0", None),
]


@pytest.mark.parametrize(("method", "path", "body"), LOOKS + FOREIGN)
def test_the_search_key_may_do_nothing_but_search(
    server: MeiliServer, keys: Keys, method: str, path: str, body: object
) -> None:
    key = keys.search.get_secret_value()

    assert asked(server, method, path, body, key).status in {401, 403}


@pytest.mark.parametrize(("method", "path", "body"), FOREIGN)
def test_the_writing_key_reaches_nothing_that_is_not_ours(
    server: MeiliServer, keys: Keys, method: str, path: str, body: object
) -> None:
    key = keys.write.get_secret_value()

    assert asked(server, method, path, body, key).status in {401, 403}


@pytest.mark.parametrize("name", ["search", "write"])
def test_both_keys_search(server: MeiliServer, keys: Keys, name: str) -> None:
    key = getattr(keys, name)

    with_it = meili_reader([server.url], key, None)

    assert with_it.search(parse_query("m1")).total == 1
    assert with_it.owners("a", 5).owners


def test_the_writing_key_sees_only_our_indexes_and_tasks(server: MeiliServer, keys: Keys) -> None:
    key = keys.write.get_secret_value()

    tasks = asked(server, "GET", "/tasks?limit=1000", key=key).body["results"]
    all_tasks = asked(server, "GET", "/tasks?limit=1000").body["results"]

    assert all(uid.startswith("hubdex-") for uid in Server(server.url, keys.write).indexes())
    assert {one["indexUid"].partition("-")[0] for one in tasks} == {"hubdex"}
    assert "movies" in {one["indexUid"] for one in all_tasks}


def test_the_writing_key_cancels_no_task_of_others(server: MeiliServer, keys: Keys) -> None:
    """Tasks wait behind others' large one; those of ours alone are canceled."""
    large = [{"id": str(number), "text": f"{number:x} {number * 7919:x}"} for number in range(20_000)]
    first = asked(server, "POST", "/indexes/movies/documents", large).body["taskUid"]
    theirs = asked(server, "PATCH", "/indexes/movies/settings", {"stopWords": ["x"]}).body["taskUid"]
    own = asked(server, "POST", "/indexes", {"uid": "hubdex-x"}, keys.write.get_secret_value()).body
    everything = "/tasks/cancel?statuses=enqueued,processing"

    assert asked(server, "POST", everything, key=keys.write.get_secret_value()).status == 200

    watching = Server(server.url, SecretStr(MASTER))
    ended = [watching.wait_done(task).status for task in (first, theirs, own["taskUid"])]
    assert ended == ["succeeded", "succeeded", "canceled"]


def test_the_writing_key_does_all_that_feeding_and_comparing_needs(server: MeiliServer, keys: Keys) -> None:
    feeding = Server(server.url, keys.write)
    feeding.create(f"hubdex-models-{'a0' * 16}", {})  # what is left of a build that was cut off
    writer = MeiliWriter(feeding)

    writer.rebuild([lambda: some(0, 3)], state(1))
    writer.write(some(3, 5), removals=[0])
    writer.recount(some(1, 3, downloads=9))
    writer.commit(state(2))

    followed = writer.state()
    assert followed is not None
    assert (followed.serial, followed.models) == (2, 4)
    held = MeiliHeld(feeding, followed)
    documents = {one.number: one for one in [*some(1, 3, downloads=9), *some(3, 5)]}
    assert (held.damage(), held.highest()) == (None, 4)
    assert held.differences(range(6), documents, words=True) == {}
    before = held.differences([1], {1: some(1, 2)[0]}, words=True)
    assert "downloads is 9 instead of 0" in before[1]

    writer.rebuild([lambda: some(0, 2)], state(3))

    swapped = meili_reader([server.url], keys.search, keys.write)
    assert swapped.state().serial == 3
    assert swapped.search(parse_query("m4")).total == 0
    assert swapped.hold().highest() == 1
    assert f"hubdex-models-{'a0' * 16}" not in feeding.indexes()


def test_the_settings_that_are_printed_open_the_engine(
    server: MeiliServer, keys: Keys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed = run(tmp_path / "none", server.url).out
    monkeypatch.setenv("HUBDEX_MEILI_URL", server.url)
    for line in printed.splitlines():
        monkeypatch.setenv(*line.split("=", 1))

    settings = read_config(HomeConfig)

    assert open_reader(settings).search(parse_query("m1")).total == 1
    [replica] = open_replicas(settings)
    assert replica.writer.state() is not None


def test_it_prints_two_lines_and_the_same_each_time(server: MeiliServer, keys: Keys, tmp_path: Path) -> None:
    write, search = keys.write.get_secret_value(), keys.search.get_secret_value()
    wanted = {"HUBDEX_MEILI_KEY": write, "HUBDEX_MEILI_SEARCH_KEY": search}

    lines, as_json = (
        run(tmp_path / "none", server.url),
        run(tmp_path / "none", server.url, arguments=("--json",)),
    )

    assert lines.out == f"HUBDEX_MEILI_KEY={write}\nHUBDEX_MEILI_SEARCH_KEY={search}\n"
    assert (as_json.json(), as_json.out.count("\n")) == (wanted, 1)
    assert (lines.code, lines.err, as_json.code, as_json.err) == (0, "", 0, "")
    assert write not in repr(keys)


def stored(server: MeiliServer, grant: Grant) -> dict[str, Any]:
    answer: dict[str, Any] = asked(server, "GET", f"/keys/{grant.uid}").body
    return answer


@pytest.mark.parametrize(
    "older",
    [
        {"actions": ["search", "version"]},
        {"actions": ["*"]},
        {"indexes": ["*"]},
        {"indexes": ["hubdex-*", "movies"]},
        {"expiresAt": "2100-01-01T00:00:00Z"},
    ],
)
@pytest.mark.parametrize("grant", [SEARCH, WRITE], ids=["search", "write"])
def test_a_key_of_an_older_hubdex_is_made_anew_with_the_same_value(
    server: MeiliServer, keys: Keys, grant: Grant, older: dict[str, object]
) -> None:
    uid = str(grant.uid)
    good = {"uid": uid, "actions": sorted(grant.actions), "indexes": ["hubdex-*"], "expiresAt": None}
    asked(server, "DELETE", f"/keys/{uid}")
    assert asked(server, "POST", "/keys", good | older).status == 201

    assert make_keys(config(server.url)) == keys

    made = stored(server, grant)
    assert sorted(made["actions"]) == sorted(grant.actions)
    assert (made["indexes"], made["expiresAt"]) == (["hubdex-*"], None)
    make_keys(config(server.url))
    assert stored(server, grant) == made


def test_servers_with_one_master_key_have_the_same_keys(
    server: MeiliServer, keys: Keys, start_meilisearch: Start, tmp_path: Path
) -> None:
    second = start_meilisearch(tmp_path / "second", master_key=MASTER)

    assert make_keys(config(server.url, second.url)) == keys

    assert asked(second, "GET", "/version", key=keys.write.get_secret_value()).status == 200


def test_a_new_master_key_gives_new_keys(start_meilisearch: Start, tmp_path: Path) -> None:
    old = start_meilisearch(tmp_path / "one", master_key=MASTER)
    before = make_keys(config(old.url)).settings()
    old.stop()
    new = start_meilisearch(tmp_path / "one", master_key=OTHER_MASTER)

    after = make_keys(config(new.url, master_key=OTHER_MASTER)).settings()

    for name, key in after.items():
        assert key != before[name]
        assert asked(new, "POST", "/multi-search", {"queries": []}, key).status == 200
        assert asked(new, "POST", "/multi-search", {"queries": []}, before[name]).status == 403


@pytest.mark.parametrize("first", ["right", "wrong"])
def test_servers_with_different_master_keys_are_refused(
    server: MeiliServer, start_meilisearch: Start, tmp_path: Path, first: str
) -> None:
    second = start_meilisearch(tmp_path / "second", master_key=OTHER_MASTER)
    urls = [second.url, server.url] if first == "wrong" else [server.url, second.url]

    said = failed(run(tmp_path / "none", *urls), 2)

    assert "must have the same master key" in said
    assert f"{server.url} took MEILI_MASTER_KEY" in said
    assert f"{second.url} refused it" in said


def test_different_keys_are_refused() -> None:
    one, other = (Keys(SecretStr(name), SecretStr("s")) for name in ("a-write", "b-write"))

    with pytest.raises(SettingsError, match=r"http://a and http://c made different keys") as raised:
        same_keys({"http://a": one, "http://b": one, "http://c": other})

    assert "-write" not in str(raised.value)
    assert same_keys({"http://a": one, "http://b": one}) == one


def test_what_is_not_set_is_named(tmp_path: Path) -> None:
    assert "HUBDEX_MEILI_URL is not set" in failed(run(tmp_path / "none"), 2)
    assert "MEILI_MASTER_KEY is not set" in failed(
        run(tmp_path / "none", "http://127.0.0.1:9", master_key=""), 2
    )


@pytest.mark.parametrize("odd", ["planted key", "planted-key\n", "planted-kéy", "k" * 513])
@pytest.mark.parametrize("variable", ["MEILI_MASTER_KEY", "HUBDEX_MEILI_KEY", "HUBDEX_MEILI_SEARCH_KEY"])
def test_a_key_that_cannot_travel_in_a_header_is_a_wrong_setting(
    monkeypatch: pytest.MonkeyPatch, variable: str, odd: str
) -> None:
    monkeypatch.setenv(variable, odd)

    with pytest.raises(SettingsError, match=f"{variable}: .*without spaces") as raised:
        read_config(KeysConfig)

    assert odd not in str(raised.value)


def test_a_wrong_master_key_is_refused_by_its_name(server: MeiliServer, tmp_path: Path) -> None:
    said = failed(run(tmp_path / "none", server.url, master_key=OTHER_MASTER), 1)

    assert f"{server.url} refuses the master key (MEILI_MASTER_KEY)" in said
    assert "HUBDEX_MEILI" not in said


def test_a_key_that_is_no_master_key_makes_none(server: MeiliServer, keys: Keys) -> None:
    with pytest.raises(EngineRefused, match="MEILI_MASTER_KEY"):
        make_keys(config(server.url, master_key=keys.write.get_secret_value()))


def test_a_server_that_is_away_is_asked_later(start_meilisearch: Start, tmp_path: Path) -> None:
    away = start_meilisearch(tmp_path / "away", master_key=MASTER)
    away.stop()

    assert f"{away.url} cannot be reached" in failed(run(tmp_path / "none", away.url), 75)


def test_a_server_without_a_master_key_is_said_to_be_open(meilisearch: MeiliServer, tmp_path: Path) -> None:
    said = failed(run(tmp_path / "none", meilisearch.url), 1)

    assert f"{meilisearch.url} has no master key: it is open to everybody" in said

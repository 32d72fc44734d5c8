"""The crawl of files: sizes and hashes arrive, whatever happens to it or to the Hub."""

import signal
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import orjson
import pytest

from indexer.catalog.store import Catalog
from indexer.records import GgufFacts, StoredModel, Tree
from indexer.variants.records import RepoFile
from tests.fakes.hub import FakeHub, Fault, ListSource, Row, make_row
from tests.indexer.script import TABLES, Dump, dump_of
from tests.journeys.forking import Done, Forks
from tests.journeys.running import Product
from tests.journeys.test_crawl_quota import SinceTheFirst

TOKEN = "hf_PlantedSecretToken123"
NOW = 1_795_262_400.0
TREES = "/tree/"
QUANTS = 12
"""Models with GGUF files."""


def quant(number: int, **fields: object) -> Row:
    """A model with two quants, one in a folder."""
    told = {
        "id": f"acme/gale-{number}-GGUF",
        "createdAt": f"2024-05-{number + 1:02}T06:47:21.000Z",
        "downloads": number,
        "tags": ["gguf", "en"],
        "gguf": {"total": 8_030_261_248, "architecture": "llama", "context_length": 131_072},
        "siblings": [
            {"rfilename": "README.md", "size": 31},
            {"rfilename": "gale.Q4_K_M.gguf", "size": 4_920_734_912, "lfs": {"sha256": f"{number:064x}"}},
            {"rfilename": "deep/gale.Q8_0.gguf", "size": 8_540_770_304, "lfs": {"sha256": "f" * 64}},
        ],
    }
    return make_row(**(told | fields))


def tree_of(number: int, row: Row) -> Tree:
    files = (
        RepoFile("README.md", 31),
        RepoFile("deep/gale.Q8_0.gguf", 8_540_770_304, "f" * 64),
        RepoFile("gale.Q4_K_M.gguf", 4_920_734_912, f"{number:064x}"),
    )
    return Tree(str(row["_id"]), str(row["sha"]), files)


def rows() -> Iterator[Row]:
    yield from (quant(number) for number in range(QUANTS))
    yield make_row(id="acme/Gale-7B", downloads=9_999)
    yield make_row(id="acme/card", downloads=99_999, siblings=[{"rfilename": "README.md"}])


@pytest.fixture
def source() -> ListSource:
    return ListSource(rows())


@pytest.fixture
def hub(source: ListSource) -> Iterator[FakeHub]:
    with FakeHub(source, quota=100_000, token=TOKEN) as running:
        yield running


@pytest.fixture
def crawl(forks: Forks, tmp_path: Path, hub: FakeHub) -> Callable[..., Done]:
    """Crawl everything once; give what crawls on in the same home."""

    def run(*command: str, token: str = "", **fates: object) -> Done:
        return fork(forks, tmp_path, hub.url, *command, token=token, **fates)

    ended = run("full")
    assert ended.code == 0, ended.err
    hub.forget()
    return run


def fork(forks: Forks, home: Path, url: str, *command: str, token: str = "", **fates: object) -> Done:
    environment = {
        "HF_TOKEN": token, "HUBDEX_HOME": str(home), "HUBDEX_UPSTREAM": url,
        "HUBDEX_RETRY_BASE_SECONDS": "0.01",
    }  # fmt: skip
    moments = {"moments": [NOW], **fates}
    return forks.run("crawler", *command, "--json", environment=environment, **moments)  # type: ignore[arg-type]


def report(ended: Done, code: int = 0) -> dict[str, object]:
    assert ended.code == code, ended.err
    said: dict[str, object] = orjson.loads(ended.out)
    return said


def opened(home: Path) -> Catalog:
    return Catalog(f"sqlite:///{home / 'catalog.db'}", read_only=True)


def model(home: Path, repo_id: str) -> StoredModel:
    with opened(home) as catalog:
        return catalog.find(repo_id)


def asked(hub: FakeHub) -> list[str]:
    """Whose trees were asked for, in their order."""
    paths = [one.path.removeprefix("/api/models/") for one in hub.requests if TREES in one.path]
    return [path.partition(TREES)[0] for path in paths]


def test_sizes_and_hashes_arrive_and_become_changes(
    crawl: Callable[..., Done], tmp_path: Path, source: ListSource, hub: FakeHub
) -> None:
    with opened(tmp_path) as catalog:
        before = catalog.state().serial

    told = report(crawl("files"))

    assert (told["finished"], told["trees"], told["hidden"], told["missed"]) == (True, QUANTS + 1, 0, 0)
    assert told["set_aside"] == 0
    quants = [f"acme/gale-{number}-GGUF" for number in range(QUANTS)]
    assert sorted(asked(hub)) == sorted([*quants, "acme/Gale-7B"])
    with opened(tmp_path) as catalog:
        for number in range(QUANTS):
            row = source.find(f"acme/gale-{number}-GGUF")
            assert row is not None
            found = catalog.find(str(row["id"]))
            assert found.tree == tree_of(number, row)
            assert found.gguf == GgufFacts(8_030_261_248, "llama", 131_072)
        changed = {
            change.model.record.repo_id
            for page in catalog.changes_since(before)
            for change in page
            if change.model is not None
        }
        assert changed == {*quants, "acme/Gale-7B"}
        assert len(catalog.holders("f" * 64)) == QUANTS
        [holder] = catalog.holders(f"{7:064x}")
        assert (holder.repo_id, holder.is_current) == ("acme/gale-7-GGUF", True)
        assert catalog.trees_due(9) == []
        marks = {mark.name: mark for mark in catalog.checkpoints()}
    assert marks["gguf"].finished_at is not None
    assert (marks["trees"].rows, marks["trees"].is_under_way) == (QUANTS + 1, False)


def test_what_is_known_is_not_asked_for_again_and_a_new_commit_is(
    crawl: Callable[..., Done], tmp_path: Path, source: ListSource, hub: FakeHub
) -> None:
    report(crawl("files"))
    hub.forget()
    assert report(crawl("files"))["requests"] == 1
    assert asked(hub) == []

    row = quant(3, sha="9" * 40, lastModified="2026-11-21T11:00:00.000Z", gguf={"total": 7})
    source.change("acme/gale-3-GGUF", **row)
    told = report(crawl("files"))  # its own look at the listing is enough

    assert (told["changed"], asked(hub)) == (1, ["acme/gale-3-GGUF"])
    found = model(tmp_path, "acme/gale-3-GGUF")
    assert found.tree == tree_of(3, row)
    assert found.gguf == GgufFacts(7)
    source.change("acme/gale-3-GGUF", likes=5)
    report(crawl("full"))
    assert model(tmp_path, "acme/gale-3-GGUF").gguf == GgufFacts(7)


@pytest.mark.parametrize("token", ["", TOKEN])
def test_renamed_gated_gone_and_disabled_models(
    forks: Forks, tmp_path: Path, source: ListSource, token: str
) -> None:
    def happen(request: int) -> None:
        if request != 2:  # behind the listing, before any of these is asked for
            return
        source.rename("acme/gale-1-GGUF", "storm/gale")
        source.change("acme/gale-2-GGUF", gated="manual")
        source.delete("acme/gale-3-GGUF")
        source.change("acme/gale-4-GGUF", private=True)
        source.change("acme/gale-5-GGUF", disabled=True)
        source.change("acme/gale-6-GGUF", sha="6" * 40)

    with FakeHub(source, token=TOKEN, on_request=happen) as hub:
        told = report(fork(forks, tmp_path, hub.url, "files", token=token))

    assert (told["trees"], told["hidden"], told["missed"]) == (QUANTS - 4, 3, 1)
    with opened(tmp_path) as catalog:
        trees = {number: catalog.find(f"acme/gale-{number}-GGUF").tree for number in range(1, 7)}
        assert [due.repo_id for due in catalog.trees_due(9)] == ["acme/gale-6-GGUF"]
    for number in (1, 2):
        row = source.find("storm/gale" if number == 1 else "acme/gale-2-GGUF")
        assert row is not None
        assert trees[number] == tree_of(number, row)
    for number in (3, 4, 5):
        hidden = trees[number]
        assert hidden is not None
        assert hidden.files is None
    assert trees[6] is None


def test_a_tree_is_read_to_its_last_page_however_large_pages_are(
    forks: Forks, tmp_path: Path, source: ListSource
) -> None:
    many = [{"rfilename": f"part-{number:03}.gguf", "size": number} for number in range(100)]
    source.change("acme/gale-3-GGUF", siblings=many)
    with FakeHub(source, quota=100_000, tree_entries=7) as hub:
        report(fork(forks, tmp_path, hub.url, "files"))
        hub_asked = Counter(asked(hub))

    tree = model(tmp_path, "acme/gale-3-GGUF").tree
    assert tree is not None
    assert [(file.path, file.bytes) for file in tree.files or ()] == [
        (one["rfilename"], one["size"]) for one in many
    ]
    assert hub_asked["acme/gale-3-GGUF"] == 15


def test_a_budget_is_kept_and_the_next_run_goes_on(
    crawl: Callable[..., Done], tmp_path: Path, hub: FakeHub
) -> None:
    hub.script([Fault.short(5)] * 3)  # three pages of the listing
    runs = [report(crawl("files", "--budget", "2"))]
    while not runs[-1]["finished"]:
        runs.append(report(crawl("files", "--budget", "5")))

    assert runs[0]["next"] == "gguf"
    assert [run["requests"] for run in runs[:-1]] == [2, *[5] * (len(runs) - 2)]
    assert Counter(asked(hub)) == Counter({*asked(hub)})
    assert sum(int(str(run["trees"])) for run in runs) == QUANTS + 1
    with opened(tmp_path) as catalog:
        assert catalog.trees_due(9) == []


def tree_faults() -> list[Fault]:
    return [
        Fault.answer(500, route="tree"), Fault.answer(502, rate_headers=False, route="tree"),
        Fault.answer(504, route="tree"), Fault.answer(429, retry_after=1, route="tree"),
        Fault.drop(route="tree"), Fault.reset(route="tree"), Fault.reset(midway=True, route="tree"),
        Fault.truncate(route="tree"), Fault.garbage(route="tree"),
        Fault.garbage(b'{"error":"x"}', "application/json", route="tree"), Fault.redirect(route="tree"),
    ]  # fmt: skip


def test_whatever_goes_wrong_every_tree_ends_whole(forks: Forks, tmp_path: Path, source: ListSource) -> None:
    faults = tree_faults()
    with FakeHub(source, quota=100_000, tree_entries=2, faults=faults) as hub:
        told = report(fork(forks, tmp_path, hub.url, "files"))
        assert hub.faults_left == 0

    assert (told["trees"], told["missed"]) == (QUANTS, 0)
    for number in range(QUANTS):
        row = source.find(f"acme/gale-{number}-GGUF")
        assert row is not None
        assert model(tmp_path, str(row["id"])).tree == tree_of(number, row)


def test_one_tree_that_cannot_be_had_is_left_and_the_others_are_read(
    crawl: Callable[..., Done], tmp_path: Path, source: ListSource, hub: FakeHub
) -> None:
    hub.script([Fault.says(403, b"not today", route="tree"), Fault.says(400, b"what?", route="tree", at=2)])
    odd = [{"type": "file", "path": "a.gguf", "size": 1}, {"type": "file", "path": "b.gguf", "size": "large"}]
    source.change("acme/gale-2-GGUF", tree=odd)

    told = report(crawl("files"))

    assert (told["trees"], told["missed"], told["hidden"], told["set_aside"]) == (QUANTS - 2, 2, 1, 1)
    with opened(tmp_path) as catalog:
        assert len(catalog.trees_due(9)) == 2
        [aside] = catalog.set_aside()
    assert (aside.row_id, aside.pass_name) == ("acme/gale-2-GGUF", "trees")
    assert aside.reason == "files: its size is no number of bytes"
    assert report(crawl("files"))["trees"] == 2


def test_a_hub_that_gives_no_tree_is_tried_later(
    crawl: Callable[..., Done], tmp_path: Path, hub: FakeHub
) -> None:
    hub.script([Fault.says(403, b"no", route="tree", at=number) for number in range(4, 100)])

    ended = crawl("files")

    assert ended.code == 75
    assert "would not give the files of 5 models in a row" in ended.err
    with opened(tmp_path) as catalog:
        assert len(catalog.trees_due(99)) == QUANTS + 1 - 3  # those read before are stored


def test_a_refused_token_makes_no_model_gone(
    crawl: Callable[..., Done], tmp_path: Path, hub: FakeHub
) -> None:
    no_user = b'{"error":"Invalid username or password."}'
    hub.script([Fault.says(401, no_user, route="tree", at=number) for number in range(1, 9)])

    ended = crawl("files", token=TOKEN)

    assert ended.code == 2
    assert "refused the Hugging Face token" in ended.err
    assert TOKEN not in ended.out + ended.err
    with opened(tmp_path) as catalog:
        assert len(catalog.trees_due(99)) == QUANTS + 1


def held(home: Path) -> Dump:
    """Everything in a catalog but what the order of answers decides: serials, and counts of requests."""
    dump = dump_of(home / "catalog.db")
    dump["models"] = [(*one[:3], *one[5:]) for one in dump["models"]]
    dump["checkpoints"] = [(one[0], one[1], one[6] is None) for one in dump["checkpoints"]]
    dump["state"] = [one[3:] for one in dump["state"]]
    return dump


@pytest.mark.parametrize("kind", ["sql", "file"])
def test_killed_at_any_write_and_resumed_it_ends_as_if_undisturbed(
    forks: Forks, tmp_path: Path, hub: FakeHub, kind: str
) -> None:
    undisturbed = fork(forks, tmp_path / "whole", hub.url, "files")
    assert undisturbed.code == 0, undisturbed.err
    whole = held(tmp_path / "whole")
    writes = [what for one, what in undisturbed.writes if one == kind]

    for at in kills(writes):
        home = tmp_path / f"{kind}-{at}"
        killed = fork(forks, home, hub.url, "files", kill=(kind, at))
        assert killed.code == -signal.SIGKILL
        resumed = fork(forks, home, hub.url, "files")
        assert resumed.code == 0, resumed.err
        dump = held(home)
        assert [name for name in TABLES if dump[name] != whole[name]] == []


def kills(writes: Sequence[str]) -> list[int]:
    """Where to kill: where another kind of write begins, and not all of those."""
    firsts = [at for at, what in enumerate(writes, 1) if at == 1 or what != writes[at - 2]]
    return firsts[:: max(1, len(firsts) // 12)]


def test_it_leaves_a_share_of_every_window_to_others_and_is_never_throttled(tmp_path: Path) -> None:
    quota, window_seconds = 20, 2
    source, clock = (
        ListSource(quant(number % 28, id=f"acme/g-{number}") for number in range(30)),
        SinceTheFirst(),
    )
    hub = FakeHub(source, quota=quota, window_seconds=window_seconds, clock=clock, on_request=clock.begin)
    with hub:
        ended = Product(tmp_path, hub.url, {"HF_TOKEN": ""}).run("crawler", "files", "--json")

    assert ended.code == 0, ended.err
    assert (ended.json()["trees"], ended.json()["throttled"], hub.throttled) == (30, 0, 0)
    used = Counter(request.moment // window_seconds for request in hub.requests)
    # All that may be is spent on an idle machine, a little less on a busy one.
    assert 0.4 * quota <= max(used.values()) <= 0.6 * quota


def spent(source: ListSource) -> FakeHub:
    """A Hub of whose quota others spend so much that nothing is left for files, behind their first trees."""

    def spend(request: int) -> None:
        if request == 3:
            served.let_others_spend(9_765)

    served = FakeHub(source, quota=10_000, window_seconds=3_600, on_request=spend)
    return served


@contextmanager
def waiting(product: Product) -> Iterator["subprocess.Popen[str]"]:
    """A crawl of files that waits for quota."""
    with product.running("crawler", "files", "--json") as files:
        assert files.stderr is not None
        assert any("quota spent wait_seconds=" in line for line in files.stderr)
        yield files


def test_it_gives_way_even_while_it_waits_for_quota(tmp_path: Path, source: ListSource) -> None:
    hub = spent(source)
    with hub:
        product = Product(tmp_path, hub.url, {"HF_TOKEN": ""})
        with waiting(product) as files:
            recent = product.run("crawler", "recent")
            said, _ = files.communicate(timeout=60)

    assert recent.code == 0, recent.err
    assert files.returncode == 75
    assert '"given_way_to":"recent"' in said
    assert hub.throttled == 0
    with opened(tmp_path) as catalog:
        assert 0 < len(catalog.trees_due(99)) < QUANTS  # what was read is stored


def test_told_to_stop_it_stores_what_it_has_read(tmp_path: Path, source: ListSource) -> None:
    hub = spent(source)
    with hub:
        with waiting(Product(tmp_path, hub.url, {"HF_TOKEN": ""})) as files:
            files.send_signal(signal.SIGINT)
            assert files.wait(30) == 130
        read = len(asked(hub))

    with opened(tmp_path) as catalog:
        assert len(catalog.trees_due(99)) == QUANTS - read

"""A Hub on which everything goes wrong that can: what is stored in the end is what it holds."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from urllib.parse import unquote

import pytest

from indexer.catalog.store import Catalog
from indexer.errors import ModelNotFound
from tests.fakes.hub import FakeHub, Fault, GeneratedSource, ListSource, Row, make_row
from tests.journeys.comparing import assert_same, causes, held, public, set_aside
from tests.journeys.running import Ended, Product

GATEWAY_ROWS = 300
"""More than so many rows a page take the gateway too long: pages end up at 250."""

_KEYS = (f"{number:024x}" for number in count(1))
_HALF = "\ud800"


def odd(**fields: object) -> Row:
    """A row that is right but for these fields; it names no moment, so that it stands at no wrong place."""
    key = next(_KEYS)
    row = make_row(id=f"odd/row-{int(key, 16)}", _id=key)
    return {field: row[field] for field in row if field not in {"createdAt", "lastModified"}} | fields


def malformed_rows() -> list[object]:
    texts = [
        odd(sha="f" * 300),
        odd(library_name=_HALF),
        odd(pipeline_tag=["text"]),
        odd(id="odd/" + "a" * 9_000),
    ]
    counts = [odd(likes=-1), odd(downloads=True), odd(downloadsAllTime=2**63), odd(downloads=10**30)]
    scores = [odd(trendingScore="high"), odd(trendingScore=float("nan")), odd(trendingScore=float("inf"))]
    lists = [
        odd(tags="gguf"),
        odd(tags=[_HALF]),
        odd(tags=[1]),
        odd(siblings="all"),
        odd(siblings=[{"a": 1}]),
    ]
    lists += [odd(siblings=[{"rfilename": _HALF}]), odd(safetensors=[1]), odd(safetensors={"total": "many"})]
    flags = [odd(gated="maybe"), odd(disabled="no"), odd(private="yes"), odd(private=1)]
    moments = [odd(createdAt="yesterday"), odd(lastModified=5), odd(createdAt="2026-13-01T00:00:00Z")]
    names = [odd(id=name) for name in (f"odd/{_HALF}", "odd/../up", 3, "odd/a/b", "", "odd/\x00", None)]
    keys = [odd(_id=key) for key in ("xyz", None, 7, "A" * 24, f"{_HALF:0>24}")]
    return [None, 5, "odd", [], {}, *texts, *counts, *scores, *lists, *flags, *moments, *names, *keys]


def listing_faults(rows: list[object]) -> list[Fault]:
    """Everything that can go wrong with a page, spread over a crawl."""
    half = len(rows) // 2
    faults = [
        Fault.answer(500), Fault.answer(502, rate_headers=False), Fault.answer(503, retry_after=1),
        Fault.answer(504), Fault.answer(429), Fault.answer(429, retry_after=1),
        Fault.answer(429, rate_headers=False), Fault.drop(), Fault.reset(), Fault.reset(midway=True),
        Fault.truncate(), Fault.slow(0.3), replace(Fault.slow(0.01), rate_headers=False), Fault.garbage(),
        Fault.garbage(b"{}", "application/json"), Fault.garbage(b"null", "application/json"),
        Fault.garbage(b""), Fault.short(3), Fault.empty(), Fault.redirect(), Fault.rows(rows[:half]),
        Fault.rows([odd(private=True), *rows[half:]]),
    ]  # fmt: skip
    return [replace(fault, at=5 + 3 * number) for number, fault in enumerate(faults)]


def model_faults() -> list[Fault]:
    """Everything that can go wrong with the question whether one model is there."""
    faults = [
        Fault.answer(500, route="model"), Fault.answer(503, route="model"), Fault.answer(429, route="model"),
        Fault.answer(429, retry_after=1, route="model"), Fault.drop(route="model"),
        Fault.reset(route="model"), Fault.reset(midway=True, route="model"), Fault.truncate(route="model"),
        Fault.garbage(route="model"), Fault.garbage(b"{}", "application/json", route="model"),
        Fault.redirect(route="model"), Fault.slow(0.2, route="model"),
    ]  # fmt: skip
    return [replace(fault, at=1 + 2 * number) for number, fault in enumerate(faults)]


class Happenings:
    """Lets something happen to a Hub as a whole at the n-th request."""

    def __init__(self) -> None:
        self.at: dict[int, Callable[[], None]] = {}

    def __call__(self, request: int) -> None:
        self.at.pop(request, lambda: None)()


@pytest.fixture
def source() -> ListSource:
    return ListSource(GeneratedSource(6_000).rows())


@pytest.fixture
def hub(source: ListSource) -> Iterator[FakeHub]:
    with FakeHub(source, rate_headers="none") as running:
        yield running


def crawl(home: Path, hub: FakeHub, *arguments: str) -> Ended:
    settings = {"HF_TOKEN": "", "HUBDEX_RETRY_BASE_SECONDS": "0.002"}
    return Product(home, hub.url, settings).run("crawler", *arguments, "--json")


def opened(home: Path) -> Catalog:
    return Catalog(f"sqlite:///{home / 'catalog.db'}", read_only=True)


def statuses(hub: FakeHub) -> Counter[int]:
    return Counter(request.status for request in hub.requests)


def seconds_until_asked_again(hub: FakeHub, status: int) -> float:
    requests = hub.requests
    at = next(number for number, one in enumerate(requests) if one.status == status and one.path)
    again = next(one for one in requests[at + 1 :] if one.params == requests[at].params)
    return again.moment - requests[at].moment


def test_whatever_goes_wrong_the_catalog_ends_as_the_hub_is(tmp_path: Path) -> None:
    source = ListSource(GeneratedSource(9_000).rows())
    rows, happenings = malformed_rows(), Happenings()
    hub = FakeHub(
        source, quota=1_000, window_seconds=2, gateway_limit=GATEWAY_ROWS, lower_case_headers=True,
        on_request=happenings, faults=listing_faults(rows),
    )  # fmt: skip
    happenings.at = {
        16: hub.expire_cursors,
        30: lambda: hub.refuse_expand("author"),
        44: lambda: hub.let_others_spend(1_000),
    }

    with hub:
        ended = crawl(tmp_path, hub, "full")

    assert ended.code == 0, ended.err
    assert hub.faults_left == len(happenings.at) == 0
    assert statuses(hub).keys() == {0, 200, 307, 400, 429, 500, 502, 503, 504}
    assert ended.json()["throttled"] == hub.throttled >= 4
    assert seconds_until_asked_again(hub, 503) >= 1
    assert "fields refused by the hub names=author" in ended.err
    assert "Traceback" not in ended.err
    with opened(tmp_path) as catalog:
        assert_same(catalog, source)
        assert set_aside(catalog) == causes(rows)
        assert catalog.state().removed == 0


@dataclass(frozen=True)
class Changes:
    """What has become of some models; each by the id it had."""

    renamed: dict[str, str]
    succeeded: dict[str, str]
    gone: frozenset[str]
    taken: frozenset[str]


def change(source: ListSource) -> Changes:
    ids = [str(row["id"]) for row in source.rows()]
    for number, repo_id in enumerate(ids[5_000:5_040]):
        source.change(repo_id, disabled=True, gated=("auto", "manual", False)[number % 3])
        source.change(ids[5_100 + number], downloads=10**9 + number, likes=number, trendingScore=number / 4)
        source.change(
            ids[5_200 + number], sha=f"{number:040x}", siblings=[{"rfilename": "new.gguf"}], tags=[]
        )
    gone = ids[2_000:2_070]
    for repo_id in gone[:40]:
        source.delete(repo_id)
    for repo_id in gone[40:]:
        source.change(repo_id, private=True)
    renamed = {old: f"moved/to-{number}" for number, old in enumerate(ids[10:200:10])}
    succeeded = {old: f"moved/away-{number}" for number, old in enumerate(ids[1_501:5_501:1_000])}
    taken = ids[3_000:3_005]
    for old, new in (renamed | succeeded).items():
        source.rename(old, new)
    for repo_id in taken:
        source.delete(repo_id)
    for repo_id in (*taken, *succeeded):
        source.add(make_row(id=repo_id))
    return Changes(renamed, succeeded, frozenset(gone), frozenset(taken))


def asked_by_name(hub: FakeHub) -> set[str]:
    prefix = "/api/models/"
    return {unquote(one.path[len(prefix) :]) for one in hub.requests if one.path.startswith(prefix)}


def test_after_renames_and_removals_a_troubled_pass_ends_as_the_hub_is(
    tmp_path: Path, hub: FakeHub, source: ListSource
) -> None:
    assert crawl(tmp_path, hub, "full").code == 0
    changes = change(source)
    troubles = [
        Fault.answer(500),
        Fault.drop(),
        Fault.garbage(),
        Fault.truncate(),
        Fault.empty(),
        Fault.short(9),
    ]
    hub.script([*troubles, *model_faults()])
    hub.forget()

    ended = crawl(tmp_path, hub, "full")

    assert ended.code == 0, ended.err
    assert hub.faults_left == 0
    assert asked_by_name(hub) == changes.gone
    assert (ended.json()["suspects"], ended.json()["unclear"]) == (len(changes.gone), 0)
    with opened(tmp_path) as catalog:
        assert_same(catalog, source)
        assert removals(catalog) == catalog.state().removed == len(changes.gone | changes.taken)
        for old, new in changes.renamed.items():
            assert catalog.find(old).record.repo_id == new
        for repo_id in changes.taken | changes.succeeded.keys():
            assert catalog.find(repo_id).record.repo_id == repo_id
        for repo_id in changes.gone:
            with pytest.raises(ModelNotFound):
                catalog.find(repo_id)


def removals(catalog: Catalog) -> int:
    return sum(one.model is None for page in catalog.changes_since(0) for one in page)


def test_a_page_that_keeps_failing_ends_the_pass_and_the_next_goes_on_from_there(
    tmp_path: Path, hub: FakeHub, source: ListSource
) -> None:
    hub.script([Fault.answer(500, at=at) for at in range(5, 40)])

    broken = crawl(tmp_path, hub, "full")

    assert broken.code == 75
    assert "failed 8 times in a row (it answered 500); what was read before is stored" in broken.err
    assert "Traceback" not in broken.err
    with opened(tmp_path) as catalog:
        ours, theirs, marks = held(catalog), public(source), catalog.checkpoints()
    assert ours == {key: theirs[key] for key in ours}
    assert [mark.rows for mark in marks if mark.name == "full"] == [len(ours)] == [4_000]
    assert {mark.name for mark in marks if mark.is_under_way} == {"full", "full/up", "full/down"}
    answered = {one.params for one in hub.requests if one.status == 200}
    hub.heal()
    hub.forget()
    ended = crawl(tmp_path, hub, "full")
    assert ended.code == 0, ended.err
    assert answered.isdisjoint(one.params for one in hub.requests)
    with opened(tmp_path) as catalog:
        assert_same(catalog, source)

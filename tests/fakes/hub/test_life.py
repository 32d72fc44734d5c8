from datetime import UTC, datetime, timedelta

import pytest

from tests.fakes.hub import HAPPENINGS, FakeHub, Happening, Life, ListSource, make_row
from tests.fakes.hub.asking import ask, model_of, walk

BEGINNING = datetime(2026, 11, 1, tzinfo=UTC)


class Days:
    """A clock by which a second passes whenever somebody looks."""

    def __init__(self) -> None:
        self.now = BEGINNING

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1, milliseconds=7)
        return self.now


def models(count: int) -> ListSource:
    return ListSource(make_row(id=f"o/m{number}") for number in range(count))


def listed(hub: FakeHub) -> set[tuple[str, str]]:
    rows = walk(hub, "/api/models?sort=createdAt&direction=1&limit=5")
    return {(str(row["_id"]), str(row["id"])) for row in rows}


def test_the_ledger_says_what_is_there_in_the_end() -> None:
    source = models(40)
    life = Life(source, Days(), seed=5)
    with FakeHub(source, on_request=life) as hub:
        while len(life.changes) < 120:
            listed(hub)
    with FakeHub(source) as hub:
        assert listed(hub) == life.alive
        assert not {key for key, _ in life.alive} & (life.deleted | life.keys("hide"))
        alive = {repo_id: key for key, repo_id in life.alive}
        told = set()
        for old, _ in life.renamed:
            reply = ask(hub, f"/api/models/{old}")
            told.add(reply.status)
            if reply.status == 200:
                assert model_of(reply)["_id"] == alive[old]
            else:
                assert old not in alive
            if reply.status == 307:
                assert reply.headers["Location"].removeprefix("/api/models/") in alive
        assert told == {200, 307, 401}


def test_each_kind_comes_once_before_any_comes_again() -> None:
    source = models(40)
    life = Life(source, Days(), seed=2)
    for number in range(1, len(HAPPENINGS) + 1):
        life(number)
    lived = sorted(change.kind for change in life.changes)
    assert lived == sorted([*(kind for kind in HAPPENINGS if kind != "succeed"), "rename", "create"])
    assert len(life.renamed) == len(life.keys("create")) == 2


@pytest.mark.parametrize("kind", HAPPENINGS)
def test_one_kind_alone_can_be_lived(kind: Happening) -> None:
    source = models(3)
    life = Life(source, Days(), kinds=[kind])
    before = {str(row["_id"]): row for row in source.rows()}
    with FakeHub(source, on_request=life) as hub:
        after = {str(row["_id"]): row for row in walk(hub, "/api/models?full=true")}
    changed = {
        key for key in before if before[key] != next((r for r in source.rows() if r["_id"] == key), {})
    }
    assert len(changed) == (kind != "create")
    touched = life.changes[0].key
    match kind:
        case "create" | "succeed":
            born = after[life.changes[-1].key]
            assert born["createdAt"] == born["lastModified"] == "2026-11-01T00:00:01.007Z"
            assert len(after) == 4
        case "push":
            assert after[touched]["lastModified"] == "2026-11-01T00:00:01.007Z"
            assert after[touched]["sha"] != before[touched]["sha"]
            assert str(after[touched]["siblings"]).count(".safetensors") == 2
        case "delete" | "hide":
            assert touched not in after
        case _:
            assert after[touched]["lastModified"] == before[touched]["lastModified"]


def test_a_gated_or_disabled_model_still_answers() -> None:
    source = models(1)
    life = Life(source, Days(), kinds=["gate", "disable"])
    with FakeHub(source, on_request=life) as hub:
        ask(hub, "/api/models/o/m0")
        reply = ask(hub, "/api/models/o/m0?expand[]=gated&expand[]=disabled&expand[]=xetEnabled")
    row = model_of(reply)
    assert reply.status == 200
    assert set(row) == {"_id", "id", "gated", "disabled"}
    assert row["gated"] in {"auto", "manual"}
    assert row["disabled"] is True


def test_the_same_seed_lives_the_same_life() -> None:
    lives = [Life(models(20), Days(), seed=seed, every=3) for seed in (1, 1, 2)]
    for life in lives:
        for number in range(1, 100):
            life(number)
    first, same, other = [life.changes for life in lives]
    assert first == same != other
    assert lives[0].alive == lives[1].alive
    assert {change.request for change in first} == set(range(3, 100, 3))


def test_a_hub_that_has_died_out_is_born_again() -> None:
    source = models(2)
    life = Life(source, Days(), kinds=["delete"])
    for number in range(1, 5):
        life(number)
    assert [change.kind for change in life.changes] == ["delete", "delete", "create", "delete"]
    assert life.alive == set()

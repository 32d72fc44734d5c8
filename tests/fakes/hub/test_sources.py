import os
from datetime import UTC, datetime
from itertools import islice, pairwise
from pathlib import Path
from typing import get_args

import pytest

from tests.fakes.hub import FakeHub, GeneratedSource, Life, ListSource, Order, Position, ReplaySource, Row
from tests.fakes.hub.asking import ask, walk
from tests.fakes.hub.names import ALL_BASES, FLAGSHIPS, OLD_IDS
from tests.fakes.hub.replay import replayed
from tests.fakes.hub.source import SortKey, in_order, sort_value

ORDERS = [Order(key, descending) for key in get_args(SortKey) for descending in (True, False)]
MILLIONS = 3_100_000


def tags_of(row: Row) -> list[str]:
    tags = row["tags"]
    assert isinstance(tags, list)
    return tags


@pytest.mark.parametrize("order", ORDERS, ids=str)
@pytest.mark.parametrize("count", [1, 40, 700, 4_500])
def test_generated_orders_agree_with_a_sort(count: int, order: Order) -> None:
    source = GeneratedSource(count, seed=count)
    wanted = [str(row["_id"]) for row in in_order(source.rows(), order)]
    assert [str(row["_id"]) for row in source.after(order, None)] == wanted


@pytest.mark.parametrize("order", ORDERS, ids=str)
def test_a_generated_walk_resumes_anywhere(order: Order) -> None:
    source = GeneratedSource(3_000, seed=3)
    rows = in_order(source.rows(), order)
    for place in (0, 1, 17, 64, 200, 1_500, 2_998, 2_999):
        position = Position(sort_value(rows[place], order.key), str(rows[place]["_id"]))
        resumed = [row["id"] for row in islice(source.after(order, position), 40)]
        assert resumed == [row["id"] for row in rows[place + 1 : place + 41]]


@pytest.mark.parametrize("order", ORDERS, ids=str)
def test_pages_over_http_show_every_generated_model_once(order: Order) -> None:
    direction = -1 if order.descending else 1
    with FakeHub(GeneratedSource(2_345, seed=9)) as hub:
        target = f"/api/models?sort={order.key}&direction={direction}&limit=300&expand[]={order.key}"
        seen = walk(hub, target)
    assert len({str(row["id"]) for row in seen}) == len(seen) == 2_345


def test_the_same_seed_makes_the_same_models() -> None:
    first, again, other = GeneratedSource(5_000, 1), GeneratedSource(5_000, 1), GeneratedSource(5_000, 2)
    assert list(first.rows()) == list(again.rows())
    assert first.row(4_321) == again.row(4_321)
    assert [first.repo_id(i) for i in range(99)] != [other.repo_id(i) for i in range(99)]


def test_generated_ids_are_unique_and_ascend() -> None:
    source = GeneratedSource(200_000, seed=4)
    assert len({source.repo_id(i).casefold() for i in range(len(source))}) == len(source)
    object_ids = [str(source.row(i)["_id"]) for i in range(0, len(source), 7)]
    assert all(earlier < later for earlier, later in pairwise(object_ids))


def test_ids_stay_unique_where_the_hub_is_large() -> None:
    source = GeneratedSource(MILLIONS, seed=4)
    sample = [*range(60_000), *range(1_500_000, 1_560_000), *range(MILLIONS - 60_000, MILLIONS)]
    assert len({source.repo_id(i).casefold() for i in sample}) == len(sample)


def test_an_object_id_starts_with_the_second_of_creation() -> None:
    source = GeneratedSource(1_000)
    first = source.row(0)
    assert first["createdAt"] == "2022-03-02T23:29:04.000Z"
    assert str(first["_id"])[:8] == "621ffdc0"
    assert all(str(row["lastModified"]) >= str(row["createdAt"]) for row in source.rows())


def test_the_legacy_second_holds_its_share() -> None:
    source = GeneratedSource(100_000)
    rows = list(islice(source.after(Order("createdAt", descending=False), None), 2_000))
    assert sum(row["createdAt"] == "2022-03-02T23:29:04.000Z" for row in rows) == 955


@pytest.mark.parametrize("count", [500, 20_000, MILLIONS])
def test_the_flagships_lead_whatever_the_count(count: int) -> None:
    top = islice(GeneratedSource(count, seed=5).after(Order("downloads"), None), len(FLAGSHIPS))
    rows = list(top)
    assert [row["id"] for row in rows] == list(FLAGSHIPS)
    assert rows[0]["downloadsAllTime"] == pytest.approx(3.9e9, rel=0.01)
    assert len(FLAGSHIPS) > 100
    assert {base.id for base in ALL_BASES} <= set(FLAGSHIPS)


def test_generated_models_are_found_by_id_and_by_case() -> None:
    source = GeneratedSource(MILLIONS, seed=6)
    for i in range(0, MILLIONS, 99_991):
        row = source.row(i)
        repo_id = str(row["id"])
        assert source.find(repo_id) == row
        assert source.resolve(repo_id.upper()) == repo_id
    for missing in ("nobody/nothing", "nothing", "mila_costa/nothing", "Qwen/nothing"):
        assert source.find(missing) is None
        assert source.resolve(missing) is None


@pytest.mark.parametrize("count", [1, 7, 300, 600, 2_345])
def test_every_generated_model_is_found(count: int) -> None:
    source = GeneratedSource(count, seed=count)
    assert all(source.find(str(row["id"])) == row for row in source.rows())


def test_flagships_are_nobodys_children_and_quantizations_have_parents() -> None:
    source = GeneratedSource(600)
    base, quants = source.find("Qwen/Qwen3-8B"), source.find("TheBloke/CodeLlama-7B-GGUF")
    assert base is not None
    assert quants is not None
    assert not any(str(tag).startswith("base_model:") for tag in tags_of(base))
    assert "base_model:quantized:meta-llama/Llama-2-7b-chat-hf" in tags_of(quants)
    assert "gguf" in quants
    known = set(FLAGSHIPS)
    for row in source.rows():
        parents = [tag.rpartition(":")[2] for tag in tags_of(row) if tag.startswith("base_model:")]
        assert known.issuperset(parents)
        assert row["id"] not in parents


def test_old_names_of_generated_models_redirect() -> None:
    with FakeHub(GeneratedSource(600)) as hub:
        for old, new in OLD_IDS.items():
            assert ask(hub, f"/api/models/{old}").headers["Location"] == f"/api/models/{new}"


def test_generated_rows_are_of_the_hubs_kinds() -> None:
    rows = list(GeneratedSource(50_000, seed=8).rows())
    assert {row["gated"] for row in rows} == {False, "auto", "manual"}
    assert all(isinstance(row["downloads"], int) for row in rows)
    assert all(value is not None for row in rows for value in row.values())
    names = [str(row["id"]) for row in rows]
    for sign in ("-GGUF", "-i1-GGUF", "Gensyn-Swarm-", "ppo-LunarLander-v2", "-lora", "_-_"):
        assert any(sign in name for name in names), sign
    assert any("/" not in name for name in names)
    untasked = sum("pipeline_tag" not in row for row in rows) / len(rows)
    assert 0.3 < untasked < 0.75


def test_a_generated_hub_can_be_taken_into_a_list_and_changed() -> None:
    source = ListSource(GeneratedSource(300).rows())
    source.change("openai-community/gpt2", downloads=10**9)
    assert next(source.after(Order("downloads"), None))["id"] == "openai-community/gpt2"


def test_a_recorded_row_takes_the_hubs_form() -> None:
    row = replayed(
        {
            "id": "acme/Gale", "author": None, "createdAt": "2024-05-10T08:47:21+02:00", "gated": True,
            "params": 7, "license": "mit", "trending": 3, "tags": ["gguf"], "as_of": "2026-08-22",
        }
    )  # fmt: skip
    object_id = str(row.pop("_id"))
    assert len(object_id) == 24
    assert object_id[:8] == f"{1_715_323_641:08x}"
    assert row == {
        "id": "acme/Gale", "createdAt": "2024-05-10T06:47:21.000Z", "gated": "auto", "trendingScore": 3,
        "safetensors": {"parameters": {"BF16": 7}, "total": 7}, "tags": ["gguf", "license:mit"],
    }  # fmt: skip
    assert str(replayed({"id": "x"})["_id"])[:8] == "621ffdc0"


@pytest.mark.real_data
@pytest.mark.skipif("HUBDEX_TEST_DATA" not in os.environ, reason="HUBDEX_TEST_DATA names no recording")
def test_a_recording_is_replayed_whole() -> None:
    source = ReplaySource(Path(os.environ["HUBDEX_TEST_DATA"]))
    public = {str(row["id"]) for row in source.rows() if not row.get("private")}
    assert len(public) > 100_000
    with FakeHub(source, quota=5_000) as hub:
        for order in ("createdAt&direction=1", "downloads"):
            seen = [str(row["id"]) for row in walk(hub, f"/api/models?sort={order}&expand[]=downloads")]
            assert len(seen) == len(public)
            assert set(seen) == public
        ownerless = next(repo_id for repo_id in public if "/" not in repo_id)
        assert ask(hub, f"/api/models/{ownerless}").status == 200


@pytest.mark.parametrize("order", ORDERS, ids=str)
@pytest.mark.parametrize("changes", [1, 30, 1_500])
def test_orders_follow_a_list_that_lives(order: Order, changes: int) -> None:
    source = ListSource(GeneratedSource(60, seed=6).rows())
    life = Life(source, lambda: datetime(2026, 11, 1, tzinfo=UTC), seed=changes)
    walked = source.after(order, None)
    before = in_order(source.rows(), order)

    for turn in range(2):
        for number in range(changes):
            life(number)
        repo_id = str(source.rows()[turn]["id"])
        source.change(repo_id, lastModified=None, likes=None)

        wanted = [row["id"] for row in in_order(source.rows(), order)]
        assert [row["id"] for row in source.after(order, None)] == wanted
    assert list(walked) == before

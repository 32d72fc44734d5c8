import random
from itertools import islice
from typing import get_args

import pytest

from tests.fakes.hub import (
    ChangedSource,
    FakeHub,
    GeneratedSource,
    ListSource,
    Order,
    Position,
    Row,
    make_row,
)
from tests.fakes.hub.asking import ask, model_of, pages
from tests.fakes.hub.source import SortKey, in_order, sort_value

ORDERS = [Order(key, descending) for key in get_args(SortKey) for descending in (True, False)]
MILLIONS = 3_100_000
RECENT = 20_000


def changed_alike(count: int) -> tuple[ChangedSource, ListSource]:
    """The same changes made to a generated Hub and to its models in a list."""
    base, chance = GeneratedSource(count, seed=count), random.Random(count)
    over, held = ChangedSource(base), ListSource(base.rows())
    chosen = [str(base.repo_id(i)) for i in chance.sample(range(count), count // 2)]
    for number, repo_id in enumerate(chosen):
        for source in (over, held):
            match number % 5:
                case 0:
                    source.change(
                        repo_id, lastModified=f"2026-09-{1 + number % 28:02}T08:00:00.125Z", likes=3
                    )
                case 1:
                    source.rename(repo_id, f"moved/{number}")
                case 2:
                    source.delete(repo_id)
                case 3:
                    source.change(repo_id, downloads=None, trendingScore=5)
                case 4:
                    created = f"202{3 + number % 5}-01-01T00:00:00.000Z"
                    source.add(make_row(id=f"new/{number}", createdAt=created, downloads=number % 9))
    return over, held


@pytest.mark.parametrize("order", ORDERS, ids=str)
def test_every_order_is_as_in_a_list(order: Order) -> None:
    over, held = changed_alike(600)
    wanted = in_order(held.rows(), order)
    assert list(over.after(order, None)) == wanted
    assert len(over) == len(held) == len(wanted)
    for place in range(0, len(wanted), 37):
        position = Position(sort_value(wanted[place], order.key), str(wanted[place]["_id"]))
        assert list(islice(over.after(order, position), 9)) == wanted[place + 1 : place + 10]


def test_models_are_found_and_resolved_as_in_a_list() -> None:
    over, held = changed_alike(300)
    base = GeneratedSource(300, seed=300)
    for repo_id in [
        *(base.repo_id(i) for i in range(300)),
        *(str(row["id"]) for row in held.rows()),
        "no/one",
    ]:
        assert over.find(repo_id) == held.find(repo_id)
        if over.find(repo_id) is None and held.resolve(repo_id) is not None:
            assert over.resolve(repo_id) == held.resolve(repo_id)


def test_old_names_and_wrong_case_lead_to_where_a_model_is_now() -> None:
    source = ChangedSource(GeneratedSource(600))
    source.rename("openai-community/gpt2", "somewhere/Gpt-2")
    source.delete("Qwen/Qwen3-8B")
    source.add(make_row(id="openai-community/gpt2", _id="6a0000000000000000000001"))
    with FakeHub(source) as hub:
        assert ask(hub, "/api/models/SOMEWHERE/gpt-2").headers["Location"] == "/api/models/somewhere/Gpt-2"
        assert model_of(ask(hub, "/api/models/openai-community/gpt2"))["_id"] == "6a0000000000000000000001"
        assert [ask(hub, f"/api/models/{name}").status for name in ("Qwen/Qwen3-8B", "qwen/qwen3-8b")] == [
            401,
            401,
        ]


def test_what_cannot_be_is_refused() -> None:
    source = ChangedSource(GeneratedSource(600))
    with pytest.raises(ValueError, match="there already"):
        source.add(make_row(id="Qwen/Qwen3-8B"))
    with pytest.raises(ValueError, match="there already"):
        source.rename("Qwen/Qwen3-8B", "openai-community/gpt2")
    source.delete("Qwen/Qwen3-8B")
    for repo_id in ("Qwen/Qwen3-8B", "no/one"):
        with pytest.raises(KeyError):
            source.change(repo_id, likes=1)


def test_a_row_can_be_updated_again() -> None:
    base = GeneratedSource(600)
    source = ChangedSource(base)
    for likes in (4, 5):
        source.update([base.row(7) | {"likes": likes}])
        assert source.find(base.repo_id(7)) == base.row(7) | {"likes": likes}
    assert len(source) == 600


class Counting(GeneratedSource):
    """Knows how many rows had to be computed."""

    computed = 0

    def row(self, i: int) -> Row:
        self.computed += 1
        return super().row(i)


def test_the_recent_changes_of_millions_come_first() -> None:
    base = Counting(MILLIONS, seed=2)
    source = ChangedSource(base)
    numbers = range(0, MILLIONS, MILLIONS // RECENT)[:RECENT]
    source.update(
        base.row(i)
        | {
            "sha": f"{k:040x}",
            "lastModified": f"2027-01-01T{k // 3600:02}:{k // 60 % 60:02}:{k % 60:02}.000Z",
        }
        for k, i in enumerate(numbers)
    )
    source.delete(base.repo_id(MILLIONS - 2))
    source.add(make_row(id="new/one", createdAt="2027-01-02T00:00:00.000Z"))
    with FakeHub(source) as hub:
        walked = pages(hub, "/api/models?sort=lastModified&expand[]=sha&expand[]=lastModified")
        base.computed = 0
        recent = [row for page in islice(walked, RECENT // 1_000) for row in page]
        assert base.computed <= 40
        assert [row["id"] for row in recent[:1]] == ["new/one"]
        assert [row["sha"] for row in recent[1:]] == [f"{k:040x}" for k in range(RECENT - 1, 0, -1)]
        rest = next(walked)
        assert rest[0]["sha"] == f"{0:040x}"
        assert str(rest[1]["lastModified"]) < "2027"
        newest = ask(hub, "/api/models?sort=createdAt&direction=-1&limit=3").rows
        assert [row["id"] for row in newest] == [
            "new/one",
            base.repo_id(MILLIONS - 1),
            base.repo_id(MILLIONS - 3),
        ]
        assert model_of(ask(hub, f"/api/models/{base.repo_id(numbers[9])}"))["sha"] == f"{9:040x}"
        assert len(source) == MILLIONS

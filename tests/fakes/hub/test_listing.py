import itertools
from collections.abc import Iterator
from typing import get_args
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.fakes.hub import FakeHub, ListSource, Order, Position, Row, make_row
from tests.fakes.hub.asking import ask, pages, walk
from tests.fakes.hub.cursor import CursorError, read_cursor, write_cursor
from tests.fakes.hub.listing import LIST_OPTIONS
from tests.fakes.hub.source import SortKey, comes_after, sort_value

ORDERS = [Order(key, descending) for key in get_args(SortKey) for descending in (True, False)]


def model(number: int) -> Row:
    created = f"2024-05-{1 + number // 7:02d}T06:47:21.000Z"
    return make_row(
        id=f"owner{number % 4}/Model-{number}",
        createdAt=created,
        downloads=number // 5 if number % 9 else None,
        likes=number % 3,
        lastModified=created.replace("2024", "2025"),
        trendingScore=number if number > 40 else 0,
    )


@pytest.fixture
def source() -> ListSource:
    return ListSource(model(number) for number in range(60))


@pytest.fixture
def hub(source: ListSource) -> Iterator[FakeHub]:
    with FakeHub(source) as running:
        yield running


@pytest.mark.parametrize("order", ORDERS, ids=str)
def test_every_order_shows_every_model_once_and_in_place(
    hub: FakeHub, source: ListSource, order: Order
) -> None:
    direction = -1 if order.descending else 1
    seen = walk(hub, f"/api/models?sort={order.key}&direction={direction}&limit=7&expand[]={order.key}")
    assert sorted(str(row["id"]) for row in seen) == sorted(str(row["id"]) for row in source.rows())
    for earlier, later in itertools.pairwise(seen):
        place = Position(sort_value(earlier, order.key), str(earlier["_id"]))
        assert comes_after(later, order, place)


def test_the_default_order_is_trending_from_the_top(hub: FakeHub) -> None:
    rows = ask(hub, "/api/models?limit=3").rows
    assert [row["trendingScore"] for row in rows] == [59, 58, 57]


def test_unknown_values_come_last_in_both_directions(hub: FakeHub) -> None:
    for direction in (-1, 1):
        seen = walk(hub, f"/api/models?sort=downloads&direction={direction}&limit=10")
        known = ["downloads" in row for row in seen]
        assert known == sorted(known, reverse=True)
        assert not all(known)


def test_the_link_is_absolute_and_repeats_every_parameter(hub: FakeHub) -> None:
    target = "/api/models?limit=5&sort=downloads&expand[]=downloads&expand[]=tags&author=owner1"
    first = ask(hub, target)
    assert first.next_url is not None
    assert first.next_url.startswith(f"{hub.url}/api/models?")
    sent, given = parse_qsl(urlsplit(target).query), parse_qsl(urlsplit(first.next_url).query)
    assert given[:-1] == sent
    assert given[-1][0] == "cursor"
    second = ask(hub, first.next_url)
    assert second.next_url is not None
    assert [name for name, _ in parse_qsl(urlsplit(second.next_url).query)].count("cursor") == 1


def test_the_last_page_has_no_link_even_when_it_is_full(hub: FakeHub) -> None:
    sizes = [len(page) for page in pages(hub, "/api/models?limit=20")]
    assert sizes == [20, 20, 20]


def test_the_cursor_is_a_keyset_filter() -> None:
    order, place = Order("downloads"), Position(5, "6290493547d5d4937a684576")
    assert read_cursor(write_cursor(order, place), order) == place
    for other in (Order("likes"), Order("downloads", descending=False)):
        with pytest.raises(CursorError):
            read_cursor(write_cursor(order, place), other)


@pytest.mark.parametrize("cursor", ["", "abc", "e30=", "bnVsbA==", "eyIkb3IiOltdfQ==", "W10="])
def test_a_malformed_cursor_is_refused(hub: FakeHub, cursor: str) -> None:
    assert ask(hub, f"/api/models?cursor={cursor}").status == 400


def test_a_row_whose_key_falls_is_seen_twice_and_one_that_rises_is_missed(
    hub: FakeHub, source: ListSource
) -> None:
    walked = pages(hub, "/api/models?sort=trendingScore&limit=5")
    seen = [str(row["id"]) for row in next(walked)]
    source.change(seen[0], trendingScore=30)
    source.change("owner1/Model-45", trendingScore=1_000)
    seen += [str(row["id"]) for page in walked for row in page]
    assert seen.count("owner3/Model-59") == 2
    assert "owner1/Model-45" not in seen


def test_a_deletion_never_shifts_a_page(hub: FakeHub, source: ListSource) -> None:
    walked = pages(hub, "/api/models?sort=createdAt&direction=1&limit=10")
    seen = [str(row["id"]) for row in next(walked)]
    source.delete(seen[-1])
    source.delete(seen[2])
    source.add(make_row(id="late/arrival", createdAt="2026-01-01T00:00:00.000Z"))
    seen += [str(row["id"]) for page in walked for row in page]
    assert len(seen) == len(set(seen)) == 61


def test_a_plain_row_has_the_plain_fields(hub: FakeHub) -> None:
    row = ask(hub, "/api/models?limit=1").rows[0]
    assert set(row) == {
        "_id", "id", "modelId", "likes", "trendingScore", "private", "downloads", "tags", "pipeline_tag",
        "library_name", "createdAt",
    }  # fmt: skip
    full = ask(hub, "/api/models?limit=1&full=true").rows[0]
    assert set(full) - set(row) == {"author", "sha", "lastModified", "gated", "disabled", "siblings"}


@pytest.mark.parametrize("spelling", ["expand", "expand[]", "expand%5B%5D"])
def test_expand_gives_exactly_what_was_asked(hub: FakeHub, spelling: str) -> None:
    row = ask(hub, f"/api/models?limit=1&{spelling}=tags&{spelling}=gguf&{spelling}=safetensors").rows[0]
    assert set(row) == {"_id", "id", "tags", "safetensors"}


def test_unknown_is_absent_and_files_have_names_only(hub: FakeHub, source: ListSource) -> None:
    files = [{"rfilename": "a.gguf", "size": 5}]
    source.add(
        make_row(id="bare/one", trendingScore=99, pipeline_tag=None, library_name=None, siblings=files)
    )
    row = ask(
        hub, "/api/models?limit=1&expand=pipeline_tag&expand=library_name&expand=siblings&expand=gated"
    ).rows[0]
    assert set(row) == {"_id", "id", "siblings", "gated"}
    assert row["siblings"] == [{"rfilename": "a.gguf"}]
    assert row["gated"] is False


def test_an_unknown_expand_names_the_valid_ones(hub: FakeHub) -> None:
    for name in ("nonsense", "cardData.license", "downloads,likes", "_id", "baseModels", "usedStorage"):
        refused = ask(hub, f"/api/models?expand[]=likes&expand[]={name}")
        assert refused.status == 400
        assert refused.error.startswith("✖ Invalid option: expected one of ")
        assert refused.error.count('"') == 2 * len(LIST_OPTIONS)


def test_the_disputed_expands_can_be_switched_on(source: ListSource) -> None:
    with FakeHub(source, takes_disputed_expand=True) as hub:
        assert ask(hub, "/api/models?expand[]=baseModels&expand[]=usedStorage").status == 200


@pytest.mark.parametrize(
    "query",
    [
        "sort=name", "sort=", "direction=up", "limit=0", "limit=-5", "limit=all", "full=maybe",
        "expand=likes&full=true", "expand=likes&cardData=true", "expand=likes&config=true", "skip=many",
        "skip=-1", "gated=auto", "num_parameters=7B", "num_parameters=min:many", "apps=ollama", "cursor=",
    ],
)  # fmt: skip
def test_a_bad_query_is_refused(hub: FakeHub, query: str) -> None:
    refused = ask(hub, f"/api/models?{query}")
    assert refused.status == 400
    assert refused.error


def test_a_bad_sort_is_refused_in_the_hubs_words(hub: FakeHub) -> None:
    assert ask(hub, "/api/models?sort=name").error == "Invalid sort parameter"


def test_a_page_holds_at_most_a_thousand() -> None:
    with FakeHub(ListSource(make_row(id=f"o/m{number}") for number in range(1_001))) as hub:
        assert [len(page) for page in pages(hub, "/api/models?limit=5000")] == [1000, 1]
        assert [len(page) for page in pages(hub, "/api/models")] == [1000, 1]


def test_author_filter_and_search_narrow_the_listing(hub: FakeHub, source: ListSource) -> None:
    source.change("owner2/Model-6", tags=["gguf", "license:mit"])
    source.change("owner3/Model-7", tags=["gguf"])
    assert len(walk(hub, "/api/models?author=owner2&limit=4")) == 15
    assert len(walk(hub, "/api/models?filter=gguf")) == 2
    assert [row["id"] for row in walk(hub, "/api/models?filter=gguf&filter=license:mit")] == [
        "owner2/Model-6"
    ]
    assert [row["id"] for row in walk(hub, "/api/models?filter=gguf,license:mit")] == ["owner2/Model-6"]
    found = walk(hub, "/api/models?search=MODEL-5%20ner1&limit=1")
    assert sorted(str(row["id"]) for row in found) == ["owner1/Model-5", "owner1/Model-53", "owner1/Model-57"]
    assert walk(hub, "/api/models?search=gguf") == []


def test_private_models_are_listed_only_to_a_token_that_may_see_them(source: ListSource) -> None:
    source.change("owner1/Model-1", private=True)
    with FakeHub(source, token="hf_x", token_sees_private=True) as hub:
        assert len(ask(hub, "/api/models").rows) == 59
        assert len(ask(hub, "/api/models", token="hf_x").rows) == 60
    with FakeHub(source, token="hf_x") as hub:
        assert len(ask(hub, "/api/models", token="hf_x").rows) == 59


def test_a_hub_can_stop_to_know_a_field() -> None:
    with FakeHub(ListSource([make_row()])) as hub:
        hub.refuse_expand("author")
        refused = ask(hub, "/api/models?expand[]=author")
        assert refused.status == 400
        assert '"author"' not in refused.error
        assert '"likes"' in refused.error

"""Documents, and that every engine can store whatever one holds."""

from collections.abc import Iterator
from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from indexer.documents import popularity, to_document
from indexer.engines.embedded.schema import to_tantivy
from indexer.engines.meilisearch.fields import to_counters, to_payload
from indexer.records import Outline


def test_popularity_orders_by_downloads_then_likes_then_all_time() -> None:
    ordered: list[dict[str, Any]] = [
        {},
        {"downloads_all_time": 1},
        {"downloads_all_time": 10_000},
        {"likes": 1},
        {"likes": 10**9},
        {"downloads": 1},
        {"downloads": 1, "likes": 5},
        {"downloads": 3_900_000_000},
        {"downloads": 2**63 - 1, "likes": 2**63 - 1, "downloads_all_time": 2**63 - 1},
    ]
    values = [popularity(Outline(1, "a/x", **counters)) for counters in ordered]
    assert values == sorted(set(values))


NUMBERS = st.none() | st.integers(-(2**63), 2**63 - 1)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=300)
OUTLINES = st.builds(
    Outline, st.just(1), TEXTS, st.just(f"{1:024x}"), created_at=NUMBERS, updated_at=NUMBERS, params=NUMBERS,
    task=st.none() | TEXTS, library=st.none() | TEXTS, tags=st.lists(TEXTS, max_size=5),
    downloads=NUMBERS, downloads_all_time=NUMBERS, likes=NUMBERS,
    trending=st.none() | st.floats(allow_nan=False, allow_infinity=False),
)  # fmt: skip


@given(OUTLINES)
def test_whatever_a_catalog_holds_can_be_indexed(model: Outline) -> None:
    to_tantivy(to_document(model))


@given(OUTLINES)
def test_whatever_a_catalog_holds_can_be_sent_to_a_server(model: Outline) -> None:
    payload = to_payload(to_document(model))

    stored = orjson.loads(orjson.dumps(payload))

    assert stored == payload
    assert stored["id"] == model.key
    assert all(int(float(number)) == number >= 0 for number in stored.values() if isinstance(number, int))
    assert all(0 < len(text.encode()) <= 468 for text in texts_in(stored))
    assert to_counters(to_document(model)).items() <= payload.items()


def texts_in(stored: dict[str, Any]) -> Iterator[str]:
    for value in stored.values():
        yield from value if isinstance(value, list) else []

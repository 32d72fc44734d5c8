"""A hit on the page says why it is there, also where its name does not."""

from datetime import UTC, datetime

from api.pages.hits import hit_html
from indexer.hits import Hit
from indexer.ranking import Step
from indexer.records import Counters, ModelRecord, StoredModel

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def html_of(*matched: str) -> str:
    record = ModelRecord("0" * 24, "acme/flux", task="text-to-image", tags=("gguf", "lora", "<b>"))
    return hit_html(Hit(StoredModel(1, record, Counters(), 1), Step.TAG, (), matched), 0, NOW)


def test_what_matched_beside_the_id_is_marked_where_it_stands() -> None:
    text = html_of("text-to-image", "gguf")

    assert '<span class="task"><mark>text-to-image</mark></span>' in text
    assert '<span class="format"><mark>gguf</mark></span>' in text
    assert "lora" not in text


def test_a_tag_that_is_not_shown_otherwise_is_shown_when_it_matched() -> None:
    text = html_of("lora", "<b>")

    assert '<span class="unseen">tag </span><mark>lora</mark>' in text
    assert "<mark>&lt;b&gt;</mark>" in text
    assert '<span class="task">text-to-image</span>' in text

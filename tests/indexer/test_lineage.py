import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.filters import NO_FILTERS, read_filter
from indexer.lineage import RELATIONS, Base, bases_of, read_base, tag_of
from indexer.query import parse_query
from tests.factories import make_listed


@pytest.mark.parametrize(
    ("tag", "base"),
    [
        ("base_model:Qwen/Qwen3-8B", Base("Qwen/Qwen3-8B")),
        ("base_model:quantized:Qwen/Qwen3-8B", Base("Qwen/Qwen3-8B", "quantized")),
        ("base_model:finetune:gpt2", Base("gpt2", "finetune")),
        ("Base_Model:Adapter:a/b", Base("a/b", "adapter")),
        ("base_model:merge:a/b", Base("a/b", "merge")),
        ("base_model:transplanted:a/b", Base("a/b")),
        ("base_model:adapter:/cache/models/x", None),
        ("base_model:a/b/c", None),
        ("base_model:quantized:", None),
        ("base_model:", None),
        ("base_model", None),
        ("license:mit", None),
    ],
)
def test_a_base_is_read_from_a_tag(tag: str, base: Base | None) -> None:
    assert read_base(tag) == base


def test_a_base_is_told_once_with_how_it_was_used() -> None:
    tags = ("base_model:a/b", "gguf", "base_model:quantized:a/b", "base_model:c/D", "base_model:merge:c/d")

    bases = bases_of(make_listed("x/y", tags=tags).record)

    assert bases == (Base("a/b", "quantized"), Base("c/d", "merge"))


def test_no_model_is_its_own_base() -> None:
    assert bases_of(make_listed("x/Y", tags=("base_model:X/y", "base_model:finetune:x/Y")).record) == ()


@given(st.lists(st.one_of(st.text(max_size=40), st.text(max_size=20).map("base_model:".__add__))))
def test_any_tags_are_read(tags: list[str]) -> None:
    bases = bases_of(make_listed("x/y", tags=tuple(tags)).record)

    assert len({base.repo_id.lower() for base in bases}) == len(bases) <= len(tags)


@pytest.mark.parametrize("relation", RELATIONS)
def test_the_tag_leads_to_all_that_were_made_from_a_model(relation: str) -> None:
    longest = f"{'o' * 42}/{'n' * 96}"
    for repo_id in ("Qwen/Qwen3-8B", "gpt2", longest):
        tag = next(tag_of(one, repo_id) for one in RELATIONS if one == relation)

        assert read_base(tag) == Base(repo_id, next(one for one in RELATIONS if one == relation))
        assert read_filter(f"tag:{tag}", NO_FILTERS) == NO_FILTERS.with_tags([tag])
        query = parse_query(f"tag:{tag}")
        assert query.filters.tags == (tag.lower(),)
        assert query.wanted == ()

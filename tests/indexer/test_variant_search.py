"""Searches for variants, and for models by their variants, held to a plain look at every one of them."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.documents import code_of, to_document
from indexer.engines.contract import EngineReader, Selection
from indexer.engines.paging import DEEPEST, FEW
from indexer.errors import BadRequest
from indexer.filters import FACETS, NO_FILTERS, Facet, Filters, folded
from indexer.holdings import contents_of_outline
from indexer.measures import GIB, Bounds, Measure, Memory
from indexer.query import Kind, SearchQuery, Sort, parse_query
from indexer.ranking import FAMILY
from indexer.records import Outline
from indexer.variants.labels import label_tokens
from indexer.variants.records import UNKNOWN, Variant
from tests.factories import make_outline
from tests.indexer import engines
from tests.indexer.shelf import state

pytestmark = pytest.mark.usefixtures("each_engine")

GB = 10**9
QUANTS = ("Q4_K_M", "Q8_0", "Q2_K", "IQ3_XXS", "Q4_K_S", "BF16", "UD-Q4_K_XL", "Q5_1")
OWNERS, TASKS = ("Acme", "zoo", "acmelabs"), ("text-generation", "fill-mask", None)


class Held(NamedTuple):
    """A variant and the model it is of."""

    model: Outline
    variant: Variant
    place: int

    @property
    def selected(self) -> tuple[int, int]:
        return self.model.number, code_of(self.variant.key)


def outlines() -> tuple[Outline, ...]:
    return tuple(_outline(number) for number in range(1, 91))


def _outline(number: int) -> Outline:
    """Every sixth holds nothing, every fifth is in another format, with its size or without."""
    files: dict[str, int | None] = {}
    if number % 6:
        first = number % 7
        files = {
            f"gale-{number}-{quant}.gguf": (at + number % 4) * GB + number
            for at, quant in enumerate((*QUANTS, *QUANTS)[first : first + number % 8], start=1)
        }
    if number % 5 == 0:
        files["model.safetensors"] = None if number % 2 else number * GB
    return make_outline(
        number,
        f"{OWNERS[number % 3]}/{'Gale' if number % 4 else 'Nightingale'}-{number}",
        files,
        params=None if number % 9 == 0 else number % 40 * GB,
        task=TASKS[number % 3],
        gated=("no", "auto", "manual")[number // 5 % 3],
        tags=["Two Words", "license:mit"][: number % 3],
        downloads=number // 4 * 100,
        likes=number % 3,
    )


@cache
def held() -> tuple[Held, ...]:
    """All variants there are, those of a model best first."""
    return tuple(
        Held(model, variant, place)
        for model in outlines()
        for place, variant in enumerate(contents_of_outline(model).variants)
    )


@pytest.fixture(scope="module")
def reader(each_engine: object, tmp_path_factory: pytest.TempPathFactory) -> EngineReader:
    root = tmp_path_factory.mktemp("variants")
    documents = [to_document(model) for model in outlines()]
    engines.writer(root).rebuild([lambda: documents], state(len(documents)))
    return engines.reader(root)


def everything(reader: EngineReader, query: SearchQuery) -> tuple[Selection, list[tuple[int, int]]]:
    """Page through all hits; few are handed over at once."""
    selections, found = [], list[tuple[int, int]]()
    for offset in range(0, 1_000, 23):
        selection = reader.search(replace(query, limit=23, offset=offset))
        selections.append(selection)
        found += [(one.number, one.variant) for one in selection.selected]
        if not selection.ordered or len(selection.selected) < 23:
            break
    return selections[0], found


def values_of(one: Held, facet: Facet) -> Sequence[str]:
    model = one.model
    match facet:
        case "quant":
            return [] if one.variant.label == UNKNOWN else [one.variant.label.lower()]
        case "format":
            return [one.variant.format]
    told = {
        "author": model.repo_id.partition("/")[0].lower(),
        "task": model.task,
        "library": model.library,
        "license": "mit" if "license:mit" in model.tags else None,
        "gated": model.gated,
    }
    value = told[facet]
    return [] if value is None else [value]


def measured(variant: Variant) -> dict[Measure, int | None]:
    bits = None if variant.bits is None else round(100 * variant.bits)
    return {"params": variant.params, "bytes": variant.bytes, "bits": bits}


def lets_through(filters: Filters, one: Held) -> bool:
    variant = one.variant
    for facet, values in filters.any_of:
        own = label_tokens(variant.label) if facet == "quant" else values_of(one, facet)
        if not set(own) & set(values):
            return False
    fits, need = filters.fits, (*variant.needs, None, None, None, None)[filters.context_place]
    return (
        set(filters.tags) <= set(map(folded, one.model.tags))
        and all(bounds.admits(measured(variant)[measure]) for measure, bounds in filters.ranges)
        and (fits is None or (need is not None and need <= fits.total))
    )


def matches(text: str, one: Held) -> bool:
    if text == "gguf":
        return one.variant.format == "gguf"
    return text in one.model.repo_id.lower()


def wanted(query: SearchQuery) -> list[Held]:
    return [one for one in held() if matches(query.text, one) and lets_through(query.filters, one)]


def some(*values: str) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=3)


@st.composite
def filters_to_ask(draw: st.DrawFn) -> Filters:
    filters = NO_FILTERS
    offered: dict[Facet, st.SearchStrategy[list[str]]] = {
        "author": some("acme", "zoo", "nobody"),
        "task": some("text-generation", "fill-mask"),
        "license": some("mit"),
        "gated": some("no", "auto", "manual"),
        "format": some("gguf", "safetensors", "mlx"),
        "quant": some("q4", "q4_k", "q4_k_m", "ud", "iq3", "bf16", "q8_0", "q1"),
    }
    for facet in draw(st.lists(st.sampled_from(list(offered)), max_size=2)):
        filters = filters.with_values(facet, draw(offered[facet]))
    bounds: dict[Measure, st.SearchStrategy[int]] = {
        "bytes": st.integers(0, 12 * GB),
        "bits": st.integers(0, 2_000),
        "params": st.integers(0, 40 * GB),
    }
    for measure in draw(st.lists(st.sampled_from(list(bounds)), max_size=2)):
        end = st.none() | bounds[measure]
        filters = filters.with_bounds(measure, Bounds(draw(end), draw(end)))
    if draw(st.booleans()):
        filters = filters.with_tags(draw(some("Two Words")))
    if draw(st.booleans()):
        memory = Memory(draw(st.integers(0, 8)) * GIB, draw(st.integers(0, 8)) * GIB)
        filters = replace(filters, fits=memory, context=draw(st.sampled_from((1, 4_096, 8_192, 10**6))))
    return filters


TEXTS = st.sampled_from(("", "gale", "acme", "gguf"))


@settings(deadline=None)
@given(filters_to_ask(), TEXTS)
def test_variants_found_are_those_of_a_look_at_every_one(
    reader: EngineReader, filters: Filters, text: str
) -> None:
    query = parse_query(text, filters=filters, kind="variant", facets=FACETS)
    asked = wanted(query)

    selection, found = everything(reader, query)

    assert Counter(found) == Counter(one.selected for one in asked)
    assert (selection.total, selection.total_exact, selection.facets_exact) == (len(asked), True, True)
    for facet in FACETS:
        counted = Counter(value for one in asked for value in values_of(one, facet))
        assert dict(selection.facets.get(facet, ())) == counted


@settings(deadline=None)
@given(filters_to_ask(), TEXTS)
def test_models_found_by_their_variants_have_one_that_meets_all_conditions(
    reader: EngineReader, filters: Filters, text: str
) -> None:
    query = parse_query(text, filters=filters, facets=FACETS)
    if not query.is_of_variants:
        query = replace(query, filters=filters.with_bounds("bytes", Bounds(1, None)))
    asked = wanted(query)
    numbers = {one.model.number for one in asked}

    selection, found = everything(reader, query)

    assert Counter(found) == Counter((number, 0) for number in numbers)
    if selection.total_exact or len(numbers) <= FEW:
        assert (selection.total, selection.total_exact) == (len(numbers), True)
    if selection.facets_exact or len(numbers) <= FEW:
        for facet in FACETS:
            counted = Counter(
                value
                for value, _ in {
                    (value, one.model.number) for one in asked for value in values_of(one, facet)
                }
            )
            assert dict(selection.facets.get(facet, ())) == counted


@settings(deadline=None)
@given(filters_to_ask())
def test_models_of_a_quant_or_a_format_are_found_by_themselves(
    reader: EngineReader, filters: Filters
) -> None:
    query = parse_query("", filters=replace(filters, ranges=(), fits=None))
    if query.is_of_variants or not query.filters.chooses_variants:
        query = replace(query, filters=NO_FILTERS.with_values("quant", ["q4", "ud"]))

    selection, found = everything(reader, query)

    assert Counter(found) == Counter((one, 0) for one in {one.model.number for one in wanted(query)})
    assert (selection.total, selection.total_exact) == (len(found), True)


@pytest.mark.parametrize("text", ["", "gale", "quant:q4", "size:<6gb", "gguf fits:8gb+4gb", "zoo bits:>3"])
def test_popular_ones_come_first_and_those_of_a_model_side_by_side_best_first(
    reader: EngineReader, text: str
) -> None:
    query = parse_query(text, kind="variant")
    by_selected = {one.selected: one for one in held()}

    _, found = everything(reader, query)

    variants = [by_selected[one] for one in found]
    runs = [list(run) for _, run in groupby(variants, key=lambda one: one.model.number)]
    assert len(runs) == len({one.model.number for one in variants}) > 5
    ranks = [(f"/{text}-" in run[0].model.repo_id.lower(), run[0].model.downloads or 0) for run in runs]
    assert ranks == sorted(ranks, reverse=True)
    for run in runs:
        places = [one.place for one in run]
        assert places == sorted(places)


ORDERED: tuple[Sort, ...] = ("downloads", "likes", "size")


def value_of(sort: Sort, one: Held) -> int:
    told = {"downloads": one.model.downloads, "likes": one.model.likes, "size": one.variant.bytes}
    return told[sort] or 0


@pytest.mark.parametrize("sort", ORDERED)
@pytest.mark.parametrize("text", ["", "size:<5gb", "quant:q4_k_m,q8_0 format:gguf", "gale"])
def test_variants_come_in_the_order_that_is_asked_for(reader: EngineReader, sort: Sort, text: str) -> None:
    by_selected = {one.selected: one for one in held()}

    _, found = everything(reader, parse_query(text, kind="variant", sort=sort))

    values = [value_of(sort, by_selected[one]) for one in found]
    assert values == sorted(values, reverse=True)
    assert len(set(found)) == len(found) > 5


@pytest.mark.parametrize("sort", ORDERED)
@pytest.mark.parametrize("text", ["size:<5gb", "quant:q4_k_m,q8_0 format:gguf", "gale size:>=1gb"])
def test_models_come_in_the_order_of_those_of_their_variants_that_match(
    reader: EngineReader, sort: Sort, text: str
) -> None:
    query = parse_query(text, sort=sort)
    best = {
        number: max(value_of(sort, one) for one in of_model)
        for number, of_model in groupby(
            (one for one in held() if lets_through(query.filters, one)), key=lambda one: one.model.number
        )
    }

    _, found = everything(reader, query)

    values = [best[number] for number, _ in found]
    assert values == sorted(values, reverse=True)
    assert len(set(found)) == len(found) == len(best) > FEW / 4


def test_a_model_is_as_large_as_its_largest_variant(reader: EngineReader) -> None:
    largest = {
        number: max(one.variant.bytes or 0 for one in of_model)
        for number, of_model in groupby(held(), key=lambda one: one.model.number)
    }

    _, found = everything(reader, parse_query("", sort="size"))

    values = [largest.get(number, 0) for number, _ in found]
    assert len(found) == len(outlines())
    assert values == sorted(values, reverse=True)


@pytest.mark.parametrize(("kind", "text"), [("variant", ""), ("model", "size:>1"), ("model", "size:<5gb")])
def test_pages_have_no_gaps_and_no_repeats(reader: EngineReader, kind: Kind, text: str) -> None:
    query = parse_query(text, kind=kind, limit=100)
    whole = [(one.number, one.variant) for one in reader.search(query).selected]

    def pages(limit: int) -> Iterator[tuple[int, int]]:
        for offset in range(0, 100, limit):
            page = reader.search(replace(query, limit=limit, offset=offset))
            yield from ((one.number, one.variant) for one in page.selected)

    assert len(set(whole)) == len(whole) > FEW
    for limit in (1, 7, 50):
        assert list(pages(limit))[: len(whole)] == whole


def test_how_far_models_can_be_paged_through_by_their_variants_is_said(reader: EngineReader) -> None:
    with pytest.raises(BadRequest, match="narrow the query"):
        reader.search(parse_query("size:>1", limit=100, offset=DEEPEST))
    assert reader.search(parse_query("size:>1", limit=100, offset=DEEPEST - 100)).selected == ()
    assert reader.search(parse_query("", kind="variant", offset=DEEPEST)).selected == ()


def test_variants_are_counted(reader: EngineReader) -> None:
    assert (reader.state().models, reader.state().variants) == (len(outlines()), len(held()))


def test_variants_of_few_models_are_no_family(tmp_path: Path) -> None:
    """Hundreds of variants may be of a handful of models: the one that is named just so comes first."""
    files = {f"{quant}.gguf": GB for quant in ("Q4_K_M", "Q8_0", "Q2_K", "F16", "Q5_0", "Q6_K")}
    held = [make_outline(n, f"a/poet-{n}", files, downloads=n) for n in range(1, FAMILY // len(files) + 3)]
    held.append(make_outline(1_000, "a/poet", files, downloads=0))
    writer = engines.writer(tmp_path)
    writer.rebuild([lambda: [to_document(one) for one in held]], state(len(held)))
    reader = engines.reader(tmp_path)

    selection = reader.search(parse_query("poet", kind="variant"))

    assert selection.total == len(held) * len(files) > FAMILY
    assert [one.number for one in selection.selected[: len(files)]] == [1_000] * len(files)

"""Variants on a server, and models found by them, beside a plain look at every one."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from indexer.documents import Document, VariantPart
from indexer.engines.contract import EngineReader, Selected
from indexer.engines.meilisearch import searching, variants
from indexer.engines.paging import FEW
from indexer.errors import BadRequest
from indexer.filters import NO_FILTERS, Facet, Filters
from indexer.measures import Bounds, Measure, Memory
from indexer.query import KINDS, Kind, SearchQuery, Sort, parse_query
from tests.indexer.engines import Meili
from tests.indexer.shelf import document, state

pytestmark = pytest.mark.meilisearch

LABELS = ("q4_k_m", "q8_0", "iq2_xs", "unknown", "q4_0")
FACETS: tuple[Facet, ...] = ("author", "format", "quant", "gated")
MODELS = 90

Found = tuple[Document, VariantPart]


def part_of(number: int, place: int) -> VariantPart:
    at = number * 7 + place * 5
    label = LABELS[(number + place * 3 + place // 4) % len(LABELS)]  # of some models, two are equal
    size = 0 if at % 11 == 0 else at % 13 * 10**9
    return VariantPart(
        code=1 + place * 97 + number % 3,
        format="safetensors" if at % 4 == 0 else "gguf",
        label=label,
        quants=() if label == "unknown" else tuple({label[:2]: None, label: None}),
        keywords=("gguf",),
        size=size,
        bits=at % 9 * 100,
        params=0 if number % 8 == 0 else number * 10**9,
        needs=tuple(size + 10**9 * (step + 1) for step in range(4)) if size else (),
    )


def made(number: int) -> Document:
    name = f"{('acme', 'zoo', 'acmelabs')[number % 3]}/Gale-{number}-{'GGUF' if number % 2 else 'x'}"
    one = document(number, name, downloads=number // 4 * 10, likes=number % 10)
    return replace(one, variants=tuple(part_of(number, place) for place in range(number % 7)))


HELD = [made(number) for number in range(1, MODELS + 1)]
EVERY: list[Found] = [(one, part) for one in HELD for part in one.variants]


@pytest.fixture(scope="module")
def reader(meili: Meili, tmp_path_factory: pytest.TempPathFactory) -> EngineReader:
    folder = tmp_path_factory.mktemp("variants")
    writer = meili.writer(folder)
    writer.rebuild([lambda: HELD], state(len(HELD)))
    found = meili.reader(folder)
    assert found.state() == replace(state(MODELS), variants=len(EVERY))
    return found


@pytest.fixture(params=[False, True], ids=["whole", "in steps"])
def in_steps(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers as of few documents, and in the way in which many are answered."""
    if request.param:
        monkeypatch.setattr(searching, "FEW", 0)
        monkeypatch.setattr(searching, "CHECKED", 0)
        monkeypatch.setattr(searching, "TYPOS_BELOW", 0)
        for module in (searching, variants):
            monkeypatch.setattr(module, "GLANCE", 1)


def number_of(found: Found, measure: Measure) -> int | None:
    part = found[1]
    return {"bytes": part.size, "bits": part.bits, "params": part.params}[measure] or None


def lets_through(filters: Filters, found: Found) -> bool:
    document, part = found
    has: dict[Facet, tuple[str, ...]] = {
        **dict(document.facets),
        "format": (part.format,),
        "quant": part.quants,
    }
    need = part.needs[filters.context_place] if part.needs else None
    return (
        all(set(has[facet]) & set(values) for facet, values in filters.any_of)
        and all(bounds.admits(number_of(found, measure)) for measure, bounds in filters.ranges)
        and (filters.fits is None or (need is not None and need <= filters.fits.total))
    )


@st.composite
def filters_to_ask(draw: st.DrawFn) -> Filters:
    filters = NO_FILTERS
    bounds = st.builds(Bounds, st.none() | st.integers(0, 10), st.none() | st.integers(0, 14))
    for measure, unit in (("bytes", 10**9), ("bits", 100), ("params", 7 * 10**9)):
        least, most = draw(st.just(Bounds()) | bounds)
        asked = Bounds(*(None if one is None else one * unit for one in (least, most)))
        filters = filters.with_bounds(measure, asked)  # type: ignore[arg-type]
    quants = draw(st.lists(st.sampled_from(["q4", "q4_k_m", "iq2_xs", "q9"]), max_size=2))
    filters = filters.with_values("quant", quants)
    filters = filters.with_values(
        "format", draw(st.lists(st.sampled_from(["gguf", "safetensors"]), max_size=1))
    )
    filters = filters.with_values("author", draw(st.lists(st.sampled_from(["acme", "zoo"]), max_size=1)))
    memory = draw(st.none() | st.builds(Memory, st.integers(1, 9 * 10**9), st.integers(0, 9 * 10**9)))
    return replace(filters, fits=memory, context=draw(st.sampled_from([1, 8_192, 9_000, 10**6])))


asking = settings(
    max_examples=25,
    deadline=None,
    phases=[Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def counted(values: Sequence[Sequence[str]]) -> dict[str, int]:
    return dict(Counter(value for some in values for value in some))


@pytest.mark.usefixtures("in_steps")
@asking
@given(filters=filters_to_ask(), text=st.sampled_from(["", "gale", "gguf", "acme/"]))
def test_variants_are_those_of_a_look_at_each(reader: EngineReader, filters: Filters, text: str) -> None:
    asked = parse_query(text, filters=filters, kind="variant", limit=100, facets=FACETS)
    found = reader.search(asked)

    wanted = [one for one in EVERY if lets_through(filters, one) and matches(text, one)]
    assert (found.total, found.total_exact, found.facets_exact) == (len(wanted), True, True)
    assert len(found.selected) == min(len(wanted), 100 if found.ordered else len(wanted))
    assert {(one.number, one.variant) for one in found.selected} <= {
        (document.number, part.code) for document, part in wanted
    }
    for facet in FACETS:
        assert dict(found.facets[facet]) == counted([values_of(one, facet) for one in wanted])


@pytest.mark.usefixtures("in_steps")
@asking
@given(filters=filters_to_ask(), text=st.sampled_from(["", "gale", "gguf", "acme/"]))
def test_models_are_found_by_any_of_their_variants(reader: EngineReader, filters: Filters, text: str) -> None:
    asked = parse_query(text, filters=filters, limit=100, facets=FACETS)
    if not asked.is_of_variants:
        return
    found = reader.search(asked)

    wanted = [one for one in EVERY if lets_through(filters, one) and matches(text, one)]
    numbers = {document.number for document, _ in wanted}
    assert (found.total, found.total_exact, found.facets_exact) == (len(numbers), True, True)
    assert sorted(one.number for one in found.selected) == sorted(numbers)
    assert {one.variant for one in found.selected} <= {0}
    for facet in FACETS:
        given_by: dict[int, set[str]] = {}
        for one in wanted:
            given_by.setdefault(one[0].number, set()).update(values_of(one, facet))
        assert dict(found.facets[facet]) == counted([list(some) for some in given_by.values()])


@pytest.mark.parametrize("context", [1, 4_096, 4_097, 8_192, 32_768, 131_072, 10**7])
@pytest.mark.parametrize("kind", KINDS)
def test_a_variant_fits_with_the_context_that_is_asked_for(
    reader: EngineReader, kind: Kind, context: int
) -> None:
    filters = Filters(fits=Memory(5 * 10**9, 10**9), context=context)
    wanted = [one for one in EVERY if lets_through(filters, one)]
    found = reader.search(parse_query("", filters=filters, kind=kind))
    assert found.total == len(wanted if kind == "variant" else {one.number for one, _ in wanted})


def matches(text: str, found: Found) -> bool:
    owner = dict(found[0].facets)["author"][0]
    match text:
        case "acme/":
            return owner.startswith("acme")
        case _:
            return True  # all are gales, and gguf by keyword at least


def values_of(found: Found, facet: Facet) -> tuple[str, ...]:
    document, part = found
    match facet:
        case "format":
            return (part.format,)
        case "quant":
            return () if part.label == "unknown" else (part.label,)
    return dict(document.facets)[facet]


@pytest.mark.parametrize("sort", ["relevance", "downloads", "likes", "size"])
def test_variants_of_a_model_stand_side_by_side_and_best_first(reader: EngineReader, sort: Sort) -> None:
    pages = [
        reader.search(parse_query("gale", sort=sort, kind="variant", limit=50, offset=offset)).selected
        for offset in range(0, len(EVERY), 50)
    ]
    found = [(one.number, one.variant) for page in pages for one in page]

    def order(one: Found) -> tuple[int, ...]:
        document, part = one
        first = {"likes": document.likes, "size": part.size}.get(sort, 0)
        return (-first, -document.popularity, document.number, document.variants.index(part))

    assert found == [(one.number, part.code) for one, part in sorted(EVERY, key=order)]


def in_order(filters: Filters, sort: Sort) -> list[int]:
    """Models, each where the first of its variants stands."""

    def order(one: Found) -> tuple[int, ...]:
        return (-one[1].size if sort == "size" else 0, -one[0].popularity, one[0].number)

    return list(dict.fromkeys(one.number for one, part in sorted(
        [one for one in EVERY if lets_through(filters, one)], key=order
    )))  # fmt: skip


SMALL = NO_FILTERS.with_bounds("bytes", Bounds(None, 8 * 10**9))


@pytest.mark.parametrize("sort", ["relevance", "downloads", "size"])
@pytest.mark.parametrize("text", ["", "gale"])
def test_models_stand_where_the_first_of_their_variants_that_match_does(
    reader: EngineReader, sort: Sort, text: str
) -> None:
    wanted = in_order(SMALL, sort)

    def page(limit: int, offset: int) -> list[int]:
        asked = parse_query(text, filters=SMALL, sort=sort, limit=limit, offset=offset)
        return [one.number for one in reader.search(asked).selected]

    assert page(100, 0) == wanted
    assert [page(9, offset) for offset in range(0, MODELS, 9)] == [
        wanted[offset : offset + 9] for offset in range(0, MODELS, 9)
    ]


def test_later_pages_go_on_through_all_steps(reader: EngineReader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "FEW", 0)
    asked = parse_query("gguf", filters=SMALL, limit=100)  # as a word of some names, and as a tag of all
    everything = reader.search(asked).selected
    assert len({one.step for one in everything}) > 1

    pages = [reader.search(replace(asked, limit=4, offset=at)).selected for at in range(0, MODELS, 4)]

    assert tuple(one for page in pages for one in page) == everything


def test_the_models_of_very_many_variants_are_estimated_and_it_is_said(
    reader: EngineReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = parse_query("gale", filters=SMALL, limit=100, facets=FACETS)
    exact = reader.search(asked)
    monkeypatch.setattr(variants, "COUNTED_VARIANTS", 50)
    estimated = reader.search(asked)

    assert (exact.total_exact, exact.facets_exact) == (True, True)
    assert (estimated.total_exact, estimated.facets_exact) == (False, False)
    assert exact.total / 2 < estimated.total < exact.total * 2
    assert estimated.selected == exact.selected
    assert set(dict(estimated.facets["quant"])) <= set(dict(exact.facets["quant"]))


@pytest.mark.parametrize("sort", ["relevance", "size"])
def test_an_estimate_ends_no_page(reader: EngineReader, monkeypatch: pytest.MonkeyPatch, sort: Sort) -> None:
    whole = reader.search(parse_query("gale", filters=SMALL, sort=sort, limit=100)).selected
    monkeypatch.setattr(variants, "COUNTED_VARIANTS", 0)
    monkeypatch.setattr(variants, "SAMPLE", "top")  # in which nothing is
    for offset in (0, 13, len(whole) - 2):
        asked = parse_query("gale", filters=SMALL, sort=sort, limit=10, offset=offset)
        found = reader.search(asked)
        assert found.total == FEW + 1 < len(whole)
        assert found.selected == whole[offset : offset + 10]


def test_few_variants_of_a_family_leave_its_name_to_the_model(
    reader: EngineReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What makes a family is its models: `gale-20-x` has six variants, but is one model."""
    monkeypatch.setattr(searching, "FEW", 0)
    monkeypatch.setattr(variants, "FAMILY", 3)
    monkeypatch.setattr("indexer.engines.selecting.FAMILY", 3)
    found = reader.search(parse_query("gale-20-x", kind="variant")).selected
    assert [one.step and one.step.name for one in found] == ["EXACT_NAME"] * 6


def test_pages_out_of_reach_are_refused(reader: EngineReader) -> None:
    with pytest.raises(BadRequest, match="can be paged through"):
        reader.search(parse_query("gale", filters=SMALL, offset=99_000))
    assert reader.search(parse_query("gale", kind="variant", offset=99_000)).selected == ()


def test_a_slip_of_the_finger_is_seen_through(reader: EngineReader) -> None:
    for asked in (parse_query("gael", kind="variant", limit=5), parse_query("gael", filters=SMALL, limit=5)):
        meant = reader.search(replace(asked, wanted=parse_query("gale").wanted, exact_name="gale"))
        found = reader.search(asked)
        assert not found.total_exact
        assert [unstepped(one) for one in found.selected] == [unstepped(one) for one in meant.selected]


def unstepped(one: Selected) -> Selected:
    return replace(one, step=None)


def test_a_query_of_models_never_finds_variants(reader: EngineReader) -> None:
    found = reader.search(SearchQuery(limit=100))
    assert sorted(one.number for one in found.selected) == list(range(1, MODELS + 1))
    assert {one.variant for one in found.selected} == {0}

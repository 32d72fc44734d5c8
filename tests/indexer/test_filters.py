"""Filters as they are written, and as a plain look at every model would apply them."""

from collections import Counter
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.catalog.store import Catalog
from indexer.config import HomeConfig
from indexer.errors import BadRequest
from indexer.filters import FACETS, MAX_VALUE_LENGTH, MAX_VALUES, NO_FILTERS, Facet, Filters, read_filter
from indexer.holdings import contents_of_model
from indexer.measures import Bounds
from indexer.query import Sort, parse_query
from indexer.records import Listed, StoredModel
from indexer.search import Search
from indexer.variants.labels import label_tokens
from indexer.variants.records import UNKNOWN, Variant
from tests.factories import NOON, fill_home, make_listed
from tests.indexer import engines

pytestmark = pytest.mark.usefixtures("each_engine")

BILLION = 10**9


@pytest.mark.parametrize(
    ("token", "wanted"),
    [
        ("task:text-generation", NO_FILTERS.with_values("task", ["text-generation"])),
        ("Task:Text-Generation", NO_FILTERS.with_values("task", ["text-generation"])),
        ("owner:TheBloke", NO_FILTERS.with_values("author", ["thebloke"])),
        ("author:a,b,a", NO_FILTERS.with_values("author", ["a", "b"])),
        ("license:mit", NO_FILTERS.with_values("license", ["mit"])),
        ("library:mlx", NO_FILTERS.with_values("library", ["mlx"])),
        ("format:gguf", NO_FILTERS.with_values("format", ["gguf"])),
        ("gated:auto", NO_FILTERS.with_values("gated", ["auto"])),
        ("tag:region:us", NO_FILTERS.with_tags(["region:us"])),
        ("params:7b", NO_FILTERS.with_params(6_300_000_000, 7_700_000_000)),
        ("params:1b-8b", NO_FILTERS.with_params(BILLION, 8 * BILLION)),
        ("params:1..8B", NO_FILTERS.with_params(BILLION, 8 * BILLION)),
        ("params:<=500m", NO_FILTERS.with_params(None, BILLION // 2)),
        ("params:<1b", NO_FILTERS.with_params(None, BILLION - 1)),
        ("params:>1.5b", NO_FILTERS.with_params(1_500_000_001, None)),
        ("params:>=70b", NO_FILTERS.with_params(70 * BILLION, None)),
        ("params:", None),
        ("params:<", None),
        ("params:big", None),
        ("task:", None),
        ("task:,", None),
        ("colour:red", None),
        ("llama", None),
        ("https://hf.co/a/b", None),
    ],
)
def test_a_filter_is_read_from_a_word(token: str, wanted: Filters | None) -> None:
    assert read_filter(token, NO_FILTERS) == wanted


def test_filters_in_a_text_add_to_one_another_and_leave_the_words() -> None:
    query = parse_query(
        "llama task:a params:<8b task:b params:>1b tag:x tag:y 7b", filters=Filters(tags=("w",))
    )

    assert [wanted.term.text for wanted in query.wanted] == ["llama", "7b"]
    params = Bounds(BILLION + 1, 8 * BILLION - 1)
    assert query.filters == Filters((("task", ("a", "b")),), ("w", "x", "y"), (("params", params),))
    assert query.exact_name == "llama7b"


def test_too_many_or_too_long_filters_are_refused() -> None:
    with pytest.raises(BadRequest, match="values to filter by"):
        parse_query("", filters=NO_FILTERS.with_tags(map(str, range(MAX_VALUES + 1))))
    with pytest.raises(BadRequest, match="at most"):
        parse_query(f"tag:{'x' * (MAX_VALUE_LENGTH + 1)}")


@given(st.text(max_size=60))
def test_any_word_is_read(text: str) -> None:
    filters = read_filter(text, NO_FILTERS)
    assert filters is None or filters


OWNERS, TASKS = ("Acme", "acme-labs", "acmelabs"), ("text-generation", "fill-mask", None)
LICENCES, LIBRARIES = ("mit", "apache-2.0", None), ("transformers", "GGUF lib", None)


def models() -> tuple[Listed, ...]:
    """Every combination of what can be filtered by, in some order."""
    return tuple(_model(number) for number in range(324))


QUANTS = ("Q4_K_M", "Q8_0", "UD-Q2_K_XL", "f16")


def _files(number: int) -> tuple[str, ...] | None:
    """Files by their names; of every seventh none are known."""
    if number % 7 == 3:
        return None
    quants = QUANTS[number % 4 :][: number % 3]
    weights = ("model.safetensors",) if number % 5 == 1 else ()
    return ("README.md", *weights, *(f"gale-{number}-{quant}.gguf" for quant in quants))


def _model(number: int) -> Listed:
    licence = LICENCES[number // 9 % 3]
    tags = ["region:us", "Two Words"][: number % 3] + ([] if licence is None else [f"license:{licence}"])
    return make_listed(
        f"{OWNERS[number % 3]}/Gale-{number}{('', '-GGUF', '-awq')[number // 4 % 3]}",
        task=TASKS[number // 3 % 3],
        library=LIBRARIES[number // 27 % 3],
        tags=(*tags, "safetensors")[number % 2 :],
        gated=("no", "auto", "manual")[number // 5 % 3],
        files=_files(number),
        params=None if number % 7 == 0 else number * BILLION // 10,
        downloads=number * 37 % 1_000,
        likes=number * 11 % 97,
        trending=float(number * 5 % 13),
        updated_at=NOON.replace(year=2000 + number % 26),
        created_at=NOON.replace(minute=number % 60, second=number // 60),
    )


@pytest.fixture(scope="module")
def search(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Search]:
    home = tmp_path_factory.mktemp("filters")
    fill_home(home, models())
    config = HomeConfig(home=home)
    with Catalog(config.database_url, read_only=True) as catalog:
        yield Search(catalog, engines.reader(config.index_folder))


def values_of(model: Listed, facet: Facet) -> Sequence[str]:
    record = model.record
    match facet:
        case "author":
            return [record.owner.lower()]
        case "format":
            words = record.name.lower().split("-")
            of_files = {one.format for one in variants_of(model)}
            names = ("gguf", "safetensors", "awq")
            return [one for one in names if one in words or one in record.tags or one in of_files]
        case "quant":
            return list(
                dict.fromkeys(one.label.lower() for one in variants_of(model) if one.label != UNKNOWN)
            )
        case "library":
            return [] if record.library is None else ["_".join(record.library.lower().split())]
    value = {"task": record.task, "license": record.license, "gated": record.gated}[facet]
    return [] if value is None else [value]


def variants_of(model: Listed) -> Sequence[Variant]:
    return contents_of_model(StoredModel(0, model.record, model.counters, 0)).variants


def tokens_of(model: Listed) -> set[str]:
    """Give what a quant word can match, of all variants."""
    return {token for one in variants_of(model) if one.label != UNKNOWN for token in label_tokens(one.label)}


def lets_through(filters: Filters, model: Listed) -> bool:
    tags = {"_".join(tag.lower().split()) for tag in model.record.tags}
    (least, most), params = filters.bounds_of("params"), model.record.params
    return (
        all(
            (tokens_of(model) if facet == "quant" else set(values_of(model, facet))) & set(values)
            for facet, values in filters.any_of
        )
        and set(filters.tags) <= tags
        and (least is None or (params is not None and params >= least))
        and (most is None or (params is not None and params <= most))
    )


def named_by(model: Listed) -> list[str]:
    return [*model.record.tags, *(model.record.library or "").lower().split()]


def some(*values: str) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), max_size=2)


@st.composite
def filters_to_ask(draw: st.DrawFn) -> Filters:
    filters = NO_FILTERS.with_tags(draw(some("region:us", "Two Words", "license:mit", "nowhere")))
    bounds = st.none() | st.integers(0, 40 * BILLION)
    filters = filters.with_params(draw(bounds), draw(bounds))
    offered: dict[Facet, st.SearchStrategy[list[str]]] = {
        "author": some("ACME", "acme-labs", "nobody"),
        "task": some("text-generation", "fill-mask"),
        "library": some("transformers", "gguf lib"),
        "license": some("mit", "apache-2.0"),
        "format": some("gguf", "awq", "safetensors"),
        "quant": some("q4", "q4_k_m", "ud", "q8_0"),
        "gated": some("no", "auto", "manual"),
    }
    for facet in draw(st.lists(st.sampled_from(FACETS), max_size=2)):
        if {facet, *dict(filters.any_of)} >= {"format", "quant"}:
            continue  # that asks for one variant with both: see the tests of searches for variants
        filters = filters.with_values(facet, draw(offered[facet]))
    return filters


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(filters_to_ask(), st.sampled_from(("", "gale", "lib", "acme/")))
def test_hits_totals_and_facets_are_those_of_a_look_at_every_model(
    search: Search, filters: Filters, text: str
) -> None:
    page = search.answer(parse_query(text, filters=filters, facets=FACETS, limit=100))
    wanted = [
        one
        for one in models()
        if lets_through(filters, one)
        and (text.strip("/") in one.record.repo_id.lower() or text in named_by(one))
    ]

    assert (page.total, page.total_exact) == (len(wanted), True)
    ids = {one.record.repo_id for one in wanted}
    assert {hit.model.record.repo_id for hit in page.hits} <= ids
    assert len(page.hits) == min(100, len(ids))
    for facet in FACETS:
        counted = Counter(value for one in wanted for value in values_of(one, facet))
        assert dict(page.facets.get(facet, ())) == counted
    assert page.facets_exact


@pytest.mark.parametrize("sort", ["downloads", "likes", "trending", "updated", "created"])
@pytest.mark.parametrize("text", ["", "gale-1", "gale-31"])
def test_hits_come_in_the_order_that_is_asked_for(search: Search, sort: Sort, text: str) -> None:
    def value(one: Listed) -> object:
        times = {"updated": one.record.updated_at, "created": one.record.created_at}
        return times[sort] if sort in times else getattr(one.counters, sort)

    found = search.answer(parse_query(text, sort=sort, limit=100))
    further = search.answer(parse_query(text, sort=sort, limit=20, offset=5))

    by_id = {one.record.repo_id: one for one in models()}
    ids = [hit.model.record.repo_id for hit in found.hits]
    values = [value(by_id[one]) for one in ids]
    assert values == sorted(values, reverse=True)  # type: ignore[type-var]
    everything = sorted((value(one) for one in models() if text in one.record.repo_id.lower()), reverse=True)  # type: ignore[type-var]
    assert values == everything[:100]
    assert [hit.model.record.repo_id for hit in further.hits] == ids[5:25]

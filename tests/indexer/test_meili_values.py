"""Values to filter by: both engines find the same, but for what a server cannot tell apart."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from unicodedata import normalize

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from indexer.documents import Document, to_document
from indexer.engines.contract import EngineReader
from indexer.engines.meilisearch.fields import MAX_BYTES
from indexer.filters import NO_FILTERS, Filters, folded
from indexer.query import SearchQuery
from indexer.records import Outline
from tests.indexer.engines import Embedded, Engine, Meili
from tests.indexer.script import key_of
from tests.indexer.shelf import state

pytestmark = pytest.mark.meilisearch

SIGNS = [
    *map(chr, range(128)),
    *"éèñçßẞöÅøœﬁ①Ａａİıσς½ª",
    "e\N{COMBINING ACUTE ACCENT}",
    *"日本語中한글カｶﾞガ😀👩🏽\u200d\u200b\ufeff\u00a0\u3000",
]
LONG = st.builds(
    lambda sign, times, end: sign * times + end,
    st.sampled_from("xé日😀﷽"),
    st.integers(90, 480),
    st.sampled_from(["", "a", "b"]),
)
VALUES = st.one_of(st.lists(st.sampled_from(SIGNS), max_size=4).map("".join), LONG)


def alike(value: str) -> str:
    """What a server tells values apart by, of those that we store."""
    longest = normalize("NFKD", value.replace("\\", "/")).lower().encode()
    return longest[:MAX_BYTES].decode(errors="ignore").strip()


def held_by(engine: Engine, folder: Path, documents: Sequence[Document]) -> EngineReader:
    engine.writer(folder).rebuild([lambda: documents], state(len(documents)))
    return engine.reader(folder)


def found(reader: EngineReader, filters: Filters) -> set[int]:
    selection = reader.search(SearchQuery(filters=filters, limit=100))
    numbers = {one.number for one in selection.selected}
    assert (selection.total, selection.total_exact) == (len(numbers), True)
    return numbers


def documents_of(values: Sequence[str]) -> list[Document]:
    """Each value is the author of a model, its license, and a tag beside another one's."""
    return [
        to_document(Outline(n, f"{value}/m", key_of(n), tags=[f"license:{value}", value, values[n - 2]]))
        for n, value in enumerate(values, 1)
    ]


@settings(
    max_examples=8,
    deadline=None,
    phases=[Phase.reuse, Phase.generate],  # making a failure smaller would ask the server for minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(values=st.lists(VALUES, min_size=15, max_size=35))
def test_what_has_a_value_is_found_by_it_in_both_engines(meili: Meili, values: list[str]) -> None:
    documents = documents_of(values)
    with TemporaryDirectory() as folder:
        embedded = held_by(Embedded(), Path(folder), documents)
        served = held_by(meili, Path(folder), documents)

        for field in ("author", "license", "tag"):
            given_by = {one.number: _values_of(one, field) for one in documents}
            for value in {value for some in given_by.values() for value in some if value == folded(value)}:
                filters = (
                    NO_FILTERS.with_tags([value])
                    if field == "tag"
                    else NO_FILTERS.with_values(field, [value])  # type: ignore[arg-type]
                )
                same = {number for number, some in given_by.items() if value in some}
                likely = {n for n, some in given_by.items() if alike(value) in map(alike, some)}
                assert found(embedded, filters) == same, (field, value)
                assert found(served, filters) == likely, (field, value)
                assert same <= likely
        meili.drop(Path(folder))


def _values_of(document: Document, field: str) -> tuple[str, ...]:
    values = document.tags if field == "tag" else dict(document.facets).get(field, ())  # type: ignore[call-overload]
    return tuple(filter(None, values))


@pytest.mark.parametrize(
    ("value", "other", "are_one"),
    [
        ("e", "é", False),
        ("n", "ñ", False),
        ("ss", "ß", False),
        ("a/b", "a_b", False),
        ('a"b', "a'b", False),
        ("ab", "a\x00b", False),
        ("😀", "😁", False),
        ("x" * 399 + "a", "x" * 399 + "b", False),
        ("x" * 400 + "a", "x" * 400 + "b", True),
        ("é" * 200 + "a", "é" * 200 + "b", True),
        ("é", "e\N{COMBINING ACUTE ACCENT}", True),
        ("ﬁ", "fi", True),
        ("\N{FULLWIDTH LATIN SMALL LETTER A}", "a", True),
        ("a\\b", "a/b", True),
    ],
)
def test_what_a_server_tells_apart(
    meili: Meili, tmp_path: Path, value: str, other: str, *, are_one: bool
) -> None:
    documents = documents_of([value, other])
    asked = NO_FILTERS.with_values("license", [value])

    assert found(held_by(Embedded(), tmp_path, documents), asked) == {1}
    assert found(held_by(meili, tmp_path, documents), asked) == ({1, 2} if are_one else {1})


def test_an_empty_tag_is_none(meili: Meili, tmp_path: Path) -> None:
    documents = [to_document(Outline(1, "a/x", key_of(1), task=" ", tags=["", " ", "license:", "mit"]))]
    for engine in (Embedded(), meili):
        reader = held_by(engine, tmp_path, documents)
        assert found(reader, NO_FILTERS.with_tags([""])) == set()
        assert found(reader, NO_FILTERS.with_tags(["mit"])) == {1}
        assert reader.hold().differences([1], {1: documents[0]}, words=True) == {}

"""What a catalog holds beside what a Hub holds: both by key, every field of every model."""

from collections import Counter
from collections.abc import Iterable
from typing import TypeAlias

from crawler.rows import Row, parse_row
from indexer.catalog.store import Catalog
from indexer.errors import MalformedRow
from indexer.records import Counters, Listed, ModelRecord, StoredModel
from tests.fakes.hub import ListSource

Models: TypeAlias = dict[str, tuple[ModelRecord, Counters]]


def stored(catalog: Catalog) -> list[StoredModel]:
    """Every model of a catalog, in the order of their numbers."""
    pages = ([named.number for named in page] for page in catalog.outlines())
    return [model for numbers in pages for model in catalog.by_numbers(numbers).values()]


def held(catalog: Catalog) -> Models:
    """Every model of a catalog, by its key; one key more than once is a fault."""
    models = stored(catalog)
    found = {model.record.key: (model.record, model.counters) for model in models}
    assert len(found) == len(models) == catalog.state().models
    assert len({record.repo_id for record, _ in found.values()}) == len(found)
    return found


def public(source: ListSource) -> Models:
    """Every model that a Hub shows to everybody and whose row has a meaning, by its key."""
    said = [listed for row in source.rows() if (listed := _listed(row)) is not None]
    return {one.record.key: (one.record, one.counters) for one in said}


def causes(rows: Iterable[object]) -> Counter[tuple[str, str]]:
    """Why these rows have no meaning, with the id each shows, and how often that is so."""
    found: Counter[tuple[str, str]] = Counter()
    for row in rows:
        try:
            parse_row(row)
        except MalformedRow as refusal:
            found[refusal.row_id, refusal.reason] += 1
    return found


def set_aside(catalog: Catalog) -> Counter[tuple[str, str]]:
    """What a catalog has set aside: the id and the cause of each row, and how often it was met."""
    return Counter({(one.row_id, one.reason): one.times for one in catalog.set_aside(10_000)})


def assert_same(catalog: Catalog, source: ListSource) -> None:
    """Hold a catalog to what a Hub shows, and say in a few words where they differ."""
    ours, theirs = held(catalog), public(source)
    missing, invented = theirs.keys() - ours.keys(), ours.keys() - theirs.keys()
    assert (sorted(missing)[:5], sorted(invented)[:5]) == ([], []), f"{len(missing)}, {len(invented)}"
    wrong = [key for key in theirs if ours[key] != theirs[key]]
    assert [(ours[key], theirs[key]) for key in wrong[:3]] == [], f"{len(wrong)} differ"


def _listed(row: Row) -> Listed | None:
    try:
        said = parse_row(row)
    except MalformedRow:
        return None
    return said if isinstance(said, Listed) else None

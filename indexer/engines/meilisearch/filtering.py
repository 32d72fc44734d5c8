"""From filters to a server's own, and from its counts to ours."""

from collections.abc import Mapping, Sequence

from indexer.engines.contract import FacetCounts
from indexer.engines.meilisearch.lookups import Filter, equal
from indexer.engines.terms import PARAMS, TAGS
from indexer.filters import FACET_VALUES, Facet, Filters


def conditions_of(filters: Filters) -> list[Filter]:
    """Give the conditions that filters set."""
    conditions = [equal(facet, values) for facet, values in filters.any_of]
    conditions += [equal(TAGS, [tag]) for tag in filters.tags]
    params = filters.bounds_of("params")
    if params.least is not None:
        conditions.append(f"{PARAMS} >= {params.least}")
    if params.most is not None:
        conditions.append(f"{PARAMS} <= {params.most}")
    return conditions


def facet_counts(
    facets: Sequence[Facet], counted: Mapping[str, Mapping[str, int]], times: int = 1
) -> FacetCounts:
    """Give the commonest values of these fields; each model stands for so many."""
    counts = {facet: counted.get(facet, {}).items() for facet in facets}
    ordered = {facet: sorted(values, key=lambda one: (-one[1], one[0])) for facet, values in counts.items()}
    return {
        facet: tuple((value, models * times) for value, models in values[:FACET_VALUES])
        for facet, values in ordered.items()
    }

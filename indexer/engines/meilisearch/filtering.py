"""From filters to a server's own, and from its counts to ours."""

from collections.abc import Mapping, Sequence

from indexer.engines.contract import FacetCounts
from indexer.engines.meilisearch.lookups import Filter, equal
from indexer.engines.terms import NEEDS, QUANTS, RANGES, TAGS
from indexer.filters import FACET_VALUES, Facet, Filters
from indexer.measures import Bounds


def conditions_of(filters: Filters) -> list[Filter]:
    """Give the conditions that filters set, on models or on variants."""
    conditions = [equal(QUANTS if facet == "quant" else facet, values) for facet, values in filters.any_of]
    conditions += [equal(TAGS, [tag]) for tag in filters.tags]
    for measure, bounds in filters.ranges:
        conditions += _between(RANGES[measure], bounds)
    if filters.fits is not None:
        conditions += _between(NEEDS[filters.context_place], Bounds(most=filters.fits.total))
    return conditions


def _between(field: str, bounds: Bounds) -> list[Filter]:
    ends = ((">=", bounds.least), ("<=", bounds.most))
    return [f"{field} {sign} {number}" for sign, number in ends if number is not None]


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

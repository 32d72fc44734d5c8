"""How many models are how many, the same for all engines, because it shows in what they answer."""

from indexer.errors import BadRequest
from indexer.query import SearchQuery

FEW = 40
"""So many models or fewer are handed over whole, to be ordered by their names."""
CHECKED = 300
"""The same where the index cannot count exactly: all of them are checked against their names."""
COUNTED = 40_000
"""Of more models than this the facets are estimated: counting those of 100,000 took 50 ms."""
TYPOS_BELOW = 20
"""A slip of the finger is looked for only when fewer models than this, a page of them, match as typed."""
WALKED = 2_000
"""Of so many variants or fewer the models are counted one by one; of more they are estimated."""
DEEPEST = 10_000
"""Models found by their variants can be paged through so far: they are gathered from the first on."""


def require_reachable(query: SearchQuery) -> None:
    """Let pages pass that an engine can reach.

    Raises:
        BadRequest: models that are found by their variants are asked for too far down.

    """
    if query.kind == "model" and query.is_of_variants and query.offset + query.limit > DEEPEST:
        raise BadRequest(
            f"Only the first {DEEPEST:,} models can be paged through where their variants are asked about; "
            "narrow the query, or ask for variants."
        )

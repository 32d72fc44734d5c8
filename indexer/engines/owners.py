"""Which owners come first, the same for all engines."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from indexer.text import compact

Weighed: TypeAlias = tuple[float, str, int]
"""An owner: the less the first number, the heavier; its name; the number of a model of its."""


def first_owners(
    weigh: Callable[[int], Sequence[Weighed]], sizes: Sequence[int], limit: int, prefix: str
) -> Iterator[tuple[str, int]]:
    """Give owners whose compact text begins with a prefix, best first, and a model's number of each.

    Args:
        weigh: gives so many of the heaviest owners, in order.
        sizes: how many are weighed: more when all of the fewer are equally heavy.
        limit: owners that are wanted.
        prefix: of a long one, an index knows the pieces only.

    """
    weighed: Sequence[Weighed] = ()
    for size in sizes:
        weighed = weigh(size)
        if len(weighed) < size or weighed[limit - 1][0] < weighed[-1][0]:
            break  # else it was left to chance which of equally popular owners are among them
    for _, owner, number in weighed:
        if compact(owner).startswith(prefix):
            yield owner, number

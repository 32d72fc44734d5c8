"""What was typed as a filter, in words, each with the way to take it out again."""

from collections.abc import Iterator

from api.pages.fits import room_words
from api.pages.layout import Manner
from api.pages.markup import Html, Template, fill, joined
from api.pages.words import ACCESS, compact_count, context_words, size_words
from indexer.filters import FACETS, NO_FILTERS, Facet, Filters, read_filter
from indexer.measures import Bounds, Measure
from indexer.variants.records import CONTEXTS

_CHIP = Template("""\
<li><a class="chip" href="$path"><span class="unseen">Take out: </span>$words\
<i aria-hidden="true"></i></a></li>
""")
_NAMES: dict[Facet, str] = {
    "author": "by", "task": "task", "library": "library", "license": "licence", "format": "format",
    "quant": "", "gated": "access",
}  # fmt: skip


def chips_html(text: str, manner: Manner) -> Html:
    """Give a chip for each filter that was typed."""
    tokens = text.split()
    chips = []
    for at, token in enumerate(tokens):
        filters = read_filter(token, NO_FILTERS)
        words = "" if filters is None else ", ".join(_words(filters))
        if words:
            path = manner.path(" ".join(tokens[:at] + tokens[at + 1 :]))
            chips.append(fill(_CHIP, path=path, words=words))
    return joined(chips)


def _words(filters: Filters) -> Iterator[str]:
    for facet in FACETS:
        for value in filters.values_of(facet):
            said = value.upper() if facet == "quant" else ACCESS.get(value, value)
            yield f"{_NAMES[facet]} {said}".strip()
    yield from (f"tag {tag}" for tag in filters.tags)
    for measure, bounds in filters.ranges:
        yield _range(measure, bounds)
    if filters.fits is not None:
        yield f"fits {room_words(filters.fits)}"
    if filters.context != NO_FILTERS.context:
        yield f"{context_words(CONTEXTS[filters.context_place])} context"


def _range(measure: Measure, bounds: Bounds) -> str:
    least, most = (None if end is None else _measured(measure, end) for end in bounds)
    unit = {"params": " parameters", "bytes": "", "bits": " bits"}[measure]
    if least is None:
        return f"up to {most}{unit}"
    if most is None:
        return f"{least} or more{unit}"
    return f"{least}{unit}" if least == most else f"{least} to {most}{unit}"


def _measured(measure: Measure, number: int) -> str:
    if measure == "params":
        return compact_count(number)
    if measure == "bits":
        return f"{number / 100:.2f}".rstrip("0").rstrip(".")
    return size_words(number).replace(".00", "").replace(".0 ", " ")

"""Filters: what a model and its variants must be, beside how it is called; pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, cast, get_args

from indexer.errors import BadRequest
from indexer.measures import Bounds, Measure, Memory, read_bounds, read_context, read_memory, read_size
from indexer.variants.labels import read_quant_word
from indexer.variants.records import CONTEXTS

Facet = Literal["author", "task", "library", "license", "format", "quant", "gated"]
"""Fields with one value (formats and quants: some) a model: filtered by, and counted."""
FACETS: tuple[Facet, ...] = get_args(Facet)

FACET_VALUES = 12
"""Values that are counted of each field, the commonest first."""
MAX_VALUES = 32
"""Values of all filters together; more are refused."""
MAX_VALUE_LENGTH = 200
"""Room for the longest id behind `base_model:quantized:`."""

Key = Facet | Measure | Literal["tag", "fits", "ctx"]
"""What stands before the colon of a filter."""

_KEY = re.compile(r"(?P<key>[a-z]+):(?P<value>\S+)", re.IGNORECASE)
_KEYS: Mapping[str, Key] = {
    **{facet: facet for facet in FACETS},
    "owner": "author",
    "tag": "tag",
    "params": "params",
    "size": "bytes",
    "bits": "bits",
    "fits": "fits",
    "ctx": "ctx",
}


@dataclass(frozen=True, slots=True)
class Filters:
    """What a model must be; everything that is set must hold. Texts are in lower case.

    What is asked of quants, formats, sizes, bits and memory must hold for one and the same variant.
    """

    any_of: tuple[tuple[Facet, tuple[str, ...]], ...] = ()
    """A field and the values of which the model must have one; quants by `label_tokens`."""
    tags: tuple[str, ...] = ()
    """Tags that the model must have, all of them."""
    ranges: tuple[tuple[Measure, Bounds], ...] = ()
    """What is measured, and between which bounds it must be. What is unknown never matches a range."""
    fits: Memory | None = None
    """The memory that a variant must fit into."""
    context: int = CONTEXTS[0]
    """The length of context, in tokens, with which it must."""

    def __bool__(self) -> bool:
        """Tell whether anything is asked for."""
        return replace(self, context=NO_FILTERS.context) != NO_FILTERS

    @property
    def is_of_variants(self) -> bool:
        """Whether it takes the variants by themselves to tell: what a model has of each is not enough."""
        measured = any(measure != "params" for measure, _ in self.ranges)
        both = bool(self.values_of("quant") and self.values_of("format"))
        return measured or both or self.fits is not None

    @property
    def chooses_variants(self) -> bool:
        """Whether anything is asked that some variants of a model have and others have not."""
        return self.is_of_variants or bool(self.values_of("quant") or self.values_of("format"))

    @property
    def context_place(self) -> int:
        """The place in `CONTEXTS` of the shortest that is as long as asked for, or of the longest."""
        longer = (at for at, tokens in enumerate(CONTEXTS) if tokens >= self.context)
        return next(longer, len(CONTEXTS) - 1)

    def values_of(self, facet: Facet) -> tuple[str, ...]:
        """Give the values of which the model must have one; none: any will do."""
        return dict(self.any_of).get(facet, ())

    def bounds_of(self, measure: Measure) -> Bounds:
        """Give the bounds of what is measured."""
        return dict(self.ranges).get(measure, Bounds())

    def with_values(self, facet: Facet, values: Iterable[str]) -> "Filters":
        """Give these filters with further values of a field."""
        read = _quant if facet == "quant" else folded
        merged = dict(self.any_of)
        merged[facet] = tuple(dict.fromkeys([*merged.get(facet, ()), *map(read, values)]))
        return replace(self, any_of=tuple((one, merged[one]) for one in FACETS if merged.get(one)))

    def with_tags(self, tags: Iterable[str]) -> "Filters":
        """Give these filters with further tags."""
        return replace(self, tags=tuple(dict.fromkeys([*self.tags, *map(folded, tags)])))

    def with_bounds(self, measure: Measure, bounds: Bounds) -> "Filters":
        """Give these filters with a narrower range of what is measured."""
        merged = dict(self.ranges)
        merged[measure] = bounds.within(merged.get(measure, Bounds()))
        return replace(self, ranges=tuple(sorted(one for one in merged.items() if one[1] != Bounds())))

    def with_params(self, least: int | None, most: int | None) -> "Filters":
        """Give these filters with a narrower range of parameters."""
        return self.with_bounds("params", Bounds(least, most))


NO_FILTERS = Filters()


def folded(value: str) -> str:
    """Give a value as it is compared: in lower case, and as one word."""
    return "_".join(value.lower().split())


def _quant(value: str) -> str:
    return read_quant_word(value) or folded(value)


def read_filter(token: str, filters: Filters) -> Filters | None:
    """Give the filters with what a word such as `task:text-generation` adds, or `None` when it is none.

    Values apart by commas mean any of them. `params` takes `7b` (about), `<8b`, `>=1.5b` or `1b-8b`; so do
    `size` (`<6gb`) and `bits` (`4-5`); `fits` takes memory, `8gb` or `8gb+32gb`, and `ctx` the length of
    context for it. Without a key, `<6gb` is a size and `q4_k_m` a quant. While somebody types, a value can
    be unfinished: the word is then one like any other.
    """
    found = _KEY.fullmatch(token)
    key = _KEYS.get(found["key"].lower()) if found else None
    if found is None:
        return _read_bare(token, filters)
    if key is None:
        return None
    return _read_value(key, found["value"], filters)


def _read_bare(token: str, filters: Filters) -> Filters | None:
    size = read_size(token)
    if size is not None:
        return filters.with_bounds("bytes", size)
    quant = read_quant_word(token)
    # `4bit` is a tag and stands in names: as a word it finds more than as a quant.
    if quant is None or quant[0].isdigit():
        return None
    return filters.with_values("quant", [quant])


def _read_value(key: Key, text: str, filters: Filters) -> Filters | None:
    if key in {"params", "bytes", "bits"}:
        bounds = read_bounds(key, text)
        return None if bounds is None else filters.with_bounds(key, bounds)
    if key == "fits":
        memory = read_memory(text)
        return None if memory is None else replace(filters, fits=memory)
    if key == "ctx":
        context = read_context(text)
        return None if context is None else replace(filters, context=context)
    values = [value for value in text.split(",") if value]
    if not values:
        return None
    return filters.with_tags(values) if key == "tag" else filters.with_values(cast("Facet", key), values)


def with_filter(text: str, key: Key, values: Sequence[str]) -> str:
    """Give what was typed, filtered by these values instead of any others of the field; none: by none."""
    kept = [token for token in text.split() if key_of(token) != key]
    name = "size" if key == "bytes" else key
    return " ".join([*kept, f"{name}:{','.join(values)}"] if values else kept)


def key_of(token: str) -> Key | None:
    """Give what a word filters by; `None`: it is no filter."""
    if read_filter(token, NO_FILTERS) is None:
        return None
    if (found := _KEY.fullmatch(token)) is not None:
        return _KEYS[found["key"].lower()]
    return "bytes" if read_size(token) is not None else "quant"


def require_bounds(filters: Filters) -> None:
    """Let filters of a sensible size pass.

    Raises:
        BadRequest: they are too many, or one is too long.

    """
    values = [*filters.tags, *(value for _, some in filters.any_of for value in some)]
    if len(values) > MAX_VALUES:
        raise BadRequest(f"The query has more than {MAX_VALUES} values to filter by.")
    if any(len(value) > MAX_VALUE_LENGTH for value in values):
        raise BadRequest(f"A value to filter by has at most {MAX_VALUE_LENGTH} characters.")

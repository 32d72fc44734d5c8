"""Filters: what a model must be, beside how it is called; pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from indexer.errors import BadRequest

Facet = Literal["author", "task", "library", "license", "format", "gated"]
"""Fields with one value (formats: a few) a model: filtered by, and counted."""
FACETS: tuple[Facet, ...] = get_args(Facet)

FACET_VALUES = 12
"""Values that are counted of each field, the commonest first."""
MAX_VALUES = 32
"""Values of all filters together; more are refused."""
MAX_VALUE_LENGTH = 200
"""Room for the longest id behind `base_model:quantized:`."""
ABOUT = 0.1
"""`params:7b` asks for 7 billion give or take so much."""

_KEY = re.compile(r"(?P<key>[a-z]+):(?P<value>\S+)", re.IGNORECASE)
_NUMBER = r"(\d{1,6}(?:\.\d{1,3})?)([kmbt]?)"
_RANGE = re.compile(rf"(?:(?P<sign>[<>]=?)?{_NUMBER}|{_NUMBER}(?:-|\.\.){_NUMBER})", re.IGNORECASE)
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "b": 10**9, "t": 10**12}
_KEYS: Mapping[str, Facet | Literal["tag", "params"]] = {
    **{facet: facet for facet in FACETS},
    "owner": "author",
    "tag": "tag",
    "params": "params",
}


@dataclass(frozen=True, slots=True)
class Filters:
    """What a model must be; everything that is set must hold. Texts are in lower case."""

    any_of: tuple[tuple[Facet, tuple[str, ...]], ...] = ()
    """A field and the values of which the model must have one."""
    tags: tuple[str, ...] = ()
    """Tags that the model must have, all of them."""
    min_params: int | None = None
    """Parameters, at least. A model whose number of parameters is unknown never matches a range."""
    max_params: int | None = None

    def __bool__(self) -> bool:
        """Tell whether anything is asked for."""
        return self != NO_FILTERS

    def values_of(self, facet: Facet) -> tuple[str, ...]:
        """Give the values of which the model must have one; none: any will do."""
        return dict(self.any_of).get(facet, ())

    def with_values(self, facet: Facet, values: Iterable[str]) -> "Filters":
        """Give these filters with further values of a field."""
        merged = dict(self.any_of)
        merged[facet] = tuple(dict.fromkeys([*merged.get(facet, ()), *map(folded, values)]))
        ordered = tuple((one, merged[one]) for one in FACETS if merged.get(one))
        return Filters(ordered, self.tags, self.min_params, self.max_params)

    def with_tags(self, tags: Iterable[str]) -> "Filters":
        """Give these filters with further tags."""
        merged = tuple(dict.fromkeys([*self.tags, *map(folded, tags)]))
        return Filters(self.any_of, merged, self.min_params, self.max_params)

    def with_params(self, least: int | None, most: int | None) -> "Filters":
        """Give these filters with a narrower range of parameters."""
        lowest = max((one for one in (self.min_params, least) if one is not None), default=None)
        highest = min((one for one in (self.max_params, most) if one is not None), default=None)
        return Filters(self.any_of, self.tags, lowest, highest)


NO_FILTERS = Filters()


def folded(value: str) -> str:
    """Give a value as it is compared: in lower case, and as one word."""
    return "_".join(value.lower().split())


def read_filter(token: str, filters: Filters) -> Filters | None:
    """Give the filters with what a word such as `task:text-generation` adds, or `None` when it is none.

    Values apart by commas mean any of them. `params` takes `7b` (about), `<8b`, `>=1.5b` or `1b-8b`.
    While somebody types, a value can be unfinished: the word is then one like any other.
    """
    found = _KEY.fullmatch(token)
    key = _KEYS.get(found["key"].lower()) if found else None
    if found is None or key is None:
        return None
    if key == "params":
        bounds = _read_range(found["value"])
        return None if bounds is None else filters.with_params(*bounds)
    values = [value for value in found["value"].split(",") if value]
    if not values:
        return None
    return filters.with_tags(values) if key == "tag" else filters.with_values(key, values)


def with_filter(text: str, key: Facet | Literal["params"], values: Sequence[str]) -> str:
    """Give what was typed, filtered by these values instead of any others of the field; none: by none."""
    kept = [token for token in text.split() if not _is_of(token, key)]
    return " ".join([*kept, f"{key}:{','.join(values)}"] if values else kept)


def _is_of(token: str, key: str) -> bool:
    if read_filter(token, NO_FILTERS) is None:
        return False
    return _KEYS[token.partition(":")[0].lower()] == key


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


def _read_range(text: str) -> tuple[int | None, int | None] | None:
    found = _RANGE.fullmatch(text)
    if found is None:
        return None
    sign, one, unit, least, least_unit, most, most_unit = found.groups()
    if one is None:
        return _count(least, least_unit or most_unit), _count(most, most_unit)
    number = _count(one, unit)
    match sign:
        case "<":
            return None, number - 1
        case "<=":
            return None, number
        case ">":
            return number + 1, None
        case ">=":
            return number, None
    return int(number * (1 - ABOUT)), int(number * (1 + ABOUT))


def _count(number: str, unit: str) -> int:
    return int(float(number) * _UNITS[unit.lower()])

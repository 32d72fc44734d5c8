"""How many parameters, bits and bytes: each counted from the others, the surest first; pure."""

import re
from functools import lru_cache

from indexer.variants.records import ParamsSource

LEAST_BITS, MOST_BITS = 1.0, 34.0
"""Bits per weight beyond these are no bits of a model: the parameters are of another."""
_FACTOR = {"k": 1e3, "m": 1e6, "b": 1e9, "t": 1e12}
_SAID = re.compile(
    r"(?<![a-z0-9.])(?:(?P<effective>e)|(?P<experts>\d{1,2})x)?"
    r"(?P<number>\d{1,4}(?:\.\d{1,3})?|(?<=-)[01]_\d{1,2})[ -]?(?P<unit>[mbt])(?![a-z0-9])"
)
_EFFECTIVE = {2.0: 4.6e9, 4.0: 7.2e9}
"""Gemma's `E2B` and `E4B`: parameters that are used at once; these are all."""
_SHARED = 0.81
"""The part of a dense model that each further expert of a mixture adds: Mixtral 8x7B has 46.7B."""
_LEAST_MILLIONS = 2
"""`1M` is a length of context."""


@lru_cache(maxsize=65_536)
def params_in(name: str) -> int | None:
    """Read how many parameters a name says: `7B`, `1.5b`, `8x7B`, `270M`, `E2B`; of `30B-A3B` the first."""
    for found in _SAID.finditer(name.lower()):
        effective, experts, digits, unit = found.group("effective", "experts", "number", "unit")
        number = float(digits.replace("_", "."))
        if unit == "m" and number < _LEAST_MILLIONS:
            continue
        if effective:
            return int(_EFFECTIVE.get(number, number * 1.8e9))
        if experts:
            number *= 1 + (int(experts) - 1) * _SHARED
        if number > 0:
            return int(number * _FACTOR[unit])
    return None


def bits_of(size: int, params: int) -> float:
    """Count the bits per weight of so many bytes."""
    return 8 * size / params


def is_possible(bits: float) -> bool:
    """Tell whether bits per weight can be those of a model."""
    return LEAST_BITS <= bits <= MOST_BITS


def is_plausible(bits: float, typical: float | None) -> bool:
    """Tell whether counted bits are near those of the label: if not, the parameters may be of another model."""
    if typical is None:
        return is_possible(bits)
    return 0.6 <= bits / typical <= 1.7 and is_possible(bits)


def estimated_bytes(params: int, typical: float) -> int:
    """Estimate the size of weights that nobody has measured yet."""
    return int(params * typical / 8)


Params = tuple[int, ParamsSource]
"""How many there are, and what says so."""


def choose(size: int, typical: float | None, sources: list[Params]) -> Params | None:
    """Give the first source whose bits are near the label's, else the first whose bits are possible at all."""
    possible: Params | None = None
    for source in sources:
        bits = bits_of(size, source[0])
        if is_plausible(bits, typical):
            return source
        if possible is None and is_possible(bits):
            possible = source
    return possible

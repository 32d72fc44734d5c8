"""How many parameters, bits and bytes: each counted from the others, the surest first; pure."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from indexer.variants.labels import Label
from indexer.variants.records import Facts, ParamsSource, RepoFile

MOST_BYTES = MOST_PARAMS = 2**50
"""More than any disk holds, or any model has: who says so is not believed."""
LEAST_BITS, MOST_BITS = 1.0, 34.0
"""Bits per weight beyond these are no bits of a model: the parameters are of another."""
_FACTOR = {"m": 1e6, "b": 1e9, "t": 1e12}
_SAID = re.compile(
    r"(?<![a-z0-9.])(?:(?P<effective>e)|(?P<experts>\d{1,2})x)?"
    r"(?P<number>\d{1,4}(?:\.\d{1,3})?|(?<=-)[01]_\d{1,2})[ -]?(?P<unit>[mbt])"
    r"(?P<more>-(?:7b|16e|128e)(?![a-z0-9]))?(?![a-z0-9])",
    re.ASCII,
)
_TOTALS = {"e2b": 4.6e9, "e4b": 7.2e9, "1b-7b": 6.92e9, "17b-16e": 107.8e9, "17b-128e": 400.7e9}
"""Where a name says how many are used at once, how many there are: Gemma's, OLMoE's, Llama 4's."""
_SHARED = 0.81
"""The part of a dense model that each further expert of a mixture adds: Mixtral 8x7B has 46.7B."""
_LEAST_MILLIONS = 2
"""`1M` is a length of context."""
_MOST_TRILLIONS = 9
"""`36T` is what a model was trained on."""


_SMALL = 1_500_000_000
"""Parameters of a model whose embeddings can outweigh the rest."""
_EMBEDDED = 8.5
"""Bits of what small models keep in better types."""
_EMBEDDINGS = (
    (0.4e9, 0.22), (0.8e9, 0.125), (1.4e9, 0.09), (2.5e9, 0.053), (5e9, 0.018), (20e9, 0.0),
    (float("inf"), -0.02),
)  # fmt: skip
"""What part of a model of fewer parameters than these it is, more than of one of 8 billion."""

Params: TypeAlias = tuple[int, ParamsSource]
"""How many there are, and what says so."""


class Size(NamedTuple):
    """What a variant's numbers are."""

    bytes: int | None
    bits: float | None
    is_exact: bool
    """Whether the bytes are counted ones, of this very commit."""
    params: Params | None
    is_nominal: bool


def params_in(name: str) -> int | None:
    """Read how many parameters a name says: `7B`, `1.5b`, `8x7B`, `270M`, `E2B`; of `30B-A3B` the first."""
    said = said_in(name)
    return said[1] if said else None


@lru_cache(maxsize=4_096)
def said_in(name: str) -> tuple[str, int] | None:
    """Give how many parameters a name says, with its words for it in lower case."""
    for found in _SAID.finditer(name.lower()):
        words, digits, unit = found.group(), found["number"], found["unit"]
        number = float(digits.replace("_", "."))
        if (
            number <= 0
            or (unit == "m" and number < _LEAST_MILLIONS)
            or (unit == "t" and number > _MOST_TRILLIONS)
        ):
            continue
        if words in _TOTALS:
            return words, int(_TOTALS[words])
        words = words.removesuffix(found["more"] or "")
        if found["experts"]:
            number *= 1 + (int(found["experts"]) - 1) * _SHARED
        return words, int(number * _FACTOR[unit])
    return None


def headers_of(facts: Facts) -> tuple[Params, ...]:
    """Give the parameters that headers say."""
    return tuple(
        [(params, "header") for params in (facts.gguf_params, facts.params) if params and params > 0]
    )


def total_of(files: Sequence[RepoFile]) -> tuple[int | None, bool]:
    """Give the bytes of all files, and whether each is of this very commit."""
    total = 0
    for file in files:
        if file.bytes is None:
            return None, True
        total += file.bytes
    return total, all(file.is_exact for file in files)


def size_of(
    size: int | None, label: Label, sources: Iterable[Params], *, is_exact: bool, is_whole: bool
) -> Size:
    """Count what can be counted of bytes, bits and parameters, and take the label's for the rest.

    Args:
        size: of all files, in bytes, as far as it is known.
        label: whose bits are taken where none can be counted.
        sources: what says how many parameters there are, the surest first.
        is_exact: whether the size is of this very commit.
        is_whole: whether no shard is missing; else the size says nothing of the bits.

    """
    typical = label.bits
    sources = [source for source in sources if source[0] <= MOST_PARAMS]
    size = None if size is not None and size > MOST_BYTES else size
    if size and is_whole:
        params = choose(size, typical, sources)
        if params is not None and params[1] != "label":
            return Size(size, 8 * size / params[0], is_exact, params, is_nominal=False)
        params = (max(1, int(size * 8 / typical)), "label") if typical else None
        return Size(size, label.nominal, is_exact, params, label.nominal is not None)
    params = next(iter(sources), None)
    if size is not None or params is None or typical is None:
        return Size(size, label.nominal, is_exact or size is None, params, label.nominal is not None)
    return Size(estimated_bytes(params[0], typical), label.nominal, False, params, True)


def estimated_bytes(params: int, typical: float) -> int:
    """Estimate the size of weights: the smaller a model, the more of it is embeddings of better types."""
    part = next((part for most, part in _EMBEDDINGS if params < most), 0.0)
    return int(params * (typical + max(0.0, _EMBEDDED - typical) * part) / 8)


def is_like(bits: float, typical: float | None) -> bool:
    """Tell whether bits can be those of a model, and of a label: if not, the parameters are of another."""
    return LEAST_BITS <= bits <= MOST_BITS and (typical is None or 0.6 * typical <= bits <= 1.7 * typical)


def choose(size: int, typical: float | None, sources: Iterable[Params]) -> Params | None:
    """Give the first source whose bits are near the label's, else the first that can be right all the same.

    A header that another source agrees with is right whatever the label says: some 16-bit files hold weights
    that were trained in 4. Other sources are right against the label in small models only.
    """
    header: Params | None = None
    first: Params | None = None
    possible: Params | None = None
    for source in sources:
        bits = 8 * size / source[0]
        if header and is_near(header[0], source[0]):
            return header
        if first is None and is_like(bits, typical):
            if header is None:
                return source
            first = source
        if is_like(bits, None):
            if source[1] == "header":
                header = header or source
            if possible is None and (source[1] == "header" or source[0] < _SMALL):
                possible = source
    return first or possible


def is_near(one: int, other: int) -> bool:
    """Tell whether two numbers of parameters can be of the same model."""
    return 0.65 <= one / other <= 1.5

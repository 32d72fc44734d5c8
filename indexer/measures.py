"""Numbers with units as people type them: parameters, sizes, bits, memory; pure.

File sizes are decimal (1 GB is 1,000,000,000 bytes), memory is binary (8 GB of it are 8 GiB): so both are
sold, and so the tools that users know show them.
"""

import re
from typing import Literal, NamedTuple, get_args

Measure = Literal["params", "bytes", "bits"]
"""What has a range: parameters, bytes of all files together, hundredths of bits per weight."""
MEASURES: tuple[Measure, ...] = get_args(Measure)

ABOUT = 0.1
"""`params:7b` asks for 7 billion give or take so much."""
MOST = 2**62
GIB = 2**30
MAX_MEMORY = 2**50

_SIZE = re.compile(r"[<>]=?[\d.]+(?:[mgt]|[kmgt]i?b)", re.IGNORECASE)
_BEGUN = re.compile(r"[<>]=?[\d.]*[kmgt]?", re.IGNORECASE)
_NUMBER = r"(\d{1,9}(?:\.\d{1,3})?)"
_PARAMS = {"": 1, "k": 10**3, "m": 10**6, "b": 10**9, "t": 10**12}
_BYTES = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12,
          "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12,
          "kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40}  # fmt: skip
_BITS = {"": 100, "b": 100, "bit": 100, "bits": 100, "bpw": 100}
_MEMORY = {"": GIB, "m": 2**20, "mb": 2**20, "mib": 2**20, "g": GIB, "gb": GIB, "gib": GIB, "t": 2**40,
           "tb": 2**40, "tib": 2**40}  # fmt: skip
_TOKENS = {"": 1, "k": 1_024, "m": 1_048_576}
_UNITS: dict[Measure, dict[str, int]] = {"params": _PARAMS, "bytes": _BYTES, "bits": _BITS}


class Bounds(NamedTuple):
    """A range; both ends belong to it, `None` is no end."""

    least: int | None = None
    most: int | None = None

    def within(self, other: "Bounds") -> "Bounds":
        """Give what is in both."""
        least = max((one for one in (self.least, other.least) if one is not None), default=None)
        most = min((one for one in (self.most, other.most) if one is not None), default=None)
        return Bounds(least, most)

    def admits(self, number: int | None) -> bool:
        """Tell whether a number is in it; what is unknown never is."""
        if number is None:
            return self == Bounds()
        return (self.least is None or number >= self.least) and (self.most is None or number <= self.most)


class Memory(NamedTuple):
    """The memory of a machine, in bytes."""

    vram: int
    """The graphics card's or, where there is none apart, all there is."""
    ram: int = 0
    """What can be used beside it, slower."""

    @property
    def total(self) -> int:
        """Both together."""
        return self.vram + self.ram


def read_bounds(measure: Measure, text: str) -> Bounds | None:
    """Read `7b` (about), `<8b`, `>=1.5b` or `1b-8b`; `None`: it is no range of this measure."""
    units = _UNITS[measure]
    unit = f"({'|'.join(sorted(units, key=len, reverse=True))})"
    found = re.fullmatch(
        rf"(?:(<=|>=|<|>)?{_NUMBER}{unit}|{_NUMBER}{unit}(?:-|\.\.){_NUMBER}{unit})", text, re.IGNORECASE
    )
    if found is None:
        return None
    sign, one, unit_of_one, least, least_unit, most, most_unit = found.groups()
    if one is None:
        return Bounds(
            _count(least, (least_unit or most_unit).lower(), units), _count(most, most_unit.lower(), units)
        )
    number = _count(one, unit_of_one.lower(), units)
    match sign:
        case "<":
            return Bounds(None, number - 1)
        case "<=":
            return Bounds(None, number)
        case ">":
            return Bounds(number + 1, None)
        case ">=":
            return Bounds(number, None)
    return Bounds(int(number * (1 - ABOUT)), min(int(number * (1 + ABOUT)), MOST))


def read_size(text: str) -> Bounds | None:
    """Read a bare size such as `<6gb` or `>=500mb`; it must have a sign and a unit of bytes.

    `<8b` is none: it could be as many parameters.
    """
    return read_bounds("bytes", text) if _SIZE.fullmatch(text) else None


def is_begun_size(text: str) -> bool:
    """Tell whether a text is what `read_size` will read when it has been typed to its end."""
    return _BEGUN.fullmatch(text) is not None


def read_memory(text: str) -> Memory | None:
    """Read `8gb`, `24` (GiB) or `8gb+32gb` (the card's and the machine's); `None`: it is no memory."""
    parts = [_memory(part) for part in text.split("+")]
    known = [one for one in parts if one is not None]
    if len(known) != len(parts) or not 1 <= len(parts) <= 2 or not sum(known):
        return None
    return Memory(*known) if sum(known) <= MAX_MEMORY else None


def memory_text(memory: Memory) -> str:
    """Give memory as `read_memory` reads it."""
    parts = memory if memory.ram else memory[:1]
    return "+".join(f"{gib_digits(part)}gb" for part in parts)


def gib_digits(size: int) -> str:
    """Give a number of GiB as it is typed: `8`, `7.5`."""
    return f"{size / GIB:.3f}".rstrip("0").rstrip(".")


def read_context(text: str) -> int | None:
    """Read a length of context: `8k`, `32768`; `None`: it is none."""
    found = re.fullmatch(r"(\d{1,7})([km]?)", text, re.IGNORECASE)
    tokens = int(found[1]) * _TOKENS[found[2].lower()] if found else 0
    return tokens if 0 < tokens <= 2**24 else None


def _memory(text: str) -> int | None:
    found = re.fullmatch(rf"{_NUMBER}([a-z]*)", text, re.IGNORECASE)
    if found is None or found[2].lower() not in _MEMORY:
        return None
    return _count(found[1], found[2].lower(), _MEMORY)


def _count(number: str, unit: str, units: dict[str, int]) -> int:
    return min(round(float(number) * units[unit]), MOST)

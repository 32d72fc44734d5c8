"""Which variants a query chooses, and the memory each of them takes; pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from indexer.filters import Filters
from indexer.measures import Measure, Memory
from indexer.query import SearchQuery
from indexer.variants.labels import label_tokens, read_quant_word
from indexer.variants.memory import PADDING
from indexer.variants.records import CONTEXTS, Contents, Variant

Verdict = Literal["vram", "ram", "no"]
"""Fits into the graphics card (or all there is); with the machine's memory beside it; does not."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How the memory a variant takes is summed up, and whether it is there."""

    verdict: Verdict | None
    """`None`: nobody said how much there is."""
    need: int
    """Bytes, all that follows together."""
    files: int
    """Bytes of its files, those that are loaded with them too."""
    context_bytes: int
    overhead: int
    context: int
    """Tokens."""
    is_guessed: bool
    """Whether the memory for the context is a rule of thumb."""


_MEASURED: dict[Measure, Callable[[Variant], int | None]] = {
    "params": lambda variant: variant.params,
    "bytes": lambda variant: variant.bytes,
    "bits": lambda variant: round(100 * variant.bits) if variant.bits else None,
}


def admits(filters: Filters, variant: Variant) -> bool:
    """Tell whether a variant is what is asked of quants, formats, ranges and memory, all at once."""
    quants, formats = filters.values_of("quant"), filters.values_of("format")
    if quants and not set(quants).intersection(label_tokens(variant.label)):
        return False
    if formats and variant.format not in formats:
        return False
    # As in an index, what is nothing is unknown; and what is unknown is in no range.
    if not all(bounds.admits(_MEASURED[measure](variant) or None) for measure, bounds in filters.ranges):
        return False
    if filters.fits is None:
        return True
    return bool(variant.needs) and variant.needs[filters.context_place] <= filters.fits.total


def chosen_by(query: SearchQuery, contents: Contents) -> tuple[Variant, ...]:
    """Give the variants of a model that a query chooses, best first.

    Where the model as a whole is asked for, so are its parameters.
    """
    filters = query.filters if query.is_of_variants else replace(query.filters, ranges=(), fits=None)
    return tuple([one for one in contents.variants if admits(filters, one)])


def pointed_at(text: str, variants: Sequence[Variant]) -> tuple[Variant, ...]:
    """Give the variants that a pasted link names: by the path of a file or a folder, else by the quant."""
    folder = text.rstrip("/") + "/"
    named = [one for one in variants if any(_is_at(file.path, text, folder) for file in one.files)]
    if named:
        return tuple(named)
    quant = read_quant_word(text)
    alike = [one for one in variants if quant and quant in label_tokens(one.label)]
    return tuple([one for one in alike if one.label.lower() == quant] or alike)


def _is_at(path: str, text: str, folder: str) -> bool:
    return path == text or path.startswith(folder)


def fit_of(variant: Variant, memory: Memory | None, place: int) -> Fit | None:
    """Give how much memory a variant takes; `None`: its size is not known.

    Args:
        variant: the variant.
        memory: what there is of it.
        place: of the length of context in `CONTEXTS`.

    """
    if not variant.needs:
        return None
    need = variant.needs[place]
    whole, part = PADDING
    files = (variant.bytes or 0) + sum(one.bytes or 0 for one in variant.sidecars)
    padded = max(0, need - files * whole // part)  # of the context alone
    context_bytes = -(-padded * part // whole)
    return Fit(
        verdict=None if memory is None else _verdict(need, memory),
        need=need,
        files=files,
        context_bytes=context_bytes,
        overhead=need - files - context_bytes,
        context=CONTEXTS[place],
        is_guessed=variant.is_need_guessed,
    )


def _verdict(need: int, memory: Memory) -> Verdict:
    if need <= memory.vram:
        return "vram"
    return "ram" if need <= memory.total else "no"

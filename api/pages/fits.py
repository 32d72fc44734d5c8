"""Whether a variant fits, in words: what the verdict means for the memory there is, and the sum behind it."""

from collections.abc import Iterator

from api.pages.markup import NOTHING, Html, Template, fill
from api.pages.words import context_words, memory_words, size_words
from indexer.choosing import Fit, Verdict, fit_of
from indexer.measures import Memory, gib_digits
from indexer.variants.answers import Room
from indexer.variants.records import Variant

_FIT = Template('<span class="fit $verdict" title="$title"><i aria-hidden="true"></i>$words</span>')
_SUM = Template('<span class="sum">$words</span>')

_BOTH: dict[Verdict, str] = {
    "vram": "fits the card", "ram": "needs RAM too", "no": "does not fit"
}  # fmt: skip
_ONE: dict[Verdict, str] = {"vram": "fits", "ram": "fits", "no": "does not fit"}


def fit_html(variant: Variant, room: Room) -> Html:
    """Give whether a variant fits, in a word or two; nothing where nobody can tell."""
    if room.memory is None:
        return NOTHING
    fit = fit_of(variant, room.memory, room.context_place)
    if fit is None or fit.verdict is None:
        return NOTHING  # its size is not known, which is said
    words = (_BOTH if room.memory.vram and room.memory.ram else _ONE)[fit.verdict]
    return fill(_FIT, verdict=fit.verdict, title=sum_words(variant, fit), words=words)


def sum_html(variant: Variant, fit: Fit) -> Html:
    """Give how the memory a variant takes is summed up."""
    return fill(_SUM, words=sum_words(variant, fit))


def sum_words(variant: Variant, fit: Fit) -> str:
    """Say how memory is summed up: `4.92 GB file + 0.5 GiB context at 4k + 5 % = 5.4 GiB`."""
    more = " or more" if any(one.bytes is None for one in variant.sidecars) else ""
    return f"{' + '.join(_parts(variant, fit))} + 5 % = {memory_words(fit.need)}{more}"


def _parts(variant: Variant, fit: Fit) -> Iterator[str]:
    beside = fit.files - (variant.bytes or 0)
    size = size_words(variant.bytes, is_estimated=variant.is_estimated)
    yield f"{size} {'file' if len(variant.files) == 1 else 'files'}"
    if variant.sidecars:
        size = size_words(beside) if beside > 0 else "unknown"
        yield f"{size} {' and '.join(dict.fromkeys(one.kind for one in variant.sidecars))}"
    if fit.context_bytes:
        about = "about " if fit.is_guessed else ""
        yield f"{about}{memory_words(fit.context_bytes)} context at {context_words(fit.context)}"


def room_words(memory: Memory) -> str:
    """Say how much memory there is: `8 GiB VRAM + 32 GiB RAM`; `8 GiB`, where that is all."""
    if not memory.ram:
        return f"{gib_digits(memory.vram)} GiB"
    parts = ((memory.vram, "VRAM"), (memory.ram, "RAM"))
    return " + ".join(f"{gib_digits(size)} GiB {word}" for size, word in parts if size)

"""Recommended models as small cards: above the popular ones, where nothing was asked yet."""

from collections.abc import Iterable, Iterator, Sequence

from api.pages.fits import fit_html, room_words
from api.pages.layout import model_path, use_path
from api.pages.markup import NOTHING, Html, Template, fill, joined
from api.pages.variants import label_words
from api.pages.words import size_words
from api.recommending import Recommendation
from indexer.choosing import Verdict
from indexer.measures import memory_text
from indexer.variants.answers import Room
from indexer.variants.records import CONTEXTS

OPEN_CARDS = 6
"""More are folded away: what is popular comes below."""

_PLACES: dict[Verdict, int] = {"vram": 0, "ram": 1, "no": 2}

_RECOMMENDED = Template("""\
<section class="recommended" aria-labelledby="recommended-title">
<h2 id="recommended-title">Good to begin with<span class="for">$whose</span></h2>
$cards$rest</section>
""")
_CARDS = Template('<ul class="cards">\n$cards</ul>\n')
_REST = Template("<details><summary>$count more</summary>\n$cards</details>\n")
_CARD = Template("""\
<li><a class="card" href="$path">
<span class="card-title">$title</span>
<span class="card-why">$why</span>
<span class="card-facts">$facts</span>
</a></li>
""")
_FACT = Template('<span class="$kind">$text</span>')


def recommended_html(recommendations: Sequence[Recommendation], room: Room) -> Html:
    """Give the recommended models that there is something to pick of; nothing when there are none.

    Where the memory is known, those that make the most of the card come first, and what is too large last.
    """
    shown = [one for one in recommendations if one.can_be_picked]
    if room.memory is not None:
        shown.sort(key=_place)
    if not shown:
        return NOTHING
    count = OPEN_CARDS if len(shown) > OPEN_CARDS + 1 else len(shown)
    rest = fill(_REST, count=len(shown) - count, cards=_cards(shown[count:], room))
    return fill(
        _RECOMMENDED,
        whose=f" in {room_words(room.memory)}" if room.memory else "",
        cards=_cards(shown[:count], room),
        rest=rest if shown[count:] else NOTHING,
    )


def picked_path(one: Recommendation, room: Room) -> str:
    """Give where what is recommended is picked."""
    repo_id = one.model.record.repo_id if one.model else one.entry.model
    if one.variant is None:
        return model_path(repo_id)
    memory = memory_text(room.memory) if room.memory else ""
    return use_path(repo_id, one.variant, memory, CONTEXTS[room.context_place])


def _place(one: Recommendation) -> tuple[int, int]:
    fit = one.fit
    if fit is None or fit.verdict is None:
        return 1, 0  # of unknown size
    return _PLACES[fit.verdict], fit.need if fit.verdict == "no" else -fit.need


def _cards(recommendations: Iterable[Recommendation], room: Room) -> Html:
    cards = (
        fill(
            _CARD,
            path=picked_path(one, room),
            title=one.entry.title,
            why=one.entry.why,
            facts=joined(_facts(one, room), " "),
        )
        for one in recommendations
    )
    return fill(_CARDS, cards=joined(cards))


def _facts(one: Recommendation, room: Room) -> Iterator[Html]:
    variant, model = one.variant, one.model
    if variant is None or model is None:
        return
    yield fill(_FACT, kind="label", text=label_words(variant))
    yield fill(_FACT, kind="size", text=size_words(variant.bytes, is_estimated=variant.is_estimated))
    if model.record.gated != "no":
        yield fill(_FACT, kind="badge gated", text="gated")
    yield fit_html(variant, room)

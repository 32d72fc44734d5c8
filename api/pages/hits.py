"""A hit as a line of the results: its name with what matched, its facts, its counts."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from api.pages.fits import fit_html
from api.pages.layout import id_owner, model_path, variant_path
from api.pages.markup import NOTHING, Html, Template, fill, joined, markup
from api.pages.variants import bits_words, label_words, troubles_of
from api.pages.words import compact_count, size_words, time_html
from indexer.answers import model_answer, params_of
from indexer.hits import Hit
from indexer.measures import memory_text
from indexer.records import ModelRecord, StoredModel
from indexer.variants.answers import Room
from indexer.variants.records import CONTEXTS, UNKNOWN, Variant

VARIANTS_SHOWN = 4
"""Variants of one hit."""

_HIT = Template("""\
<li><a class="hit" id="hit-$number" href="$path">
<span class="hit-id">$owner<span class="name">$name</span>$label$badges</span>
<span class="hit-facts">$facts</span>
<span class="hit-counts">$counts</span>
$told</a>$variants</li>
""")
_LABEL = Template(' <span class="label">$label</span>')
_TOLD = Template('<span class="unseen">$words</span>\n')
_VARIANTS = Template('\n<ul class="matching" aria-label="Matching variants">\n$variants</ul>')
_VARIANT = Template("""\
<li><a class="variant" href="$path"><span class="label">$label</span> $facts</a></li>
""")
_MORE = Template('<li><a class="variant more" href="$path#variants">$count more</a></li>\n')
_MARK = Template("<mark>$text</mark>")
_BADGE = Template(' <span class="badge $kind">$text</span>')
_FACT = Template('<span class="$kind">$text</span>')
_TAG = Template('<span class="tag"><span class="unseen">tag </span><mark>$tag</mark></span>')
_COUNT = Template(
    '<span class="count $kind" title="$exact $word"><i aria-hidden="true"></i>$number'
    '<span class="unseen"> $word</span></span>'
)
_UPDATED = Template('<span class="updated"><span class="unseen">updated </span>$time</span>')
NO_ROOM = Room()


def hit_html(hit: Hit, number: int, now: datetime, room: Room = NO_ROOM) -> Html:
    """Give a hit.

    Args:
        hit: a model, or a variant of one.
        number: its place in the whole answer, from 0.
        now: the present moment.
        room: the memory that variants are to fit into.

    """
    record, best = hit.model.record, hit.variant or next(iter(hit.variants), None)
    at = len(record.owner) + 1 if record.owner else 0
    owner = marked(record.owner, hit.highlights)
    return fill(
        _HIT,
        number=number,
        path=_path(record, best, room) if best else model_path(record.repo_id),
        label=fill(_LABEL, label=label_words(hit.variant)) if hit.variant else NOTHING,
        told=_told(hit),
        variants=_variants(hit, room),
        owner=id_owner(owner),
        name=marked(record.name, [(start - at, end - at) for start, end in hit.highlights]),
        badges=_badges(record),
        facts=joined(_variant_facts(hit.variant, hit, room) if hit.variant else _facts(hit)),
        counts=joined(_counts(hit.model, now)),
    )


def marked(text: str, spans: Sequence[tuple[int, int]]) -> Html:
    """Give a text with the spans inside it marked; what lies outside of it is another part's."""
    parts: list[Html] = []
    done = 0
    for start, end in spans:
        if 0 <= start < end <= len(text):
            parts += [markup(text[done:start]), fill(_MARK, text=text[start:end])]
            done = end
    return joined([*parts, markup(text[done:])])


def _variants(hit: Hit, room: Room) -> Html:
    """Give the variants of a model that match: links to where each stands on its page."""
    if not hit.variants:
        return NOTHING
    record = hit.model.record
    # One more takes no more room than the word that it is there.
    count = VARIANTS_SHOWN if hit.variants_total > VARIANTS_SHOWN + 1 else len(hit.variants)
    shown = [
        fill(
            _VARIANT,
            path=_path(record, one, room),
            label=label_words(one),
            facts=joined(_measures(one, room), " "),
        )
        for one in hit.variants[:count]
    ]
    if hit.variants_total > count:
        path = model_path(record.repo_id)
        shown.append(fill(_MORE, path=path, count=f"{hit.variants_total - count:,}"))
    return fill(_VARIANTS, variants=joined(shown))


def _told(hit: Hit) -> Html:
    """Say which variants match: beside a hit that is one of a list box, their links are for the mouse."""
    if not hit.variants:
        return NOTHING
    best = hit.variants[0]
    words = f"{label_words(best)}, {size_words(best.bytes, is_estimated=best.is_estimated)}"
    if hit.variants_total > 1:
        words = f"{hit.variants_total:,} variants match, first {words}"
    return fill(_TOLD, words=words)


def _path(record: ModelRecord, variant: Variant, room: Room) -> str:
    memory = memory_text(room.memory) if room.memory else ""
    return variant_path(record.repo_id, variant, memory, CONTEXTS[room.context_place])


def _measures(variant: Variant, room: Room) -> Iterator[Html]:
    yield fill(_FACT, kind="size", text=size_words(variant.bytes, is_estimated=variant.is_estimated))
    if variant.bits is not None:
        yield fill(_FACT, kind="bits", text=f"{bits_words(variant, 1)} bits")
    if fit := fit_html(variant, room):
        yield fit
    if trouble := next(troubles_of(variant), None):
        yield fill(_FACT, kind="trouble", text=trouble)


def _variant_facts(variant: Variant, hit: Hit, room: Room) -> Iterator[Html]:
    yield from _measures(variant, room)
    if variant.label != UNKNOWN:  # else it is called by its format
        yield fill(_FACT, kind="format", text=variant.format)
    if variant.params:
        yield fill(_FACT, kind="params", text=f"{compact_count(variant.params)} params")
    if license_ := hit.model.record.license:
        yield fill(_FACT, kind="license", text=license_)
    for tag in hit.tags:
        yield fill(_TAG, tag=tag)


def _badges(record: ModelRecord) -> Html:
    gated = fill(_BADGE, kind="gated", text="gated") if record.gated != "no" else NOTHING
    disabled = fill(_BADGE, kind="disabled", text="disabled") if record.disabled else NOTHING
    return Html(gated + disabled)


def _facts(hit: Hit) -> Iterator[Html]:
    """Give what a model is; marked, where nothing in its id says why it is here."""
    record = hit.model.record
    if params := params_of(hit.model):
        yield fill(_FACT, kind="params", text=f"{compact_count(params)} params")
    facts = [("format", name) for name in model_answer(hit.model)["formats"]]
    facts += [(kind, text) for kind, text in (("task", record.task), ("license", record.license)) if text]
    for kind, text in facts:
        yield fill(_FACT, kind=kind, text=fill(_MARK, text=text) if text in hit.tags else text)
    for tag in hit.tags:
        if tag not in [text for _, text in facts]:
            yield fill(_TAG, tag=tag)


def _counts(model: StoredModel, now: datetime) -> Iterator[Html]:
    counters, updated_at = model.counters, model.record.updated_at
    for kind, number in (("downloads", counters.downloads), ("likes", counters.likes)):
        if number is not None:
            yield fill(_COUNT, kind=kind, exact=f"{number:,}", number=compact_count(number), word=kind)
    if updated_at is not None:
        yield fill(_UPDATED, time=time_html(updated_at, now))

"""A hit as a line of the results: its name with what matched, its facts, its counts."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from api.pages.layout import id_owner, model_path
from api.pages.markup import NOTHING, Html, Template, fill, joined, markup
from api.pages.words import compact_count, time_html
from indexer.answers import model_answer
from indexer.hits import Hit
from indexer.records import ModelRecord, StoredModel

_HIT = Template("""\
<li><a class="hit" id="hit-$number" href="$path">
<span class="hit-id">$owner<span class="name">$name</span>$badges</span>
<span class="hit-facts">$facts</span>
<span class="hit-counts">$counts</span>
</a></li>
""")
_MARK = Template("<mark>$text</mark>")
_BADGE = Template(' <span class="badge $kind">$text</span>')
_FACT = Template('<span class="$kind">$text</span>')
_TAG = Template('<span class="tag"><span class="unseen">tag </span><mark>$tag</mark></span>')
_COUNT = Template(
    '<span class="count $kind" title="$exact $word"><i aria-hidden="true"></i>$number'
    '<span class="unseen"> $word</span></span>'
)
_UPDATED = Template('<span class="updated"><span class="unseen">updated </span>$time</span>')


def hit_html(hit: Hit, number: int, now: datetime) -> Html:
    """Give a hit; `number` is its place in the whole answer, from 0."""
    record = hit.model.record
    at = len(record.owner) + 1 if record.owner else 0
    owner = marked(record.owner, hit.highlights)
    return fill(
        _HIT,
        number=number,
        path=model_path(record.repo_id),
        owner=id_owner(owner),
        name=marked(record.name, [(start - at, end - at) for start, end in hit.highlights]),
        badges=_badges(record),
        facts=joined(_facts(hit)),
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


def _badges(record: ModelRecord) -> Html:
    gated = fill(_BADGE, kind="gated", text="gated") if record.gated != "no" else NOTHING
    disabled = fill(_BADGE, kind="disabled", text="disabled") if record.disabled else NOTHING
    return Html(gated + disabled)


def _facts(hit: Hit) -> Iterator[Html]:
    """Give what a model is; marked, where nothing in its id says why it is here."""
    record = hit.model.record
    if record.params:
        yield fill(_FACT, kind="params", text=f"{compact_count(record.params)} params")
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

"""The page of a model: what is known of it, how to get it, and what belongs to it."""

from collections.abc import Iterator
from datetime import datetime

from starlette.responses import HTMLResponse

from api.family import Family
from api.pages.coverage import read_ago_html
from api.pages.downloading import SCRIPT, STYLE
from api.pages.family import bases_html, derived_html, others_html
from api.pages.files import files_html
from api.pages.getting import getting_html
from api.pages.layout import Frame, Site, filter_path, page, search_box, search_path
from api.pages.markup import NOTHING, Html, Template, fill, joined
from api.pages.variants import Held, variants_html
from api.pages.words import ACCESS, compact_count, time_html
from indexer.answers import model_answer, params_of
from indexer.filters import Facet
from indexer.lineage import read_base
from indexer.records import ModelRecord, StoredModel

OPEN_TAGS = 24
"""More tags are folded away."""
MAX_TAGS = 1_000
"""Tags of one page."""

_MODEL = Template("""\
$box<article class="model">
<div class="title" data-copy="$repo_id" data-what="id"><h1>$owner<span class="name">$name</span></h1></div>
<p class="counts">$badges$counts</p>
$notes$getting$variants<section aria-labelledby="facts">
<h2 id="facts">Facts</h2>
<dl class="facts">$facts</dl>
</section>
$bases$files$derived$tags$others$read</article>
""")
_OWNER = Template('<a class="owner" href="$path">$owner</a><span class="slash">/</span><wbr>')
_BADGE = Template('<span class="badge $kind">$text</span>')
_COUNT = Template('<span class="count" title="$exact"><b>$number</b> $what</span>')
_NOTE_AUTO = Template("""\
<p class="note">Gated: accept its terms at <a href="$hub" rel="noopener">$hub_name/$repo_id</a>, then run \
<code>hf auth login</code> with that account.</p>
""")
_NOTE_MANUAL = Template("""\
<p class="note">Gated: its owner decides who may load it. Ask for access at \
<a href="$hub" rel="noopener">$hub_name/$repo_id</a>, then run <code>hf auth login</code> with that \
account.</p>
""")
_NOTE_DISABLED = Html('<p class="note bad">The Hub has disabled this model; its files may not load.</p>\n')
_FACT = Template("<div><dt>$name</dt><dd>$value</dd></div>\n")
_LINK = Template('<a href="$path">$text</a>')
_OUTSIDE = Template('<a href="$path" rel="noopener" title="$exact"><code>$text</code></a>')
_EXACT = Template('<span title="$exact">$text</span>')
_TAGS = Template("""\
<section aria-labelledby="tags">
<h2 id="tags">Tags</h2>
<ul class="tags">$tags</ul>
$more</section>
""")
_MORE_TAGS = Template('<details><summary>$count more</summary>\n<ul class="tags">$tags</ul></details>\n')
_TAG = Template("<li>$tag</li>")


def model_page(
    site: Site,
    model: StoredModel,
    held: Held,
    family: Family,
    now: datetime,
    crawled_at: datetime | None,
) -> HTMLResponse:
    """Give the page of a model.

    Args:
        site: where the pages run.
        model: the model.
        held: what it holds, and the memory that is to fit into.
        family: what belongs to it.
        now: the present moment.
        crawled_at: when anything was last read from the Hub.

    """
    record = model.record
    content = fill(
        _MODEL,
        box=search_box(),
        repo_id=record.repo_id,
        owner=_owner(record.owner),
        name=record.name,
        badges=_badges(record),
        counts=joined(_counts(model), " "),
        notes=_notes(site, record),
        getting=getting_html(site, model, held),
        variants=variants_html(record, held),
        facts=joined(
            fill(_FACT, name=name, value=value) for name, value in _facts(site, model, now) if value
        ),
        bases=bases_html(site, family.bases),
        derived=derived_html(record.repo_id, family.derived),
        tags=_tags(record.tags),
        files=files_html(site, record),
        others=others_html(record.owner, family.others),
        read=read_ago_html(crawled_at, now),
    )
    styles = ("model.css", "variants.css", "getting.css", STYLE)
    frame = Frame(f"{record.repo_id} - Hubdex", styles, ("reckoning.js", SCRIPT))
    return page(site, frame, content)


def _owner(owner: str) -> Html:
    return fill(_OWNER, path=search_path("", owner=owner), owner=owner) if owner else NOTHING


def _badges(record: ModelRecord) -> Html:
    gated = fill(_BADGE, kind="gated", text="gated") if record.gated != "no" else NOTHING
    disabled = fill(_BADGE, kind="disabled", text="disabled") if record.disabled else NOTHING
    return Html(gated + disabled)


def _counts(model: StoredModel) -> Iterator[Html]:
    counters = model.counters
    for number, what in (
        (counters.downloads, "downloads in 30 days"),
        (counters.downloads_all_time, "downloads ever"),
        (counters.likes, "likes"),
    ):
        if number is not None:
            yield fill(_COUNT, exact=f"{number:,}", number=compact_count(number), what=what)


def _notes(site: Site, record: ModelRecord) -> Html:
    gate = {"auto": _NOTE_AUTO, "manual": _NOTE_MANUAL}.get(record.gated)
    hub = site.hub_url(record.repo_id)
    note = fill(gate, hub=hub, hub_name=site.hub_name, repo_id=record.repo_id) if gate else NOTHING
    return joined([note, _NOTE_DISABLED if record.disabled else NOTHING])


def _facts(site: Site, model: StoredModel, now: datetime) -> Iterator[tuple[str, Html]]:
    record = model.record
    yield "Task", _searched("task", record.task)
    yield "Library", _searched("library", record.library)
    yield "Licence", _searched("license", record.license)
    if params := params_of(model):
        yield "Parameters", fill(_EXACT, exact=f"{params:,}", text=compact_count(params))
    yield "Formats", joined((_searched("format", one) for one in model_answer(model)["formats"]), ", ")
    yield "Access", _searched("gated", record.gated, ACCESS[record.gated])
    yield "Updated", time_html(record.updated_at, now)
    yield "Created", time_html(record.created_at, now)
    if record.sha:
        path = site.hub_url(f"{record.repo_id}/commit/{record.sha}")
        yield "Commit", fill(_OUTSIDE, path=path, exact=record.sha, text=record.sha[:12])
    yield "Formerly", joined((fill(_EXACT, exact="a former name", text=one) for one in model.aliases), ", ")


def _searched(key: Facet, value: str | None, text: str = "") -> Html:
    """Give a value as a link to all models that have it."""
    return fill(_LINK, path=filter_path(key, value), text=text or value) if value else NOTHING


def _tags(tags: tuple[str, ...]) -> Html:
    """Give the tags, each leading to all models that have it, without those told already as base models."""
    shown = [tag for tag in dict.fromkeys(tags[:MAX_TAGS]) if read_base(tag) is None]
    if not shown:
        return NOTHING
    links = [fill(_TAG, tag=fill(_LINK, path=filter_path("tag", tag), text=tag)) for tag in shown]
    rest = links[OPEN_TAGS:]
    more = fill(_MORE_TAGS, count=len(rest), tags=joined(rest)) if rest else NOTHING
    return fill(_TAGS, tags=joined(links[:OPEN_TAGS]), more=more)

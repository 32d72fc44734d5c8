"""The page of a model: what is known of it, and how to get it."""

import shlex
from collections.abc import Iterator
from datetime import datetime

from starlette.responses import HTMLResponse

from api.pages.layout import Frame, Site, page, search_box, search_path
from api.pages.markup import NOTHING, Html, Template, fill, joined
from api.pages.words import compact_count, plural, time_html
from indexer.answers import model_answer
from indexer.records import ModelRecord, StoredModel

OPEN_FILES = 30
"""A longer list of files is folded away."""

_MODEL = Template("""\
$box<article class="model">
<h1>$owner<span class="name">$name</span></h1>
<p class="counts">$badges$counts</p>
$notes<section aria-labelledby="get">
<h2 id="get">Get it</h2>
$commands<p class="ways"><a class="button" href="$hub" rel="noopener">Open on $hub_name</a></p>
</section>
<section aria-labelledby="facts">
<h2 id="facts">Facts</h2>
<dl class="facts">$facts</dl>
</section>
$tags$files</article>
""")
_OWNER = Template('<a class="owner" href="$path">$owner</a><span class="slash">/</span><wbr>')
_BADGE = Template('<span class="badge $kind">$text</span>')
_COUNT = Template('<span class="count" title="$exact"><b>$number</b> $what</span>')
_NOTE_AUTO = Template(
    '<p class="note">Gated: accept its terms on $hub_name and run <code>hf auth login</code> first.</p>\n'
)
_NOTE_MANUAL = Template(
    '<p class="note">Gated: its owner decides who may load it; ask for access on $hub_name first.</p>\n'
)
_NOTE_DISABLED = Html('<p class="note">The Hub has disabled this model; its files may not load.</p>\n')
_COMMAND = Template('<div class="command"><code>$command</code></div>\n')
_FACT = Template("<div><dt>$name</dt><dd>$value</dd></div>\n")
_TAGS = Template("""\
<section aria-labelledby="tags">
<h2 id="tags">Tags</h2>
<ul class="tags">$tags</ul>
</section>
""")
_TAG = Template("<li>$tag</li>")
_FILES = Template("""\
<section aria-labelledby="files">
<h2 id="files">Files</h2>
<details$open><summary>$count</summary>
<ul class="files">$files</ul></details>
</section>
""")
_FILE = Template('<li><a href="$url" rel="noopener">$path</a></li>')


def model_page(site: Site, model: StoredModel, now: datetime) -> HTMLResponse:
    """Give the page of a model."""
    record = model.record
    content = fill(
        _MODEL,
        box=search_box(),
        owner=_owner(record.owner),
        name=record.name,
        badges=_badges(record),
        counts=joined(_counts(model), " "),
        notes=_notes(site, record),
        commands=joined(fill(_COMMAND, command=command) for command in _commands(site, record)),
        hub=site.hub_url(record.repo_id),
        hub_name=site.hub_name,
        facts=joined(fill(_FACT, name=name, value=value) for name, value in _facts(model, now) if value),
        tags=_tags(record.tags),
        files=_files(site, record),
    )
    return page(site, Frame(f"{record.repo_id} - Hubdex", ("model.css",), ("copy.js",)), content)


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
    gates = {"auto": _NOTE_AUTO, "manual": _NOTE_MANUAL}
    gate = gates.get(record.gated)
    note = fill(gate, hub_name=site.hub_name) if gate else NOTHING
    return joined([note, _NOTE_DISABLED if record.disabled else NOTHING])


def _commands(site: Site, record: ModelRecord) -> Iterator[str]:
    yield f"hf download {shlex.quote(record.repo_id)}"
    yield f"git clone {shlex.quote(site.hub_url(record.repo_id))}"


def _facts(model: StoredModel, now: datetime) -> Iterator[tuple[str, object]]:
    record = model.record
    yield "Task", record.task
    yield "Library", record.library
    yield "License", record.license
    yield "Parameters", compact_count(record.params) if record.params else None
    yield "Formats", ", ".join(model_answer(model)["formats"])
    yield "Updated", time_html(record.updated_at, now)
    yield "Created", time_html(record.created_at, now)
    yield "Revision", record.sha and record.sha[:12]
    yield "Formerly", ", ".join(model.aliases)


def _tags(tags: tuple[str, ...]) -> Html:
    return fill(_TAGS, tags=joined(fill(_TAG, tag=tag) for tag in tags)) if tags else NOTHING


def _files(site: Site, record: ModelRecord) -> Html:
    if not record.files:
        return NOTHING
    blob = f"{record.repo_id}/blob/main/"
    rows = joined(fill(_FILE, url=site.hub_url(blob + path), path=path) for path in record.files)
    is_open = Html(" open") if len(record.files) <= OPEN_FILES else NOTHING
    return fill(_FILES, open=is_open, count=plural(len(record.files), "file"), files=rows)

"""How to get a model: for one variant, what each app is given; else the repository as a whole."""

import shlex
from collections.abc import Iterable, Iterator, Sequence

from api.handoff.choice import repository_of
from api.handoff.offers import Handoff
from api.handoff.plan import plan_handoffs
from api.pages.fits import fit_html
from api.pages.layout import Site
from api.pages.markup import NOTHING, Html, Template, fill, joined, markup
from api.pages.variants import Held, label_words
from api.pages.words import plural, size_words
from indexer.records import ModelRecord, StoredModel
from indexer.variants.records import Variant

_SECTION = Template("""\
<section id="getting" aria-labelledby="get"$used>
<h2 id="get" tabindex="-1">Get it</h2>
$panel$whole<p class="ways"><a class="button$rank" href="$hub" rel="noopener">Open on $hub_name</a></p>
</section>
""")
_PANEL = Template("""\
<p class="chosen"><span class="label">$label</span> <span class="size">$size</span> $fit$more</p>
$download<fieldset class="apps"><legend class="unseen">What it is for</legend>
$apps</fieldset>
$refused""")
_MORE = Template('<a href="#variants">$count</a>')
_APP = Template("""\
<div class="app"><label><input type="radio" name="app" value="$word"$checked>$name</label>
<div class="given">$given</div></div>
""")
_CHECKED = Html(" checked")
_COMMAND = Template('<div class="command" data-copy="$text"$what><code>$text</code></div>\n')
_A_FILE = Html(' data-what="file"')
_A_BODY = Html(' data-what="body"')
_SAID = Template('<p class="small">$words</p>\n')
_FILE = Template('<p class="small"><code>$name</code></p>\n')
_POST = Template('<p class="small">The body of <code>POST $url</code></p>\n')
_OPEN = Template('<p><a class="button" href="$url" rel="noopener">Open in $name</a></p>\n')
_ADDRESS = Template('<li><a href="$url" rel="noopener">$url</a></li>\n')
_ADDRESSES = Template('<ul class="addresses">$list</ul>\n')
_REFUSED = Template('<p class="small refused">Not for $list</p>\n')
_WHOLE = Template("<details><summary>The whole repository</summary>\n$commands</details>\n")
_USED = Template(' data-used="$key"')
_QUIET = Html(" quiet")


def getting_html(site: Site, model: StoredModel, held: Held) -> Html:
    """Give the ways to get a model."""
    record, chosen = model.record, held.chosen
    commands = joined(fill(_COMMAND, text=text, what=NOTHING) for text in _commands(site, record))
    return fill(
        _SECTION,
        used=fill(_USED, key=chosen.key) if chosen else NOTHING,
        panel=_panel(site, model, held, chosen) if chosen else NOTHING,
        whole=fill(_WHOLE, commands=commands) if chosen else commands,
        rank=_QUIET if chosen else NOTHING,
        hub=site.hub_url(record.repo_id),
        hub_name=site.hub_name,
    )


def _panel(site: Site, model: StoredModel, held: Held, chosen: Variant) -> Html:
    handoffs = plan_handoffs(repository_of(model, site.upstream), chosen)
    by_app: dict[str, list[Handoff]] = {}
    for one in handoffs:
        if one.why_not is None:
            by_app.setdefault(one.app, []).append(one)
    others = len(held.contents.variants) - 1
    return fill(
        _PANEL,
        label=label_words(chosen),
        size=size_words(chosen.bytes, is_estimated=chosen.is_estimated),
        fit=fit_html(chosen, held.room),
        download=held.download_html(model.record, chosen, "panel"),
        more=fill(_MORE, count=plural(others, "other variant")) if others else NOTHING,
        apps=joined(_app(given, is_first=at == 0) for at, given in enumerate(by_app.values())),
        refused=_refused(one for one in handoffs if one.why_not is not None),
    )


def _app(given: Sequence[Handoff], *, is_first: bool) -> Html:
    return fill(
        _APP,
        word=given[0].app,
        name=given[0].name,
        checked=_CHECKED if is_first else NOTHING,
        given=joined(piece for one in given for piece in _pieces(one)),
    )


def _pieces(one: Handoff) -> Iterator[Html]:
    """Give what an app is given: what is to be known, what is to be copied or opened."""
    if one.note:
        yield fill(_SAID, words=one.note)
    if one.kind == "link":
        yield from _links(one)
        return
    if one.kind == "file":
        yield fill(_FILE, name=one.file)
    elif one.kind == "request":
        yield fill(_POST, url=one.url)
    what = {"file": _A_FILE, "request": _A_BODY}.get(one.kind, NOTHING)
    yield fill(_COMMAND, text=one.text.rstrip("\n"), what=what)
    if one.kind == "file" and one.steps:
        yield fill(_COMMAND, text="\n".join(one.steps), what=NOTHING)


def _links(one: Handoff) -> Iterator[Html]:
    if one.app == "url":
        links = joined(fill(_ADDRESS, url=url) for url in one.steps or (one.text,))
        yield fill(_ADDRESSES, list=links)
    else:
        yield fill(_OPEN, url=one.text, name=one.name)


def _refused(refusals: Iterable[Handoff]) -> Html:
    """Give the apps that are given nothing, those of one reason together."""
    by_reason: dict[str, list[str]] = {}
    for one in refusals:
        by_reason.setdefault(one.why_not or "", []).append(one.name)
    told = (markup(f"{', '.join(names)}: {why[0].lower()}{why[1:-1]}") for why, names in by_reason.items())
    return fill(_REFUSED, list=joined(told, "; ")) if by_reason else NOTHING


def _commands(site: Site, record: ModelRecord) -> Iterator[str]:
    yield f"hf download {shlex.quote(record.repo_id)}"
    yield f"git clone {shlex.quote(site.hub_url(record.repo_id))}"

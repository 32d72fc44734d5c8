"""The page of the cache: what lies on this machine, how it stands, and what can be done with it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from starlette.responses import HTMLResponse

from api.handoff.cache.answers import visible
from api.handoff.cache.keeping import why_protected
from api.handoff.cache.records import CachedRevision, CacheState, Name
from api.handoff.cache.verifications import Verification
from api.pages.layout import Frame, Site, id_owner, model_path, page
from api.pages.markup import NOTHING, Html, Template, fill, joined, prose
from api.pages.words import plural, size_words, time_html
from api.paths import CACHE

ROWS = 100
"""Revisions on a page."""

_STYLES = ("search.css", "model.css", "status.css", "cache.css")
_PAGE = Template("""\
<article class="status">
<h1>$title</h1>
$above$content</article>
""")
_CONTENT = Template("""\
<dl class="facts">$facts</dl>
$notes<section aria-label="Revisions">
$heading$table$more<p class="small">The time of the last use is the file system's: many note it once a day \
only, some never. For machines: <a href="/v1/cache">/v1/cache</a>.</p>
</section>
""")
_HEADING = Template("<h2>$words</h2>\n")
_FACT = Template("<div><dt>$name</dt><dd>$value</dd></div>\n")
_TABLE = Template("""\
<table class="cache">
<thead><tr><th scope="col">Model and commit</th><th scope="col" class="number">Size</th>\
<th scope="col">Last used</th><th scope="col">State</th>$actions</tr></thead>
<tbody>
$rows</tbody>
</table>
""")
_ACTIONS_HEAD = Html('<th scope="col"><span class="unseen">What to do</span></th>')
_ROW = Template("""\
<tr id="$place"><th scope="row"><a href="$path">$owner$name</a> <span class="commit">\
<code>$commit</code>$refs</span></th><td class="number" data-label="Size"><span>$size</span></td>\
<td data-label="Last used"><span>$used</span></td>\
<td data-label="State"><span class="badges">$badges</span></td>$actions</tr>
""")
_BADGE = Template('<span class="badge $kind">$words</span>')
_ACTIONS = Template("""\
<td class="actions"><form method="post">
<input type="hidden" name="model" value="$model"><input type="hidden" name="revision" value="$commit">\
<input type="hidden" name="place" value="$place"><input type="hidden" name="offset" value="$offset">
<button formaction="$pin_path" aria-label="$pin_word $model">$pin_word</button>
<button formaction="$verify_path" aria-label="Verify $model">Verify</button>
<a href="$delete_path" aria-label="Delete $model">Delete</a>
</form></td>""")
_MORE = Template('<p class="ways">$links</p>\n')
_LINK = Template('<a class="button quiet" href="$path">$words</a>\n')
_NOTE = Template('<p class="note">$words</p>\n')
_EMPTY = Template("""\
<section class="message">
<h2>Nothing is in the cache yet</h2>
<p>What is downloaded through Hubdex lies there, and so does what any other program of Hugging Face's
downloads on this machine. <a href="/">Find a model</a>, pick a variant and download it; or in a terminal:</p>
<p><code>hubdex get owner/name</code></p>
</section>
""")
_DELETE = Template("""\
<section class="message">
<h1>Delete this revision?</h1>
<p><a href="$path">$model</a>, commit <code>$commit</code>$refs: $size in $files, last used $used.</p>
<p>$about</p>
$form</section>
""")
_DELETE_FORM = Template("""\
<form method="post" action="$action">
<input type="hidden" name="model" value="$model"><input type="hidden" name="revision" value="$commit">$force
<p class="ways"><button class="button bad" type="submit">$words</button>
<a class="button quiet" href="$back">Keep it</a></p>
</form>
""")
_FORCE = Html('<input type="hidden" name="force" value="1">')
_BACK = Template('<p class="ways"><a class="button" href="$back">Back</a></p>\n')
_SHARED = (
    "What other revisions of the model share with it stays. "
    "The rest is gone for good, and would have to be downloaded again."
)
_YOURS = (
    "Hubdex did not download all of it: these files are yours, "
    "or another program's that may still want them. "
)


@dataclass(frozen=True, slots=True)
class View:
    """What is shown of the cache, and to whom."""

    state: CacheState
    verifications: Mapping[Name, Verification]
    may_write: bool
    """Whether there are buttons, and whether everything is shown."""
    offset: int = 0
    """Revisions that are left out before the first."""


def cache_page(site: Site, view: View, now: datetime, above: Html = NOTHING) -> HTMLResponse:
    """Give the page of the cache; `above` is what comes before it."""
    content = cache_html(view, now)
    frame = Frame("Cache - Hubdex", (*_STYLES, "message.css"))
    return page(site, frame, fill(_PAGE, title="Cache", above=above, content=content))


def cache_html(view: View, now: datetime) -> Html:
    """Give what lies in the cache."""
    state, may_write, offset = view.state, view.may_write, view.offset
    shown = visible(state, may_write=may_write)
    rows = [
        _row(one, view.verifications.get(one.snapshot.name), now, offset if may_write else None)
        for one in shown[offset : offset + ROWS]
    ]
    table = fill(_TABLE, rows=joined(rows), actions=_ACTIONS_HEAD if may_write else NOTHING)
    return fill(
        _CONTENT,
        facts=joined(
            fill(_FACT, name=name, value=value) for name, value in _facts(state, may_write=may_write)
        ),
        notes=joined(fill(_NOTE, words=words) for words in _notes(state, shown, may_write=may_write)),
        heading=fill(_HEADING, words=plural(len(shown), "revision")) if shown else NOTHING,
        table=table if rows else fill(_EMPTY) if not shown else NOTHING,
        more=_more(len(shown), offset),
    )


def delete_page(site: Site, one: CachedRevision, now: datetime) -> HTMLResponse:
    """Give the page that asks whether a revision is to be deleted, or says why it cannot be."""
    snapshot = one.snapshot
    protected = why_protected(one, force=True)
    form = fill(_BACK, back=CACHE)
    if not protected:
        form = fill(
            _DELETE_FORM,
            action=f"{CACHE}/delete",
            model=snapshot.repo_id,
            commit=snapshot.commit,
            force=NOTHING if one.is_ours else _FORCE,
            words="Delete" if one.is_ours else "Delete it all the same",
            back=f"{CACHE}#{_place(one)}",
        )
    about = f"It stays: {protected}." if protected else f"{'' if one.is_ours else _YOURS}{_SHARED}"
    content = fill(
        _DELETE,
        path=model_path(snapshot.repo_id),
        model=snapshot.repo_id,
        commit=snapshot.commit[:12],
        refs=_refs(one),
        size=size_words(snapshot.bytes),
        files=plural(len(snapshot.files), "file"),
        used=_used(one, now),
        about=about,
        form=form,
    )
    return page(site, Frame("Delete - Hubdex", (*_STYLES, "message.css")), content)


def _facts(state: CacheState, *, may_write: bool) -> Iterator[tuple[str, object]]:
    yield "In the cache", size_words(state.bytes)
    limit = f" of {size_words(state.limit)} it may take" if state.limit is not None else ""
    yield "Downloaded by Hubdex", f"{size_words(state.downloaded_bytes)}{limit}"
    if state.partial_bytes:
        yield "Not finished", size_words(state.partial_bytes)
    yield "Free on the disk", size_words(state.free_bytes) if state.free_bytes is not None else "unknown"
    if may_write:
        yield "Folder", str(state.path)


def _notes(state: CacheState, shown: list[CachedRevision], *, may_write: bool) -> Iterator[Html]:
    if state.is_cut:
        yield prose("There is more than can be listed at once; what is missing here is not lost.")
    hidden = len(state.revisions) - len(shown)
    if hidden:
        yield prose(f"{plural(hidden, 'revision')} more: who has no key is not told of what may be private.")
    if state.problems and may_write:
        more = len(state.problems) - 3
        words = " ".join(state.problems[:3]) + (f" And {more:,} more." if more > 0 else "")
        yield prose(f"Not everything could be read. {words}")


def _row(one: CachedRevision, verification: Verification | None, now: datetime, offset: int | None) -> Html:
    snapshot = one.snapshot
    owner, _, name = snapshot.repo_id.rpartition("/")
    return fill(
        _ROW,
        place=_place(one),
        path=model_path(snapshot.repo_id),
        owner=id_owner(owner),
        name=name,
        commit=snapshot.commit[:12],
        refs=_refs(one),
        size=size_words(snapshot.bytes),
        used=_used(one, now),
        badges=joined(
            (fill(_BADGE, kind=kind, words=words) for kind, words in _badges(one, verification)), " "
        ),
        actions=NOTHING if offset is None else _actions(one, offset),
    )


def _badges(one: CachedRevision, verification: Verification | None) -> Iterator[tuple[str, str]]:
    yield ("good", "complete") if one.is_complete else ("bad", "incomplete")
    if one.is_current is not None:
        yield ("good", "current") if one.is_current else ("warn", "older")
    if one.is_ours:
        yield "plain", "by Hubdex"
    if one.is_pinned:
        yield "accent", "pinned"
    if one.is_in_use:
        yield "accent", "downloading"
    if verification is not None:
        yield _verification(verification)


def _verification(one: Verification) -> tuple[str, str]:
    if one.state == "reading":
        share = min(100, 100 * one.done_bytes // max(1, one.total_bytes))
        return "accent", f"verifying, {share} %"
    if one.state == "wrong" and one.found:
        files = (*one.found.wrong, *one.found.missing)
        more = f" and {len(files) - 1:,} more" if len(files) > 1 else ""
        return "bad", f"wrong: {files[0][:80]}{more}"
    words = {"waiting": "to be verified", "right": "verified", "failed": "could not be verified"}
    kinds = {"waiting": "accent", "right": "good", "failed": "bad"}
    return kinds.get(one.state, "bad"), words.get(one.state, one.state)


def _actions(one: CachedRevision, offset: int) -> Html:
    named = {"model": one.snapshot.repo_id, "revision": one.snapshot.commit}
    return fill(
        _ACTIONS,
        model=one.snapshot.repo_id,
        commit=one.snapshot.commit,
        place=_place(one),
        offset=offset,
        pin_path=f"{CACHE}/{'unpin' if one.is_pinned else 'pin'}",
        pin_word="Unpin" if one.is_pinned else "Pin",
        verify_path=f"{CACHE}/verify",
        delete_path=f"{CACHE}/delete?{urlencode(named)}",
    )


def _more(count: int, offset: int) -> Html:
    links = []
    if offset:
        links.append(fill(_LINK, path=f"{CACHE}?offset={max(0, offset - ROWS)}", words="Used later"))
    if offset + ROWS < count:
        links.append(fill(_LINK, path=f"{CACHE}?offset={offset + ROWS}", words="Used earlier"))
    return fill(_MORE, links=joined(links)) if links else NOTHING


def _place(one: CachedRevision) -> str:
    return f"r-{one.snapshot.repo_id.replace('/', '--')}-{one.snapshot.commit[:12]}"


def _refs(one: CachedRevision) -> str:
    refs = one.snapshot.refs
    more = f" and {len(refs) - 3:,} more" if len(refs) > 3 else ""
    return f" ({', '.join(refs[:3])}{more})" if refs else ""


def _used(one: CachedRevision, now: datetime) -> Html | str:
    return time_html(one.snapshot.last_used, now) or "unknown"

"""The page of how the service stands: what was read, how old and how complete it is, what was set aside."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.responses import HTMLResponse

from api.handoff.cache.records import CacheState
from api.handoff.jobs.records import ENDED, State
from api.handoff.jobs.store import Count
from api.pages.activity import jobs_html, troubles_html
from api.pages.coverage import coverage_html
from api.pages.layout import Frame, Site, page
from api.pages.markup import NOTHING, Html, Template, fill, joined, markup, prose
from api.pages.words import plural, size_words, time_html, time_until
from api.paths import CACHE, KEY, STATUS, key_path
from api.standing import Standing
from indexer.engines.opening import ReplicaState
from indexer.quota import Window
from indexer.records import CatalogState, Checkpoint, SetAside

EXCERPT_SHOWN = 300
"""Characters of a row without meaning."""

_STATUS = Template("""\
<article class="status">
<h1>Status</h1>
<p class="standing">$standing</p>
$warning$stale<dl class="facts">$facts</dl>
$troubles$jobs$servers$passes$aside<p class="small">For machines: <a href="/v1/status">/v1/status</a>.</p>
</article>
""")
_STALE = Template('<p class="why">$why</p>\n')
_NOT_READY = Template(
    '<span class="state partial"></span>$message Nothing happening? '
    "<code>hubdex up</code> starts all there is to it."
)
_WARNING = Template('<p class="note">$warning</p>\n')
_FACT = Template("<div><dt>$name</dt><dd>$value</dd></div>\n")
_LINK = Template('<a href="$path">$words</a>')
_MAY = Template('$words (<a href="$path">$way</a>)')
_PASSES = Template("""\
<section aria-labelledby="passes">
<h2 id="passes">Passes over the Hub</h2>
<table>
<thead><tr><th scope="col">Pass</th><th scope="col">State</th><th scope="col" class="number">Rows</th>\
<th scope="col" class="number">Pages</th><th scope="col">Newest page</th><th scope="col">Last whole run</th>\
</tr></thead>
<tbody>
$rows</tbody>
</table>
</section>
""")
_PASS = Template("""\
<tr><th scope="row">$name</th><td data-label="State"><span>$state</span></td>\
<td class="number" data-label="Rows">$read</td><td class="number" data-label="Pages">$pages</td>\
<td data-label="Newest page">$updated</td><td data-label="Last whole run">$last</td></tr>
""")
_SERVERS = Template("""\
<section aria-labelledby="servers">
<h2 id="servers">Search servers</h2>
<table>
<thead><tr><th scope="col">Server</th><th scope="col">State</th><th scope="col" class="number">Models</th>\
<th scope="col" class="number">Behind</th><th scope="col">Brought up to date</th></tr></thead>
<tbody>
$rows</tbody>
</table>
</section>
""")
_SERVER = Template("""\
<tr><th scope="row">$name</th><td data-label="State"><span>$state</span></td>\
<td class="number" data-label="Models">$models</td><td class="number" data-label="Behind">$behind</td>\
<td data-label="Brought up to date">$synced</td></tr>
""")
_ASIDE = Template("""\
<section aria-labelledby="aside">
<h2 id="aside">Set aside</h2>
<p>$words</p>
$list</section>
""")
_ASIDE_LIST = Template('<details><summary>The newest</summary>\n<ul class="aside">$rows</ul></details>\n')
_ASIDE_ROW = Template("""\
<li><b>$name</b> <span class="when">$when</span>
<p>$reason</p>
<code>$excerpt</code></li>
""")
_NEVER = Html('<span class="never">never</span>')


@dataclass(frozen=True, slots=True)
class OnDisk:
    """What was downloaded, what lies there, and what of it is wrong."""

    downloads: Mapping[State, Count]
    cache: CacheState | None
    """`None`: nobody has looked yet."""
    warning: str = ""
    """What is wrong with a file of the user's; empty: nothing."""


def status_page(
    site: Site,
    standing: Standing,
    on_disk: OnDisk,
    aside: Sequence[SetAside],
    now: datetime,
    *,
    may_write: bool,
) -> HTMLResponse:
    """Give the page of how the service stands.

    Args:
        site: where the pages run.
        standing: what is known, how old and how complete it is.
        on_disk: what was downloaded.
        aside: the newest rows of the Hub that had no meaning.
        now: the present moment.
        may_write: whether this browser may do more than read.

    """
    marks = standing.catalog.passes if standing.catalog else ()
    content = fill(
        _STATUS,
        standing=coverage_html(standing.coverage, now)
        if standing.coverage
        else fill(_NOT_READY, message=prose(standing.message)),
        warning=fill(_WARNING, warning=prose(on_disk.warning)) if on_disk.warning else NOTHING,
        stale=fill(_STALE, why=prose(standing.message)) if standing.is_stale else NOTHING,
        facts=joined(
            fill(_FACT, name=name, value=value)
            for name, value in (
                *_facts(site, standing, now),
                ("Downloads", _downloads(on_disk.downloads)),
                ("Models on this disk", _cache(on_disk.cache)),
                ("This browser may", _rights(may_write)),
            )
        ),
        troubles=troubles_html(standing.activity, now),
        jobs=jobs_html(standing.activity, now),
        servers=_servers(standing, now),
        passes=fill(_PASSES, rows=joined(_pass(mark, now) for mark in marks)) if marks else NOTHING,
        aside=_aside(standing, aside, now),
    )
    return page(site, Frame("Status - Hubdex", ("search.css", "model.css", "status.css")), content)


def _facts(site: Site, standing: Standing, now: datetime) -> Iterator[tuple[str, object]]:
    catalog, index = standing.catalog, standing.index
    yield "Models that can be found", f"{index.models:,}" if index else "none yet"
    yield "Variants of them", f"{index.variants:,}" if index else "none yet"
    yield "Models in the catalog", f"{catalog.models:,}" if catalog else "none yet"
    if catalog and index:
        behind = max(0, catalog.serial - index.serial)
        yield "Changes not indexed yet", f"{behind:,}"
        yield "Index brought up to date", time_html(index.synced_at, now)
    if catalog:
        yield "Removed from the Hub", f"{catalog.removed:,}"
        yield "Newest page of the Hub", _moment(catalog.crawled_at, now)
        yield "Whole Hub last read", _moment(catalog.completed_at, now)
    yield f"Requests left at {site.hub_name}", _quota(standing.quota, now)


def _downloads(counts: Mapping[State, Count]) -> str:
    told = {
        "under way": sum(one.jobs for state, one in counts.items() if state not in ENDED),
        "failed": counts["failed"].jobs if "failed" in counts else 0,
        "done": sum(one.jobs for state, one in counts.items() if state in {"ready", "already_downloaded"}),
    }
    return ", ".join(f"{count:,} {word}" for word, count in told.items() if count) or "none yet"


def _cache(cache: CacheState | None) -> Html:
    words = "being looked at"
    if cache is not None:
        limit = f" ({size_words(cache.downloaded_bytes)} of {size_words(cache.limit)} by Hubdex)"
        words = f"{size_words(cache.bytes)}{limit if cache.limit is not None else ''}"
    return fill(_LINK, path=CACHE, words=words)


def _rights(may_write: bool) -> Html:  # noqa: FBT001
    if may_write:
        return fill(_MAY, words="search, download and delete", path=KEY, way="Key")
    return fill(_MAY, words="only search", path=key_path(STATUS), way="Give it the key")


def _quota(window: Window | None, now: datetime) -> str:
    if window is None:
        return "not asked lately"
    until = time_until(window.resets_at - now.timestamp())
    return f"{window.left:,} of {window.limit:,}; anew {until}"


def _servers(standing: Standing, now: datetime) -> Html:
    rows = [_server(one, standing.catalog, now) for one in standing.servers]
    return fill(_SERVERS, rows=joined(rows)) if rows else NOTHING


def _server(server: ReplicaState, catalog: CatalogState | None, now: datetime) -> Html:
    index = server.state
    behind = max(0, catalog.serial - index.serial) if catalog and index else None
    return fill(
        _SERVER,
        name=server.name,
        state=server.message or "answers",
        models=f"{index.models:,}" if index else "-",
        behind="-" if behind is None else f"{behind:,}",
        synced=_moment(index.synced_at if index else None, now),
    )


def _pass(mark: Checkpoint, now: datetime) -> Html:
    state: object = "ended"
    if mark.is_under_way:
        state = Html(f"under way since {time_html(mark.started_at, now)}")
    return fill(
        _PASS,
        name=mark.name,
        state=state,
        read=f"{mark.rows:,}",
        pages=f"{mark.pages:,}",
        updated=_moment(mark.updated_at, now),
        last=_moment(mark.last_finished_at, now),
    )


def _aside(standing: Standing, rows: Sequence[SetAside], now: datetime) -> Html:
    if standing.catalog is None:
        return NOTHING
    count = standing.catalog.set_aside
    if not count:
        return fill(_ASIDE, words="Every row of the Hub had a meaning.", list=NOTHING)
    listed = fill(_ASIDE_LIST, rows=joined(_aside_row(row, now) for row in rows)) if rows else NOTHING
    return fill(_ASIDE, words=f"{plural(count, 'row')} of the Hub had no meaning.", list=listed)


def _aside_row(row: SetAside, now: datetime) -> Html:
    times = f", {plural(row.times, 'time')}" if row.times > 1 else ""
    when = Html(f"{markup(row.pass_name or 'an unknown pass')}, {_moment(row.seen_at, now)}{times}")
    name = row.row_id or "without a name"
    return fill(_ASIDE_ROW, name=name, when=when, reason=row.reason, excerpt=row.excerpt[:EXCERPT_SHOWN])


def _moment(moment: datetime | None, now: datetime) -> Html:
    return time_html(moment.astimezone(UTC), now) if moment else _NEVER

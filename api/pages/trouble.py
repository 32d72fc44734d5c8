"""The pages of what went wrong, each with a way on."""

from datetime import datetime

from starlette.responses import HTMLResponse

from api.pages.layout import Frame, Site, page, search_box, search_path
from api.pages.markup import Html, Template, fill, prose
from api.pages.words import time_html

_TROUBLE = Template("""\
$box<section class="message">
<h1>$title</h1>
<p>$message</p>
$ways</section>
""")
_AGAIN = Html("""\
<p>Nothing is lost: this page looks again every few seconds, and comes back by itself.
If it does not, <code>hubdex up</code> starts all there is to it, and its log says what is wrong.</p>
<p class="ways"><a class="button" href="">Look again</a>
<a class="button quiet" href="/-/status">Status</a></p>
""")
_HOME = Html('<p class="ways"><a class="button" href="/">All models</a></p>\n')

_NOT_FOUND = Template("""\
$box<section class="message">
<h1>$title</h1>
<p>$why</p>
<p class="ways"><a class="button" href="$search">Search for it</a>
<a class="button quiet" href="$hub" rel="noopener">Look on $hub_name</a></p>
</section>
""")
_NOBODY = Template('No $what is called <span class="asked">$repo_id</span> here')
_GONE = Template('<span class="asked">$repo_id</span> is no longer public')
_GONE_WHY = Template(
    "It was here, and was deleted from $hub_name or made private; that was found $when. "
    "Somebody may have uploaded it anew under another name."
)

_TITLES = {
    404: "Nothing here", 405: "Not this way", 422: "That is not a question", 500: "That is our mistake",
    409: "That stays as it is", 503: "Not right now",
}  # fmt: skip


def trouble_page(site: Site, status: int, message: str) -> HTMLResponse:
    """Give the page of an error; one that passes by itself looks again."""
    title = _TITLES.get(status, "Something went wrong")
    passes = status == 503
    frame = Frame(f"{title} - Hubdex", ("message.css",), ("again.js",) if passes else (), status=status)
    ways = _AGAIN if passes else _HOME
    return page(site, frame, fill(_TROUBLE, box=search_box(), title=title, message=prose(message), ways=ways))


def not_found_page(site: Site, repo_id: str, removed_at: datetime | None, now: datetime) -> HTMLResponse:
    """Give the page of a model nobody knows here, or nobody knows any more."""
    what = "model" if "/" in repo_id else "model and no owner"
    title = fill(_NOBODY, what=what, repo_id=repo_id)
    why = Html("It may be newer than this index, renamed, private, or spelled differently.")
    if removed_at is not None:
        title = fill(_GONE, repo_id=repo_id)
        why = fill(_GONE_WHY, hub_name=site.hub_name, when=time_html(removed_at, now))
    content = fill(
        _NOT_FOUND,
        box=search_box(repo_id),
        title=title,
        why=why,
        search=search_path(repo_id),
        hub=site.hub_url(repo_id),
        hub_name=site.hub_name,
    )
    return page(site, Frame(f"{repo_id} - Hubdex", ("message.css",), status=404), content)

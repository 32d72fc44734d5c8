"""The pages of what went wrong, each with a way on."""

from starlette.responses import HTMLResponse

from api.pages.layout import Frame, Site, page, search_box, search_path
from api.pages.markup import NOTHING, Html, Template, fill

_TROUBLE = Template("""\
$box<section class="message">
<h1>$title</h1>
<p>$message</p>
</section>
""")

_NOT_FOUND = Template("""\
$box<section class="message">
<h1>No $what is called <span class="asked">$repo_id</span> here</h1>
<p>It may be newer than this index, renamed, private, or spelled differently.</p>
<p class="ways"><a class="button" href="$search">Search for it</a>
<a class="button quiet" href="$hub" rel="noopener">Look on $hub_name</a></p>
</section>
""")

_TITLES = {404: "Nothing here", 405: "Not this way", 422: "That is not a question", 503: "Not right now"}
_AGAIN = Html('<meta http-equiv="refresh" content="5">\n')


def trouble_page(site: Site, status: int, message: str) -> HTMLResponse:
    """Give the page of an error; one that passes by itself tries again."""
    title = _TITLES.get(status, "Something went wrong")
    head = _AGAIN if status == 503 else NOTHING
    frame = Frame(f"{title} - Hubdex", ("message.css",), head=head, status=status)
    return page(site, frame, fill(_TROUBLE, box=search_box(), title=title, message=message))


def not_found_page(site: Site, repo_id: str) -> HTMLResponse:
    """Give the page of a model nobody knows here."""
    content = fill(
        _NOT_FOUND,
        box=search_box(repo_id),
        what="model" if "/" in repo_id else "model and no owner",
        repo_id=repo_id,
        search=search_path(repo_id),
        hub=site.hub_url(repo_id),
        hub_name=site.hub_name,
    )
    return page(site, Frame(f"{repo_id} - Hubdex", ("message.css",), status=404), content)

"""The page of the API: an empty frame that a script fills from the OpenAPI description."""

from starlette.responses import HTMLResponse

from api.pages.layout import Frame, Site, page
from api.pages.markup import Html

_DOCS = Html("""\
<article class="docs">
<h1>The API</h1>
<p>Everything Hubdex knows, as JSON. The description for machines is
<a href="/openapi.json">openapi.json</a> (OpenAPI 3.1).</p>
<noscript><p class="note">This page is drawn by a script from that description.</p></noscript>
<div id="operations" data-description="/openapi.json" aria-live="polite"></div>
</article>
""")


def docs_page(site: Site) -> HTMLResponse:
    """Give the page of the API."""
    return page(site, Frame("API - Hubdex", ("docs.css",), ("docs.js",)), _DOCS)

"""The files of a model, as a list on its page: weights first, and never endless."""

from collections.abc import Sequence

from api.pages.layout import Site
from api.pages.markup import NOTHING, Html, Template, fill, joined
from api.pages.words import plural
from indexer.files import is_weights, weights_first
from indexer.records import ModelRecord

OPEN_FILES = 12
"""Files that are shown at once; the rest is folded away."""
MAX_FILES = 1_000
"""Files of one page; some repositories have tens of thousands."""

_FILES = Template("""\
<section aria-labelledby="files">
<h2 id="files">Files <span class="number">$count</span></h2>
<ul class="files">$files</ul>
$rest</section>
""")
_REST = Template("""\
<details><summary>$count</summary>
<ul class="files">$files</ul>
$beyond</details>
""")
_FILE = Template('<li><a$weights href="$url" rel="noopener">$path</a></li>\n')
_WEIGHTS = Html(' class="weights"')
_BEYOND = Template('<p class="small">$count more are <a href="$url" rel="noopener">on $hub_name</a>.</p>\n')


def files_html(site: Site, record: ModelRecord) -> Html:
    """Give the files of a model; nothing when they are not known."""
    if not record.files:
        return NOTHING
    ordered = weights_first(record.files)
    shown, rest = ordered[:OPEN_FILES], ordered[OPEN_FILES:]
    if len(rest) == 1:
        shown, rest = ordered, []  # one more takes no more room than the word that it is there
    return fill(
        _FILES,
        count=f"{len(ordered):,}",
        files=_rows(site, record, shown),
        rest=_rest(site, record, rest) if rest else NOTHING,
    )


def _rest(site: Site, record: ModelRecord, rest: Sequence[str]) -> Html:
    beyond: Html = NOTHING
    count = len(rest) + OPEN_FILES - MAX_FILES
    if count > 0:
        url = site.hub_url(f"{record.repo_id}/tree/main")
        beyond = fill(_BEYOND, count=f"{count:,}", url=url, hub_name=site.hub_name)
    files = _rows(site, record, rest[: MAX_FILES - OPEN_FILES])
    return fill(_REST, count=plural(len(rest), "more file"), files=files, beyond=beyond)


def _rows(site: Site, record: ModelRecord, paths: Sequence[str]) -> Html:
    blob = f"{record.repo_id}/blob/main/"
    return joined(
        fill(
            _FILE, url=site.hub_url(blob + path), path=path, weights=_WEIGHTS if is_weights(path) else NOTHING
        )
        for path in paths
    )

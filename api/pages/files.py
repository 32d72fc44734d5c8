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
    count = len(record.files)
    ordered = weights_first(record.files, MAX_FILES)
    # One more takes no more room than the word that it is there.
    shown = OPEN_FILES if count > OPEN_FILES + 1 else count
    rest = fill(
        _REST,
        count=plural(count - shown, "more file"),
        files=_rows(site, record, ordered[shown:]),
        beyond=_beyond(site, record, count - len(ordered)),
    )
    return fill(
        _FILES,
        count=f"{count:,}",
        files=_rows(site, record, ordered[:shown]),
        rest=rest if count > shown else NOTHING,
    )


def _beyond(site: Site, record: ModelRecord, count: int) -> Html:
    if not count:
        return NOTHING
    url = site.hub_url(f"{record.repo_id}/tree/main")
    return fill(_BEYOND, count=f"{count:,}", url=url, hub_name=site.hub_name)


def _rows(site: Site, record: ModelRecord, paths: Sequence[str]) -> Html:
    blob = f"{record.repo_id}/blob/main/"
    return joined(
        fill(
            _FILE, url=site.hub_url(blob + path), path=path, weights=_WEIGHTS if is_weights(path) else NOTHING
        )
        for path in paths
    )

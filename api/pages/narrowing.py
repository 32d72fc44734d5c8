"""How a search can be narrowed down and ordered: links that change what stands in the box."""

from collections.abc import Sequence

from api.pages.layout import search_path
from api.pages.markup import NOTHING, Html, Template, fill, joined
from api.pages.words import ACCESS, compact_count
from indexer.filters import Facet, with_filter
from indexer.query import Sort
from indexer.search import SearchPage

NARROWED_BY: tuple[Facet, ...] = ("format", "task", "library", "license", "gated")
"""Fields that are offered, those asked for most first."""

_BAR = Template("""\
<nav id="narrowing" class="narrowing" aria-label="Narrow down and order">
$menus</nav>
""")
_MENU = Template("""\
<details name="narrowing"$class>
<summary>$title</summary>
<ul>
$choices</ul>
</details>
""")
_CHOICE = Template('<li><a href="$path"$current>$words$count</a></li>\n')
_COUNT = Template(' <span class="number">$count</span>')
_CHOSEN = Html(' aria-current="true"')

_TITLES = {"format": "Format", "task": "Task", "library": "Library", "license": "Licence", "gated": "Access"}
_SIZES = {
    "<1b": "under 1B", "1b-4b": "1B to 4B", "4b-9b": "4B to 9B", "9b-16b": "9B to 16B",
    "16b-40b": "16B to 40B", "40b-100b": "40B to 100B", ">100b": "over 100B",
}  # fmt: skip
_SORTS: dict[Sort, str] = {
    "relevance": "best match", "downloads": "most downloads", "likes": "most likes", "trending": "trending",
    "updated": "last updated", "created": "newest",
}  # fmt: skip


def narrowing_html(answer: SearchPage | None, owner: str = "") -> Html:
    """Give the bar below the search box; empty while there is no answer."""
    if answer is None:
        return fill(_BAR, menus=NOTHING)
    menus = [_facet(answer, facet, owner) for facet in NARROWED_BY]
    return fill(_BAR, menus=joined([*menus, _sizes(answer, owner), _sorts(answer, owner)]))


def _facet(answer: SearchPage, facet: Facet, owner: str) -> Html:
    chosen = answer.query.filters.values_of(facet)
    counts = dict(answer.facets.get(facet, ()))
    counts |= {value: 0 for value in chosen if value not in counts}
    choices = []
    for value, count in counts.items():
        values = [one for one in chosen if one != value] if value in chosen else [*chosen, value]
        path = _path(answer, with_filter(answer.query.text, facet, values), owner)
        counted = ("" if answer.facets_exact else "~") + compact_count(count) if count else ""
        choices.append(_choice(path, ACCESS.get(value, value), is_chosen=value in chosen, counted=counted))
    title = ", ".join(ACCESS.get(value, value) for value in chosen) or _TITLES[facet]
    return _menu(title, choices, is_chosen=bool(chosen))


def _sizes(answer: SearchPage, owner: str) -> Html:
    text = answer.query.text
    typed = [token.partition(":")[2].lower() for token in text.split() if token.lower().startswith("params:")]
    choices = []
    for value, words in _SIZES.items():
        path = _path(answer, with_filter(text, "params", [] if value in typed else [value]), owner)
        choices.append(_choice(path, words, is_chosen=value in typed))
    filters = answer.query.filters
    is_chosen = any(measure == "params" for measure, _ in filters.ranges)
    title = " ".join(_SIZES.get(value, value) for value in typed) if is_chosen else "Parameters"
    return _menu(title or "Parameters", choices, is_chosen=is_chosen)


def _sorts(answer: SearchPage, owner: str) -> Html:
    sort = answer.query.sort
    choices = [
        _choice(_path(answer, answer.query.text, owner, one), words, is_chosen=one == sort)
        for one, words in _SORTS.items()
    ]
    return _menu(f"Order: {_SORTS[sort]}", choices, is_chosen=sort != "relevance", css="order")


def _menu(title: str, choices: Sequence[Html], *, is_chosen: bool, css: str = "") -> Html:
    if not choices:
        return NOTHING
    names = " ".join(name for name in (css, "chosen" if is_chosen else "") if name)
    attribute = Html(f' class="{names}"') if names else NOTHING
    return fill(_MENU, **{"class": attribute}, title=title, choices=joined(choices))


def _choice(path: str, words: str, *, is_chosen: bool, counted: str = "") -> Html:
    count = fill(_COUNT, count=counted) if counted else NOTHING
    return fill(_CHOICE, path=path, current=_CHOSEN if is_chosen else NOTHING, words=words, count=count)


def _path(answer: SearchPage, text: str, owner: str, sort: Sort | None = None) -> str:
    return search_path(text, owner=owner, sort=answer.query.sort if sort is None else sort)

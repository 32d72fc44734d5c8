"""How a search can be narrowed down and ordered: links that change what stands in the box."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from api.pages.layout import PLAIN, Manner
from api.pages.markup import NOTHING, Html, Template, fill, joined
from api.pages.memory import memory_menu
from api.pages.words import ACCESS, compact_count
from indexer.filters import Facet, key_of, with_filter
from indexer.measures import Measure
from indexer.query import Kind, Sort
from indexer.search import SearchPage

NARROWED_BY: tuple[Facet, ...] = ("format", "quant", "task", "library", "license", "gated")
"""Fields that are offered, those asked for most first."""

_BAR = Template("""\
<nav id="narrowing" class="narrowing" aria-label="Narrow down and order">
<div class="filters">
$filters</div>
<div class="manner">
$manner</div>
</nav>
""")
_SWITCH = Template('<span class="switch">$kinds</span>\n')
_KIND = Template('<a href="$path"$current>$words</a>')
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

_KINDS: dict[Kind, str] = {"model": "Models", "variant": "Variants"}
_TITLES = {
    "format": "Format", "quant": "Quant", "task": "Task", "library": "Library", "license": "Licence",
    "gated": "Access",
}  # fmt: skip
_PARAMS = {
    "<1b": "under 1B", "1b-4b": "1B to 4B", "4b-9b": "4B to 9B", "9b-16b": "9B to 16B",
    "16b-40b": "16B to 40B", "40b-100b": "40B to 100B", ">100b": "over 100B",
}  # fmt: skip
_SIZES = {
    "<1gb": "under 1 GB", "1gb-3gb": "1 to 3 GB", "3gb-6gb": "3 to 6 GB", "6gb-12gb": "6 to 12 GB",
    "12gb-24gb": "12 to 24 GB", "24gb-50gb": "24 to 50 GB", ">50gb": "over 50 GB",
}  # fmt: skip
_SORTS: dict[Sort, str] = {
    "relevance": "best match", "downloads": "most downloads", "likes": "most likes", "trending": "trending",
    "updated": "last updated", "created": "newest", "size": "largest files",
}  # fmt: skip


def narrowing_html(answer: SearchPage | None, manner: Manner = PLAIN) -> Html:
    """Give the bar below the search box; empty while there is no answer."""
    if answer is None:
        return fill(_BAR, filters=NOTHING, manner=NOTHING)
    filters = [_facet(answer, facet, manner) for facet in NARROWED_BY]
    filters.append(_ranges(answer, "params", "Parameters", _PARAMS, manner))
    filters.append(_ranges(answer, "bytes", "File size", _SIZES, manner))
    asked = [_switch(answer, manner), memory_menu(answer.query.text, manner), _sorts(answer, manner)]
    return fill(_BAR, filters=joined(filters), manner=joined(asked))


def _switch(answer: SearchPage, manner: Manner) -> Html:
    """Give the ways to look for models, or for variants of them."""
    kinds = [
        fill(
            _KIND,
            path=replace(manner, kind=kind).path(answer.query.text),
            current=_CHOSEN if kind == manner.kind else NOTHING,
            words=words,
        )
        for kind, words in _KINDS.items()
    ]
    return fill(_SWITCH, kinds=joined(kinds))


def _facet(answer: SearchPage, facet: Facet, manner: Manner) -> Html:
    chosen = answer.query.filters.values_of(facet)
    counts = dict(answer.facets.get(facet, ()))
    counts |= {value: 0 for value in chosen if value not in counts}
    choices = []
    for value, count in counts.items():
        values = [one for one in chosen if one != value] if value in chosen else [*chosen, value]
        path = manner.path(with_filter(answer.query.text, facet, values))
        counted = ("" if answer.facets_exact else "~") + compact_count(count) if count else ""
        choices.append(_choice(path, _said(facet, value), is_chosen=value in chosen, counted=counted))
    title = ", ".join(_said(facet, value) for value in chosen) or _TITLES[facet]
    return _menu(title, choices, is_chosen=bool(chosen))


def _said(facet: Facet, value: str) -> str:
    return value.upper() if facet == "quant" else ACCESS.get(value, value)


def _ranges(
    answer: SearchPage, measure: Measure, name: str, words: Mapping[str, str], manner: Manner
) -> Html:
    """Give ranges of what is measured; one at a time can be chosen."""
    tokens = [token for token in answer.query.text.split() if key_of(token) == measure]
    typed = [token.rpartition(":")[2].lower() for token in tokens]
    choices = []
    for value, said in words.items():
        path = manner.path(with_filter(answer.query.text, measure, [] if value in typed else [value]))
        choices.append(_choice(path, said, is_chosen=value in typed))
    is_chosen = any(one == measure for one, _ in answer.query.filters.ranges)
    title = " ".join(words.get(value, value) for value in typed) if is_chosen else name
    return _menu(title or name, choices, is_chosen=is_chosen)


def _sorts(answer: SearchPage, manner: Manner) -> Html:
    sort = answer.query.sort
    choices = [
        _choice(replace(manner, sort=one).path(answer.query.text), words, is_chosen=one == sort)
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

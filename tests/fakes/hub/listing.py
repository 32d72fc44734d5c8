"""`GET /api/models` without the HTTP: what a query asks for, and the page that answers it."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TypedDict, cast, get_args
from urllib.parse import urlencode

from tests.fakes.hub.cursor import CursorError, read_cursor, write_cursor
from tests.fakes.hub.files import files_of
from tests.fakes.hub.quota import Bucket, RateHeaders
from tests.fakes.hub.rows import Row
from tests.fakes.hub.source import ModelSource, Order, Position, SortKey, sort_value

Params = tuple[tuple[str, str], ...]

MAX_PAGE = 1000
MOST_TREE_ENTRIES = 1000
"""Files and folders of a page of a model's tree."""
LIST_OPTIONS = (
    "author", "cardData", "config", "createdAt", "disabled", "downloads", "downloadsAllTime", "evalResults",
    "gated", "inference", "inferenceProviderMapping", "lastModified", "library_name", "likes", "mask_token",
    "model-index", "pipeline_tag", "private", "safetensors", "sha", "siblings", "spaces", "tags",
    "transformersInfo", "trendingScore", "widgetData", "gguf", "resourceGroup", "xetEnabled",
)  # fmt: skip
DISPUTED_OPTIONS = ("baseModels", "childrenModelCount", "usedStorage")
"""Sources disagree on whether a listing takes these; the single-model endpoint does."""

_PLAIN = (
    "_id", "id", "likes", "trendingScore", "private", "downloads", "tags", "pipeline_tag", "library_name",
    "createdAt",
)  # fmt: skip
_FULL = (*_PLAIN, "author", "sha", "lastModified", "gated", "disabled", "siblings")
_NOT_IN_INFO = {"downloadsAllTime", "trendingScore", "tree", "commits", *DISPUTED_OPTIONS} - {"usedStorage"}
_LIST_PARAMS = {
    "limit", "sort", "direction", "expand", "expand[]", "full", "cardData", "config", "author", "filter",
    "search", "cursor", "skip", "pipeline_tag", "library", "language", "tags", "gated", "num_parameters",
}  # fmt: skip
_TAG_PARAMS = {"filter", "pipeline_tag", "library", "language", "tags"}
_INFO_PARAMS = {"expand", "expand[]", "blobs", "securityStatus", "full", "cardData", "config"}
_FLAGS = {"true": True, "1": True, "false": False, "0": False}
_UNITS = {"": 1, "K": 10**3, "M": 10**6, "B": 10**9, "T": 10**12}
_BOUND = re.compile(r"(min|max):(\d+(?:\.\d+)?)([KMBT]?)")


class BadQueryError(ValueError):
    """A query the Hub answers with 400; the message is its `error`."""


@dataclass(frozen=True)
class Manner:
    """How the listing behaves where reports of the Hub disagree, or where it has bad days."""

    takes_disputed_expand: bool = False
    refuses_large_limit: bool = False
    honours_skip: bool = False
    loses_compound_searches: bool = False
    ends_with_empty_page: bool = False
    gateway_limit: int | None = None
    page_rows: int = MAX_PAGE
    refused_expand: tuple[str, ...] = ()
    tree_entries: int = MOST_TREE_ENTRIES
    offers_xet: bool = False
    answers_directly: bool = False
    accepted: frozenset[str] = frozenset()
    resolve_cache_bucket: Bucket = "resolvers"
    rate_headers: RateHeaders = "both"
    lower_case_headers: bool = False

    @property
    def options(self) -> tuple[str, ...]:
        known = LIST_OPTIONS + (DISPUTED_OPTIONS if self.takes_disputed_expand else ())
        return tuple(option for option in known if option not in self.refused_expand)


class Manners(TypedDict, total=False):
    """What can be told of a `Manner` beforehand."""

    takes_disputed_expand: bool
    refuses_large_limit: bool
    honours_skip: bool
    loses_compound_searches: bool
    ends_with_empty_page: bool
    gateway_limit: int | None
    page_rows: int
    tree_entries: int
    offers_xet: bool
    answers_directly: bool
    resolve_cache_bucket: Bucket
    rate_headers: RateHeaders
    lower_case_headers: bool


@dataclass(frozen=True)
class Query:
    """A listing query that has been understood."""

    order: Order
    limit: int
    skip: int
    position: Position | None
    fields: tuple[str, ...]
    author: str | None
    tags: tuple[str, ...]
    tokens: tuple[str, ...]
    gated: bool | None
    sizes: tuple[float, float] | None

    @property
    def narrows(self) -> bool:
        asked = (self.author, self.gated, self.sizes)
        return any(value is not None for value in asked) or bool(self.tags or self.tokens)

    def matches(self, row: Row) -> bool:
        if self.author is not None and row.get("author") != self.author:
            return False
        if self.gated is not None and bool(row.get("gated")) != self.gated:
            return False
        if self.sizes is not None and not self.sizes[0] <= _parameters(row) <= self.sizes[1]:
            return False
        if self.tokens:
            repo_id = str(row["id"]).casefold()
            if not all(token in repo_id for token in self.tokens):
                return False
        return not self.tags or _labels(row).issuperset(self.tags)


@dataclass(frozen=True)
class Page:
    """The rows of one answer, and the cursor of the next one if there is any."""

    rows: list[Row]
    cursor: str | None


def read_query(params: Params, manner: Manner) -> Query:
    refuse_unknown(params, _LIST_PARAMS)
    order = Order(_sort_key(last(params, "sort")), _is_descending(last(params, "direction")))
    tokens = tuple((last(params, "search") or "").casefold().split())
    cursor = last(params, "cursor")
    try:
        position = None if cursor is None else read_cursor(cursor, order, search=bool(tokens))
    except CursorError as error:
        raise BadQueryError(f"Invalid cursor: {error}") from error
    skip = whole(params, "skip", 0)
    return Query(
        order=order,
        limit=_limit(params, manner),
        # A cursor already stands behind what was skipped.
        skip=skip if manner.honours_skip and position is None else 0,
        position=position,
        fields=_fields(params, manner.options),
        author=last(params, "author"),
        tags=tuple(tag for name, text in params if name in _TAG_PARAMS for tag in text.split(",") if tag),
        tokens=tokens,
        gated=flag(params, "gated") if last(params, "gated") is not None else None,
        sizes=_sizes(last(params, "num_parameters")),
    )


def read_page(
    source: ModelSource, query: Query, manner: Manner, *, private: bool = False, shown: int | None = None
) -> Page:
    """The page a query asks for, cut down to so many rows if `shown` says so."""
    if manner.loses_compound_searches and _is_compound(query.tokens):
        return Page([], None)
    most = query.limit if shown is None else min(shown, query.limit)
    seen = _visible(source.after(query.order, query.position), query, private=private)
    found = list(islice(seen, query.skip, query.skip + most + 1))
    rows = found[:most]
    more = len(found) > most or (manner.ends_with_empty_page and most == len(rows) > 0)
    if not more:
        return Page([render(row, query.fields) for row in rows], None)
    position = _place_of(rows[-1], query.order) if rows else _place_before(found[0], query.order)
    cursor = write_cursor(query.order, position, search=bool(query.tokens))
    return Page([render(row, query.fields) for row in rows], cursor)


def next_query(params: Params, cursor: str) -> str:
    """What the link to the next page asks: all that was asked, from a cursor on."""
    return urlencode([*((name, text) for name, text in params if name != "cursor"), ("cursor", cursor)])


def render(row: Row, fields: tuple[str, ...]) -> Row:
    """Exactly these fields, where the row has them; of a file a listing says only its name."""
    shown = {field: row[field] for field in fields if field in row}
    if "modelId" in fields:
        shown["modelId"] = row["id"]
    files = shown.get("siblings")
    if isinstance(files, list) and any(len(file) > 1 for file in files):
        shown["siblings"] = [{"rfilename": file["rfilename"]} for file in files]
    return shown


def render_info(row: Row, params: Params) -> Row:
    """What the single-model endpoint says; the files with their sizes come only when asked for."""
    refuse_unknown(params, _INFO_PARAMS)
    options = (*LIST_OPTIONS, *DISPUTED_OPTIONS)
    if _expand(params, options):
        return render(row, _fields(params, options))
    shown = {field: value for field, value in row.items() if field not in _NOT_IN_INFO}
    if not flag(params, "blobs"):
        shown = render(shown, tuple(shown))
    elif "siblings" in row:
        shown["siblings"] = [file.sized() for file in files_of(row)]
    return shown | {"modelId": row["id"]}


def _visible(rows: Iterator[Row], query: Query, *, private: bool) -> Iterator[Row]:
    if not query.narrows:
        return (row for row in rows if private or not row.get("private"))
    return (row for row in rows if (private or not row.get("private")) and query.matches(row))


def _place_of(row: Row, order: Order) -> Position:
    return Position(sort_value(row, order.key), str(row["_id"]))


def _place_before(row: Row, order: Order) -> Position:
    return Position(sort_value(row, order.key), f"{int(str(row['_id']), 16) - 1:024x}")


def _fields(params: Params, options: tuple[str, ...]) -> tuple[str, ...]:
    extra = tuple(name for name in ("cardData", "config") if flag(params, name))
    full = flag(params, "full")
    expand = _expand(params, options)
    if expand:
        if full or extra:
            raise BadQueryError("expand cannot be combined with full, cardData or config")
        return ("_id", "id", *expand)
    return (*(_FULL if full else _PLAIN), "modelId", *extra)


def _expand(params: Params, options: tuple[str, ...]) -> tuple[str, ...]:
    asked = dict.fromkeys(text for name, text in params if name in {"expand", "expand[]"})
    if not asked.keys() <= set(options):
        valid = "|".join(f'"{option}"' for option in options)
        raise BadQueryError(f"✖ Invalid option: expected one of {valid}")
    return tuple(asked)


def refuse_unknown(params: Params, known: set[str]) -> None:
    # The Hub overlooks what it does not know; a wrong name should not pass for a filter that matched all.
    for name, _ in params:
        if name not in known:
            raise BadQueryError(f"The stand-in Hub does not know the parameter {name!r}")


def _labels(row: Row) -> set[str]:
    tags = cast("list[str]", row.get("tags") or [])
    return {*tags, *(str(row[field]) for field in ("pipeline_tag", "library_name") if field in row)}


def last(params: Params, name: str) -> str | None:
    return next((text for other, text in reversed(params) if other == name), None)


def flag(params: Params, name: str) -> bool:
    text = last(params, name)
    if text is None:
        return False
    if text.casefold() not in _FLAGS:
        raise BadQueryError(f"Invalid {name} parameter")
    return _FLAGS[text.casefold()]


def whole(params: Params, name: str, default: int) -> int:
    text = last(params, name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit()):
        raise BadQueryError(f"Invalid {name} parameter")
    return int(text)


def _limit(params: Params, manner: Manner) -> int:
    limit = whole(params, "limit", MAX_PAGE)
    if limit == 0 or (limit > MAX_PAGE and manner.refuses_large_limit):
        raise BadQueryError("Invalid limit parameter")
    return min(limit, manner.page_rows)


def _sizes(text: str | None) -> tuple[float, float] | None:
    """Read `min:6B,max:128B`, either side of which may be missing."""
    if text is None:
        return None
    bounds = {"min": 0.0, "max": math.inf}
    for part in text.split(","):
        found = _BOUND.fullmatch(part)
        if found is None:
            raise BadQueryError("Invalid num_parameters parameter")
        bounds[found[1]] = float(found[2]) * _UNITS[found[3]]
    return bounds["min"], bounds["max"]


def _parameters(row: Row) -> float:
    """How many parameters a model has; not a number, which is in no range, where that is unknown."""
    for field in ("safetensors", "gguf"):
        match row.get(field):
            case {"total": int(total)}:
                return total
    return math.nan


def _is_compound(tokens: tuple[str, ...]) -> bool:
    return len(tokens) > 1 and any(sign in token for token in tokens for sign in "/-")


def _sort_key(text: str | None) -> SortKey:
    if text is None:
        return "trendingScore"
    if text not in get_args(SortKey):
        raise BadQueryError("Invalid sort parameter")
    return cast("SortKey", text)


def _is_descending(text: str | None) -> bool:
    if text not in {None, "-1", "1"}:
        raise BadQueryError("Invalid direction parameter")
    return text != "1"

"""`GET /api/models` without the HTTP: what a query asks for, and the page that answers it."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import cast, get_args
from urllib.parse import urlencode

from tests.fakes.hub.cursor import CursorError, read_cursor, write_cursor
from tests.fakes.hub.rows import Row
from tests.fakes.hub.source import ModelSource, Order, Position, SortKey, sort_value

Params = tuple[tuple[str, str], ...]

MAX_PAGE = 1000
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
_NOT_IN_INFO = {"downloadsAllTime", "trendingScore", *DISPUTED_OPTIONS} - {"usedStorage"}
_LIST_PARAMS = {
    "limit", "sort", "direction", "expand", "expand[]", "full", "cardData", "config", "author", "filter",
    "search", "cursor",
}  # fmt: skip
_INFO_PARAMS = {"expand", "expand[]", "blobs", "securityStatus", "full", "cardData", "config"}
_FLAGS = {"true": True, "1": True, "false": False, "0": False}


class BadQueryError(ValueError):
    """A query the Hub answers with 400; the message is its `error`."""


@dataclass(frozen=True)
class Query:
    """A listing query that has been understood."""

    order: Order
    limit: int
    position: Position | None
    fields: tuple[str, ...]
    author: str | None
    tags: tuple[str, ...]
    tokens: tuple[str, ...]

    def matches(self, row: Row) -> bool:
        if self.author is not None and row.get("author") != self.author:
            return False
        if self.tokens:
            repo_id = str(row["id"]).casefold()
            if not all(token in repo_id for token in self.tokens):
                return False
        return not self.tags or _labels(row).issuperset(self.tags)


@dataclass(frozen=True)
class Page:
    """The rows of one answer, and the query of the next one if there is any."""

    rows: list[Row]
    next_query: str | None


def read_query(params: Params, options: tuple[str, ...] = LIST_OPTIONS) -> Query:
    _refuse_unknown(params, _LIST_PARAMS)
    order = Order(_sort_key(_last(params, "sort")), _is_descending(_last(params, "direction")))
    tokens = tuple((_last(params, "search") or "").casefold().split())
    cursor = _last(params, "cursor")
    try:
        position = None if cursor is None else read_cursor(cursor, order, search=bool(tokens))
    except CursorError as error:
        raise BadQueryError(f"Invalid cursor: {error}") from error
    return Query(
        order=order,
        limit=_limit(_last(params, "limit")),
        position=position,
        fields=_fields(params, options),
        author=_last(params, "author"),
        tags=tuple(tag for name, text in params if name == "filter" for tag in text.split(",") if tag),
        tokens=tokens,
    )


def read_page(source: ModelSource, params: Params, query: Query, *, private: bool = False) -> Page:
    seen = source.after(query.order, query.position)
    found = list(islice(_visible(seen, query, private=private), query.limit + 1))
    rows, more = found[: query.limit], len(found) > query.limit
    next_query = _next_query(params, query, rows[-1]) if more else None
    return Page([render(row, query.fields) for row in rows], next_query)


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
    """What the single-model endpoint says."""
    _refuse_unknown(params, _INFO_PARAMS)
    options = (*LIST_OPTIONS, *DISPUTED_OPTIONS)
    if _expand(params, options):
        return render(row, _fields(params, options))
    shown = {field: value for field, value in row.items() if field not in _NOT_IN_INFO}
    if not _flag(params, "blobs"):
        shown = render(shown, tuple(shown))
    return shown | {"modelId": row["id"]}


def _visible(rows: Iterator[Row], query: Query, *, private: bool) -> Iterator[Row]:
    if query.author is None and not query.tags and not query.tokens:
        return (row for row in rows if private or not row.get("private"))
    return (row for row in rows if (private or not row.get("private")) and query.matches(row))


def _next_query(params: Params, query: Query, last: Row) -> str:
    position = Position(sort_value(last, query.order.key), str(last["_id"]))
    cursor = write_cursor(query.order, position, search=bool(query.tokens))
    return urlencode([*((name, text) for name, text in params if name != "cursor"), ("cursor", cursor)])


def _fields(params: Params, options: tuple[str, ...]) -> tuple[str, ...]:
    extra = tuple(name for name in ("cardData", "config") if _flag(params, name))
    full = _flag(params, "full")
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


def _refuse_unknown(params: Params, known: set[str]) -> None:
    # The Hub overlooks what it does not know; a wrong name should not pass for a filter that matched all.
    for name, _ in params:
        if name not in known:
            raise BadQueryError(f"The stand-in Hub does not know the parameter {name!r}")


def _labels(row: Row) -> set[str]:
    tags = cast("list[str]", row.get("tags") or [])
    return {*tags, *(str(row[field]) for field in ("pipeline_tag", "library_name") if field in row)}


def _last(params: Params, name: str) -> str | None:
    return next((text for other, text in reversed(params) if other == name), None)


def _flag(params: Params, name: str) -> bool:
    text = _last(params, name)
    if text is None:
        return False
    if text.casefold() not in _FLAGS:
        raise BadQueryError(f"Invalid {name} parameter")
    return _FLAGS[text.casefold()]


def _limit(text: str | None) -> int:
    if text is None:
        return MAX_PAGE
    if not (text.isascii() and text.isdigit()) or int(text) == 0:
        raise BadQueryError("Invalid limit parameter")
    return min(int(text), MAX_PAGE)


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

"""Addresses of the Hub's listing: the first page of a pass, and what may be changed in them."""

import re
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from crawler.passes import Pass

PAGE_ROWS = 1_000
"""Rows asked for a page, the most the Hub gives; a shorter page is normal and not the end."""
LEAST_ROWS = 25
"""Pages are not made smaller than this, however often the Hub's gateway times out."""

FIELDS = (
    "author", "createdAt", "lastModified", "sha", "tags", "pipeline_tag", "library_name", "downloads",
    "downloadsAllTime", "likes", "trendingScore", "gated", "private", "disabled", "siblings", "safetensors",
)  # fmt: skip
"""What is asked of a row beside `_id` and `id`, which always come."""

_LIMIT = re.compile(r"(?<=[?&]limit=)\d{1,6}(?=&|$)", re.ASCII)
_EXPANDS = frozenset({"expand", "expand[]"})


def first_url(upstream: str, one: Pass, refused: frozenset[str] = frozenset()) -> str:
    """Give the address of a pass's first page, without the fields the Hub has refused."""
    asked = [("limit", str(PAGE_ROWS)), ("sort", one.sort), ("direction", str(one.direction))]
    asked += [] if one.tag is None else [("filter", one.tag)]
    asked += [("expand[]", field) for field in (*FIELDS, *one.fields) if field not in refused]
    return f"{upstream}/api/models?{urlencode(asked)}"


def model_url(upstream: str, repo_id: str, refused: frozenset[str] = frozenset()) -> str:
    """Give the address of one model, asked for the same fields as the listing."""
    asked = [("expand[]", field) for field in FIELDS if field not in refused]
    return f"{upstream}/api/models/{quote(repo_id)}?{urlencode(asked)}"


def asks_for(url: str, field: str) -> bool:
    """Tell whether an address asks for a field of each row."""
    return any(name in _EXPANDS and text == field for name, text in parse_qsl(urlsplit(url).query))


def page_rows(url: str) -> int:
    """Give how many rows an address asks for; an address that does not say asks for all it can get."""
    found = _LIMIT.search(url)
    return int(found[0]) if found else PAGE_ROWS


def with_page_rows(url: str, rows: int) -> str:
    """Give the address for pages of so many rows; everything else, the cursor too, stays byte by byte."""
    return _LIMIT.sub(str(rows), url)


def without_cursor(url: str) -> str:
    """Give what an address asks for, wherever it goes on."""
    parts = urlsplit(url)
    asked = sorted(pair for pair in parse_qsl(parts.query) if pair[0] != "cursor")
    return urlunsplit(parts._replace(query=urlencode(asked)))


def without_fields(url: str, refused: frozenset[str]) -> str:
    """Give the address without the refused fields; its cursor stays."""
    parts = urlsplit(url)
    kept = [
        (name, text)
        for name, text in parse_qsl(parts.query, keep_blank_values=True)
        if name not in _EXPANDS or text not in refused
    ]
    return urlunsplit(parts._replace(query=urlencode(kept)))


def refused_fields(message: str, url: str) -> frozenset[str]:
    """Give the fields an address asks for that a 400's message does not name as valid.

    The Hub answers an unknown field with the list of all it knows, each in quotes (recorded 2026).
    A message that names none of ours is about something else.
    """
    asked = {text for name, text in parse_qsl(urlsplit(url).query) if name in _EXPANDS}
    valid = set(re.findall(r'["\']([\w\-]{1,64})["\']', message[:10_000], re.ASCII))
    return frozenset(asked - valid) if asked & valid else frozenset()

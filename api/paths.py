"""Which paths belong to whom: ours, the models', and those kept free for the Hub's own routes; pure."""

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

RESERVED = frozenset(
    {"-", "api", "datasets", "docs", "favicon.ico", "healthz", "metrics", "models", "openapi.json"}
    | {"readyz", "robots.txt", "spaces", "v1", "v2"}
)
"""First segments that never lead to a model's page."""

RESULTS = "/-/results"
"""Where the page's script fetches an answer that is HTML already."""

NARROWING = "/-/narrowing"
"""Where it fetches how a search can be narrowed down."""

STATUS = "/-/status"
"""What is known, how old and how complete it is, as a page."""

CACHE = "/-/cache"
"""What lies in the cache and what is downloaded into it, as a page; its forms are sent below."""

DOWNLOADS = "/-/downloads"
"""Where the forms of the pages ask for a download."""

KEY = "/-/key"
"""Where a browser is given the key of the service."""

FORGET_KEY = "/-/key/forget"
"""Where it gives it up."""

OWN_FORMS = "/-/"
"""What the forms of the pages are sent below; everything else that is written to speaks JSON."""

MAX_ID = 255
"""Characters of a longer id than any."""

_BELOW_MODEL = frozenset({"tree", "blob"})
"""Where the Hub shows what is inside a model."""
_BELOW_OWNER = "models"
"""Where the Hub lists an owner's models."""

_LOCAL = re.compile(r"/(?!/)[!-\[\]-~]{0,3999}")
"""No backslash, which browsers read as a slash, and nothing they leave out, as tabs between two slashes."""
_SEGMENT = re.compile(r"(?!\.{1,2}$)[\w.\-]{1,96}", re.ASCII)


def is_reserved(segment: str) -> bool:
    """Tell whether a first segment is ours rather than an owner or a model."""
    return segment.lower() in RESERVED or segment.startswith(".")


def is_repo_segment(segment: str) -> bool:
    """Tell whether the Hub could have an owner or a model of this name."""
    return _SEGMENT.fullmatch(segment) is not None


@dataclass(frozen=True, slots=True)
class Place:
    """A model or an owner that a path can mean."""

    kind: Literal["model", "owner"]
    name: str
    """The model's id, or the owner."""
    is_below: bool
    """Whether the path goes on below the name: it then leads to the page of that name."""


def places_of(path: str) -> tuple[Place, ...]:
    """Give what a path can mean, the likeliest first: ids with an owner before those without."""
    bare = path.removeprefix("/").removesuffix("/")
    segments = bare.split("/")
    if not all(segments) or is_reserved(segments[0]) or _is_kept_free(segments):
        return ()
    slashed = path.endswith("/")
    found = []
    for length in (2, 1):
        rest = segments[length:]
        if len(segments) >= length and (not rest or rest[0] in _BELOW_MODEL):
            found.append(Place("model", "/".join(segments[:length]), is_below=bool(rest) or slashed))
    if segments[1:] in ([], [_BELOW_OWNER]) and is_repo_segment(segments[0]):
        found.append(Place("owner", segments[0], is_below=len(segments) > 1 or slashed))
    return tuple(place for place in found if len(place.name) <= MAX_ID and place.name.isprintable())


def local_path(text: str) -> str:
    """Give a path to go on to, when it leads nowhere but to this service; else the first page."""
    return text if _LOCAL.fullmatch(text) else "/"


def key_path(then: str) -> str:
    """Give where a browser is given the key, and goes on from to a path of ours."""
    return f"{KEY}?next={quote(then, safe='/')}"


def speaks_html(path: str) -> bool:
    """Tell whether a person looks at this path, so that even its errors are pages."""
    segments = path.strip("/").split("/")
    if _is_kept_free(segments):
        return False
    if any(f"{path}/".startswith(f"{ours}/") for ours in (CACHE, DOWNLOADS)):
        return True
    return path in {"/docs", STATUS, KEY} or not is_reserved(segments[0])


def _is_kept_free(segments: list[str]) -> bool:
    """Tell whether a path is one of the Hub's own for the files of a model."""
    return len(segments) > 2 and "resolve" in segments[1:3]

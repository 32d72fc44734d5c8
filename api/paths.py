"""Which paths belong to whom: ours, the models', and those kept free for the Hub's own routes; pure."""

import re

RESERVED = frozenset(
    {"-", "api", "datasets", "docs", "favicon.ico", "healthz", "metrics", "models", "openapi.json"}
    | {"readyz", "robots.txt", "spaces", "v1", "v2"}
)
"""First segments that never lead to a model's page."""

RESULTS = "/-/results"
"""Where the page's script fetches an answer that is HTML already."""

_SEGMENT = re.compile(r"(?!\.{1,2}$)[\w.\-]{1,96}", re.ASCII)


def is_reserved(segment: str) -> bool:
    """Tell whether a first segment is ours rather than an owner or a model."""
    return segment.lower() in RESERVED or segment.startswith(".")


def is_repo_segment(segment: str) -> bool:
    """Tell whether the Hub could have an owner or a model of this name."""
    return _SEGMENT.fullmatch(segment) is not None


def speaks_html(path: str) -> bool:
    """Tell whether a person looks at this path, so that even its errors are pages."""
    segments = path.strip("/").split("/")
    if len(segments) > 2 and "resolve" in segments[1:3]:
        return False
    return path == "/docs" or not is_reserved(segments[0])

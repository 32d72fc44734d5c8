"""Addresses of the Hub that more than one room asks: a model's files, and the next page of anything."""

import re
from urllib.parse import quote, urljoin, urlsplit

from indexer.errors import UpstreamError

_LINK = re.compile(r'<([^<>]*)>\s*;[^,<]*\brel="?next"?', re.ASCII)


def tree_url(upstream: str, repo_id: str, sha: str) -> str:
    """Give the address of the files of a model at a commit, those in folders too."""
    return f"{upstream}/api/models/{quote(repo_id)}/tree/{quote(sha, safe='')}?recursive=true"


def next_url(link: str, url: str, upstream: str) -> str | None:
    """Give the `rel="next"` address of a `Link` header, verbatim; `None` ends the pass.

    Raises:
        UpstreamError: it leads away from the Hub (scheme, host and port must be its own).

    """
    found = _LINK.search(link)
    if found is None:
        if 'rel="next"' in link or "rel=next" in link:
            raise UpstreamError("The Hub's answer names a next page that cannot be read.")
        return None
    target = found[1] if "://" in found[1] else urljoin(url, found[1])
    require_same_origin(target, upstream)
    return target


def require_same_origin(target: str, upstream: str) -> None:
    """Let an address pass only when it is the Hub's own: the token must not go anywhere else.

    Raises:
        UpstreamError: it is not.

    """
    if _origin(target) != _origin(upstream):
        host = urlsplit(upstream).netloc
        raise UpstreamError(f"The Hub at {host} sent the crawl to another server; it was not followed.")


def _origin(url: str) -> tuple[str, str | None, int | None]:
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return ("", None, None)
    return (parts.scheme, parts.hostname, port)

"""A request's address, taken apart."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.fakes.hub.faults import Route
from tests.fakes.hub.listing import Params
from tests.fakes.hub.quota import Bucket

LISTING_PATH = "/api/models"
CACHE_PATH = "/api/resolve-cache"

_NAME = r"(?P<name>[^/]+(?:/[^/]+)?)"
_TREE = re.compile(rf"/api/models/{_NAME}/tree/(?P<revision>[^/]+)(?:/(?P<path>.+))?")
_TOKEN = re.compile(rf"/api/models/{_NAME}/xet-read-token/(?P<revision>[^/]+)(?P<path>)")
_RESOLVE = re.compile(rf"/{_NAME}/resolve/(?P<revision>[^/]+)/(?P<path>.+)")
_CACHE = re.compile(rf"{CACHE_PATH}/models/{_NAME}/(?P<revision>[0-9a-f]{{40}})/(?P<path>.+)")


@dataclass(frozen=True)
class Place:
    """What a path below a model asks for: which commit, and which file or folder of it."""

    name: str
    """The model's id as it stands in the path."""
    revision: str
    path: str


@dataclass(frozen=True)
class Target:
    """A request's address, taken apart."""

    path: str
    query: str

    @classmethod
    def of(cls, raw: str) -> "Target":
        parts = urlsplit(raw)
        return cls(parts.path, parts.query)

    @property
    def params(self) -> Params:
        return tuple(parse_qsl(self.query, keep_blank_values=True))

    @property
    def route(self) -> Route | None:
        if self.path == LISTING_PATH:
            return "listing"
        if self.resolved is not None or self.cached is not None:
            return "resolve"
        if not self.path.startswith(f"{LISTING_PATH}/"):
            return None
        return "model" if self.tree is None else "tree"

    @property
    def tree(self) -> Place | None:
        """Whose files are asked for, if any are."""
        return _place(_TREE, self.path)

    @property
    def xet_token(self) -> Place | None:
        return _place(_TOKEN, self.path)

    @property
    def resolved(self) -> Place | None:
        """Which file is asked for, if any is."""
        return None if self.path.startswith("/api/") else _place(_RESOLVE, self.path)

    @property
    def cached(self) -> Place | None:
        """Which file that git holds is asked for, at the address its resolving led to."""
        return _place(_CACHE, self.path)

    def bucket(self, cache_bucket: Bucket) -> Bucket:
        """Which quota a request is counted by; sources disagree on the files that git holds."""
        if self.path.startswith(CACHE_PATH):
            return cache_bucket
        return "api" if self.resolved is None else "resolvers"


def _place(form: re.Pattern[str], path: str) -> Place | None:
    found = form.fullmatch(path)
    if found is None:
        return None
    return Place(found["name"], unquote(found["revision"]), unquote(found["path"] or ""))

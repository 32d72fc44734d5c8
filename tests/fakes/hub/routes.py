"""From a request to an answer: who may see what, and in which words the Hub says no."""

from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import orjson

from tests.fakes.hub.listing import (
    DISPUTED_OPTIONS,
    LIST_OPTIONS,
    BadQueryError,
    Params,
    read_page,
    read_query,
    render_info,
)
from tests.fakes.hub.source import ModelSource

LISTING_PATH = "/api/models"
_JSON = "application/json; charset=utf-8"
_TEXT = "text/plain; charset=utf-8"
_NO_USER = "Invalid username or password."
_REALM = {"WWW-Authenticate": 'Bearer realm="Authentication required", charset="UTF-8"'}


@dataclass(frozen=True)
class Answer:
    """A status, headers and a body."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = _JSON


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
    def is_listing(self) -> bool:
        return self.path == LISTING_PATH


@dataclass(frozen=True)
class Viewer:
    """Who asks: an anonymous address, or the holder of the token."""

    signed_in: bool = False
    sees_private: bool = False


@dataclass(frozen=True)
class Catalogue:
    """The Hub's answers about a source of models."""

    source: ModelSource
    url: str
    takes_disputed_expand: bool = False

    def answer(self, target: Target, viewer: Viewer) -> Answer:
        try:
            if target.is_listing:
                return self._listing(target, viewer)
            if target.path.startswith(f"{LISTING_PATH}/"):
                return self._model(target, viewer)
        except BadQueryError as error:
            return failure(400, str(error))
        return not_a_page()

    def _listing(self, target: Target, viewer: Viewer) -> Answer:
        options = LIST_OPTIONS + (DISPUTED_OPTIONS if self.takes_disputed_expand else ())
        query = read_query(target.params, options)
        page = read_page(self.source, target.params, query, private=viewer.sees_private)
        headers = {}
        if page.next_query is not None:
            headers["Link"] = f'<{self.url}{LISTING_PATH}?{page.next_query}>; rel="next"'
        return Answer(200, orjson.dumps(page.rows), headers)

    def _model(self, target: Target, viewer: Viewer) -> Answer:
        segments = target.path.removeprefix(f"{LISTING_PATH}/").split("/")
        if len(segments) > 2 or not all(segments):
            return not_a_page()
        repo_id = "/".join(unquote(segment) for segment in segments)
        row = self.source.find(repo_id)
        if row is not None and (viewer.sees_private or not row.get("private")):
            return Answer(200, orjson.dumps(render_info(row, target.params)))
        moved_to = self.source.resolve(repo_id) if row is None else None
        return _missing(viewer) if moved_to is None else self._moved(moved_to, target, viewer)

    def _moved(self, repo_id: str, target: Target, viewer: Viewer) -> Answer:
        row = self.source.find(repo_id)
        if row is None or (row.get("private") and not viewer.sees_private):
            return _missing(viewer)
        location = f"{LISTING_PATH}/{quote(repo_id)}" + (f"?{target.query}" if target.query else "")
        return redirection(location)


def redirection(location: str) -> Answer:
    body = f"Temporary Redirect. Redirecting to {location}".encode()
    return Answer(307, body, {"Location": location}, _TEXT)


def failure(status: int, message: str, headers: dict[str, str] | None = None) -> Answer:
    # A header holds one line of ASCII; the body says it in full.
    spoken = message.encode("ascii", "ignore").decode().strip()
    body = orjson.dumps({"error": message})
    return Answer(status, body, {"X-Error-Message": spoken} | (headers or {}))


def not_a_page() -> Answer:
    return failure(404, "Sorry, we can't find the page you are looking for.")


def bad_token() -> Answer:
    return failure(401, "Invalid credentials in Authorization header", _REALM)


def over_quota(address: str, viewer: Viewer, quota: int) -> Answer:
    if viewer.signed_in:
        text = f"We had to rate limit you, you hit the quota of {quota} api requests per 5 minutes period."
    else:
        text = (
            f"We had to rate limit your IP ({address}). To continue using our service, create a HF account "
            "or login to your existing account, and make sure you pass a HF_TOKEN if you're using the API."
        )
    return Answer(429, text.encode(), {}, _TEXT)


def _missing(viewer: Viewer) -> Answer:
    # Whoever is not signed in is not told whether a repository is private or was never there.
    if viewer.signed_in:
        return failure(404, "Repository not found", {"X-Error-Code": "RepoNotFound"})
    return failure(401, _NO_USER, _REALM)

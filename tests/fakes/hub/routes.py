"""From a request to an answer: who may see what, and in which words the Hub says no."""

import json
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import orjson

from tests.fakes.hub.cursor import CursorError, GivenCursors
from tests.fakes.hub.faults import HTML, Fault, Route
from tests.fakes.hub.listing import (
    BadQueryError,
    Manner,
    Params,
    next_query,
    read_page,
    read_query,
    render_info,
)
from tests.fakes.hub.rows import Row
from tests.fakes.hub.source import ModelSource
from tests.fakes.hub.tree import NoEntryError, TreePath, read_tree

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
    def route(self) -> Route | None:
        if self.path == LISTING_PATH:
            return "listing"
        if not self.path.startswith(f"{LISTING_PATH}/"):
            return None
        return "model" if self.tree is None else "tree"

    @property
    def tree(self) -> TreePath | None:
        """Whose files are asked for, if any are."""
        return TreePath.of(self.path.removeprefix(f"{LISTING_PATH}/"))


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
    manner: Manner
    cursors: GivenCursors

    def answer(self, target: Target, viewer: Viewer, fault: Fault | None = None) -> Answer:
        try:
            match target.route:
                case "listing":
                    return self._listing(target, viewer, fault)
                case "model":
                    return self._model(target, viewer)
                case "tree":
                    return self._tree(target, viewer)
        except BadQueryError as error:
            return failure(400, str(error))
        except CursorError as error:
            return failure(400, f"Invalid cursor: {error}")
        return not_a_page()

    def _listing(self, target: Target, viewer: Viewer, fault: Fault | None) -> Answer:
        params = target.params
        self.cursors.check(dict(params).get("cursor"))
        query = read_query(params, self.manner)
        if self.manner.gateway_limit is not None and query.limit > self.manner.gateway_limit:
            return gateway_failure(504)
        shown, extra = (None, ()) if fault is None else (fault.shown, fault.extra)
        page = read_page(self.source, query, self.manner, private=viewer.sees_private, shown=shown)
        # orjson refuses what malformed rows may well hold, such as numbers beyond 64 bits.
        body = json.dumps([*page.rows, *extra]).encode() if extra else orjson.dumps(page.rows)
        if page.cursor is None:
            return Answer(200, body)
        self.cursors.give(page.cursor)
        address = f"{self.url}{LISTING_PATH}?{next_query(params, page.cursor)}"
        return Answer(200, body, {"Link": f'<{address}>; rel="next"'})

    def _model(self, target: Target, viewer: Viewer) -> Answer:
        name, _, revision = target.path.removeprefix(f"{LISTING_PATH}/").partition("/revision/")
        segments = name.split("/")
        if len(segments) > 2 or not all(segments) or "/" in revision:
            return not_a_page()
        row = self._found(name, target, viewer)
        if isinstance(row, Answer):
            return row
        if revision and not _has_revision(row, unquote(revision)):
            return _no_revision(unquote(revision))
        return Answer(200, orjson.dumps(render_info(row, target.params)))

    def _tree(self, target: Target, viewer: Viewer) -> Answer:
        asked = target.tree
        assert asked is not None
        row = self._found(asked.name, target, viewer)
        if isinstance(row, Answer):
            return row
        if row.get("disabled"):
            return failure(403, "Access to this resource is disabled.")
        if not _has_revision(row, asked.revision):
            return _no_revision(asked.revision)
        commit = {"X-Repo-Commit": str(row.get("sha", ""))}
        try:
            page = read_tree(row, asked.folder, target.params, self.manner.tree_entries)
        except NoEntryError:
            return failure(404, "Entry not found", commit | {"X-Error-Code": "EntryNotFound"})
        if page.cursor is not None:
            address = f"{self.url}{target.path}?{next_query(target.params, page.cursor)}"
            commit["Link"] = f'<{address}>; rel="next"'
        return Answer(200, json.dumps(page.entries).encode(), commit)

    def _found(self, name: str, target: Target, viewer: Viewer) -> Row | Answer:
        """Give the model of this name, or the answer that there is none, or none here."""
        repo_id = unquote(name)
        row = self.source.find(repo_id)
        if row is not None and (viewer.sees_private or not row.get("private")):
            return row
        moved_to = self.source.resolve(repo_id) if row is None else None
        return _missing(viewer) if moved_to is None else self._moved(moved_to, name, target, viewer)

    def _moved(self, repo_id: str, name: str, target: Target, viewer: Viewer) -> Answer:
        row = self.source.find(repo_id)
        if row is None or (row.get("private") and not viewer.sees_private):
            return _missing(viewer)
        path = f"{LISTING_PATH}/{quote(repo_id)}" + target.path.removeprefix(f"{LISTING_PATH}/{name}")
        return redirection(path + (f"?{target.query}" if target.query else ""))


def _has_revision(row: Row, revision: str) -> bool:
    sha = str(row.get("sha", ""))
    return revision == "main" or (bool(sha) and revision in {sha, sha[:8]})


def _no_revision(revision: str) -> Answer:
    return failure(404, f"Invalid rev id: {revision}", {"X-Error-Code": "RevisionNotFound"})


def redirection(location: str) -> Answer:
    body = f"Temporary Redirect. Redirecting to {location}".encode()
    return Answer(307, body, {"Location": location}, _TEXT)


def failure(status: int, message: str, headers: dict[str, str] | None = None) -> Answer:
    # A header holds one line of ASCII; the body says it in full.
    spoken = message.encode("ascii", "ignore").decode().strip()
    body = orjson.dumps({"error": message})
    return Answer(status, body, {"X-Error-Message": spoken} | (headers or {}))


def gateway_failure(status: int) -> Answer:
    """What stands before the Hub speaks HTML, and knows nothing of JSON."""
    title = f"{status} {HTTPStatus(status).phrase}"
    body = f"<html><head><title>{title}</title></head><body><center><h1>{title}</h1></center></body></html>"
    return Answer(status, body.encode(), {}, HTML)


def faulty(fault: Fault, target: Target) -> Answer | None:
    """The answer a fault puts in the place of a good one, if it does."""
    match fault.kind:
        case "garbage":
            return Answer(200, fault.body, {}, fault.content_type)
        case "redirect":
            here = f"{target.path}?{target.query}" if target.query else target.path
            return redirection(fault.location or here)
        case "status":
            headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
            if fault.body:
                return Answer(fault.status, fault.body, headers | dict(fault.headers), fault.content_type)
            if fault.status in {502, 503, 504}:
                answer = gateway_failure(fault.status)
                return Answer(answer.status, answer.body, headers, answer.content_type)
            return failure(fault.status, HTTPStatus(fault.status).phrase, headers)
    return None


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

"""What the Hub says, and in which words it says no."""

from dataclasses import dataclass, field
from http import HTTPStatus

import orjson

from tests.fakes.hub.blobs import Part
from tests.fakes.hub.faults import HTML, Fault
from tests.fakes.hub.quota import Spent
from tests.fakes.hub.target import Target

_JSON = "application/json; charset=utf-8"
_TEXT = "text/plain; charset=utf-8"
_NO_USER = "Invalid username or password."
_REALM = {"WWW-Authenticate": 'Bearer realm="Authentication required", charset="UTF-8"'}


@dataclass(frozen=True)
class Answer:
    """A status, headers and a body."""

    status: int
    body: bytes | Part
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = _JSON


@dataclass(frozen=True)
class Viewer:
    """Who asks: an anonymous address, or the holder of the token."""

    signed_in: bool = False
    sees_private: bool = False


def redirection(location: str, status: int = 307, headers: dict[str, str] | None = None) -> Answer:
    phrase = "Found" if status == HTTPStatus.FOUND else HTTPStatus(status).phrase
    body = f"{phrase}. Redirecting to {location}".encode()
    return Answer(status, body, (headers or {}) | {"Location": location}, _TEXT)


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


def no_revision(revision: str) -> Answer:
    return failure(404, f"Invalid rev id: {revision}", {"X-Error-Code": "RevisionNotFound"})


def no_entry(commit: str) -> Answer:
    headers = {"X-Repo-Commit": commit, "X-Error-Code": "EntryNotFound"}
    return failure(404, "Entry not found", headers)


def disabled() -> Answer:
    return failure(403, "Access to this resource is disabled.")


def not_a_page() -> Answer:
    return failure(404, "Sorry, we can't find the page you are looking for.")


def bad_token() -> Answer:
    return failure(401, "Invalid credentials in Authorization header", _REALM)


def over_quota(address: str, viewer: Viewer, spent: Spent) -> Answer:
    if viewer.signed_in:
        asked = f"{spent.quota} {spent.bucket} requests"
        text = f"We had to rate limit you, you hit the quota of {asked} per 5 minutes period."
    else:
        text = (
            f"We had to rate limit your IP ({address}). To continue using our service, create a HF account "
            "or login to your existing account, and make sure you pass a HF_TOKEN if you're using the API."
        )
    return Answer(429, text.encode(), {}, _TEXT)


def missing(viewer: Viewer) -> Answer:
    # Whoever is not signed in is not told whether a repository is private or was never there.
    if viewer.signed_in:
        return failure(404, "Repository not found", {"X-Error-Code": "RepoNotFound"})
    return failure(401, _NO_USER, _REALM)

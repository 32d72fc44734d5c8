"""`/{id}/resolve/{rev}/{path}` without the HTTP: where a file lies, or its bytes."""

from dataclasses import dataclass
from urllib.parse import quote, urlencode

import orjson

from tests.fakes.hub.answers import Answer, Viewer, disabled, failure, no_entry, no_revision, redirection
from tests.fakes.hub.files import HubFile, file_at
from tests.fakes.hub.links import Links
from tests.fakes.hub.listing import Manner
from tests.fakes.hub.ranges import file_answer
from tests.fakes.hub.revisions import at_revision, commit_of
from tests.fakes.hub.rows import Row
from tests.fakes.hub.target import CACHE_PATH, Place

XET_URL = "http://127.0.0.1:1"
"""Where chunks are said to lie; nobody answers there."""
_XET_TOKEN = "xet_stand_in"
_XET_EXPIRES = 4_102_444_800
_EXPOSED = (
    "X-Repo-Commit,X-Request-Id,X-Error-Code,X-Error-Message,X-Total-Count,ETag,Link,Accept-Ranges,"
    "Content-Range,X-Linked-Size,X-Linked-ETag,X-Xet-Hash"
)


@dataclass(frozen=True)
class Resolver:
    """Where the files of models lie."""

    url: str
    cdn_url: str
    links: Links
    manner: Manner

    def answer(self, row: Row, asked: Place, viewer: Viewer, path: str, wanted_range: str | None) -> Answer:
        """Say where a file lies, or send it at once where the Hub is told to."""
        file = _find(row, asked, viewer, self.manner)
        if isinstance(file, Answer):
            return file
        headers = _described(file) | self._xet_hints(file)
        if self.manner.answers_directly:
            headers |= {"ETag": f'"{file.etag}"'} | _disposition(file)
            return file_answer(file.blob, headers, wanted_range)
        if file.is_apart:
            return redirection(self.cdn_url + self.links.give(file), 302, headers)
        repo_id, commit = quote(str(file.row["id"])), commit_of(file.row)
        query = urlencode({path: "", "etag": f'"{file.etag}"'})
        location = f"{CACHE_PATH}/models/{repo_id}/{commit}/{quote(file.path)}?{query}"
        return redirection(location, 307, headers)

    def from_cache(self, row: Row, asked: Place, viewer: Viewer, wanted_range: str | None) -> Answer:
        """Send a file that git itself holds."""
        file = _find(row, asked, viewer, self.manner)
        if isinstance(file, Answer):
            return file
        if file.is_apart:
            return no_entry(commit_of(file.row))
        headers = {"ETag": f'"{file.etag}"', "X-Repo-Commit": commit_of(file.row)}
        return file_answer(file.blob, headers | _disposition(file), wanted_range)

    def _xet_hints(self, file: HubFile) -> dict[str, str]:
        if not (self.manner.offers_xet and file.is_apart):
            return {}
        token = f"{self.url}/api/models/{quote(str(file.row['id']))}/xet-read-token/{commit_of(file.row)}"
        chunks = f"{XET_URL}/reconstruction/{file.xet_hash}"
        link = f'<{token}>; rel="xet-auth", <{chunks}>; rel="xet-reconstruction-info"'
        return {"X-Xet-Hash": file.xet_hash, "Link": link}


def xet_token(row: Row, asked: Place, viewer: Viewer, manner: Manner) -> Answer:
    """Let a client into the store of chunks."""
    refused = _refused(row, viewer, manner)
    if refused is not None:
        return refused
    if at_revision(row, asked.revision) is None:
        return no_revision(asked.revision)
    told = {"casUrl": XET_URL, "accessToken": _XET_TOKEN, "exp": _XET_EXPIRES}
    headers = {
        "X-Xet-Cas-Url": XET_URL,
        "X-Xet-Access-Token": _XET_TOKEN,
        "X-Xet-Token-Expiration": str(_XET_EXPIRES),
    }
    return Answer(200, orjson.dumps(told), headers)


def _find(row: Row, asked: Place, viewer: Viewer, manner: Manner) -> HubFile | Answer:
    refused = _refused(row, viewer, manner)
    if refused is not None:
        return refused
    then = at_revision(row, asked.revision)
    if then is None:
        return no_revision(asked.revision)
    return file_at(then, asked.path) or no_entry(commit_of(then))


def _refused(row: Row, viewer: Viewer, manner: Manner) -> Answer | None:
    """Say no to whoever may not have the bytes of a model, though everybody may read what it has."""
    repo_id = str(row["id"])
    if row.get("disabled"):
        return disabled()
    if not row.get("gated") or (viewer.signed_in and repo_id in manner.accepted):
        return None
    code = {"X-Error-Code": "GatedRepo"}
    if viewer.signed_in:
        page = f"https://huggingface.co/{repo_id}"
        reason = f"restricted and you are not in the authorized list. Visit {page} to ask for access."
        return failure(403, f"Access to model {repo_id} is {reason}", code)
    reason = "restricted. You must have access to it and be authenticated to access it. Please log in."
    return failure(401, f"Access to model {repo_id} is {reason}", code)


def _described(file: HubFile) -> dict[str, str]:
    return {
        "X-Repo-Commit": commit_of(file.row),
        "X-Linked-ETag": f'"{file.etag}"',
        "X-Linked-Size": str(file.blob.size),
        "Accept-Ranges": "bytes",
        "Access-Control-Expose-Headers": _EXPOSED,
    }


def _disposition(file: HubFile) -> dict[str, str]:
    name = quote(file.path.rpartition("/")[2])
    return {"Content-Disposition": f"inline; filename*=UTF-8''{name}; filename=\"{name}\";"}

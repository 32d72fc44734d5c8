"""What the Hub means when it does not answer with what was asked for."""

from dataclasses import dataclass

import httpx2
from huggingface_hub.errors import (
    DisabledRepoError,
    GatedRepoError,
    HfHubHTTPError,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils import hf_raise_for_status

from api.handoff.asking import Lost
from api.handoff.errors import (
    BadAnswer,
    BadToken,
    DisabledModel,
    EntryNotFound,
    GatedModel,
    HandoffError,
    RepoNotFound,
    RevisionNotFound,
)

_AGAIN = frozenset({408, 429})
_FRAMING = frozenset({"content-length", "content-encoding", "transfer-encoding"})
_MAX_SAID_BYTES = 100_000
_WRONG_TOKEN = "Invalid credentials"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for."""

    repo_id: str
    revision: str
    path: str = ""
    """Empty: all its files."""


def refusal(response: httpx2.Response, asked: Asked, upstream: str) -> HandoffError | Lost | None:
    """Give why the Hub refuses; `None`: it does not."""
    status = response.status_code
    if status < 400:
        return None
    if status in _AGAIN or status >= 500:
        return Lost(f"the Hub answered {status}", status, response.headers)
    has_token = "authorization" in response.request.headers
    try:
        hf_raise_for_status(_bounded(response))
    except GatedRepoError:
        return GatedModel(asked.repo_id, f"{upstream}/{asked.repo_id}", has_token=has_token)
    except (HfHubHTTPError, httpx2.HTTPError, ValueError) as error:
        return _named(error, response, asked)
    return _unnamed(response, asked)


def storage_refusal(response: httpx2.Response) -> Lost | None:
    """Give why the server that holds large files refuses; a new address from the Hub may help."""
    status = response.status_code
    return Lost(f"the Hub's storage answered {status}", status, response.headers) if status >= 400 else None


def _named(error: Exception, response: httpx2.Response, asked: Asked) -> HandoffError:
    match error:
        case DisabledRepoError():
            return DisabledModel(asked.repo_id)
        case RepositoryNotFoundError():
            return RepoNotFound(asked.repo_id, is_certain="x-error-code" in response.headers)
        case RevisionNotFoundError():
            return RevisionNotFound(asked.repo_id, asked.revision)
        case RemoteEntryNotFoundError():
            return EntryNotFound(asked.repo_id, asked.path, asked.revision)
    return _unnamed(response, asked)


def _unnamed(response: httpx2.Response, asked: Asked) -> HandoffError:
    """Give what a refusal without a name of its own means."""
    status, said = response.status_code, response.headers.get("x-error-message", "")
    if status == 401 and not said.startswith(_WRONG_TOKEN):
        return RepoNotFound(asked.repo_id, is_certain=False)
    if status == 401:
        return BadToken("The Hub does not know the token; set HF_TOKEN to a valid one, or to nothing.")
    if status == 403:
        return BadToken(f"The Hub does not let us read {asked.repo_id!r}; the token may lack the permission.")
    if status == 404 and asked.path:
        return EntryNotFound(asked.repo_id, asked.path, asked.revision)
    if status == 404:
        return RepoNotFound(asked.repo_id)
    return BadAnswer(f"The Hub answered {status} when asked for {asked.repo_id!r}.")


def _bounded(response: httpx2.Response) -> httpx2.Response:
    """Give a refusal with no more of its body than a sentence takes; the rest is not read."""
    body = b""
    try:
        for piece in response.iter_raw():
            body += piece[: _MAX_SAID_BYTES - len(body)]
            if len(body) >= _MAX_SAID_BYTES:
                break
    except (httpx2.HTTPError, httpx2.StreamError):
        body = b""
    headers = [(name, text) for name, text in response.headers.items() if name not in _FRAMING]
    return httpx2.Response(response.status_code, headers=headers, content=body, request=response.request)

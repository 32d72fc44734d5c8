"""Asking a running service instead of the index on this machine."""

import urllib.error
import urllib.request
from http.client import HTTPException
from urllib.parse import urlencode

from pydantic import TypeAdapter, ValidationError
from typing_extensions import TypedDict

from indexer.answers import SearchAnswer
from indexer.asking import Question, parameters_of
from indexer.config import HubAddress
from indexer.errors import BadRequest, EngineError, EngineUnavailable

PATIENCE_SECONDS = 30.0
MAX_BYTES = 10_000_000
"""More is no answer of ours."""


class _Refusal(TypedDict):
    error: str
    message: str


_ADDRESS: TypeAdapter[str] = TypeAdapter(HubAddress)
_ANSWER = TypeAdapter(SearchAnswer)
_REFUSAL = TypeAdapter(_Refusal)


def ask_service(url: str, question: Question) -> SearchAnswer:
    """Ask the service at an address.

    Raises:
        BadRequest: this is no address, or the service refuses the question.
        EngineUnavailable: it cannot be reached, or cannot answer yet.
        EngineError: what answers there is no Hubdex.

    """
    asked = urlencode(parameters_of(question))
    request = urllib.request.Request(  # noqa: S310
        f"{checked_address(url)}/v1/search?{asked}", headers={"Accept": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as response:  # noqa: S310
            return _ANSWER.validate_json(response.read(MAX_BYTES))
    except urllib.error.HTTPError as error:
        with error:
            raise _refused(url, error.code, error.read(MAX_BYTES)) from None
    except (OSError, HTTPException) as error:
        why = getattr(error, "reason", error)
        raise EngineUnavailable(f"The service at {url} cannot be reached ({why}).") from None
    except ValidationError:
        raise EngineError(f"What answers at {url} is no Hubdex of this version.") from None


def checked_address(url: str) -> str:
    """Give the address of a service as it is meant; raises BadRequest."""
    try:
        return _ADDRESS.validate_python(url)
    except ValidationError as error:
        said = error.errors(include_url=False, include_context=False)[0]["msg"].removeprefix("Value error, ")
        raise BadRequest(f"--url {said}.") from None


def _refused(url: str, status: int, content: bytes) -> BadRequest | EngineError:
    try:
        message = _REFUSAL.validate_json(content)["message"]
    except ValidationError:
        return EngineError(f"What answers at {url} is no Hubdex (status {status}).")
    if status == 503:
        return EngineUnavailable(message)
    return BadRequest(message) if status < 500 else EngineError(message)

"""Asking the Hubdex service that runs already to download, instead of doing it here."""

import urllib.error
import urllib.request
from http.client import HTTPException
from urllib.parse import quote

import orjson
from pydantic import SecretStr, TypeAdapter, ValidationError

from api.config import ApiConfig
from api.handoff.errors import HandoffError, Unreachable
from api.handoff.jobs.answers import JobAnswer
from api.handoff.jobs.wanting import Ask
from api.responses import ErrorAnswer
from indexer.errors import BadRequest, HubdexError
from indexer.remote import checked_address

PATIENCE_SECONDS = 60.0
"""The service asks the Hub before it answers, and the Hub may let it wait."""
MAX_BYTES = 20_000_000
"""More is no answer of ours."""

_JOB = TypeAdapter(JobAnswer)
_ERROR = TypeAdapter(ErrorAnswer)


class Service:
    """A running service.

    Args:
        url: where it is.
        key: what whoever downloads has to know; it is sent to this address only.

    Raises:
        BadRequest: this is no address.

    """

    def __init__(self, url: str, key: SecretStr | None) -> None:
        self._url = checked_address(url)
        self._key = key

    def submit(self, ask: Ask) -> JobAnswer:
        """Ask for a download; errors as `job`."""
        body = {
            "source_url": ask.source_url,
            "variant": ask.variant,
            "revision": ask.revision,
            "files": list(ask.files),
            "everything": ask.everything,
        }
        return self._ask("/v1/downloads", orjson.dumps(body))

    def resume(self, job_id: str) -> JobAnswer:
        """Let a paused download go on; errors as `job`."""
        return self._ask(f"/v1/downloads/{quote(job_id, safe='')}/resume", b"")

    def job(self, job_id: str) -> JobAnswer:
        """Give a download.

        Raises:
            BadRequest: the service does not understand it.
            Unreachable: the service, or the Hub, cannot be reached.
            HandoffError: it refuses.

        """
        return self._ask(f"/v1/downloads/{quote(job_id, safe='')}")

    def _ask(self, path: str, body: bytes | None = None) -> JobAnswer:
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        if self._key is not None:
            headers["Authorization"] = f"Bearer {self._key.get_secret_value()}"
        request = urllib.request.Request(f"{self._url}{path}", body, headers)  # noqa: S310
        try:
            with _OPENER.open(request, timeout=PATIENCE_SECONDS) as response:
                return _JOB.validate_json(response.read(MAX_BYTES))
        except urllib.error.HTTPError as error:
            with error:
                raise _refused(self._url, error.code, error.read(MAX_BYTES)) from None
        except (OSError, HTTPException) as error:
            why = getattr(error, "reason", error)
            raise Unreachable(f"The service at {self._url} cannot be reached ({why}).") from None
        except ValidationError:
            raise HandoffError(f"What answers at {self._url} is no Hubdex of this version.") from None


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """The key is for one address only; a service never sends elsewhere."""

    def redirect_request(self, *_: object) -> None:
        """Follow nothing."""


_OPENER = urllib.request.build_opener(_NoRedirects)


def service_of(url: str, config: ApiConfig) -> Service:
    """Give the service at an address; raises `BadRequest`."""
    return Service(url, config.api_key)


def _refused(url: str, status: int, content: bytes) -> HubdexError:
    try:
        message = _ERROR.validate_json(content)["message"]
    except ValidationError:
        return HandoffError(f"What answers at {url} is no Hubdex (status {status}).")
    if status == 503:
        return Unreachable(message)
    return BadRequest(message) if status in {400, 422} else HandoffError(message)

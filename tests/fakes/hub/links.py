"""Signed addresses of files on the other host: made, checked, and never good for long."""

import hashlib
import hmac
from collections.abc import Callable
from urllib.parse import quote, urlencode

from tests.fakes.hub.blobs import Blob
from tests.fakes.hub.files import HubFile


class BadLinkError(ValueError):
    """An address that was altered, is too old or was never given."""


class Links:
    """The addresses that were given, each with the file behind it."""

    def __init__(self, clock: Callable[[], float], lifetime_seconds: int) -> None:
        self._clock = clock
        self._lifetime_seconds = lifetime_seconds
        self._generation = 0
        self._blobs: dict[str, Blob] = {}

    def give(self, file: HubFile) -> str:
        """Give the path and the query that lead to a file from now until they expire."""
        path = f"/xet-bridge-us/{file.row['_id']}/{file.xet_hash}"
        self._blobs[path] = file.blob
        name = file.path.rpartition("/")[2]
        shown = {"response-content-disposition": f"inline; filename*=UTF-8''{quote(name)}"}
        query = urlencode(shown | {"Expires": int(self._clock()) + self._lifetime_seconds})
        return f"{path}?{query}&Signature={self._signature(path, query)}"

    def blob(self, path: str, query: str) -> Blob:
        """Give the file behind an address.

        Raises:
            BadLinkError: It is none that was given, or no longer good.
        """
        signed, _, signature = query.rpartition("&Signature=")
        if not hmac.compare_digest(signature.encode(), self._signature(path, signed).encode()):
            raise BadLinkError("AccessDenied")
        if self._clock() >= int(signed.rpartition("&Expires=")[2]):
            raise BadLinkError("ExpiredToken")
        return self._blobs[path]

    def expire(self) -> None:
        """Let no address be good that was given so far."""
        self._generation += 1

    def _signature(self, path: str, query: str) -> str:
        secret = f"stand-in {self._generation}".encode()
        return hmac.new(secret, f"{path}?{query}".encode(), hashlib.sha256).hexdigest()

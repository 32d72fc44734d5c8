"""Why a request got no answer, in words to act on; a library's own words name whole addresses."""

from collections.abc import Iterator

from OpenSSL.SSL import Error as TLSError
from scrapy.core.downloader.handlers.http11 import TunnelError
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)
from service_identity import VerificationError
from twisted.internet.error import ConnectError
from twisted.python.failure import Failure

_CAUSES: tuple[tuple[type[BaseException], str], ...] = (
    (VerificationError, "its certificate is for another name"),
    (TunnelError, "the proxy does not let the connection through"),
    (CannotResolveHostError, "its name has no address"),
    (DownloadConnectionRefusedError, "it refused the connection"),
    (DownloadTimeoutError, "it did not answer in time"),
    (ResponseDataLossError, "its answer broke off"),
    (DownloadCancelledError, "its answer was too large"),
    (IgnoreRequest, "its answer was too large once unpacked"),
    (ConnectError, "there is no way to it"),
    (NotImplementedError, "a proxy must have an http:// address"),
)

_UNTRUSTED = "its certificate is not trusted; SSL_CERT_FILE can name further authorities"
_NO_TLS = "it does not speak TLS as it should"


def cause_of(error: BaseException | None) -> str:
    """Give the cause of a failed request as half a sentence about the Hub."""
    chain = [] if error is None else list(_chain(error))
    for one in chain:
        if isinstance(one, TLSError):
            return _UNTRUSTED if "certificate verify failed" in repr(one.args) else _NO_TLS
    for kind, cause in _CAUSES:
        if any(isinstance(one, kind) for one in chain):
            return cause
    return "it closed the connection"


def is_timeout(error: BaseException | None) -> bool:
    """Tell whether a request failed because nobody answered in time."""
    return error is not None and any(isinstance(one, DownloadTimeoutError) for one in _chain(error))


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Give an error and those behind it; Twisted keeps them in a list of failures."""
    seen = 0
    waiting = [error]
    while waiting and seen < 20:
        one = waiting.pop(0)
        seen += 1
        yield one
        if one.__cause__ is not None:
            waiting.append(one.__cause__)
        reasons = getattr(one, "reasons", None)
        if isinstance(reasons, list):
            waiting += [reason.value for reason in reasons if isinstance(reason, Failure) and reason.value]

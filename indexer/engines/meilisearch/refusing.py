"""What a server's refusals mean."""

import orjson

from indexer.errors import EngineError, EngineRefused, EngineUnavailable

NO_INDEX = "There is no index yet; it is built by `hubdex index sync`."
MAX_SAID = 300
"""Letters of a server's own words in an error."""


class NoAnswer(EngineUnavailable):
    """A server does not answer, or cannot at the moment."""


def refusal_of(url: str, status: int, body: bytes) -> EngineError:
    """Give the error that a refusal stands for.

    Args:
        url: the server's address.
        status: the HTTP status.
        body: what was sent with it.

    """
    try:
        said = orjson.loads(body)
        code, message = str(said["code"]), str(said["message"])[:MAX_SAID]
    except (ValueError, KeyError, TypeError):
        code, message = "", f"HTTP {status}"
    return refused(url, status, code, message)


def refused(url: str, status: int | None, code: str | None, message: str) -> EngineError:
    """Give the error that a refusal stands for: its code is the server's own word for it."""
    if status in {401, 403}:
        return EngineRefused(
            f"The search server {url} refuses the key (HUBDEX_MEILI_KEY, HUBDEX_MEILI_SEARCH_KEY)."
        )
    if code == "index_not_found":
        return EngineUnavailable(NO_INDEX)
    if status is None or status in {408, 429} or status >= 500:
        return NoAnswer(f"The search server {url} cannot answer now ({message}).")
    return EngineError(f"The search server {url} refused what was asked ({message}).")

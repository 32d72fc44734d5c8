"""What a server's refusals mean."""

from collections.abc import Iterator
from contextlib import contextmanager

import orjson
from meilisearch.errors import MeilisearchApiError, MeilisearchError

from indexer.errors import EXIT_FAILED, EngineError, EngineRefused, EngineUnavailable

NO_INDEX = "There is no index yet; it is built by `hubdex index sync`."
MAX_SAID = 300
"""Letters of a server's own words in an error."""
OUR_KEYS = "the key (HUBDEX_MEILI_KEY, HUBDEX_MEILI_SEARCH_KEY)"


class NoAnswer(EngineUnavailable):
    """A server does not answer, or cannot at the moment."""

    is_away = True


class Broken(NoAnswer):
    """A server answers that it fails: its disk is full, most likely. Asking at once again does not help."""

    exit_code = EXIT_FAILED


class NothingThere(EngineUnavailable):
    """A server has nothing of that name."""


class KeyRefused(EngineRefused):
    """A server does not take the key it was asked with."""


@contextmanager
def translated(url: str, key: str = OUR_KEYS) -> Iterator[None]:
    """Turn what the official client raises into errors of ours; nothing of what was sent is in them.

    Args:
        url: the server's address.
        key: what an error calls the key, with its settings.

    """
    try:
        yield
    except MeilisearchApiError as error:
        said = str(error.message)[:MAX_SAID] if error.code else f"HTTP {error.status_code}"
        raise refused(url, error.status_code, error.code, said, key) from None
    except (ValueError, KeyError, TypeError):  # the client believes whatever answers
        raise EngineError(f"The search server {url} sent what is no answer.") from None
    except (MeilisearchError, OSError):  # of the library beneath, which the client lets through
        raise NoAnswer(f"The search server {url} cannot be reached.") from None


def no_meilisearch(url: str) -> str:
    """Say that an address is of something else."""
    return f"What answers at {url} is no Meilisearch server."


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


def refused(url: str, status: int | None, code: str | None, message: str, key: str = OUR_KEYS) -> EngineError:
    """Give the error that a refusal stands for: its code is the server's own word for it."""
    if code == "missing_master_key":
        return EngineRefused(
            f"The search server {url} has no master key: it is open to everybody, and makes no keys."
        )
    if status in {401, 403}:
        return KeyRefused(f"The search server {url} refuses {key}.")
    if code == "index_not_found":
        return NothingThere(NO_INDEX)
    if status == 404 and code:
        return NothingThere(f"The search server {url} has no such thing ({message}).")
    if not code and status is not None and (status < 400 or status in {404, 405}):
        return EngineRefused(no_meilisearch(url))
    if code and status in {500, 507}:
        return Broken(f"The search server {url} fails ({message}).")
    if status is None or status in {408, 429} or status >= 500:
        return NoAnswer(f"The search server {url} cannot answer now ({message}).")
    return EngineError(f"The search server {url} refused what was asked ({message}).")

"""The one error tree of Hubdex.

Every error carries data as attributes, one sentence (`str(error)`) and one machine word (`word`).
Library errors are translated in the file that owns the library and never cross a room.

    HubdexError
    ├── SettingsError          a setting is missing or wrong                      exit 2
    ├── BadRequest             the question itself is wrong                       exit 2, HTTP 422
    ├── ModelNotFound          no such model in the catalog                       exit 1, HTTP 404
    ├── FileNotKnown           no model in the catalog holds this file            exit 1, HTTP 404
    ├── Busy                   another process holds what this one needs          exit 75, HTTP 503
    ├── CatalogError           the catalog cannot be opened, read or written      exit 1, HTTP 503
    │   ├── CatalogMissing     there is no catalog yet                            exit 75, HTTP 503
    │   ├── CatalogOutdated    an older version; the next crawl brings it up      exit 75, HTTP 503
    │   └── ChangesPruned      what changed since so long ago is no longer known  exit 1, HTTP 503
    ├── EngineError            the search engine failed                           exit 1, HTTP 503
    │   └── EngineUnavailable  it is not there (yet), try later                   exit 75, HTTP 503
    │       └── EngineRefused  it is there, but refuses us: a key, a version      exit 1, HTTP 503
    └── UpstreamError          the Hub failed                                     exit 1, HTTP 502
        ├── UpstreamUnavailable  it cannot be reached or keeps failing            exit 75, HTTP 503
        ├── TooManyGone        a full pass missed so many models that none is removed   exit 1
        └── MalformedRow       one row of the Hub has no meaning (set aside, never fatal)
"""

from datetime import datetime
from typing import ClassVar

EXIT_DONE = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_TRY_LATER = 75  # EX_TEMPFAIL of sysexits.h


class HubdexError(Exception):
    """Base of every error Hubdex raises on purpose."""

    word: ClassVar[str] = "failed"
    exit_code: ClassVar[int] = EXIT_FAILED


class SettingsError(HubdexError):
    """A setting (environment variable) is missing or wrong."""

    word = "bad_settings"
    exit_code = EXIT_USAGE


class BadRequest(HubdexError):
    """The question is outside its bounds or does not parse."""

    word = "bad_request"
    exit_code = EXIT_USAGE


class ModelNotFound(HubdexError):
    """The catalog holds no model of that name, former name or other case."""

    word = "model_not_found"

    def __init__(self, repo_id: str, removed_at: datetime | None = None) -> None:
        self.repo_id = repo_id
        self.removed_at = removed_at
        """When a model of that name was found to be no longer public; `None`: there never was one here."""
        why = f"There is no model {repo_id!r} in the catalog."
        if removed_at is not None:
            why = f"The model {repo_id!r} is no longer public; that was found on {removed_at:%Y-%m-%d}."
        super().__init__(why)


class FileNotKnown(HubdexError):
    """No model holds a file of this content, as far as its files have been read."""

    word = "file_not_known"

    def __init__(self, sha256: str) -> None:
        self.sha256 = sha256
        super().__init__(
            f"No model is known to hold a file with the SHA-256 {sha256}. It may be older than what is read "
            "of the Hub, altered, or in a model whose files have not been read yet."
        )


class Busy(HubdexError):
    """Another process of Hubdex holds the lock this one needs."""

    word = "busy"
    exit_code = EXIT_TRY_LATER


class CatalogError(HubdexError):
    """The catalog cannot be opened, read or written."""

    word = "catalog_unavailable"


class CatalogMissing(CatalogError):
    """There is no catalog yet: nothing has been crawled."""

    exit_code = EXIT_TRY_LATER


class CatalogOutdated(CatalogError):
    """The catalog is of an older version, which only a writer can bring up to date."""

    exit_code = EXIT_TRY_LATER

    def __init__(self, version: int) -> None:
        self.version = version
        super().__init__(
            f"The catalog is of the older version {version}; the next crawl brings it up to date "
            "(hubdex crawl head)."
        )


class ChangesPruned(CatalogError):
    """Of what was removed since a serial, not everything is told any more."""

    def __init__(self, serial: int) -> None:
        self.serial = serial
        super().__init__(f"What was removed since serial {serial} is no longer kept: build the index anew.")


class EngineError(HubdexError):
    """The search engine failed."""

    word = "engine_failed"


class EngineUnavailable(EngineError):
    """The search engine or its index is not there (yet)."""

    word = "engine_unavailable"
    exit_code = EXIT_TRY_LATER
    is_away: ClassVar[bool] = False
    """Whether it is the engine that cannot be asked: there may well be an index."""


class EngineRefused(EngineUnavailable):
    """The search engine is there, but not for us: trying later does not help, another setting does."""

    exit_code = EXIT_FAILED
    is_away = True


class UpstreamError(HubdexError):
    """The Hub answered with something that cannot be worked with."""

    word = "upstream_failed"


class UpstreamUnavailable(UpstreamError):
    """The Hub cannot be reached, or keeps failing."""

    word = "upstream_unavailable"
    exit_code = EXIT_TRY_LATER


class TooManyGone(UpstreamError):
    """A full pass did not see so many models that the Hub may have failed: none was removed."""

    word = "too_many_gone"

    def __init__(self, missing: int, models: int, percent: float) -> None:
        self.missing = missing
        self.models = models
        self.percent = percent
        super().__init__(
            f"The full pass did not see {missing:,} of {models:,} models, more than "
            f"{percent:g} %: none was removed. If they are really gone, set HUBDEX_REMOVAL_PERCENT."
        )


class MalformedRow(UpstreamError):
    """One row of the Hub's answer has no meaning; it is set aside and the pass goes on."""

    word = "malformed_row"

    def __init__(self, reason: str, row_id: str = "") -> None:
        self.reason = reason
        self.row_id = row_id
        super().__init__(f"The row of {row_id or 'an unnamed model'} was set aside: {reason}.")

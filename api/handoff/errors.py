"""Errors of the hand-off: what was asked for cannot be had, or cannot be had now.

    HandoffError
    ├── BadReference      what was pasted names no model of the Hub              exit 2, HTTP 422
    ├── TooLarge          more than Hubdex takes at once                         exit 2, HTTP 422
    ├── RepoNotFound      the Hub has no such model, or shows it to others only  exit 1, HTTP 404
    ├── RevisionNotFound  it has no such branch, tag or commit                   exit 1, HTTP 404
    ├── EntryNotFound     it has no such file                                    exit 1, HTTP 404
    ├── GatedModel        its terms have to be accepted first                    exit 1, HTTP 403
    ├── DisabledModel     the Hub has taken it out of use                        exit 1, HTTP 403
    ├── BadToken          the Hub does not take our token                        exit 1, HTTP 403
    ├── WrongBytes        what came is not what the Hub says the file is         exit 1, HTTP 502
    ├── BadAnswer         the Hub's answer has no meaning                        exit 1, HTTP 502
    ├── BadRedirect       the Hub sends to where nothing is fetched from         exit 1, HTTP 502
    ├── Unreachable       the Hub cannot be reached, or keeps failing            exit 75, HTTP 503
    ├── NoSpace           the disk is too full                                   exit 1, HTTP 507
    ├── CacheUnusable     the folder of the cache cannot be read or written      exit 1, HTTP 503
    ├── JobNotFound       there is no such download                              exit 1, HTTP 404
    └── WrongState        it is in no state in which that can be done            exit 1, HTTP 409

None of them ever holds a token or a signed address.
"""

from pathlib import Path

from indexer.errors import (
    EXIT_TRY_LATER,
    EXIT_USAGE,
    HubdexError,
    UpstreamError,
    UpstreamUnavailable,
)
from indexer.terminal import size_words


class HandoffError(HubdexError):
    """A hand-off is not possible."""

    word = "handoff_failed"


class Interrupted(Exception):  # no failure, and no error of ours: whoever looks on wants it to end
    """A download was broken off on purpose; what is there stays, to be gone on with."""


class BadReference(HandoffError):
    """What was pasted names no model or file of the Hub."""

    word = "bad_reference"
    exit_code = EXIT_USAGE


class TooLarge(HandoffError):
    """More files or bytes than Hubdex takes at once."""

    word = "over_limit"
    exit_code = EXIT_USAGE


class RepoNotFound(HandoffError):
    """The Hub has no such model, as far as it tells us."""

    word = "model_not_found"

    def __init__(self, repo_id: str, *, is_certain: bool = True) -> None:
        self.repo_id = repo_id
        self.is_certain = is_certain
        """Whether the Hub said so; strangers are told the same of private models."""
        why = f"The Hub has no model {repo_id!r}, or not for this token."
        if not is_certain:
            why = (
                f"The Hub shows no model {repo_id!r}: there is none, or it is private. "
                "If it is yours, set HF_TOKEN to a token that may read it."
            )
        super().__init__(why)


class RevisionNotFound(HandoffError):
    """The model has no such branch, tag or commit."""

    word = "revision_not_found"

    def __init__(self, repo_id: str, revision: str) -> None:
        self.repo_id = repo_id
        self.revision = revision
        super().__init__(f"The model {repo_id!r} has no branch, tag or commit {revision!r}.")


class EntryNotFound(HandoffError):
    """The model has no such file at that revision."""

    word = "file_not_found"

    def __init__(self, repo_id: str, path: str, revision: str) -> None:
        self.repo_id = repo_id
        self.path = path
        self.revision = revision
        super().__init__(f"The model {repo_id!r} has no file {path!r} at {revision!r}.")


class GatedModel(HandoffError):
    """The model's terms have to be accepted before its files can be had."""

    word = "gated"

    def __init__(self, repo_id: str, page: str, *, has_token: bool) -> None:
        self.repo_id = repo_id
        self.page = page
        """Address of the page where the terms are."""
        how = "then try again" if has_token else "then set HF_TOKEN to a token of that account"
        super().__init__(
            f"The model {repo_id!r} is gated: accept its terms at {page} with your account, {how}."
        )


class DisabledModel(HandoffError):
    """The Hub has taken the model out of use."""

    word = "disabled"

    def __init__(self, repo_id: str) -> None:
        self.repo_id = repo_id
        super().__init__(f"The Hub has disabled the model {repo_id!r}; its files cannot be had.")


class BadToken(HandoffError):
    """The Hub does not take the token, or the token may not read this."""

    word = "bad_token"


class WrongBytes(HandoffError):
    """What came is not the file that the Hub describes; nothing of it was kept."""

    word = "wrong_bytes"

    def __init__(self, path: str, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"The file {path!r} came wrong: {reason}. Nothing of it was kept; try again.")


class BadAnswer(HandoffError, UpstreamError):
    """The Hub answered with something that cannot be worked with."""

    word = "upstream_failed"


class BadRedirect(HandoffError, UpstreamError):
    """The Hub sends us to where nothing is fetched from."""

    word = "bad_redirect"


class Unreachable(HandoffError, UpstreamUnavailable):
    """The Hub cannot be reached, or keeps failing."""

    word = "upstream_unavailable"
    exit_code = EXIT_TRY_LATER


class NoSpace(HandoffError):
    """The disk is too full for what is to come."""

    word = "no_space"

    def __init__(self, folder: Path, needed_bytes: int, free_bytes: int) -> None:
        self.folder = folder
        self.needed_bytes = needed_bytes
        """What is still to come, with some room beside it."""
        self.free_bytes = free_bytes
        super().__init__(
            f"The disk of {folder} is too full: {size_words(needed_bytes)} are needed, "
            f"{size_words(free_bytes)} are free. What was downloaded stays; make room and go on."
        )


class CacheUnusable(HandoffError):
    """The folder of the cache cannot be read or written."""

    word = "cache_unusable"


class JobNotFound(HandoffError):
    """There is no download of that number."""

    word = "job_not_found"

    def __init__(self, job_id: str) -> None:
        self.job_id = job_id
        super().__init__(f"There is no download {job_id!r}.")


class WrongState(HandoffError):
    """The download is in no state in which that can be done."""

    word = "wrong_state"

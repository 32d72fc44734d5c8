"""Errors of looking after the cache."""

from api.handoff.errors import HandoffError, WrongState
from indexer.terminal import size_words


class NotInCache(HandoffError):
    """The cache holds no such revision."""

    word = "not_in_cache"

    def __init__(self, repo_id: str, revision: str = "") -> None:
        self.repo_id = repo_id
        self.revision = revision
        what = f"the revision {revision!r} of {repo_id!r}" if revision else f"nothing of {repo_id!r}"
        super().__init__(f"The cache does not hold {what}." if revision else f"The cache holds {what}.")


class Protected(WrongState):
    """The revision is not to be deleted, at least not so."""

    word = "protected"

    def __init__(self, repo_id: str, commit: str, why: str) -> None:
        self.repo_id = repo_id
        self.commit = commit
        self.why = why
        super().__init__(f"{repo_id} ({commit[:12]}) stays: {why}.")


class OverCacheLimit(HandoffError):
    """What is to be downloaded does not fit within the limit of the cache."""

    word = "over_cache_limit"

    def __init__(self, needed_bytes: int, limit: int, left_bytes: int) -> None:
        self.needed_bytes = needed_bytes
        self.limit = limit
        self.left_bytes = left_bytes
        super().__init__(
            f"{size_words(needed_bytes)} are to come, but HUBDEX_CACHE_LIMIT is {size_words(limit)}, and "
            f"what is pinned or in use leaves {size_words(left_bytes)} of it."
        )

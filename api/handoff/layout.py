"""The standard Hugging Face cache on the disk, so that every client finds offline what was downloaded."""

from collections.abc import Sequence
from pathlib import Path

from api.handoff.hub import RemoteFile


class Layout:
    """The folders and files of one cache.

    Args:
        cache: the folder that `HF_HUB_CACHE` names; it is made when the first file comes.

    """

    def __init__(self, cache: Path) -> None:
        self.cache = cache

    def repo(self, repo_id: str) -> Path:
        """Give the folder of a model."""
        raise NotImplementedError

    def blob(self, repo_id: str, etag: str) -> Path:
        """Give where a content lies when it is whole."""
        raise NotImplementedError

    def partial(self, repo_id: str, etag: str) -> Path:
        """Give where a content lies while it comes."""
        raise NotImplementedError

    def lock(self, repo_id: str, etag: str) -> Path:
        """Give the lock of a content, the same that every other client takes."""
        raise NotImplementedError

    def snapshot(self, repo_id: str, commit: str) -> Path:
        """Give the folder in which a commit's files are seen."""
        raise NotImplementedError

    def has(self, remote: RemoteFile) -> bool:
        """Tell whether a file is seen in its snapshot, in its right size."""
        raise NotImplementedError

    def publish(self, repo_id: str, commit: str, files: Sequence[tuple[str, str]], revision: str) -> Path:
        """Let files be seen in their snapshot, then let the branch or tag lead to it.

        Args:
            repo_id: the model.
            commit: 40 hexadecimal digits.
            files: path within the repository and name of the content (`etag`); all blobs are there.
            revision: the branch or tag that was asked for; a commit is no name and leaves no reference.

        Returns:
            The snapshot's folder.

        Raises:
            BadReference: a path or the revision would lead out of its folder.
            CacheUnusable: the folder cannot be written, or a blob is missing.

        """
        raise NotImplementedError

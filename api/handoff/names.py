"""What may stand for a model, a revision, a file and a content: nothing that leads anywhere else; pure."""

import re
from pathlib import PureWindowsPath

from huggingface_hub.errors import HFValidationError
from huggingface_hub.utils import validate_repo_id

from api.handoff.errors import BadReference

MAX_PATH_BYTES = 1_500
"""A path within a repository; what stands before it in the cache takes a few hundred more of 4,096."""
MAX_NAME_BYTES = 255
"""One folder or file, as the usual file systems have it."""
MAX_REVISION_LENGTH = 200

_COMMIT = re.compile(r"[0-9a-f]{40}", re.ASCII)
_ETAG = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}", re.ASCII)


def is_commit(revision: str) -> bool:
    """Tell whether a revision is a whole commit, which never means anything else later."""
    return _COMMIT.fullmatch(revision) is not None


def is_etag(text: str) -> bool:
    """Tell whether a text names a content: a sha256, or the sha1 that git gives it."""
    return _ETAG.fullmatch(text) is not None


def checked_repo_id(repo_id: str) -> str:
    """Give the model's name when it can be one.

    Raises:
        BadReference: it cannot.

    """
    try:
        validate_repo_id(repo_id)
    except HFValidationError:
        raise BadReference(f"{repo_id[:200]!r} is no name of a model.") from None
    return repo_id


def checked_revision(revision: str) -> str:
    """Give the branch, tag or commit when it can be one.

    Raises:
        BadReference: it cannot, or it leads out of its folder.

    """
    if len(revision) > MAX_REVISION_LENGTH or not _stays(revision) or revision.endswith(".lock"):
        raise BadReference(f"{revision[:200]!r} is no branch, tag or commit.")
    return revision


def checked_path(path: str) -> str:
    """Give the path of a file within its repository when it stays there, on any system.

    Raises:
        BadReference: it leads out of it, or no disk would take it.

    """
    if not _stays(path) or len(path.encode()) > MAX_PATH_BYTES:
        raise BadReference(f"{path[:200]!r} is no path of a file within a repository.")
    return path


def checked_etag(etag: str) -> str:
    """Give the name of a content when it is one.

    Raises:
        BadReference: it is none.

    """
    if not is_etag(etag):
        raise BadReference(f"{etag[:200]!r} is no name of a content.")
    return etag


def _stays(path: str) -> bool:
    if not path.isascii() and not _is_utf8(path):
        return False
    if "\\" in path or any(ord(sign) < 32 or ord(sign) == 127 for sign in path):
        return False
    return all(_is_name(name) for name in path.split("/"))


def _is_name(name: str) -> bool:
    if name in {"", ".", ".."} or len(name.encode()) > MAX_NAME_BYTES:
        return False
    return not PureWindowsPath(name).drive  # `C:x`, harmless here, leads out where the cache may be used


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True

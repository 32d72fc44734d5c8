"""The standard Hugging Face cache on the disk, so that every client finds offline what was downloaded.

    models--{owner}--{name}/blobs/{etag}                 the contents, by sha256 or git's sha1
    models--{owner}--{name}/blobs/{etag}.hubdex.incomplete   one on its way; other clients pass it by
    models--{owner}--{name}/snapshots/{commit}/{path}    links to them
    models--{owner}--{name}/refs/{branch or tag}         the commit it is
    .locks/models--{owner}--{name}/{etag}.lock           who writes a content, also among other clients

Nothing is seen in a snapshot before its content is whole, and no reference before its snapshot is.
"""

import contextlib
import errno
import os
import shutil
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from huggingface_hub.constants import REPO_TYPE_MODEL
from huggingface_hub.file_download import repo_folder_name

from api.handoff.errors import BadReference, CacheUnusable
from api.handoff.hub import RemoteFile
from api.handoff.names import checked_etag, checked_path, checked_repo_id, checked_revision, is_commit

CACHE_TAG = (
    "Signature: 8a477f597d28d172789f06886806bc55\n"
    "# This file is a cache directory tag created by huggingface_hub.\n"
    "# For information about cache directory tags, see:\n"
    "#\thttps://bford.info/cachedir/\n"
)
"""By which backups know a cache; word for word what `huggingface_hub` writes."""
PARTIAL = ".hubdex.incomplete"
"""How what Hubdex downloads ends, while it comes."""
_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.ENOSYS})


def repo_folder(cache: Path, repo_id: str) -> Path:
    """Give the folder of a model."""
    return cache / repo_folder_name(repo_id=repo_id, repo_type=REPO_TYPE_MODEL)


class Layout:
    """The folders and files of one cache.

    Args:
        cache: the folder that `HF_HUB_CACHE` names; it is made when the first file comes.

    """

    def __init__(self, cache: Path) -> None:
        self.cache = cache.absolute()

    def repo(self, repo_id: str) -> Path:
        """Give the folder of a model.

        Raises:
            BadReference: it is no name of a model.

        """
        return repo_folder(self.cache, checked_repo_id(repo_id))

    def blob(self, repo_id: str, etag: str) -> Path:
        """Give where a content lies when it is whole."""
        return self.repo(repo_id) / "blobs" / checked_etag(etag)

    def partial(self, repo_id: str, etag: str) -> Path:
        """Give where a content lies while it comes."""
        return self.repo(repo_id) / "blobs" / f"{checked_etag(etag)}{PARTIAL}"

    def lock(self, repo_id: str, etag: str) -> Path:
        """Give the lock of a content, the same that every other client takes."""
        return self.cache / ".locks" / self.repo(repo_id).name / f"{checked_etag(etag)}.lock"

    def snapshot(self, repo_id: str, commit: str) -> Path:
        """Give the folder in which a commit's files are seen."""
        if not is_commit(commit):
            raise BadReference(f"{commit[:200]!r} is no commit.")
        return self.repo(repo_id) / "snapshots" / commit

    def has(self, remote: RemoteFile) -> bool:
        """Tell whether a file is seen in its snapshot, in its right size."""
        seen = self.snapshot(remote.repo_id, remote.commit) / checked_path(remote.path)
        with contextlib.suppress(OSError):
            return seen.is_file() and seen.stat().st_size == remote.bytes
        return False

    def same_content(self, repo_id: str, etag: str) -> list[Path]:
        """Give where the same content lies in folders of other repositories."""
        own = self.blob(repo_id, etag)
        with contextlib.suppress(OSError):
            return [one for one in sorted(self.cache.glob(f"*--*/blobs/{own.name}")) if one != own]
        return []

    def prepare(self, repo_id: str, etag: str) -> None:
        """Make the folders that a content needs.

        Raises:
            CacheUnusable: they cannot be made.

        """
        with _told(self.cache):
            self.blob(repo_id, etag).parent.mkdir(parents=True, exist_ok=True)
            self.lock(repo_id, etag).parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileExistsError), (self.cache / "CACHEDIR.TAG").open("x") as tag:
                tag.write(CACHE_TAG)

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
        snapshot = self.snapshot(repo_id, commit)
        wanted = [(checked_path(path), self.blob(repo_id, etag)) for path, etag in files]
        name = checked_revision(revision)
        with _told(self.cache):
            for _, blob in wanted:
                blob.stat()
            snapshot.mkdir(parents=True, exist_ok=True)
            for path, blob in wanted:
                _link(snapshot, path, blob)
            if not is_commit(name):
                _refer(self.repo(repo_id), name, commit)
        return snapshot


def _link(snapshot: Path, path: str, blob: Path) -> None:
    """Let a content be seen at a path; what is seen there already and right stays."""
    *folders, name = path.split("/")
    target = "/".join([*[".."] * (len(folders) + 2), "blobs", blob.name])
    with _within(snapshot, folders) as folder:
        try:
            os.symlink(target, name, dir_fd=folder)
        except FileExistsError:
            if not _is_right(name, folder, target, blob):
                _replace(blob, target, name, folder)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            _copy(blob, name, folder)  # a disk without links, where every client keeps the bytes twice


def _is_right(name: str, folder: int, target: str, blob: Path) -> bool:
    with contextlib.suppress(OSError):
        return os.readlink(name, dir_fd=folder) == target
    with contextlib.suppress(OSError):  # no link: a cache of a disk without links
        status = os.stat(name, dir_fd=folder, follow_symlinks=False)
        return status.st_nlink > 0 and status.st_size == blob.stat().st_size
    return False


def _replace(blob: Path, target: str, name: str, folder: int) -> None:
    aside = blob.with_name(f"{blob.name}.{uuid.uuid4().hex[:8]}.hubdex.link")
    aside.symlink_to(target)
    try:
        os.replace(aside, name, dst_dir_fd=folder)
    except OSError:
        aside.unlink(missing_ok=True)
        raise


def _copy(blob: Path, name: str, folder: int) -> None:
    aside = blob.with_name(f"{blob.name}.{uuid.uuid4().hex[:8]}.hubdex.copy")
    try:
        shutil.copyfile(blob, aside)
        os.replace(aside, name, dst_dir_fd=folder)
    finally:
        aside.unlink(missing_ok=True)


def _refer(repo: Path, name: str, commit: str) -> None:
    """Let a branch or tag lead to a commit, at once or not at all."""
    *folders, last = name.split("/")
    refs = repo / "refs"
    refs.mkdir(exist_ok=True)
    with _within(refs, folders) as folder:
        with contextlib.suppress(OSError, ValueError):
            kept = os.open(last, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=folder)
            with os.fdopen(kept) as handle:
                if handle.read(100) == commit:
                    return
        aside = repo / f".{uuid.uuid4().hex[:8]}.hubdex.ref"  # beside: in `refs` it would be taken for one
        try:
            aside.write_text(commit)
            os.replace(aside, last, dst_dir_fd=folder)
        finally:
            aside.unlink(missing_ok=True)


@contextmanager
def _within(top: Path, folders: Sequence[str]) -> Iterator[int]:
    """Open a folder below another one, made where it is missing; a link on the way is not followed."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
    folder = os.open(top, flags)
    try:
        for name in folders:
            with contextlib.suppress(FileExistsError):
                os.mkdir(name, dir_fd=folder)
            try:
                below = os.open(name, flags, dir_fd=folder)
            except OSError as error:
                if error.errno not in {errno.ELOOP, errno.ENOTDIR}:
                    raise
                raise CacheUnusable(
                    f"In {top} there is something else where the folder {name!r} has to be."
                ) from None
            os.close(folder)
            folder = below
        yield folder
    finally:
        os.close(folder)


@contextmanager
def _told(cache: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CacheUnusable(f"The cache {cache} cannot be used: {error.strerror or error}.") from None

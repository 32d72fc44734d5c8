"""Asking the Hub for a file: what it is, and its bytes.

Built of the public pieces of `huggingface_hub` (addresses, headers, the meaning of errors); its own client
follows redirects wherever they lead and forgets what is left of the quota, so the requests are ours.
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Self, TypeVar
from urllib.parse import quote

import httpx2
import orjson
from huggingface_hub import constants, hf_hub_url

from api.handoff.asking import Asker, Lost, pieces
from api.handoff.errors import BadAnswer, BadRedirect, TooLarge
from api.handoff.gate import Gate, Pause, Waiting
from api.handoff.names import checked_path, checked_repo_id, checked_revision, is_commit, is_etag
from api.handoff.reach import Reach, Resolve, look_up
from api.handoff.refusals import Asked, refusal, storage_refusal
from api.handoff.retrying import FEW_FAILURES, MAX_FAILURES, Persistence
from indexer.addresses import next_url, tree_url
from indexer.catalog.trees import MAX_BYTES, MAX_FILES
from indexer.entries import parse_entries
from indexer.errors import MalformedRow, UpstreamError
from indexer.hub import HubConfig
from indexer.variants.records import RepoFile

T = TypeVar("T")

MAX_REDIRECTS = 5
MAX_PAGE_BYTES = 32_000_000
"""A page of a tree is a thousand entries of some 300 bytes."""
MAX_PAGES = 2_000
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)", re.ASCII)
_KEPT = (
    constants.HUGGINGFACE_HEADER_X_REPO_COMMIT.lower(),
    constants.HUGGINGFACE_HEADER_X_LINKED_ETAG.lower(),
    constants.HUGGINGFACE_HEADER_X_LINKED_SIZE.lower(),
    constants.HUGGINGFACE_HEADER_X_XET_HASH.lower(),
)
"""What any answer on the way to a file may say of it."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """What the Hub says of one file. Never where its bytes lie: that is asked anew at each start."""

    repo_id: str
    commit: str
    """40 hexadecimal digits: what the revision is at present."""
    path: str
    etag: str
    """The name of its content: a sha256 (64 hexadecimal digits) or, of small files, git's sha1 (40)."""
    bytes: int
    xet_hash: str | None = field(default=None, compare=False)
    """Its name in the Hub's Xet storage, where it is offered from there too."""

    @property
    def sha256(self) -> str | None:
        """The sha256 of its content; `None` for the small files that git holds itself."""
        return self.etag if len(self.etag) == 64 else None


@dataclass(frozen=True, slots=True)
class Tree:
    """The files of a model at one commit."""

    repo_id: str
    """As the Hub spells it now."""
    commit: str
    files: tuple[RepoFile, ...]


@dataclass(frozen=True, slots=True)
class Body:
    """Bytes of a file on their way."""

    start: int
    """Where they begin: what was asked for, or 0 when the Hub would not go on."""
    pieces: Iterator[bytes]
    """Raises `Lost` when they break off."""


def _nobody(_why: str) -> None:
    """Wait without telling."""


class Hub:
    """The Hub, for downloads. One for a process; threads may share it.

    Where `waiting` is given somebody has time: failures are borne for minutes. Else it is seconds.

    Args:
        config: where it is and who asks.
        sleep: waits so many seconds, never more than one.
        now: a clock in seconds that never goes back.
        read_timeout: seconds without a byte after which a connection counts as dead.
        resolve: looks a host up.

    """

    def __init__(
        self,
        config: HubConfig,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.monotonic,
        read_timeout: float = 30.0,
        resolve: Resolve = look_up,
    ) -> None:
        self.upstream = config.upstream
        self.reach = Reach(config.upstream, resolve)
        self.pause = Pause(sleep)
        self.persistence = Persistence(config.retry_base_seconds, self.pause)
        gate = Gate(config, self.pause, now)
        self.asker = Asker(config, self.reach, gate, self.pause, read_timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections; whatever still runs is interrupted."""
        self.pause.close()
        self.asker.close()

    def head(self, repo_id: str, revision: str, path: str, waiting: Waiting | None = None) -> RemoteFile:
        """Ask what a file is at a revision.

        Raises:
            RepoNotFound, RevisionNotFound, EntryNotFound, GatedModel, DisabledModel, BadToken: as they say.
            BadReference: one of the names cannot be one.
            BadRedirect: the Hub sends to where nothing is fetched from.
            BadAnswer: it does not say what the file is.
            Unreachable: it cannot be reached, or keeps failing.
            Interrupted: `waiting` says so, or the Hub was closed.

        """
        url = self._file_url(repo_id, revision, path)
        asked = Asked(repo_id, revision, path)
        return self._persist(lambda: self._head(url, asked, waiting or _nobody), waiting)

    def commit(self, repo_id: str, revision: str, waiting: Waiting | None = None) -> tuple[str, str]:
        """Give a model's present name and the commit of a revision; errors as `head`."""
        asked = Asked(checked_repo_id(repo_id), checked_revision(revision))
        url = f"{self.upstream}/api/models/{repo_id}/revision/{quote(revision, safe='')}"
        said, _ = self._persist(lambda: self._json(url, asked, waiting or _nobody), waiting)
        name, sha = (said.get("id"), said.get("sha")) if isinstance(said, dict) else (None, None)
        if not isinstance(sha, str) or not is_commit(sha):
            raise BadAnswer(f"The Hub does not say which commit {revision!r} of {repo_id!r} is.")
        return (name if isinstance(name, str) and len(name) <= 200 else repo_id), sha

    def tree(self, repo_id: str, revision: str, waiting: Waiting | None = None) -> Tree:
        """Ask for all files of a model at a revision; errors as `head`, and `TooLarge`."""
        name, commit = repo_id, revision
        if not is_commit(revision):
            name, commit = self.commit(repo_id, revision, waiting)
        asked = Asked(checked_repo_id(name), revision)
        url = tree_url(self.upstream, name, commit)
        files: dict[str, RepoFile] = {}
        for _ in range(MAX_PAGES):
            said, link = self._persist(partial(self._json, url, asked, waiting or _nobody), waiting)
            try:
                entries = parse_entries(said if isinstance(said, list) else [said])
                further = next_url(link, url, self.upstream)
            except (MalformedRow, UpstreamError):
                raise BadAnswer(f"The Hub's list of the files of {name!r} has no meaning.") from None
            files |= {file.path: file for file in entries}
            if further is None:
                return Tree(name, commit, tuple(files.values()))
            url = further
            if len(files) > MAX_FILES:
                break
        raise TooLarge(f"The model {name!r} has more than {MAX_FILES:,} files.")

    @contextmanager
    def open(self, remote: RemoteFile, start: int, waiting: Waiting | None = None) -> Iterator[Body]:
        """Ask for the bytes of a file from `start` on; one try. Errors as `head`, and while they come too.

        Raises:
            Lost: this try failed; another one may not.

        """
        url = self._file_url(remote.repo_id, remote.commit, remote.path)
        asked = Asked(remote.repo_id, remote.commit, remote.path)
        sent = {"range": f"bytes={start}-"} if start else {}
        for _ in range(MAX_REDIRECTS + 1):
            with self.asker.ask("GET", url, waiting or _nobody, sent) as response:
                target = self._target(url, response)
                if target is None:
                    if response.status_code == 416 and start:
                        start, sent = 0, {}  # it has less than we hold: what we hold is not of this file
                        url = self._file_url(remote.repo_id, remote.commit, remote.path)
                        continue
                    self._require(response, asked)
                    yield Body(_begin(response, remote, start), pieces(response, self.pause))
                    return
                url = target
        raise BadRedirect("The Hub redirects in circles.")

    def _persist(self, work: Callable[[], T], waiting: Waiting | None) -> T:
        most = FEW_FAILURES if waiting is None else MAX_FAILURES
        return self.persistence.run(work, waiting or _nobody, most)

    def _file_url(self, repo_id: str, revision: str, path: str) -> str:
        checked_repo_id(repo_id)
        return hf_hub_url(
            repo_id, checked_path(path), revision=checked_revision(revision), endpoint=self.upstream
        )

    def _head(self, url: str, asked: Asked, waiting: Waiting) -> RemoteFile:
        said: dict[str, str] = {}
        for _ in range(MAX_REDIRECTS + 1):
            with self.asker.ask("HEAD", url, waiting) as response:
                target = self._target(url, response)
                said |= {name: response.headers[name] for name in _KEPT if response.headers.get(name)}
                if target is None or not self.reach.is_upstream(target):
                    self._require(response, asked)
                    return _remote(asked, said, response, is_redirect=target is not None)
                url = target
        raise BadRedirect("The Hub redirects in circles.")

    def _json(self, url: str, asked: Asked, waiting: Waiting) -> tuple[object, str]:
        for _ in range(MAX_REDIRECTS + 1):
            with self.asker.ask("GET", url, waiting) as response:
                target = self._target(url, response)
                if target is None:
                    self._require(response, asked)
                    return self._parsed(response), response.headers.get("link", "")
                if not self.reach.is_upstream(target):
                    raise BadRedirect("The Hub sends questions to another server; it was not asked.")
                url = target
        raise BadRedirect("The Hub redirects in circles.")

    def _parsed(self, response: httpx2.Response) -> object:
        body = bytearray()
        for piece in pieces(response, self.pause):
            body += piece
            if len(body) > MAX_PAGE_BYTES:
                raise TooLarge("The Hub's answer is larger than any answer should be.")
        try:
            return orjson.loads(body)
        except ValueError:
            raise Lost("its answer is no JSON") from None

    def _target(self, url: str, response: httpx2.Response) -> str | None:
        location = response.headers.get("location")
        if response.status_code not in _REDIRECTS or location is None:
            return None
        return self.reach.follow(url, location)

    def _require(self, response: httpx2.Response, asked: Asked) -> None:
        is_ours = self.reach.is_upstream(str(response.request.url))
        why = refusal(response, asked, self.upstream) if is_ours else storage_refusal(response)
        if why is not None:
            raise why
        if response.headers.get("content-encoding", "identity").lower() not in {"", "identity"}:
            raise Lost("its answer is packed, though that was not asked for")


def _remote(
    asked: Asked, said: Mapping[str, str], response: httpx2.Response, *, is_redirect: bool
) -> RemoteFile:
    commit, linked_etag, linked_size, xet_hash = (said.get(name, "") for name in _KEPT)
    etag = (linked_etag or response.headers.get("etag", "")).removeprefix("W/").strip('"')
    size = linked_size or ("" if is_redirect else response.headers.get("content-length", ""))
    is_told = is_commit(commit) and is_etag(etag) and size.isascii() and size.isdigit() and len(size) < 20
    if not is_told or int(size) > MAX_BYTES:
        raise BadAnswer(
            f"The Hub does not say what {asked.path!r} of {asked.repo_id!r} is (commit, hash and size); "
            "is HUBDEX_UPSTREAM the address of a Hub?"
        )
    xet = xet_hash if re.fullmatch(r"[0-9a-f]{64}", xet_hash, re.ASCII) else None
    return RemoteFile(asked.repo_id, commit, asked.path, etag, int(size), xet)


def _begin(response: httpx2.Response, remote: RemoteFile, start: int) -> int:
    """Give where a body begins, when it is of the right file.

    Raises:
        Lost: it is of another size, or begins elsewhere.

    """
    headers, size = response.headers, remote.bytes
    if response.status_code == 206:
        found = _RANGE.fullmatch(headers.get("content-range", ""))
        if found is None or int(found[1]) != start or not start <= int(found[2]) < size:
            raise Lost("it gave another part of the file than was asked for")
        if found[3] not in {"*", str(size)}:  # one such answer is no reason to throw away what is there
            raise Lost(f"it says the file is {found[3]} bytes long, not {size}")
        return start
    length = headers.get("content-length", str(size))
    if response.status_code != 200:
        raise Lost(f"it answered {response.status_code}", response.status_code, headers)
    if length != str(size):
        raise Lost(f"it says the file is {length[:20]} bytes long, not {size}")
    return 0

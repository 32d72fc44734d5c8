"""What was pasted: the model, revision, file or quant that a link, a command or an id names; pure."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import SplitResult, quote, urlsplit

from api.handoff.errors import BadReference
from api.handoff.names import checked_path, checked_repo_id, checked_revision
from api.hosts import is_loopback
from api.paths import MAX_ID, is_reserved
from indexer.pasted import HUB_HOSTS, MAX_PATH, NOT_OWNERS, Pasted, read_pasted

MAX_TEXT = 2_000
"""Characters of what is pasted."""
MAX_VARIANT = 300
"""Characters of a label, or of the key of a variant."""
MAIN = "main"
"""The revision that is meant where none is named."""

_HUB = "https://huggingface.co"
_OF_THE_HUB = frozenset({*HUB_HOSTS, "backyard.ai", "apps.jan.ai"})
"""Hosts whose links name models of the Hub; what ModelScope calls the same may be another."""
_ADDRESS = re.compile(r"https?://[^\s\"'<>`]+", re.IGNORECASE)
_OTHER_KIND = re.compile(
    r"(?:^|//huggingface\.co/|^(?:hf|huggingface)://)(?:api/)?(?P<kind>datasets|spaces|buckets|kernels)/",
    re.IGNORECASE,
)
_BARE = re.compile(r"(?!\.)[\w.-]+(?:[/@][^\s?#]*)?")
_STRANGE_HOST = re.compile(
    rf"(?!(?:{'|'.join(map(re.escape, sorted(_OF_THE_HUB)))})/)[^\s/:@]+\.[^\s/:@]+(?::\d+)?/[^\s/]+/\S",
    re.IGNORECASE,
)
"""What begins like an address without `https://`; owners with a dot are written with their model alone."""
_NAMED_HOST = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+|localhost|[0-9a-f:]+", re.ASCII)
_NO_REVISION = re.compile(r"[\s~^:?*\[\]\\@\"'<>|]|\.\.|//|^[/.-]|[/.]$|/\.|\.lock$")
_ACCEPTED = "a link of huggingface.co, hf.co or hf-mirror.com{hosts}, or an id like `owner/name`"


@dataclass(frozen=True, slots=True)
class Reference:
    """A model, and what is named within it. Only what is safe to ask for and to store can be made.

    Raises:
        BadReference: no repository, revision or file can be called so.

    """

    repo_id: str
    """`owner/name`, or `name` alone for the oldest models."""
    revision: str = MAIN
    """A branch, a tag or a commit."""
    path: str = ""
    """Of a file or a folder in it; `*` and `?` stand for any text and any character."""
    variant: str = ""
    """A quant as somebody writes it, or the key of a variant."""
    files: tuple[str, ...] = ()
    """All the files that a command names, where it names several; `path` is then empty."""

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        require_repo_id(self.repo_id)
        require_revision(self.revision)
        for path in filter(None, (self.path, *self.files)):
            require_path(path)
        if len(self.variant) > MAX_VARIANT or not self.variant.isprintable():
            raise BadReference("No variant is called so: its name is too long, or not made of letters.")


def read_reference(text: str, hosts: Iterable[str] = ()) -> Reference:
    """Read what somebody pasted.

    Understands addresses of the Hub in every form (the model, `/tree/{rev}/..`, `/blob/{rev}/..`,
    `/resolve/..`), `hf.co/o/r:Q4_K_M`, `Huggingface/o/r`, commands (`ollama run ..`, `hf download ..`,
    `llama-server -hf ..`), links of apps (`huggingface://`, `lmstudio://`, `jan://`, ..), ids with or without
    owner, `o/r:Q4_K_M` and `o/r@revision`. A user, a password or a token in an address is dropped.

    Args:
        text: a link, a command or an id.
        hosts: further hosts whose links count, as `host`, `host:port` or a whole address; without a port
            they count on every port.

    Raises:
        BadReference: it names no model of the Hub.

    """
    text = text.strip()
    if len(text) > MAX_TEXT:
        raise BadReference(f"That has {len(text):,} characters; at most {MAX_TEXT:,} are read.")
    accepted = [_host(host) for host in hosts]
    plain = _of_the_hub(text, accepted)
    kind = _OTHER_KIND.search(plain)
    if kind is not None:
        raise BadReference(
            f"Only models can be downloaded; this names one of the Hub's {kind['kind'].lower()}."
        )
    if _STRANGE_HOST.match(plain):
        plain = f"https://{plain}"
    if _ADDRESS.fullmatch(plain):
        _require_host(plain, accepted)
    pasted = read_pasted(plain) or _bare(plain)
    if pasted is None:
        for address in _ADDRESS.findall(plain):
            _require_host(address, accepted)
        raise BadReference(f"This names no model; paste {_wanted(accepted)}.")
    return _reference(pasted, accepted)


def link_of(reference: Reference, upstream: str) -> str:
    """Give the address of what is meant at the Hub; a quant has none of its own."""
    address = f"{upstream}/{reference.repo_id}"
    revision = quote(reference.revision, safe="")
    if reference.path:
        return f"{address}/blob/{revision}/{quote(reference.path)}"
    return address if reference.revision == MAIN else f"{address}/tree/{revision}"


def require_repo_id(repo_id: str) -> None:
    """Refuse what is no id of a model on the Hub: BadReference."""
    is_ours = is_reserved(repo_id.partition("/")[0])
    if is_ours or not repo_id.isascii() or len(repo_id) > MAX_ID or not _passes(checked_repo_id, repo_id):
        raise BadReference(
            f"{_shown(repo_id)} is no id of a model: that is `owner/name`, of letters, digits, `-`, `_` and "
            "`.`, without `--` or `..`, and of at most 96 characters."
        )


def require_revision(revision: str) -> None:
    """Refuse what git calls no branch, tag or commit: BadReference."""
    is_named = revision.isprintable() and not _NO_REVISION.search(revision)
    if not is_named or not _passes(checked_revision, revision):
        raise BadReference(f"{_shown(revision)} is no name of a branch, a tag or a commit.")


def require_path(path: str) -> None:
    """Refuse a path that leaves its folder, or that no file can have: BadReference."""
    if not is_path(path):
        raise BadReference(f"{_shown(path)} is no path of a file in a repository.")


def is_path(path: str) -> bool:
    """Tell whether a file of a repository can lie there, within its folder."""
    return len(path) < MAX_PATH and _passes(checked_path, path)


def _passes(check: Callable[[str], str], text: str) -> bool:
    # What the check says holds the text, which may hold a secret.
    try:
        check(text)
    except BadReference:
        return False
    return True


class _Host(NamedTuple):
    """Where links may lead."""

    name: str
    port: int | None
    before: str
    """What stands before the owner in its paths."""


def _host(host: str) -> _Host:
    parts = urlsplit(host if "://" in host else f"//{host}")
    return _Host((parts.hostname or "").lower(), _port(parts), parts.path.rstrip("/"))


def _port(parts: SplitResult) -> int | None:
    return parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _of_the_hub(text: str, accepted: Sequence[_Host]) -> str:
    """Give a text with the addresses of other hosts that count written as the Hub's."""
    if "://" not in text and not any(map(str.isspace, text)):
        addresses = (f"{scheme}://{text}" for scheme in ("http", "https"))
        text = next((one for one in addresses if _address(one, accepted) != one), text)
    return _ADDRESS.sub(lambda found: _address(found[0], accepted), text)


def _address(address: str, accepted: Sequence[_Host]) -> str:
    parts = _split(address)
    if parts is None:
        return address
    name = (parts.hostname or "").lower()
    before = "" if name in HUB_HOSTS else _before(parts, name, accepted)
    if before is None or not parts.path.startswith(before):
        return address
    query = f"?{parts.query}" if parts.query else ""
    return f"{_HUB}{parts.path[len(before) :]}{query}"


def _before(parts: SplitResult, name: str, accepted: Sequence[_Host]) -> str | None:
    """Give what stands before the owner in the paths of a host; `None`: its links do not count."""
    for host in accepted:
        is_same = name == host.name or (is_loopback(name) and is_loopback(host.name))
        if is_same and host.port in {None, _port(parts)}:
            return host.before
    return None


def _split(address: str) -> SplitResult | None:
    try:
        parts = urlsplit(address)
        _ = parts.port, parts.hostname
    except ValueError:  # a bad port, brackets that do not end
        return None
    return parts


def _require_host(address: str, accepted: Sequence[_Host]) -> None:
    """Refuse an address of another host."""
    parts = _split(address)
    name = (parts.hostname or "").lower() if parts else ""
    if parts and name in _OF_THE_HUB:
        return
    # What stands before an `@` may be a secret, even where it was written wrongly.
    is_plain = _NAMED_HOST.fullmatch(name) and "@" not in address.rpartition("@" + name)[2]
    shown = f"`{name[:100]}`" if is_plain else "that host"
    raise BadReference(f"Nothing is downloaded from {shown}; paste {_wanted(accepted)}.")


def _bare(text: str) -> Pasted | None:
    """Read an id, or the path of a file behind one; the reader of pasted links leaves these to the search."""
    found = _BARE.fullmatch(text)
    pieces = [piece for piece in text.split("/") if piece]
    if found is None or pieces[0].lower() in NOT_OWNERS:
        return None
    name, _, revision = pieces[-1].partition("@") if len(pieces) < 3 else ("", "", "")
    if len(pieces) == 1:
        return Pasted(name, revision=revision)
    return Pasted(pieces[0], pieces[1], path="/".join(pieces[2:]))


def _reference(pasted: Pasted, accepted: Sequence[_Host]) -> Reference:
    if pasted.search or not pasted.owner:
        if pasted.search.startswith("tag:dataset:"):
            raise BadReference("Only models can be downloaded; this names a dataset.")
        raise BadReference(f"This names a search, no model; paste {_wanted(accepted)}.")
    path = pasted.path.rstrip("/") if len(pasted.path) < MAX_PATH else pasted.path  # else it was cut
    return Reference(
        repo_id=f"{pasted.owner}/{pasted.name}" if pasted.name else pasted.owner,
        revision=pasted.revision or MAIN,
        path="" if pasted.more else path,
        variant="" if pasted.variant.lower() == "latest" else pasted.variant,
        files=(pasted.path, *pasted.more) if pasted.more else (),
    )


def _wanted(accepted: Sequence[_Host]) -> str:
    names = sorted({host.name for host in accepted} - HUB_HOSTS - {""})
    return _ACCEPTED.format(hosts=f" (here also {', '.join(names)})" if names else "")


def _shown(text: str) -> str:
    """Give what was typed, fit for a sentence; nothing of what may hold a secret."""
    if "@" in text or "hf_" in text or not text.isprintable():
        return "This"
    return f"`{text[:100]}`"

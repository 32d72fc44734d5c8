"""What people paste into a search box: links and commands that name a model; pure."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

HUB_HOSTS = frozenset({"huggingface.co", "www.huggingface.co", "hf.co", "hf-mirror.com"})
"""Hosts whose paths begin with `owner/name`."""

NOT_OWNERS = frozenset(
    {"api", "blog", "chat", "collections", "datasets", "docs", "join", "learn", "login", "new"}
    | {"organizations", "papers", "posts", "pricing", "search", "settings", "spaces", "tasks"}
)
"""First segments of the Hub's own pages: what follows is no model."""

_COMMANDS = re.compile(
    r"^\s*(?:(?:ollama|docker\s+model)\s+(?:run|pull)|hf\s+download|huggingface-cli\s+download|"
    r"llama-(?:server|cli)\s+-hf|lms\s+get|lemonade\s+pull|vllm\s+serve)\s+",
    re.IGNORECASE,
)
_PART = r"[\w.-]{1,96}"
_ID = rf"(?P<id>{_PART}/{_PART})"
_HOST = rf"(?:{'|'.join(map(re.escape, sorted(HUB_HOSTS)))})"
_BARE_LINK = re.compile(rf"^{_HOST}/", re.IGNORECASE)
_LINK_WITHIN = re.compile(
    rf"(?<![\w./-])(?:https?://|(?:ssh://)?git@)?{_HOST}[/:](?P<path>[^\s\"'<>()\[\]?#]+)", re.IGNORECASE
)
_ID_WITHIN = re.compile(
    rf"(?:[\"'`]|(?<!\S)-{{1,2}}(?:hfr?|hf-repo|model|model-path|model-id|repo-id)[ =]){_ID}(?![\w./-])",
    re.IGNORECASE,
)
_TAGGED_ID = re.compile(rf"^{_ID}[:@](?P<tag>[\w.-]{{1,120}})$")


@dataclass(frozen=True, slots=True)
class Pasted:
    """What a pasted text names."""

    owner: str
    """Owner of the model, or the owner alone; may be the name of a model without owner."""
    name: str = ""
    """Name of the model; empty when the link names an owner."""


def read_pasted(text: str) -> Pasted | None:
    """Give the model (or owner) a pasted link or command names, or `None` when it is none.

    Understands addresses of the Hub in every form (model page, tree, blob, resolve), `hf.co/o/r:Q`,
    `ollama run hf.co/..`, `hf download o/r`, `huggingface://o/r/f`, `hf://`, `lmstudio://`, `jan://`, `msty://`
    and Backyard's address; and, in whatever else was copied, an address of the Hub (`git clone ..`), an id in
    quotes (`from_pretrained("o/r")`) or behind an option (`--model o/r`).
    """
    return _read_whole(text) or _read_within(text)


def _read_within(text: str) -> Pasted | None:
    link = _LINK_WITHIN.search(text)
    if link is not None:
        return _from_path(link["path"].rstrip(".,;"))
    named = _ID_WITHIN.search(text)
    return _from_path(named["id"]) if named else None


def _read_whole(text: str) -> Pasted | None:
    bare, commands = _COMMANDS.subn("", text.strip())
    target = bare.split()[0] if bare else ""
    if not commands and target != text.strip():
        return None  # several words, no command: a search
    if "://" in target:
        return _from_url(target)
    if _BARE_LINK.match(target):
        return _from_url("https://" + target)
    tagged = _TAGGED_ID.match(target)
    if tagged:
        target = tagged["id"]
    return _from_path(target) if tagged or commands else None


def _from_url(url: str) -> Pasted | None:
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
    except ValueError:
        return None
    scheme, path = parts.scheme.lower(), unquote(parts.path).strip("/")
    if scheme in {"http", "https"}:
        if host in HUB_HOSTS:
            return _from_path(path)
        if host == "backyard.ai" and path.startswith("hf/model/"):
            return _from_path(path.removeprefix("hf/model/"))
        return None
    if scheme == "lmstudio":
        return _from_path(next(iter(parse_qs(parts.query).get("model", [""]))))
    whole = f"{parts.netloc}/{path}"
    if scheme in {"jan", "msty"}:
        whole = whole.removeprefix("models/huggingface/").removeprefix("models/search/hf/")
    elif scheme not in {"huggingface", "hf"}:
        return None
    return _from_path(whole)


def _from_path(path: str) -> Pasted | None:
    parts = [part for part in path.split("/") if part]
    if [part.lower() for part in parts[:2]] == ["api", "models"]:
        parts = parts[2:]
    if parts and parts[0].lower() == "models":
        parts = parts[1:]
    if not parts or parts[0].lower() in NOT_OWNERS:
        return None
    parts = [part.split(":")[0] for part in parts[:2]]
    if not all(re.fullmatch(_PART, part) for part in parts):
        return None
    return Pasted(parts[0], parts[1] if len(parts) > 1 else "")

"""What people paste into a search box: links and commands that name a model; pure."""

import re
from dataclasses import dataclass, replace
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit

MAX_PATH = 1_000
"""Characters of a path that are kept."""
HUB_HOSTS = frozenset({"huggingface.co", "www.huggingface.co", "hf.co", "hf-mirror.com"})
"""Hosts whose paths begin with `owner/name`."""

NOT_OWNERS = frozenset(
    {"api", "blog", "chat", "collections", "datasets", "docs", "join", "learn", "login", "new"}
    | {"organizations", "papers", "posts", "pricing", "search", "settings", "spaces", "tasks"}
)
"""First segments of the Hub's own pages: what follows is no model."""

APP_SCHEMES = ("huggingface", "hf", "jan", "msty", "models", "lmstudio")
"""Schemes of links that apps make; what follows names a model of the Hub."""

OTHER_CATALOGS = (
    ("backyard.ai", "hf/model/"),
    ("apps.jan.ai", "huggingface.co/"),
    ("modelscope.cn", "models/"),
    ("www.modelscope.cn", "models/"),
)
"""Hosts, and the paths below which they have models by their ids on the Hub."""

_COMMANDS = re.compile(
    r"(?<!\S)(?:(?:ollama|docker\s+model)\s+(?:run|pull)|(?:hf|huggingface-cli)\s+download|hf\s+models?\s+info|"
    r"llama-(?:server|cli)\s+-hf|lms\s+get|lemonade\s+pull|vllm\s+serve|python3?\s+\S*download-model\.py)\s+",
    re.IGNORECASE,
)
_PART = r"[\w.-]{1,96}"
_ID = rf"(?P<id>{_PART}/{_PART})"
_HOST = rf"(?:{'|'.join(map(re.escape, sorted(HUB_HOSTS)))})"
_BARE_LINK = re.compile(rf"^{_HOST}/", re.IGNORECASE)
_LINK_WITHIN = re.compile(
    rf"(?<![\w./-])(?:https?://|(?:ssh://)?git@)?{_HOST}[/:](?P<path>[^\s\"'<>()\[\]?#]+)", re.IGNORECASE
)
_APP_LINK_WITHIN = re.compile(rf"(?<!\S)(?:(?:{'|'.join(APP_SCHEMES)})://|hf:(?={_PART}/))\S+", re.IGNORECASE)
_ID_WITHIN = re.compile(
    rf"(?:[\"'`]|(?<!\S)-{{1,2}}(?:hfr?|hf-repo|user-repo|model|model-path|model-id|repo-id)[ =])"
    rf"{_ID}(?![\w./-])",
    re.IGNORECASE,
)
_TAGGED_ID = re.compile(rf"^{_ID}[:@](?P<tag>[\w.-]{{1,120}})$")
_PAPER = re.compile(r"(?:abs|pdf|papers)/(?P<id>\d{4}\.\d{4,5})")
_LISTED_BY = {"search": "", "author": "author:", "pipeline_tag": "task:", "license": "license:"}
"""Parameters of the Hub's own search page, and how the same is typed here; all others are tags."""
_NOT_LISTED_BY = frozenset({"sort", "p", "direction", "limit", "num_parameters"})


@dataclass(frozen=True, slots=True)
class Pasted:
    """What a pasted text names."""

    owner: str = ""
    """Owner of the model, or the owner alone; may be the name of a model without owner."""
    name: str = ""
    """Name of the model; empty when the link names an owner."""
    search: str = ""
    """What to search for instead, where the link names neither."""
    variant: str = ""
    """What is named within the model: the path of a file or a folder, or a quant."""


def read_pasted(text: str) -> Pasted | None:
    """Give the model, the owner or the search a pasted link or command names, or `None` when it is none.

    Understands addresses of the Hub in every form (model page, tree, blob, resolve, its search page, papers,
    datasets), `hf.co/o/r:Q`, `ollama run hf.co/..`, `hf download o/r`, `huggingface://o/r/f`, `hf:o/r`,
    `lmstudio://`, `jan://`, `msty://`, and the pages of other catalogs; and, in whatever else was copied, an
    address of the Hub (`git clone ..`), an id in quotes (`from_pretrained("o/r")`) or behind an option
    (`--model o/r`).
    """
    return _read_whole(text) or _read_within(text)


def _read_within(text: str) -> Pasted | None:
    link = _LINK_WITHIN.search(text)
    if link is not None:
        return _from_path(link["path"].rstrip(".,;"))
    link = _APP_LINK_WITHIN.search(text)
    if link is not None:
        return _from_link(link[0])
    named = _ID_WITHIN.search(text)
    return _from_path(named["id"]) if named else None


def _read_whole(text: str) -> Pasted | None:
    *_, bare = _COMMANDS.split(text.strip())
    is_command = bare != text.strip()
    target = bare.split()[0].strip("\"'") if bare else ""
    if not is_command and bare != target:
        return None  # several words, no command: a search
    if _BARE_LINK.match(target):
        target = "https://" + target
    if "://" in target or target[:3].lower() == "hf:":
        return _from_link(target)
    if target[:12].lower() == "huggingface/" and target.count("/") > 1:  # as Jan writes it
        return _from_path(target[12:])
    tagged = _TAGGED_ID.match(target)
    if tagged:
        target = f"{tagged['id']}:{tagged['tag']}"
    return _from_path(target) if tagged or is_command else None


def _from_link(link: str) -> Pasted | None:
    try:
        parts = urlsplit(link)
        host = (parts.hostname or "").lower()
    except ValueError:
        return None
    scheme, path = parts.scheme.lower(), unquote(parts.path).strip("/")
    if scheme in {"http", "https"}:
        return _from_web(host, path, parts.query)
    if scheme == "lmstudio":
        told = parse_qs(parts.query)
        model = _from_path(next(iter(told.get("model", [""]))))
        return replace(model, variant=told["file"][0]) if model and "file" in told else model
    if scheme not in APP_SCHEMES:
        return None
    whole = f"{parts.netloc}/{path}" if parts.netloc else path
    for before in ("models/huggingface/", "models/search/hf/", "huggingface/" if scheme == "models" else ""):
        whole = whole.removeprefix(before)
    return _from_path(whole)


def _from_web(host: str, path: str, query: str) -> Pasted | None:
    paper = _PAPER.fullmatch(path)
    if paper and (host in HUB_HOSTS or host.endswith("arxiv.org")):
        return Pasted(search=f"tag:arxiv:{paper['id']}")
    if host in HUB_HOSTS:
        if path == "models":
            return _from_listing(query)
        if path.startswith("datasets/") and path.count("/") > 1:
            return Pasted(search=f"tag:dataset:{'/'.join(path.split('/')[1:3])}")
        return _from_path(path)
    for other, before in OTHER_CATALOGS:
        if host == other and path.startswith(before):
            return _from_path(path.removeprefix(before))
    if host == "ollama.com" and path.startswith("library/"):
        return Pasted(search=path.removeprefix("library/").replace(":", " ").replace("/", " "))
    return None


def _from_listing(query: str) -> Pasted | None:
    """Read the address of the Hub's own search page."""
    words: list[str] = []
    for key, value in parse_qsl(query):
        if key not in _NOT_LISTED_BY:
            values = [value] if key == "search" else value.split(",")
            words += [_LISTED_BY.get(key, "tag:") + one for one in values]
    return Pasted(search=" ".join(words)) if words else None


def _from_path(path: str) -> Pasted | None:
    parts = [part for part in path.split("/") if part]
    if [part.lower() for part in parts[:2]] == ["api", "models"]:
        parts = parts[2:]
    if parts and parts[0].lower() == "models":
        parts = parts[1:]
    if not parts or parts[0].lower() in NOT_OWNERS:
        return None
    owner, (name, _, tag) = parts[0].split(":")[0], "".join(parts[1:2]).partition(":")
    below = parts[2:]
    if not all(re.fullmatch(_PART, part) for part in (owner, name) if part):
        return None
    if below and below[0] in {"tree", "blob", "resolve", "raw"}:
        below = below[2:]
    return Pasted(owner, name, variant=tag or "/".join(below)[:MAX_PATH] if name else "")

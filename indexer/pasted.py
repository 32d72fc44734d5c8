"""What people paste into a search box: links and commands that name a model; pure."""

import re
import shlex
from dataclasses import dataclass, replace
from urllib.parse import SplitResult, parse_qs, parse_qsl, unquote, urlsplit

from indexer.variants.labels import read_quant_word

MAX_PATH = 1_000
"""Characters of a path that are kept."""
MAX_MORE = 100
"""Files of a command that are kept beside the first."""
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
    r"(?<!\S)(?:(?:ollama|docker\s+model)\s+(?:run|pull)|(?P<fetch>hf|huggingface-cli)\s+download|hf\s+models?\s+info|"
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
_TARGET = re.compile(rf"(?![.-]){_ID}(?:[:@][\w./-]*)?$|\S+://|{_HOST}/|hf:", re.IGNORECASE)
_TAGGED_ID = re.compile(rf"^{_ID}[:@][\w./-]{{1,120}}$")
_REVISION = re.compile(
    r"(?:(?<!\S)--(?:revision|branch)(?:=|\s+)|\brevision\s*=\s*(?=[\"']))[\"']?(?P<said>[^\s\"',;)]{1,255})"
)
_FILE = re.compile(
    r"(?:(?<!\S)(?:--(?:include|specific-file|hf-file)|-hff)(?:=|\s+)|\bfilename\s*=\s*(?=[\"']))"
    r"(?P<quote>[\"'])?(?P<said>(?(quote)[^\"']|[^\s\"']){1,1000})"
)
_NO_MODEL = re.compile(r"(?<!\S)--(?:repo-)?type(?:=|\s+)[\"']?(?P<said>dataset|space)")
_PAPER = re.compile(r"(?:abs|pdf|papers)/(?P<id>\d{4}\.\d{4,5})")
_AT_REVISION = frozenset({"tree", "blob", "resolve", "raw", "blame", "edit", "commit", "commits"})
"""What stands before a revision in the Hub's addresses."""
_REFS = frozenset({"pr", "convert"})
"""Revisions of the Hub with slashes in them: `refs/pr/1`, `refs/convert/parquet`."""
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
    """The quant that is named with the model, as it is written."""
    revision: str = ""
    """The branch, tag or commit that is named; empty: none."""
    path: str = ""
    """The path of a file or a folder within the model, or a pattern of such."""
    more: tuple[str, ...] = ()
    """Further files that a command names."""

    @property
    def pointed(self) -> str:
        """What is named within the model: the path of a file or a folder, or a quant."""
        return self.path or self.variant


def read_pasted(text: str) -> Pasted | None:
    """Give the model, the owner or the search a pasted link or command names, or `None` when it is none.

    Understands addresses of the Hub in every form (model page, tree, blob, resolve, its search page, papers,
    datasets), `hf.co/o/r:Q`, `ollama run hf.co/..`, `hf download o/r file --revision x`, `huggingface://o/r/f`,
    `hf:o/r`, `lmstudio://`, `jan://`, `msty://`, and the pages of other catalogs; and, in whatever else was
    copied, an address of the Hub (`git clone ..`), an id in quotes (`from_pretrained("o/r")`) or behind an
    option (`--model o/r`).
    """
    found = _read_whole(text) or _read_within(text)
    return _with_options(found, text) if found and any(map(str.isspace, text.strip())) else found


def _read_within(text: str) -> Pasted | None:
    link = _LINK_WITHIN.search(text)
    if link is not None:
        return _from_path(link["path"].rstrip(".,;"), is_quoted=True, is_page=True)
    link = _APP_LINK_WITHIN.search(text)
    if link is not None:
        return _from_link(link[0])
    named = _ID_WITHIN.search(text)
    return _from_path(named["id"]) if named else None


def _read_whole(text: str) -> Pasted | None:
    whole = text.strip()
    *_, command = [None, *_COMMANDS.finditer(whole)]
    if command is None:
        return None if len(whole.split()) != 1 else _from_target(whole.strip("\"'"), is_command=False)
    words = _words(whole[command.end() :])
    at = next((at for at, word in enumerate(words) if _TARGET.match(word)), 0)
    found = _from_target(words[at], is_command=True) if words else None
    if found is None or command["fetch"] is None:
        return found
    rest = words[at + 1 :]
    ends = next((at for at, word in enumerate(rest) if word.startswith("-")), len(rest))
    return _with_files(found, rest[:ends])


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:  # a quote that does not end
        return [word.strip("\"'") for word in text.split()]


def _with_options(found: Pasted, text: str) -> Pasted | None:
    """Add what options of a command, or arguments of a call, say of the revision and the files."""
    other = _NO_MODEL.search(text)
    if other is not None:
        is_dataset = other["said"] == "dataset" and found.name
        return Pasted(search=f"tag:dataset:{found.owner}/{found.name}") if is_dataset else None
    said = _REVISION.search(text)
    if said is not None and not found.revision:
        found = replace(found, revision=said["said"])
    return _with_files(found, [one["said"] for one in _FILE.finditer(text)])


def _with_files(found: Pasted, files: list[str]) -> Pasted:
    named = [*filter(None, [found.path, *found.more, *files])]
    return replace(found, path=named[0][:MAX_PATH], more=tuple(named[1 : MAX_MORE + 1])) if named else found


def _from_target(target: str, *, is_command: bool) -> Pasted | None:
    if _BARE_LINK.match(target):
        target = "https://" + target
    if "://" in target or target[:3].lower() == "hf:":
        return _from_link(target)
    if target[:12].lower() == "huggingface/" and target.count("/") > 1:  # as Jan writes it
        return _from_path(target[12:])
    return _from_path(target) if is_command or _TAGGED_ID.match(target) else None


def _from_link(link: str) -> Pasted | None:
    try:
        parts = urlsplit(link)
        host = (parts.hostname or "").lower()
    except ValueError:
        return None
    if parts.scheme in {"http", "https"}:
        return _from_web(host, parts.path.strip("/"), parts.query)
    if parts.scheme == "lmstudio":
        told = parse_qs(parts.query)
        model = _from_path(next(iter(told.get("model", [""]))))
        return replace(model, path=told["file"][0][:MAX_PATH]) if model and "file" in told else model
    return _from_app(parts) if parts.scheme in APP_SCHEMES else None


def _from_app(parts: SplitResult) -> Pasted | None:
    path = parts.path.strip("/")
    whole = f"{parts.netloc}/{path}" if parts.netloc else path
    if parts.scheme == "models":  # as Cortex writes it: models://huggingface/o/r/main/f
        found = _from_path(whole.removeprefix("huggingface/"), is_quoted=True)
        revision, _, below = found.path.partition("/") if found else ("", "", "")
        return replace(found, revision=revision, path=below) if found and below else found
    for before in ("models/huggingface/", "models/search/hf/"):
        whole = whole.removeprefix(before)
    found = _from_path(whole, is_quoted=True)
    if found and parts.scheme == "hf" and parts.fragment and not found.revision:
        return replace(found, revision=unquote(parts.fragment))  # as node-llama-cpp writes it
    return found


def _from_web(host: str, path: str, query: str) -> Pasted | None:
    paper = _PAPER.fullmatch(path)
    if paper and (host in HUB_HOSTS or host.endswith("arxiv.org")):
        return Pasted(search=f"tag:arxiv:{paper['id']}")
    if host in HUB_HOSTS:
        if path == "models":
            return _from_listing(query)
        if path.startswith("datasets/") and path.count("/") > 1:
            return Pasted(search=f"tag:dataset:{'/'.join(unquote(path).split('/')[1:3])}")
        return _from_path(path, is_quoted=True, is_page=True)
    for other, before in OTHER_CATALOGS:
        if host == other and path.startswith(before):
            return _from_path(path.removeprefix(before), is_quoted=True, is_page=True)
    if host == "ollama.com" and path.startswith("library/"):
        return Pasted(search=unquote(path.removeprefix("library/")).replace(":", " ").replace("/", " "))
    return None


def _from_listing(query: str) -> Pasted | None:
    """Read the address of the Hub's own search page."""
    words: list[str] = []
    for key, value in parse_qsl(query):
        if key not in _NOT_LISTED_BY:
            values = [value] if key == "search" else value.split(",")
            words += [_LISTED_BY.get(key, "tag:") + one for one in values]
    return Pasted(search=" ".join(words)) if words else None


def _from_path(path: str, *, is_quoted: bool = False, is_page: bool = False) -> Pasted | None:
    """Read the path of a model, and what is named below it.

    Args:
        path: begins with the owner, or with `models/` or `api/models/` before it.
        is_quoted: whether it is of an address, with `%2F` in it.
        is_page: whether it is of a page: files stand behind a revision there, and nowhere else.

    """
    pieces = _pieces(path, is_quoted=is_quoted)
    if not pieces or pieces[0].lower() in NOT_OWNERS:
        return None
    length = 1 if _has_no_owner(pieces) else 2
    *before, last = [unquote(piece) if is_quoted else piece for piece in pieces[:length]]
    name, mark, tag = _cut_tag(last)
    if not all(re.fullmatch(_PART, part) for part in [*before, name]):
        return None
    revision, below = _below(pieces[length:], is_page=is_page and mark != ":")
    if is_quoted:
        revision, below = unquote(revision), [unquote(piece) for piece in below]
    if mark == ":" and below and not revision:  # a tag with a slash is the path of a file
        below, mark, tag = [tag, *below], "", ""
    owner = before[0] if before else name
    found = Pasted(owner, name if before else "", revision=revision, path="/".join(below)[:MAX_PATH])
    return _with_tag(found, mark, tag)


def _pieces(path: str, *, is_quoted: bool) -> list[str]:
    """Cut a path at its slashes, from the owner on."""
    pieces = [piece for piece in path.split("/") if piece]
    if is_quoted and pieces and "%2f" in pieces[0].lower():  # some quote the id too
        pieces[:1] = [piece for piece in unquote(pieces[0]).split("/") if piece]
    if [piece.lower() for piece in pieces[:2]] == ["api", "models"]:
        pieces = pieces[2:]
    if pieces and pieces[0].lower() == "models":
        pieces = pieces[1:]
    if len(pieces) > 3 and pieces[1].endswith("@refs") and pieces[2] in _REFS:
        pieces[1:4] = ["/".join(pieces[1:4])]
    return pieces


def _has_no_owner(pieces: list[str]) -> bool:
    """Tell whether a path is that of something within a model whose id has no owner."""
    return len(pieces) > 2 and pieces[1] in _AT_REVISION and pieces[2] not in _AT_REVISION


def _below(pieces: list[str], *, is_page: bool) -> tuple[str, list[str]]:
    """Give the revision and the path that the rest of a path names."""
    if pieces and pieces[0] in _AT_REVISION:
        length = 4 if pieces[1:2] == ["refs"] and pieces[2:3] and pieces[2] in _REFS else 2
        return "/".join(pieces[1:length]), pieces[length:]
    return "", [] if is_page else pieces


def _cut_tag(last: str) -> tuple[str, str, str]:
    """Cut the last part of an id into the name, `:` or `@`, and what follows it."""
    name = re.split("[:@]", last, maxsplit=1)[0]
    return name, last[len(name) : len(name) + 1], last[len(name) + 1 :]


def _with_tag(found: Pasted, mark: str, tag: str) -> Pasted:
    """Add what follows the name: `:` stands before a quant, `@` before a quant (LM Studio) or a revision."""
    if mark == "@" and read_quant_word(tag) is None:
        return replace(found, revision=found.revision or tag)
    return replace(found, variant=tag)

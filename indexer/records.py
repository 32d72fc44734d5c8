"""Records: what Hubdex knows about a model, typed and frozen. No I/O, no library."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, NamedTuple

from indexer.variants.records import RepoFile

Gated = Literal["no", "auto", "manual"]
"""How access is granted: open, by an automatic form, or by the owner's decision."""

EMPTY_REPOS = ((), (".gitattributes",), ("README.md",), (".gitattributes", "README.md"))
"""The files of repositories that hold nothing; the Hub lists files by their names."""

FULL_CRAWL = "full"
"""Name of the pass that sees every model."""
TREES = "trees"
"""Name of the pass that reads the files of models; it does not say which models there are."""


@dataclass(frozen=True, slots=True)
class Counters:
    """What moves without a commit. `None` is unknown, never zero."""

    downloads: int | None = None
    """Downloads of the last 30 days."""
    downloads_all_time: int | None = None
    likes: int | None = None
    trending: float | None = None
    """The Hub's `trendingScore`."""


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """One public model, as its listing row said. Times are UTC."""

    key: str
    """The Hub's `_id`: 24 hexadecimal digits, stable across renames."""
    repo_id: str
    """`owner/name`, or `name` alone for the oldest models. An attribute: it can change."""
    created_at: datetime | None = None
    updated_at: datetime | None = None
    """Time of the head commit of `main`."""
    sha: str | None = None
    """The head commit of `main`."""
    task: str | None = None
    """The Hub's `pipeline_tag`."""
    library: str | None = None
    tags: tuple[str, ...] = ()
    gated: Gated = "no"
    disabled: bool = False
    params: int | None = None
    """Number of parameters, from the safetensors header."""
    dtypes: tuple[tuple[str, int], ...] = ()
    """How many of them are of each dtype (`BF16`), by name; empty when the listing did not say."""
    files: tuple[str, ...] | None = None
    """Paths of the repository's files; `None` when the listing did not say."""

    @property
    def owner(self) -> str:
        """The part before the slash, empty for the oldest models."""
        return self.repo_id.rpartition("/")[0]

    @property
    def name(self) -> str:
        """The part after the slash."""
        return self.repo_id.rpartition("/")[2]

    @property
    def is_empty(self) -> bool:
        """Whether its files are known, and are none but those every new repository can have."""
        return self.files is not None and self.files in EMPTY_REPOS

    @property
    def license(self) -> str | None:
        """The licence named in the tags (`license:mit`), if any."""
        return next((tag[8:] for tag in self.tags if tag.startswith("license:")), None)


@dataclass(frozen=True, slots=True)
class GgufFacts:
    """What the Hub read in the header of a GGUF file of a repository; `None` is unknown."""

    params: int | None = None
    """Number of parameters."""
    architecture: str | None = None
    context_length: int | None = None
    """Tokens the model was made for."""


@dataclass(frozen=True, slots=True)
class Listed:
    """What one row of the listing says: the record and its counters."""

    record: ModelRecord
    counters: Counters
    gguf: GgufFacts | None = None
    """`None`: the listing was not asked for it; what is known stays."""


@dataclass(frozen=True, slots=True)
class Tree:
    """The files of a model at one commit, with their sizes and hashes."""

    key: str
    """Of the model."""
    sha: str
    """The commit."""
    files: tuple[RepoFile, ...] | None
    """`None`: the Hub does not show them; it is not asked again before the next commit."""


@dataclass(frozen=True, slots=True)
class TreeDue:
    """A model whose tree has not been read as of its present commit."""

    key: str
    repo_id: str
    sha: str
    """The present commit."""


@dataclass(frozen=True, slots=True)
class Holder:
    """A model that holds a file of some hash, as far as its newest tree says."""

    repo_id: str
    path: str
    """Of the file; a model that holds it twice is two holders."""
    bytes: int | None
    sha: str
    """The commit its tree was read of."""
    is_current: bool
    """Whether that is still the model's present commit."""


@dataclass(frozen=True, slots=True)
class Removal:
    """A model that is no longer public: gone, private, or displaced from its path."""

    key: str
    reason: str


@dataclass(frozen=True, slots=True)
class SetAside:
    """A row without meaning, kept with its cause so that an operator can look."""

    reason: str
    row_id: str
    excerpt: str
    pass_name: str = ""
    """The pass that met it last (kept by the catalog)."""
    seen_at: datetime | None = None
    """When it was met last (kept by the catalog)."""
    times: int = 1
    """How often it was met (kept by the catalog)."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far a pass has come. It commits together with the rows it stands for."""

    name: str
    """The pass, e.g. `head`, `full`; one of its chains is named below it, e.g. `full/down`."""
    next_url: str | None
    """The Hub's own `next` link, verbatim; `None` when the pass is finished."""
    started_at: datetime
    pages: int = 0
    rows: int = 0
    updated_at: datetime | None = None
    """When this checkpoint was stored (set by the catalog)."""
    finished_at: datetime | None = None
    """When this run of the pass ended; `None` while it is under way."""
    last_finished_at: datetime | None = None
    """When the newest complete run of the pass ended (kept by the catalog)."""
    origin: datetime | None = None
    """The moment (creation or commit) of the row this run began at; `None` at the listing's own beginning."""
    position: datetime | None = None
    """The moment of the last row that was read."""
    last_origin: datetime | None = None
    """The `origin` of the newest complete run (kept by the catalog)."""

    @property
    def is_under_way(self) -> bool:
        """Tell whether this run has not ended."""
        return self.finished_at is None

    @property
    def is_chain(self) -> bool:
        """Tell whether this is one chain of a pass, not the pass itself."""
        return "/" in self.name

    def after_page(self, next_url: str | None, rows: int) -> "Checkpoint":
        """Give the checkpoint behind one more page of `rows` rows."""
        return replace(self, next_url=next_url, pages=self.pages + 1, rows=self.rows + rows)


@dataclass(frozen=True, slots=True)
class Waypoint:
    """A place in the order of creation that a later pass can begin at."""

    url: str
    """The Hub's own `next` link behind the page that ended there, verbatim."""
    position: datetime
    """The creation time of that page's last row."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """A model that a complete pass has not seen."""

    key: str
    repo_id: str


@dataclass(frozen=True, slots=True)
class Batch:
    """What commits together: what a page said, and the checkpoints behind it."""

    listed: tuple[Listed, ...] = ()
    removals: tuple[Removal, ...] = ()
    trees: tuple[Tree, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    checkpoints: tuple[Checkpoint, ...] = ()
    """The first names the pass that `set_aside` rows are kept under."""
    seen_by: datetime | None = None
    """The start of the full pass that has seen these models; `None`: another pass's page."""
    seen_keys: tuple[str, ...] = ()
    """Further models that pass has seen, whose rows say nothing new."""
    waypoint: Waypoint | None = None
    """Kept under the run `seen_by` names; without one there is no run to keep it under."""
    dropped_checkpoints: tuple[str, ...] = ()
    """Names of checkpoints that stand for nothing any more; dropped before `checkpoints` are stored."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What a batch did to the catalog."""

    serial: int
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    counters_changed: int = 0
    removed: int = 0
    trees: int = 0
    """Trees that said something new."""


@dataclass(frozen=True, slots=True)
class StoredModel:
    """A model as the catalog holds it."""

    number: int
    """The catalog's own number of the model, stable within one catalog."""
    record: ModelRecord
    counters: Counters
    serial: int
    aliases: tuple[str, ...] = field(default=())
    """Former names that still lead here."""
    gguf: GgufFacts | None = None
    tree: Tree | None = None
    """The newest one that was read; it can be of an earlier commit than the record's."""


class Outline(NamedTuple):
    """As much of a model as an engine needs to find it, to filter and to order it.

    An index is built from millions of them: a tuple is made in a third of a data class's time.
    """

    number: int
    """The catalog's own number of the model."""
    repo_id: str
    key: str = ""
    """The Hub's `_id`; empty where it was not asked for."""
    created_at: int | None = None
    """Milliseconds since 1970, like the next."""
    updated_at: int | None = None
    task: str | None = None
    library: str | None = None
    gated: Gated = "no"
    disabled: bool = False
    params: int | None = None
    dtypes: tuple[tuple[str, int], ...] = ()
    empty: bool = False
    """Whether nothing is in it that could be used (see `ModelRecord.is_empty`)."""
    tags: tuple[str, ...] | list[str] = ()
    downloads: int | None = None
    downloads_all_time: int | None = None
    likes: int | None = None
    trending: float | None = None
    sha: str | None = None
    """The head commit of `main`."""
    files: tuple[str, ...] | None = None
    """Paths of the repository's files; `None` when the listing did not say."""
    tree_sha: str | None = None
    """The commit of the newest tree that was read."""
    tree_files: tuple[RepoFile, ...] | None = None
    """Its files; `None` when there is no tree, or none that the Hub shows."""
    gguf: GgufFacts | None = None


class Standing(NamedTuple):
    """A model in outline, and the serials it stands at."""

    outline: Outline
    serial: int
    """Of its record."""
    counters_serial: int


@dataclass(frozen=True, slots=True)
class Change:
    """A record or a removal with the serial that orders it."""

    serial: int
    number: int
    model: StoredModel | None
    """`None` for a removal."""


@dataclass(frozen=True, slots=True)
class CatalogState:
    """The catalog in a few numbers."""

    uuid: str
    serial: int
    models: int
    removed: int
    set_aside: int
    checkpoints: tuple[Checkpoint, ...]
    """All that are stored, in the order of their names."""
    pruned_serial: int = 0
    """Removals up to this serial are no longer all told of: who is not as far cannot follow."""

    @property
    def passes(self) -> tuple[Checkpoint, ...]:
        """The checkpoints of passes, without those of their chains."""
        return tuple(one for one in self.checkpoints if not one.is_chain)

    @property
    def crawled_at(self) -> datetime | None:
        """When the newest page of the Hub's listing was stored, by whatever pass or chain."""
        marks = (one for one in self.checkpoints if one.name != TREES)
        return max((one.updated_at for one in marks if one.updated_at), default=None)

    @property
    def completed_at(self) -> datetime | None:
        """When the newest pass over the whole Hub ended; `None` when none ever did."""
        return next((one.last_finished_at for one in self.checkpoints if one.name == FULL_CRAWL), None)

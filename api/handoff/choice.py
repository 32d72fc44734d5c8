"""What is to be handed off: one variant of one model, at one Hub; pure."""

import re
from collections import Counter
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from api.handoff.tags import hub_label, llama_models
from indexer.config import DEFAULT_UPSTREAM
from indexer.records import ModelRecord, StoredModel
from indexer.variants.records import Variant

MAIN = "main"
_SLUG = re.compile(r"[^a-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Repository:
    """A model at a Hub, with what all its variants share."""

    model: StoredModel
    upstream: str
    """Address of the Hub, without a slash at its end."""
    revision: str
    paths: tuple[str, ...]
    """Of all files, as far as they are known."""
    models: tuple[str, ...]
    """Of those that llama.cpp takes for models, in lower case."""
    labels: Counter[str]
    """How many GGUF files the Hub reads each label from; shards of one set count once."""

    @property
    def record(self) -> ModelRecord:
        """The model's record."""
        return self.model.record


def repository_of(model: StoredModel, upstream: str, revision: str = MAIN) -> Repository:
    """Give a model at a Hub.

    Args:
        model: read with its files.
        upstream: address of the Hub, without a slash at its end.
        revision: a branch, a tag or a commit.

    """
    read = model.tree.files if model.tree and model.tree.files else ()
    paths = tuple(one.path for one in read) or model.record.files or ()
    ggufs = tuple(path for path in paths if path.lower().endswith(".gguf"))
    firsts = {re.sub(r"-\d{5}-of-(\d{5})\.gguf\Z", r"-of-\1", path, flags=re.IGNORECASE) for path in ggufs}
    labels = Counter(label for label in map(hub_label, firsts) if label)
    return Repository(model, upstream, revision, paths, llama_models(ggufs), labels)


@dataclass(frozen=True, slots=True)
class Choice:
    """One variant of a repository."""

    repository: Repository
    variant: Variant

    @property
    def repo_id(self) -> str:
        """`owner/name`, or `name` alone."""
        return self.repository.record.repo_id

    @property
    def revision(self) -> str:
        """A branch, a tag or a commit."""
        return self.repository.revision

    @property
    def is_main(self) -> bool:
        """Whether it is of the revision every app takes."""
        return self.repository.revision == MAIN

    @property
    def is_official(self) -> bool:
        """Whether it is at huggingface.co, which some apps cannot leave."""
        return self.repository.upstream == DEFAULT_UPSTREAM

    @property
    def is_gated(self) -> bool:
        """Whether its files are given only to who has been let in."""
        return self.repository.record.gated != "no"

    @property
    def is_gguf(self) -> bool:
        """Whether its files are GGUF."""
        return self.variant.format == "gguf"

    @property
    def is_adapter(self) -> bool:
        """Whether it changes the weights of another model, and is none itself."""
        return self.variant.label == "LoRA"

    @property
    def is_plain(self) -> bool:
        """Whether its files lie and are called as `from_pretrained` looks for them."""
        return self.variant.key == self.variant.format

    @property
    def paths(self) -> tuple[str, ...]:
        """Of its weights, in order."""
        return tuple(file.path for file in self.variant.files)

    @property
    def first(self) -> str:
        """Path of the file that programs are given; they find the other shards beside it."""
        return self.variant.files[0].path

    @property
    def hub_tag(self) -> str | None:
        """The label behind `hf.co/o/r:` that leads to it; `None`: the Hub would not find it by one."""
        label = hub_label(self.first)
        is_sure = label is not None and label == self.variant.label.upper()
        return label if is_sure and self.repository.labels[label or ""] == 1 else None

    @property
    def projector(self) -> str | None:
        """Path of what lets it see or hear."""
        return next((one.path for one in self.variant.sidecars if one.kind == "mmproj"), None)

    @property
    def with_sidecars(self) -> tuple[str, ...]:
        """Paths of all that is to be downloaded."""
        return (*self.paths, *(one.path for one in self.variant.sidecars))

    @property
    def page(self) -> str:
        """Address of the model's page at the Hub."""
        return f"{self.repository.upstream}/{quote(self.repo_id)}"

    @property
    def hub_name(self) -> str:
        """What the Hub is called: its host."""
        return urlsplit(self.repository.upstream).netloc

    @property
    def slug(self) -> str:
        """A name for it that every program takes."""
        name = _SLUG.sub("-", self.repository.record.name.lower()).strip("-._")[:60]
        return name or "model"

    def url(self, path: str) -> str:
        """Give the address a file is downloaded from."""
        return f"{self.page}/resolve/{quote(self.revision, safe='')}/{quote(path)}"

"""What a model was made from, and what was made from it: read from the Hub's tags; pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

from indexer.records import ModelRecord, StoredModel

Relation = Literal["quantized", "finetune", "adapter", "merge"]
"""How a model was made from another one, in the Hub's words."""
RELATIONS: tuple[Relation, ...] = get_args(Relation)
"""In the order people ask for them: a smaller copy first."""

_TAG = "base_model:"
_ID = re.compile(r"[\w.-]{1,96}(?:/[\w.-]{1,96})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Base:
    """A model that another one was made from."""

    repo_id: str
    """As the tag says: it can be of another case, a former name, or of no model at all."""
    relation: Relation | None = None
    """`None`: the tag does not say how."""


@dataclass(frozen=True, slots=True)
class KnownBase:
    """A model that another one was made from, and what is known of it."""

    base: Base
    model: StoredModel | None
    """`None`: the catalog holds no such model."""


@dataclass(frozen=True, slots=True)
class Derived:
    """The models that were made from one in one way."""

    relation: Relation
    total: int
    total_exact: bool
    models: tuple[StoredModel, ...]
    """The most downloaded of them."""


def bases_of(record: ModelRecord) -> tuple[Base, ...]:
    """Give what a model was made from, in the order of its tags; never itself, and each only once."""
    return bases_in(record.repo_id, record.tags)


def bases_in(repo_id: str, tags: Iterable[str]) -> tuple[Base, ...]:
    """Give what these tags of a model say that it was made from."""
    found: dict[str, Base] = {}
    for tag in tags:
        base = read_base(tag)
        if base is None or base.repo_id.lower() == repo_id.lower():
            continue
        known = found.get(base.repo_id.lower())
        # The Hub says it twice: `base_model:o/n` and `base_model:quantized:o/n`.
        if known is None or known.relation is None:
            found[base.repo_id.lower()] = base
    return tuple(found.values())


def read_base(tag: str) -> Base | None:
    """Give the model a tag such as `base_model:quantized:o/n` names, or `None` when it names none.

    People write paths of their own disks into it (`/cache/models/x`): those are no models.
    """
    if not tag.lower().startswith(_TAG):
        return None
    first, _, rest = tag[len(_TAG) :].rpartition(":")
    if _ID.fullmatch(rest) is None:
        return None
    return Base(rest, next((one for one in RELATIONS if one == first.lower()), None))


def tag_of(relation: Relation, repo_id: str) -> str:
    """Give the tag of the models that were made from one in some way."""
    return f"{_TAG}{relation}:{repo_id}"

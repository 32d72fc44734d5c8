"""Owners while their names are being typed; pure."""

from dataclasses import dataclass

from indexer.filters import NO_FILTERS, read_filter
from indexer.pasted import read_pasted
from indexer.text import compact

MAX_OWNERS = 20
"""Owners in one answer."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Somebody who has models."""

    name: str
    """As it is written."""
    models: int


@dataclass(frozen=True, slots=True)
class OwnerTyped:
    """A text that begins with an owner's name, or with the beginning of one."""

    typed: str
    """What there is of the name, as it was typed."""
    ending: str = ""
    """What follows the slash behind it."""
    is_bound: bool = False
    """Whether there is a slash, so that only an owner can be meant."""

    @property
    def prefix(self) -> str:
        """What the owner's compact text begins with."""
        return compact(self.typed)

    def names(self, owner: Owner) -> bool:
        """Tell whether the whole name of this owner was typed, and that it is one."""
        return self.is_bound and self.typed.lower() == owner.name.lower()

    def completed(self, owner: Owner) -> str:
        """Give the text with the owner's whole name in it."""
        return f"{owner.name}/{self.ending}"


def owner_typed(text: str) -> OwnerTyped | None:
    """Give the owner that somebody types, or `None` when it cannot be one.

    One word alone may become an owner, as may the left side of `owner/name`; neither a filter, nor an
    excluded word, nor a pasted link.
    """
    first, *others = text.split(maxsplit=1) or [""]
    left, slash, right = first.partition("/")
    if not compact(left) or left.startswith("-") or (others and not slash):
        return None
    if read_filter(first, NO_FILTERS) is not None or read_pasted(text) is not None:
        return None
    return OwnerTyped(left, " ".join([right, *others]), is_bound=bool(slash))


def begun(name: str, prefix: str) -> int:
    """Give how many letters of a name a compact prefix takes up; 0: the name does not begin with it."""
    ends = range(len(prefix), len(name) + 1)
    return next((end for end in ends if prefix and compact(name[:end]).startswith(prefix)), 0)

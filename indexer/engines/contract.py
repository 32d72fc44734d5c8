"""What an engine is: a projection of the catalog that can be fed and asked."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeAlias

from indexer.documents import Document
from indexer.filters import Facet
from indexer.query import SearchQuery
from indexer.ranking import Step


@dataclass(frozen=True, slots=True)
class IndexState:
    """How far an index follows its catalog. Stored beside the index."""

    catalog: str
    """UUID of the catalog it projects."""
    serial: int
    """Changes up to this serial are in it."""
    counters_serial: int
    """Moved counters up to this serial are in it."""
    models: int
    synced_at: datetime
    """When it was last known to hold everything the catalog held."""
    variants: int = 0


FacetCounts: TypeAlias = Mapping[Facet, tuple[tuple[str, int], ...]]
"""Of each facet that was asked for, its commonest values and how many models have them."""


@dataclass(frozen=True, slots=True)
class Selected:
    """A model an engine selected, by the catalog's number of it."""

    number: int
    step: Step | None = None
    """Why it stands where it does; `None` where that is left to the text."""
    variant: int = 0
    """The code of the variant that was selected; 0: the model was."""


@dataclass(frozen=True, slots=True)
class Selection:
    """An engine's answer."""

    selected: tuple[Selected, ...]
    """The page asked for, best first; or, when not `ordered`, every model there is, most popular first."""
    total: int
    total_exact: bool
    state: IndexState
    ordered: bool = True
    facets: FacetCounts = field(default_factory=dict)
    """Counted over all that the engine selected."""
    facets_exact: bool = True
    """Whether they were counted one by one; else they are estimated from a sample."""


@dataclass(frozen=True, slots=True)
class SelectedOwner:
    """An owner an engine selected."""

    number: int
    """The catalog's number of a model of its: there the name stands as it is written."""
    models: int
    """How many models it has."""


@dataclass(frozen=True, slots=True)
class OwnerSelection:
    """An engine's answer to the beginning of an owner's name."""

    owners: tuple[SelectedOwner, ...]
    """Best first."""
    state: IndexState


class HeldIndex(Protocol):
    """An index as one commit left it, to be compared with the catalog; later ones do not show."""

    state: IndexState
    """How far it follows; its models and variants are counted."""

    def damage(self) -> str | None:
        """Say what is not as it was once stored, as far as the engine can tell; `None` for nothing."""
        ...

    def highest(self) -> int:
        """Give the highest number of a model in it; 0 when it is empty."""
        ...

    def differences(
        self, numbers: Sequence[int], documents: Mapping[int, Document], *, words: bool
    ) -> dict[int, str]:
        """Say of numbers what is held in the place of their documents; nothing of those held rightly.

        Under numbers without a document nothing may be held. With `words`, every document is also
        looked up by what it should be found by. Raises EngineError when the index cannot be read.
        """
        ...


class EngineReader(Protocol):
    """The read side. Safe to share between threads."""

    def search(self, query: SearchQuery) -> Selection:
        """Select models; raises EngineUnavailable when there is no index."""
        ...

    def owners(self, prefix: str, limit: int) -> OwnerSelection:
        """Select owners whose compact text begins with a prefix; raises EngineUnavailable like `search`.

        Whoever is called exactly so comes first, then whose models are popular; at most `MAX_OWNERS`.
        Owners that differ only in case are one.
        """
        ...

    def state(self) -> IndexState:
        """Give how far the index follows; raises EngineUnavailable when there is none."""
        ...

    def hold(self) -> HeldIndex:
        """Hold the newest commit still; raises EngineUnavailable when there is none."""
        ...


Documents: TypeAlias = Callable[[], Iterable[Document]]
"""Gives documents; can be handed to another process, and called there."""
Progress: TypeAlias = Callable[[int], None]
"""Told how many more documents were written."""


def silent(_written: int) -> None:
    """Tell nobody."""


class EngineWriter(Protocol):
    """The write side. One process at a time holds it."""

    commit_every: int
    """Changes between two commits, so that a crash repeats little, and commits cost little."""

    def state(self) -> IndexState | None:
        """Give how far the index follows; `None` when it is missing, broken or outdated."""
        ...

    def write(self, documents: Iterable[Document], removals: Iterable[int]) -> None:
        """Add or replace documents and drop removed numbers, visible after `commit`."""
        ...

    def recount(self, documents: Iterable[Document]) -> None:
        """Take in models of which nothing but the counters has moved, visible after `commit`.

        Called only for models that are held; a model that is not may be left out.
        """
        ...

    def commit(self, state: IndexState, *, more: bool = False) -> None:
        """Make everything written visible and durable, then store the state.

        With `more` to follow at once, what makes searching faster can wait.
        """
        ...

    def rebuild(self, parts: Sequence[Documents], state: IndexState, progress: Progress = silent) -> None:
        """Build a new index beside the live one and put it in its place at once.

        Args:
            parts: all documents, in parts that may be read at the same time.
            state: how far they follow.
            progress: told how many more documents were written.

        """
        ...

    def close(self) -> None:
        """Let go of the index; what was not committed is dropped."""
        ...

"""What belongs to a model: those it was made from, those made from it, and others of its owner."""

from collections.abc import Iterator
from dataclasses import dataclass

from api.sources import Sources
from indexer.errors import EngineError, ModelNotFound
from indexer.filters import NO_FILTERS, Filters
from indexer.lineage import RELATIONS, Derived, KnownBase, Relation, bases_of, tag_of
from indexer.query import SearchQuery
from indexer.records import StoredModel
from indexer.search import SearchPage

BASES_SHOWN = 24
"""Models it was made from; some merges name hundreds."""
DERIVED_SHOWN = 5
"""Models of each way, the most downloaded."""
OTHERS_SHOWN = 6
"""Models of the same owner, the most downloaded."""


@dataclass(frozen=True, slots=True)
class Others:
    """The other models of an owner."""

    total: int
    """All models of the owner, this one too."""
    models: tuple[StoredModel, ...]


@dataclass(frozen=True, slots=True)
class Family:
    """What belongs to a model."""

    bases: tuple[KnownBase, ...]
    derived: tuple[Derived, ...] | None
    """Only the ways there are models of; `None`, like the next: there is no index to ask just now."""
    others: Others | None


def family_of(sources: Sources, model: StoredModel) -> Family:
    """Give what belongs to a model; without an index, as much as the catalog knows."""
    try:
        others = _others(sources, model)
    except EngineError:
        others = None
    return Family(known_bases(sources, model), derived_of(sources, model), others)


def known_bases(sources: Sources, model: StoredModel) -> tuple[KnownBase, ...]:
    """Give the models a model was made from."""
    bases = [KnownBase(base, _found(sources, base.repo_id)) for base in bases_of(model.record)[:BASES_SHOWN]]
    # A former name of its own is itself.
    return tuple(one for one in bases if one.model is None or one.model.number != model.number)


def derived_of(sources: Sources, model: StoredModel) -> tuple[Derived, ...] | None:
    """Give the models that were made from a model; `None`: there is no index to ask just now."""
    try:
        return tuple(_derived(sources, model.record.repo_id))
    except EngineError:
        return None


def _derived(sources: Sources, repo_id: str) -> Iterator[Derived]:
    for relation in RELATIONS:
        page = _made_from(sources, relation, repo_id)
        if page.hits:
            models = tuple(hit.model for hit in page.hits)
            yield Derived(relation, page.total, page.total_exact, models)


def _made_from(sources: Sources, relation: Relation, repo_id: str) -> SearchPage:
    filters = NO_FILTERS.with_tags([tag_of(relation, repo_id)])
    return _most_downloaded(sources, filters, DERIVED_SHOWN)


def _others(sources: Sources, model: StoredModel) -> Others | None:
    owner = model.record.owner
    if not owner:
        return None
    page = _most_downloaded(sources, NO_FILTERS.with_values("author", [owner]), OTHERS_SHOWN + 1)
    others = [hit.model for hit in page.hits if hit.model.number != model.number]
    return Others(page.total, tuple(others[:OTHERS_SHOWN]))


def _most_downloaded(sources: Sources, filters: Filters, limit: int) -> SearchPage:
    return sources.answer(SearchQuery(filters=filters, sort="downloads", limit=limit))


def _found(sources: Sources, repo_id: str) -> StoredModel | None:
    try:
        return sources.catalog().find(repo_id)
    except ModelNotFound:
        return None

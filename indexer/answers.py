"""The shapes of answers that leave Hubdex: the outer contract, as typed dictionaries; pure.

Times are ISO 8601 in UTC, sizes are bytes, unknown is null.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from typing_extensions import TypedDict

from indexer.filters import Filters
from indexer.formats import formats_of
from indexer.lineage import Derived, KnownBase, Relation, tag_of
from indexer.query import SearchQuery
from indexer.records import StoredModel
from indexer.search import Coverage, Hit, OwnersPage, SearchPage
from indexer.text import words_of


class ModelAnswer(TypedDict):
    """A model, as a hit and on its own."""

    id: str
    author: str | None
    downloads: int | None
    downloads_all_time: int | None
    likes: int | None
    trending: float | None
    task: str | None
    library: str | None
    license: str | None
    tags: list[str]
    gated: bool | str
    disabled: bool
    params: int | None
    created_at: str | None
    updated_at: str | None
    sha: str | None
    formats: list[str]


class HitAnswer(ModelAnswer):
    """A model of an answer: why it is where it is, and what matched."""

    match: str
    highlights: list[list[int]]
    """Offsets (start, end) into `id`."""
    matched_tags: list[str]
    """Tags, task or library that matched where the id did not."""


class BaseModelAnswer(TypedDict):
    """A model that another one was made from."""

    id: str
    """Its present id where it is known here, else as the tag says."""
    relation: Relation | None
    known: bool


class DerivedModelsAnswer(TypedDict):
    """The models that were made from one in one way."""

    relation: Relation
    total: int
    total_exact: bool
    tag: str
    """Filters a search for all of them."""
    models: list[str]
    """The most downloaded of them."""


class FullModelAnswer(ModelAnswer):
    """A model with everything that is known of it."""

    aliases: list[str]
    files: list[str] | None
    base_models: list[BaseModelAnswer]
    derived_models: list[DerivedModelsAnswer] | None
    """Only the ways there are models of; `null`: they cannot be listed just now."""


class IndexAnswer(TypedDict):
    """How many models the answer stands for, how old and how complete it is."""

    models: int
    catalog_models: int
    behind: int
    synced_at: str | None
    crawled_at: str | None
    age_seconds: int | None
    complete: bool
    completed_at: str | None


class QueryAnswer(TypedDict):
    """How the query was understood."""

    text: str
    terms: list[str]
    name_terms: list[str]
    excluded: list[str]
    owner: str | None
    exact_id: str | None
    filters: dict[str, list[str]]
    """By field, the values of which a model must have one; of `tag`, all."""
    min_params: int | None
    max_params: int | None
    sort: str


class FacetAnswer(TypedDict):
    """A value of a field, and how many of the models that were found have it."""

    value: str
    count: int


class SearchAnswer(TypedDict):
    """The answer to a search."""

    hits: list[HitAnswer]
    total: int
    total_exact: bool
    facets: dict[str, list[FacetAnswer]]
    facets_exact: bool
    """Whether `facets` were counted; of very many hits they are estimated from a sample."""
    """Of the fields that were asked for, the commonest values."""
    query: QueryAnswer
    took_ms: float
    index: IndexAnswer


class OwnerAnswer(TypedDict):
    """An owner, as it is written, and how many models it has."""

    name: str
    models: int


class OwnersAnswer(TypedDict):
    """The owners whose names begin with what was typed."""

    owners: list[OwnerAnswer]
    index: IndexAnswer


def page_answer(page: SearchPage) -> SearchAnswer:
    """Give the answer to a search."""
    return {
        "hits": [hit_answer(hit) for hit in page.hits],
        "total": page.total,
        "total_exact": page.total_exact,
        "facets": {
            facet: [{"value": value, "count": count} for value, count in counts]
            for facet, counts in page.facets.items()
        },
        "facets_exact": page.facets_exact,
        "query": query_answer(page.query),
        "took_ms": page.took_ms,
        "index": index_answer(page.coverage),
    }


def owners_answer(page: OwnersPage) -> OwnersAnswer:
    """Give the answer to the beginning of an owner's name."""
    return {
        "owners": [{"name": owner.name, "models": owner.models} for owner in page.owners],
        "index": index_answer(page.coverage),
    }


def hit_answer(hit: Hit) -> HitAnswer:
    """Give a model as a hit."""
    return {
        **model_answer(hit.model),
        "match": hit.step.name.lower(),
        "highlights": [list(span) for span in hit.highlights],
        "matched_tags": list(hit.tags),
    }


def model_answer(model: StoredModel) -> ModelAnswer:
    """Give what every answer says of a model."""
    record, counters = model.record, model.counters
    return {
        "id": record.repo_id,
        "author": record.owner or None,
        "downloads": counters.downloads,
        "downloads_all_time": counters.downloads_all_time,
        "likes": counters.likes,
        "trending": counters.trending,
        "task": record.task,
        "library": record.library,
        "license": record.license,
        "tags": list(record.tags),
        "gated": False if record.gated == "no" else record.gated,
        "disabled": record.disabled,
        "params": record.params,
        "created_at": moment(record.created_at),
        "updated_at": moment(record.updated_at),
        "sha": record.sha,
        "formats": list(formats_of(words_of(record.name), map(str.lower, record.tags))),
    }


def full_model_answer(
    model: StoredModel, bases: Sequence[KnownBase], derived: Sequence[Derived] | None
) -> FullModelAnswer:
    """Give everything that is known of a model."""
    record = model.record
    return {
        **model_answer(model),
        "aliases": list(model.aliases),
        "files": None if record.files is None else list(record.files),
        "base_models": [
            {
                "id": one.model.record.repo_id if one.model else one.base.repo_id,
                "relation": one.base.relation,
                "known": one.model is not None,
            }
            for one in bases
        ],
        "derived_models": None
        if derived is None
        else [_derived_answer(record.repo_id, one) for one in derived],
    }


def _derived_answer(repo_id: str, derived: Derived) -> DerivedModelsAnswer:
    return {
        "relation": derived.relation,
        "total": derived.total,
        "total_exact": derived.total_exact,
        "tag": tag_of(derived.relation, repo_id),
        "models": [model.record.repo_id for model in derived.models],
    }


def index_answer(coverage: Coverage) -> IndexAnswer:
    """Give how much of the Hub an answer stands for."""
    age = coverage.age_seconds
    return {
        "models": coverage.models,
        "catalog_models": coverage.catalog_models,
        "behind": coverage.behind,
        "synced_at": moment(coverage.synced_at),
        "crawled_at": moment(coverage.crawled_at),
        "age_seconds": None if age is None else int(age),
        "complete": coverage.complete,
        "completed_at": moment(coverage.completed_at),
    }


def query_answer(query: SearchQuery) -> QueryAnswer:
    """Give how a query was understood."""
    return {
        "text": query.text,
        "terms": [wanted.term.text for wanted in query.wanted if wanted.scope == "any"],
        "name_terms": [wanted.term.text for wanted in query.wanted if wanted.scope == "name"],
        "excluded": [term.text for term in query.excluded],
        "owner": query.owner,
        "exact_id": "/".join(part for part in query.exact_id if part) if query.exact_id else None,
        "filters": filters_answer(query.filters),
        "min_params": query.filters.bounds_of("params").least,
        "max_params": query.filters.bounds_of("params").most,
        "sort": query.sort,
    }


def filters_answer(filters: Filters) -> dict[str, list[str]]:
    """Give what a model must be, by field."""
    answer: dict[str, list[str]] = {facet: list(values) for facet, values in filters.any_of}
    return {**answer, "tag": list(filters.tags)} if filters.tags else answer


def moment(value: datetime | None) -> str | None:
    """Give a moment as ISO 8601 in UTC, to the second."""
    if value is None:
        return None
    return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")

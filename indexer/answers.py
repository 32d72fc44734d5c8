"""The shapes of answers that leave Hubdex: the outer contract, as typed dictionaries; pure.

Times are ISO 8601 in UTC, sizes are bytes, unknown is null.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

from typing_extensions import TypedDict

from indexer.filters import Filters
from indexer.formats import formats_of
from indexer.hits import Hit
from indexer.lineage import Derived, KnownBase, Relation, tag_of
from indexer.measures import MEASURES, Memory, memory_text
from indexer.query import Kind, SearchQuery
from indexer.records import StoredModel
from indexer.search import Coverage, OwnersPage, SearchPage
from indexer.text import words_of
from indexer.variants.answers import (
    FILES_OF_A_HIT,
    Room,
    VariantAnswer,
    gated_answer,
    room_of,
    variant_answer,
)
from indexer.variants.records import CONTEXTS, Variant


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

    kind: Literal["model"]
    match: str
    highlights: list[list[int]]
    """Offsets (start, end) into `id`."""
    matched_tags: list[str]
    """Tags, task or library that matched where the id did not."""
    variants: list[VariantAnswer]
    """Where the query chooses among them: the best of those that match."""
    variants_total: int
    """How many of them match."""


class VariantHitAnswer(VariantAnswer):
    """A variant of an answer, and its model."""

    kind: Literal["variant"]
    downloads: int | None
    """Of the model, like all that follows."""
    likes: int | None
    license: str | None
    gated: bool | str
    task: str | None
    updated_at: str | None
    match: str
    highlights: list[list[int]]
    """Offsets (start, end) into `model`."""
    matched_tags: list[str]


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
    variants: int
    catalog_models: int
    behind: int
    synced_at: str | None
    crawled_at: str | None
    age_seconds: int | None
    complete: bool
    completed_at: str | None
    stale: bool
    """Whether it is older than twice the time between two crawls, or lags behind them for so long."""


class QueryAnswer(TypedDict):
    """How the query was understood."""

    text: str
    terms: list[str]
    name_terms: list[str]
    excluded: list[str]
    owner: str | None
    exact_id: str | None
    kind: Kind
    filters: dict[str, list[str]]
    """By field, the values of which a model must have one; of `tag`, all."""
    min_params: int | None
    max_params: int | None
    min_bytes: int | None
    max_bytes: int | None
    min_bits: float | None
    max_bits: float | None
    fits: str | None
    """The memory a variant must fit into, such as `8gb+32gb`: the card's and the machine's."""
    ctx: int
    """Tokens of context it is reckoned with: the next longer of 4k, 8k, 32k and 128k."""
    sort: str


class FacetAnswer(TypedDict):
    """A value of a field, and how many of the models that were found have it."""

    value: str
    count: int


class SearchAnswer(TypedDict):
    """The answer to a search."""

    hits: list[HitAnswer | VariantHitAnswer]
    total: int
    total_exact: bool
    facets: dict[str, list[FacetAnswer]]
    """Of the fields that were asked for, the commonest values."""
    facets_exact: bool
    """Whether `facets` were counted; of very many hits they are estimated from a sample."""
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


def page_answer(page: SearchPage, memory: Memory | None = None) -> SearchAnswer:
    """Give the answer to a search; variants say whether they fit into the memory there is."""
    room = room_of(page.query.filters, memory)
    return {
        "hits": [
            hit_answer(hit, room) if hit.variant is None else variant_hit_answer(hit, hit.variant, room)
            for hit in page.hits
        ],
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


def hit_answer(hit: Hit, room: Room) -> HitAnswer:
    """Give a model as a hit."""
    repo_id = hit.model.record.repo_id
    return {
        **model_answer(hit.model),
        "kind": "model",
        "match": hit.step.name.lower(),
        "highlights": [list(span) for span in hit.highlights],
        "matched_tags": list(hit.tags),
        "variants": [variant_answer(repo_id, one, room, most_files=FILES_OF_A_HIT) for one in hit.variants],
        "variants_total": hit.variants_total,
    }


def variant_hit_answer(hit: Hit, variant: Variant, room: Room) -> VariantHitAnswer:
    """Give a variant as a hit."""
    record, counters = hit.model.record, hit.model.counters
    return {
        **variant_answer(record.repo_id, variant, room, most_files=FILES_OF_A_HIT),
        "kind": "variant",
        "downloads": counters.downloads,
        "likes": counters.likes,
        "license": record.license,
        "gated": gated_answer(record),
        "task": record.task,
        "updated_at": moment(record.updated_at),
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
        "gated": gated_answer(record),
        "disabled": record.disabled,
        "params": params_of(model),
        "created_at": moment(record.created_at),
        "updated_at": moment(record.updated_at),
        "sha": record.sha,
        "formats": list(formats_of(words_of(record.name), map(str.lower, record.tags))),
    }


def params_of(model: StoredModel) -> int | None:
    """Give how many parameters a model has, as one of its headers says."""
    return model.record.params or (model.gguf.params if model.gguf else None)


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
        "variants": coverage.variants,
        "catalog_models": coverage.catalog_models,
        "behind": coverage.behind,
        "synced_at": moment(coverage.synced_at),
        "crawled_at": moment(coverage.crawled_at),
        "age_seconds": None if age is None else int(age),
        "complete": coverage.complete,
        "completed_at": moment(coverage.completed_at),
        "stale": bool(coverage.stale),
    }


def query_answer(query: SearchQuery) -> QueryAnswer:
    """Give how a query was understood."""
    params, size, bits = (query.filters.bounds_of(one) for one in MEASURES)
    return {
        "text": query.text,
        "terms": [wanted.term.text for wanted in query.wanted if wanted.scope == "any"],
        "name_terms": [wanted.term.text for wanted in query.wanted if wanted.scope == "name"],
        "excluded": [term.text for term in query.excluded],
        "owner": query.owner,
        "exact_id": "/".join(part for part in query.exact_id if part) if query.exact_id else None,
        "kind": query.kind,
        "filters": filters_answer(query.filters),
        "min_params": params.least,
        "max_params": params.most,
        "min_bytes": size.least,
        "max_bytes": size.most,
        "min_bits": None if bits.least is None else bits.least / 100,
        "max_bits": None if bits.most is None else bits.most / 100,
        "fits": None if query.filters.fits is None else memory_text(query.filters.fits),
        "ctx": CONTEXTS[query.filters.context_place],
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

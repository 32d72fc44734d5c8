"""Hits: what an engine selected, if its present name and contents really match; pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from indexer.choosing import admits, chosen_by, pointed_at
from indexer.documents import code_of, keywords_in_format
from indexer.engines.contract import Selected
from indexer.formats import FORMATS
from indexer.grams import find
from indexer.keywords import keywords_of, tag_with
from indexer.query import SearchQuery, Wanted
from indexer.ranking import Step, rank_of
from indexer.records import StoredModel
from indexer.variants.records import Contents, Variant

VARIANTS_TOLD = 20
"""Variants of a hit that are told, the best of those that match."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One model of an answer, or one variant of it."""

    model: StoredModel
    step: Step
    highlights: tuple[tuple[int, int], ...]
    """What matched: offsets (start, end) into the repo id, in order, apart from one another."""
    tags: tuple[str, ...] = ()
    """What matched beside the id: tags, the task or the library, as the Hub writes them."""
    variant: Variant | None = None
    """What was found, where variants are looked for; `None`: the model was."""
    variants: tuple[Variant, ...] = ()
    """Those of the model that match, where a query chooses among them: the best `VARIANTS_TOLD`."""
    variants_total: int = 0
    """How many match."""


def verified(
    query: SearchQuery, model: StoredModel, selected: Selected, contents: Contents | None
) -> Hit | None:
    """Give the hit if the model's present name and contents match; the index may be behind a change.

    Args:
        query: what is asked.
        model: as the catalog has it now.
        selected: as the engine found it.
        contents: what the model holds now; `None`: that bears on nothing.

    """
    found = Contents() if contents is None else contents
    if query.kind == "variant":
        return _verified_variant(query, model, selected, found)
    chosen = pointed_at(query.pointed, found.variants) if query.pointed else ()
    if query.filters.chooses_variants:
        chosen = chosen_by(query, found)
    # A format can be told by the model's name or tags alone; anything else is a matter of its variants.
    if not chosen and (query.is_of_variants or query.filters.values_of("quant")):
        return None
    formats = (one.format for one in found.variants)
    hit = _verified_name(query, model, selected.step, formats)
    if hit is None or not chosen:
        return hit
    return _with_variants(hit, chosen)


def _with_variants(hit: Hit, chosen: tuple[Variant, ...]) -> Hit:
    told = chosen[:VARIANTS_TOLD]
    return Hit(hit.model, hit.step, hit.highlights, hit.tags, variants=told, variants_total=len(chosen))


def _verified_variant(
    query: SearchQuery, model: StoredModel, selected: Selected, contents: Contents
) -> Hit | None:
    present = (one for one in contents.variants if code_of(one.key) == selected.variant)
    variant = next(present, None)
    if variant is None or not admits(query.filters, variant):
        return None
    hit = _verified_name(query, model, selected.step, [variant.format], variant.format)
    if hit is None:
        return None
    return Hit(hit.model, hit.step, hit.highlights, hit.tags, variant)


def _verified_name(
    query: SearchQuery,
    model: StoredModel,
    step: Step | None,
    formats: Iterable[str] = (),
    only: str | None = None,
) -> Hit | None:
    record = model.record
    said = (*record.tags, record.task, record.library)
    if step is not Step.TYPO:
        rank = rank_of(query, record.repo_id, lambda: keywords_with(said, formats, only))
        if rank is None:
            return None
        step = step or rank[1]
    spans = [_span(wanted, record.repo_id) for wanted in query.wanted]
    beside = [wanted.term for wanted, span in zip(query.wanted, spans, strict=True) if span is None]
    tags = dict.fromkeys(tag for term in beside if (tag := tag_with(term.keyword, *said)))
    return Hit(model, step, _apart([span for span in spans if span]), tuple(tags))


def keywords_with(
    said: Iterable[str | None], formats: Iterable[str] = (), only: str | None = None
) -> tuple[str, ...]:
    """Give the keywords of a model, its variants' formats among them.

    Args:
        said: its tags, its task and its library.
        formats: of its variants.
        only: leave all other formats out; `None`: none.

    """
    keywords = (*keywords_of(*said), *formats)
    return keywords if only is None else keywords_in_format(keywords, only)


def asks_for_format(query: SearchQuery) -> bool:
    """Tell whether a word that must match is a format: it may stand in the names of a model's files alone."""
    terms = [wanted.term for wanted in query.wanted if wanted.scope == "any"] + list(query.excluded)
    return any(term.keyword in FORMATS for term in terms)


def _span(wanted: Wanted, repo_id: str) -> tuple[int, int] | None:
    """Find a term in the name, or else (when it may) in the owner; they are matched apart."""
    owner, slash, name = repo_id.rpartition("/")
    found = find(wanted.term, name)
    if found is not None:
        at = len(owner) + len(slash)
        return (found[0] + at, found[1] + at)
    return find(wanted.term, owner) if wanted.scope == "any" and owner else None


def _apart(spans: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Merge spans that touch."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)

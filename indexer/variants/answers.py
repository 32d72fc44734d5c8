"""The shapes of what is told of variants: the outer contract, as typed dictionaries; pure.

Sizes are bytes, bits are per weight, unknown is null.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from typing_extensions import TypedDict

from indexer.choosing import Verdict, fit_of
from indexer.filters import Filters
from indexer.measures import Memory
from indexer.records import Holder, ModelRecord, StoredModel
from indexer.variants.quants import quality_cost
from indexer.variants.records import Contents, ParamsSource, RepoFile, Sidecar, SidecarKind, Variant

FILES_OF_A_HIT = 100
"""Files of each variant in the answer to a search; all of them are in the answer about its model."""


class FileAnswer(TypedDict):
    """One file of a variant."""

    path: str
    bytes: int | None
    sha256: str | None


class SidecarAnswer(TypedDict):
    """A file that serves weights and is none itself."""

    path: str
    bytes: int | None
    kind: SidecarKind


class FitsAnswer(TypedDict):
    """Whether a variant fits into the memory that was given, and how that is summed up, in bytes."""

    verdict: Verdict
    """`vram`: into the card, or all there is; `ram`: with the machine's memory beside it; `no`."""
    need_bytes: int
    """All that follows together."""
    file_bytes: int
    """What is loaded with it too, among them."""
    context_bytes: int
    overhead_bytes: int
    context: int
    """Tokens."""
    guessed: bool
    """Whether `context_bytes` is a rule of thumb: layers and heads are not known."""


class VariantAnswer(TypedDict):
    """What a person downloads."""

    id: str
    """`{owner}/{name}:{key}`."""
    model: str
    label: str
    """The quant as it is commonly written; `unknown`: nobody can tell."""
    format: str
    bytes: int | None
    """All files together, without sidecars."""
    bits: float | None
    params: int | None
    params_source: ParamsSource | None
    shards: int
    missing: int
    """Shards that are not there: it cannot be loaded."""
    files: list[FileAnswer]
    sidecars: list[SidecarAnswer]
    """To be downloaded with it."""
    estimated: bool
    """Whether `bytes` is estimated: from parameters and bits, or from an earlier commit."""
    nominal: bool
    """Whether `bits` are those of the label, not counted."""
    fits: FitsAnswer | None
    """`null`: no memory was given, or its size is not known."""
    known: bool
    """Whether the label is one that is known."""
    dynamic: bool
    weighted: bool
    ik_only: bool
    legacy: bool
    parted: bool
    """Whether its files are to be joined before anything can load them."""
    quality_cost: float | None
    """Rise of the perplexity of Llama 3 8B by this quant; indicative: one model, one test."""


class VariantsAnswer(TypedDict):
    """What a model holds."""

    model: str
    revision: str | None
    """The present commit."""
    license: str | None
    gated: bool | str
    variants: list[VariantAnswer]
    """Best first."""
    sidecars: list[SidecarAnswer]
    """Those that belong to no variant."""


class HolderAnswer(TypedDict):
    """A model that holds a file."""

    model: str
    path: str
    bytes: int | None
    revision: str
    """The commit it was seen in."""
    current: bool
    """Whether that is still the model's present commit."""


class HoldersAnswer(TypedDict):
    """The models that hold a file, the most downloaded first."""

    sha256: str
    models: list[HolderAnswer]


@dataclass(frozen=True, slots=True)
class Room:
    """The memory there is, and the place in `CONTEXTS` of how long the context is to be."""

    memory: Memory | None = None
    context_place: int = 0


def room_of(filters: Filters, memory: Memory | None = None) -> Room:
    """Give the memory a query speaks of; `memory` counts where it asks for none itself."""
    return Room(filters.fits or memory, filters.context_place)


def variant_answer(
    repo_id: str, variant: Variant, room: Room, *, most_files: int | None = None
) -> VariantAnswer:
    """Give what is told of a variant.

    Args:
        repo_id: its model's.
        variant: the variant.
        room: the memory it is to fit into.
        most_files: so many of its files at most; `None`: all.

    """
    return {
        "id": f"{repo_id}:{variant.key}",
        "model": repo_id,
        "label": variant.label,
        "format": variant.format,
        "bytes": variant.bytes,
        "bits": None if variant.bits is None else round(variant.bits, 2),
        "params": variant.params,
        "params_source": variant.params_source,
        "shards": variant.shards,
        "missing": variant.missing,
        "files": [_file_answer(file) for file in variant.files[:most_files]],
        "sidecars": sidecar_answers(variant.sidecars),
        "estimated": variant.is_estimated,
        "nominal": variant.is_nominal,
        "fits": _fits_answer(variant, room),
        "known": variant.is_known,
        "dynamic": variant.is_dynamic,
        "weighted": variant.is_weighted,
        "ik_only": variant.is_ik_only,
        "legacy": variant.is_legacy,
        "parted": variant.is_parted,
        "quality_cost": quality_cost(variant.label),
    }


def variants_answer(model: StoredModel, contents: Contents, room: Room) -> VariantsAnswer:
    """Give what a model holds."""
    record = model.record
    return {
        "model": record.repo_id,
        "revision": record.sha,
        "license": record.license,
        "gated": gated_answer(record),
        "variants": [variant_answer(record.repo_id, one, room) for one in contents.variants],
        "sidecars": sidecar_answers(contents.sidecars),
    }


def gated_answer(record: ModelRecord) -> bool | str:
    """Give how access is granted: freely (`False`), `auto` or `manual`."""
    return False if record.gated == "no" else record.gated


def holders_answer(sha256: str, holders: Sequence[Holder]) -> HoldersAnswer:
    """Give the models that hold a file."""
    return {
        "sha256": sha256,
        "models": [
            {
                "model": one.repo_id,
                "path": one.path,
                "bytes": one.bytes,
                "revision": one.sha,
                "current": one.is_current,
            }
            for one in holders
        ],
    }


def sidecar_answers(sidecars: Iterable[Sidecar]) -> list[SidecarAnswer]:
    """Give what is told of sidecars."""
    return [{"path": one.path, "bytes": one.bytes, "kind": one.kind} for one in sidecars]


def _file_answer(file: RepoFile) -> FileAnswer:
    return {"path": file.path, "bytes": file.bytes, "sha256": file.sha256}


def _fits_answer(variant: Variant, room: Room) -> FitsAnswer | None:
    fit = fit_of(variant, room.memory, room.context_place)
    if fit is None or fit.verdict is None:
        return None
    return {
        "verdict": fit.verdict,
        "need_bytes": fit.need,
        "file_bytes": fit.files,
        "context_bytes": fit.context_bytes,
        "overhead_bytes": fit.overhead,
        "context": fit.context,
        "guessed": fit.is_guessed,
    }

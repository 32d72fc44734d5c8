"""The variants that GGUF files are: their labels, sizes and needs; pure."""

from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import NamedTuple, TypeAlias

from indexer.variants.grouping import Group
from indexer.variants.labels import NO_LABEL, Label, label_in, read_labels
from indexer.variants.memory import ARCHITECTURES, NO_CONTEXT, context_of, needs_of
from indexer.variants.quants import FLOATS
from indexer.variants.records import Facts, Sidecar, Variant
from indexer.variants.sizing import (
    Params,
    Size,
    headers_of,
    is_like,
    is_near,
    params_in,
    said_in,
    size_of,
    total_of,
)  # fmt: skip

_WRITES = frozenset({
    "text-generation", "conversational", "image-text-to-text", "text2text-generation", "any-to-any",
    "audio-text-to-text",
    "visual-question-answering", "video-text-to-text", "translation", "summarization",
})  # fmt: skip
_KEEPS_NOTHING = frozenset({
    "text-to-image", "image-to-image", "text-to-video", "image-to-video", "text-to-speech", "text-to-audio",
    "automatic-speech-recognition", "feature-extraction", "sentence-similarity", "text-ranking", "diffusers",
    "text-classification", "image-to-3d", "video-to-video", "image-classification", "text-to-3d",
})  # fmt: skip
"""Tasks of models that keep no context."""
NATIVE = "gpt-oss"
"""Its weights were trained in 4 bits, and most of them stay so, whatever the label says."""
_WEIGHTED_BELOW = 8.4
"""Bits: a matrix changes nothing above."""
UNSIZED = 1 << 62
"""Bytes: what is not known comes last."""
_TELLING = FLOATS | {"Q8_0"}
"""Labels whose bits are the same in every model."""
_SAME = 0.03
_NO_PARAMS = (None, None)


def keeps_context(facts: Facts, *, otherwise: bool) -> bool:
    """Tell whether a model writes text, and so keeps its context in memory."""
    if facts.context_length is not None or not _WRITES.isdisjoint(facts.tags):
        return True
    return otherwise and _KEEPS_NOTHING.isdisjoint(facts.tags)


def architecture_of(facts: Facts) -> str | None:
    """Give the architecture that a header or a tag names."""
    if facts.architecture is None and NATIVE in facts.repo_id.lower():
        return NATIVE
    return facts.architecture or next((tag for tag in facts.tags if tag in ARCHITECTURES), None)


class _Sibling(NamedTuple):
    """A file whose size tells the parameters of those called like it."""

    prefix: str
    """Its name before the label, in lower case."""
    params: int
    label: str


class _Model(NamedTuple):
    """What of a model all its variants share."""

    known: tuple[Params, ...]
    """Parameters that headers say."""
    siblings: tuple[_Sibling, ...]
    """Those with the longest prefix first."""
    said: tuple[str, int] | None
    """What the model's name says, in its words too."""
    base: int | None
    projectors: tuple[Sidecar, ...]
    keeps: bool
    architecture: str | None
    is_weighted: bool
    first: Params | None
    """What `_sources` gives first for nearly all of its files."""
    word: str
    """That stands in the name of those files."""
    is_native: bool
    """Whether labels say little of its bits: see `NATIVE`."""


def gguf_variants(groups: Sequence[Group], sidecars: Sequence[Sidecar], facts: Facts) -> list[Variant]:
    """Give the variant that each group is, best first, with the nearest of the sidecars' projectors."""
    labels = _labels(groups, facts)
    model = _to_model(groups, labels, sidecars, facts)
    placed = [_placed(group, label, model) for group, label in zip(groups, labels, strict=True)]
    if len(placed) > 1:
        placed.sort(key=_PLACE)
    return [variant for _, variant in placed]


def _to_model(
    groups: Sequence[Group], labels: Sequence[Label], sidecars: Sequence[Sidecar], facts: Facts
) -> _Model:
    known, said = headers_of(facts), said_in(facts.repo_id.rpartition("/")[2])
    siblings = _siblings(groups, labels, said[1] if said else None)
    first: Params | None = None
    word = ""
    if len(siblings) == 1:
        word, first = siblings[0].prefix, (siblings[0].params, "sibling")
    elif known and not siblings:
        first = known[0]
    elif said and not siblings and not facts.base_params:
        word, first = said[0], (said[1], "name")
    architecture = architecture_of(facts)
    is_native = ARCHITECTURES.get(architecture or "") == NATIVE
    projectors = tuple([sidecar for sidecar in sidecars if sidecar.kind == "mmproj"]) if sidecars else ()
    return _Model(
        known, siblings, said, facts.base_params, projectors, keeps_context(facts, otherwise=True),
        architecture, _is_weighted(facts, sidecars), None if is_native else first, word, is_native,
    )  # fmt: skip


_Placed: TypeAlias = tuple[tuple[bool, bool, int, int, str], Variant]
_PLACE = itemgetter(0)


def _placed(group: Group, label: Label, model: _Model) -> _Placed:
    """Give the variant that a group is, and what variants are put in order by."""
    key, name, files, shards, missing, is_parted, form, _ = group
    text, is_known, typical, _, rank, is_dynamic, is_ik_only, is_legacy, _, _ = label
    lower = name.lower()
    size, bits, is_exact, params, is_nominal = _numbers(group, label, model, lower)
    bundled = _best(model.projectors, key, label) if model.projectors else ()
    count, source = params or _NO_PARAMS
    needs: tuple[int, ...] = ()
    is_guessed = True
    if size is not None and not missing:
        context = NO_CONTEXT
        if model.keeps:
            context = context_of(model.architecture, count, source) if count else context_of(None, size, None)
        needs = needs_of(size + (bundled[0].bytes or 0 if bundled else 0), context)
        is_guessed = context.is_guessed
    is_weighted = (
        typical is not None and typical < _WEIGHTED_BELOW and (model.is_weighted or is_marked(lower))
    )
    variant = Variant(
        key, text, form, files, size, bits, count, shards, missing, bundled, needs, is_known, not is_exact,
        is_nominal, is_guessed, source, is_dynamic, is_weighted, is_ik_only, is_legacy, is_parted,
    )  # fmt: skip
    place = (missing > 0 or is_parted, is_ik_only or is_legacy, rank, UNSIZED if size is None else size, key)
    return place, variant


def _numbers(group: Group, label: Label, model: _Model, lower: str) -> Size:
    """Count bytes, bits and parameters; for most files the first source will do, so it is tried first."""
    files, typical = group.files, label.bits
    size, is_exact = (files[0].bytes, files[0].is_exact) if len(files) == 1 else total_of(files)
    first = None if group.missing or label.text in _TELLING else model.first
    if size and typical and first and model.word in lower:
        bits = 8 * size / first[0]
        if is_like(bits, typical):
            return Size(size, bits, is_exact, first, is_nominal=False)
    sources = _sources(lower, label, model, size)
    if model.is_native and size:
        label = label._replace(bits=None)
    return size_of(size, label, sources, is_exact=is_exact, is_whole=not group.missing)


def _labels(groups: Sequence[Group], facts: Facts) -> list[Label]:
    """Read each group's label; that of the repository counts for the only group that has none."""
    labels = read_labels([group.name for group in groups])
    if False in [label.is_ggml for label in labels]:
        labels = [label if label.is_ggml else label._replace(is_known=False) for label in labels]
        if sum(label is NO_LABEL or label.bits is None for label in labels) == 1:
            said = label_in(facts.repo_id.rpartition("/")[2])
            if said.is_ggml and said not in labels:
                labels = [said if label.bits is None else label for label in labels]
    return labels


def _siblings(groups: Sequence[Group], labels: Sequence[Label], said: int | None) -> tuple[_Sibling, ...]:
    """Give those whose labels have the same bits in every model: 8.5 for `Q8_0`, within 1 %.

    Where two disagree (weights that were trained in 4 bits, called `F16`), the name must agree.
    """
    found: dict[str, _Sibling] = {}
    doubted: set[str] = set()
    for group, label in zip(groups, labels, strict=True):
        if label.text in _TELLING and not group.missing and label.bits:
            size, is_exact = total_of(group.files)
            if not size or not is_exact:
                continue
            name = group.name[group.name.rfind("/") + 1 :].lower()
            prefix = name[: max(name.rfind("-"), name.rfind("."), 0)]
            params, other = int(size * 8 / label.bits), found.get(prefix)
            if other and abs(params / other.params - 1) > _SAME:
                doubted.add(prefix)
            if (prefix or len(groups) == 1) and (other is None or other.label not in FLOATS):
                found[prefix] = _Sibling(prefix, params, label.text)
    kept = [
        one for one in found.values() if one.prefix not in doubted or (said and is_near(one.params, said))
    ]
    return tuple(sorted(kept, key=lambda one: (-len(one.prefix), one))) if len(kept) > 1 else tuple(kept)


def _sources(lower: str, label: Label, model: _Model, size: int | None) -> Iterator[Params]:
    """Give the parameters that a group may have, the surest first.

    Measured against files in 16 bits, median and 95th percentile of the error: a sibling 0 and 0 %, the base
    model 1 and 51 %, a name 2 and 25 %. A header is exact, but of one file: another model, the first shard.
    So the base counts before the name only where both say nearly the same, and the header before the size is
    known.
    """
    name = lower[lower.rfind("/") + 1 :]
    own = None if model.said and model.said[0] in name else params_in(name)
    said = own or (model.said[1] if model.said else None)
    for sibling in model.siblings:
        if name.startswith(sibling.prefix) and sibling.label != label.text:
            yield sibling.params, "sibling"
            break
    if size is None and said and model.known and not is_near(model.known[0][0], said):
        yield said, "name"
    yield from model.known
    if size and label.text in _TELLING and label.bits:
        counted = int(size * 8 / label.bits)
        if counted and (said is None or is_near(counted, said)):
            yield counted, "label"
    if model.base and (said is None or is_near(model.base, said)):
        yield model.base, "base"
    if said:
        yield said, "name"


def _best(projectors: tuple[Sidecar, ...], key: str, label: Label) -> tuple[Sidecar, ...]:
    """Give the projector of a group: in its folder, else in the nearest above; of the nearest bits."""
    folder = key.rpartition("/")[0]
    while True:
        here = [one for one in projectors if one.path.rpartition("/")[0] == folder]
        if here:
            wanted = label.bits or 4.5
            return (min(here, key=lambda one: (*_distance(one, wanted), one.path)),)
        if not folder:
            return ()
        folder = folder.rpartition("/")[0]


def _distance(projector: Sidecar, wanted: float) -> tuple[float, bool]:
    label = label_in(projector.path.rpartition("/")[2][:-5])
    return abs((label.bits or 16) - wanted), label.text != "F16"


def _is_weighted(facts: Facts, sidecars: Sequence[Sidecar]) -> bool:
    if "-i1-" in facts.repo_id or "imatrix" in facts.tags:
        return True
    return any(sidecar.kind == "imatrix" for sidecar in sidecars)


def is_marked(lower: str) -> bool:
    """Tell whether a path, in lower case, says that an importance matrix guided the quant."""
    return "i1-" in lower or "imat" in lower or "imx" in lower

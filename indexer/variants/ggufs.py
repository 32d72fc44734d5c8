"""The variants that GGUF files are: their labels, sizes and needs; pure."""

from collections.abc import Sequence
from typing import NamedTuple

from indexer.variants.grouping import Group
from indexer.variants.labels import NO_LABEL, Label, label_in, read_label
from indexer.variants.memory import ARCHITECTURES, NO_CONTEXT, Context, context_of, needs_of
from indexer.variants.quants import FLOATS
from indexer.variants.records import Facts, Sidecar, Variant
from indexer.variants.sizing import Params, bits_of, choose, estimated_bytes, is_possible, params_in

_WRITES = frozenset({
    "text-generation", "conversational", "image-text-to-text", "text2text-generation", "any-to-any", "audio-text-to-text",
    "visual-question-answering", "video-text-to-text", "translation", "summarization",
})  # fmt: skip
_KEEPS_NOTHING = frozenset({
    "text-to-image", "image-to-image", "text-to-video", "image-to-video", "text-to-speech", "text-to-audio",
    "automatic-speech-recognition", "feature-extraction", "sentence-similarity", "text-ranking", "diffusers",
    "text-classification", "image-to-3d", "video-to-video", "image-classification", "text-to-3d",
})  # fmt: skip
"""Tasks of models that keep no context."""
_MARKS = ("i1-", "imat", "imx")
"""What people write into names of quants that an importance matrix guided."""
_WEIGHTED_BELOW = 8.4
"""Bits: a matrix changes nothing above."""


class Size(NamedTuple):
    """What a variant's numbers are."""

    bytes: int | None
    bits: float | None
    params: Params | None
    is_estimated: bool
    is_nominal: bool


def keeps_context(facts: Facts, *, otherwise: bool) -> bool:
    """Tell whether a model writes text, and so keeps its context in memory."""
    if facts.context_length is not None or not _WRITES.isdisjoint(facts.tags):
        return True
    return otherwise and _KEEPS_NOTHING.isdisjoint(facts.tags)


def architecture_of(facts: Facts) -> str | None:
    """Give the architecture that a header or a tag names."""
    return facts.architecture or next((tag for tag in facts.tags if tag in ARCHITECTURES), None)


def sized(size: int | None, label: Label, sources: list[Params], *, is_exact: bool, is_whole: bool) -> Size:
    """Count what can be counted of bytes, bits and parameters, and take the label's for the rest."""
    typical = label.bits
    if size is None or size <= 0:
        params = sources[0] if sources else None
        if params is None or typical is None:
            return Size(None, label.nominal, params, is_estimated=False, is_nominal=label.nominal is not None)
        return Size(
            estimated_bytes(params[0], typical), label.nominal, params, is_estimated=True, is_nominal=True
        )
    params = choose(size, typical, sources) if is_whole else None
    if params is not None:
        return Size(size, bits_of(size, params[0]), params, not is_exact, is_nominal=False)
    if not is_whole and sources:
        return Size(size, label.nominal, sources[0], not is_exact, is_nominal=label.nominal is not None)
    guessed: Params | None = (int(size * 8 / typical), "label") if typical and is_whole else None
    return Size(size, label.nominal, guessed, not is_exact, is_nominal=label.nominal is not None)


def gguf_variants(groups: Sequence[Group], sidecars: Sequence[Sidecar], facts: Facts) -> list[Variant]:
    """Give the variant that each group is; the projectors among the sidecars are bundled with them."""
    labels = _labels(groups, facts)
    siblings = _siblings(groups, labels)
    known = _known_params(facts)
    projectors = [sidecar for sidecar in sidecars if sidecar.kind == "mmproj"]
    keeps, architecture = keeps_context(facts, otherwise=True), architecture_of(facts)
    is_weighted = _is_weighted(facts, sidecars)
    variants = []
    for group, label in zip(groups, labels, strict=True):
        total, is_exact = _total(group)
        sources = _sources(group, siblings, known, facts)
        size = sized(total, label, sources, is_exact=is_exact, is_whole=group.missing == 0)
        bundled = _best(projectors, group, label) if projectors else ()
        context = NO_CONTEXT
        needs: tuple[int, ...] = ()
        if size.bytes is not None:
            if keeps and size.params:
                context = context_of(architecture, *size.params)
            needs = needs_of(size.bytes + sum([one.bytes or 0 for one in bundled]), context)
        variants.append(
            _variant(group, label, size, bundled, needs, context, is_weighted or _is_marked(group.name))
        )
    return variants


def _variant(  # noqa: PLR0913, PLR0917
    group: Group, label: Label, size: Size, bundled: tuple[Sidecar, ...], needs: tuple[int, ...], context: Context,
    is_weighted: bool,  # noqa: FBT001
) -> Variant:  # fmt: skip
    params, source = size.params or (None, None)
    return Variant(
        group.key, label.text, group.format, group.files, size.bytes, size.bits, params, group.shards,
        group.missing, bundled, needs, label.is_known, size.is_estimated, size.is_nominal, context.is_guessed, source,
        label.is_dynamic, is_weighted and label.bits is not None and label.bits < _WEIGHTED_BELOW, label.is_ik_only,
        label.is_legacy, group.is_parted,
    )  # fmt: skip


def _labels(groups: Sequence[Group], facts: Facts) -> list[Label]:
    """Read each group's label; that of the repository counts for the only group that has none."""
    labels = [read_label(group.name) for group in groups]
    if not all([label.is_ggml for label in labels]):
        labels = [label if label.is_ggml else label._replace(is_known=False) for label in labels]
        if sum(label is NO_LABEL or label.bits is None for label in labels) == 1:
            said = label_in(facts.repo_id.rpartition("/")[2])
            if said.is_ggml and said not in labels:
                labels = [said if label.bits is None else label for label in labels]
    return labels


def _total(group: Group) -> tuple[int | None, bool]:
    """Give the bytes of all files, and whether each is of this very commit."""
    if len(group.files) == 1:
        return group.files[0].bytes, group.files[0].is_exact
    sizes = [file.bytes for file in group.files]
    if None in sizes:
        return None, True
    return sum(size for size in sizes if size is not None), all(file.is_exact for file in group.files)


def _siblings(groups: Sequence[Group], labels: Sequence[Label]) -> list[tuple[str, int]]:
    """Give the parameters of those in 16 and 32 bits, by the name before the label; the longest first."""
    found = []
    for group, label in zip(groups, labels, strict=True):
        if label.text in FLOATS and group.missing == 0:
            total, is_exact = _total(group)
            if total and is_exact and label.bits:
                name = group.name[group.name.rfind("/") + 1 :]
                cut = max(name.rfind("-"), name.rfind("."), 0)
                found.append((name[:cut], int(total * 8 / label.bits)))
    return sorted(found, key=lambda one: (-len(one[0]), one))


def _known_params(facts: Facts) -> list[Params]:
    known: list[Params] = []
    if facts.gguf_params:
        known.append((facts.gguf_params, "header"))
    if facts.params:
        known.append((facts.params, "header"))
    return known


def _sources(
    group: Group, siblings: list[tuple[str, int]], known: list[Params], facts: Facts
) -> list[Params]:
    """Give the parameters that a group may have, the surest first."""
    sources: list[Params] = []
    name = group.name[group.name.rfind("/") + 1 :]
    for prefix, params in siblings:
        if name.startswith(prefix):
            sources.append((params, "sibling"))
            break
    sources += known
    if sources and sources[0][1] == "sibling":
        return sources
    said = params_in(name) or params_in(facts.repo_id)
    if said:
        sources.append((said, "name"))
    if facts.base_params:
        sources.append((facts.base_params, "base"))
    return sources


def _best(projectors: list[Sidecar], group: Group, label: Label) -> tuple[Sidecar, ...]:
    """Give the projector that goes with a group: of its folder, else of the nearest above; of nearest bits."""
    folder = group.key.rpartition("/")[0]
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
    if any([sidecar.kind == "imatrix" for sidecar in sidecars]) or "imatrix" in facts.tags:
        return True
    return "-i1-" in facts.repo_id


def _is_marked(name: str) -> bool:
    lower = name[name.rfind("/") + 1 :].lower()
    return any([mark in lower for mark in _MARKS])


__all__ = ["Size", "architecture_of", "gguf_variants", "is_possible", "keeps_context", "sized"]

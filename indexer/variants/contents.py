"""What is in a repository: its variants, best first, and the files that serve them; pure.

Best first is: what can be loaded as it is; what every program loads; the format asked for most; Q4_K_M, as
llama.cpp picks it, then Unsloth's own Q4, then the others of 4 to 7 bits, those of 8, of 3, of 16 and more,
and at last those below 3 bits and those nobody knows; the smaller first among equals.
"""

from collections.abc import Sequence
from operator import attrgetter

from indexer.files import is_left_over
from indexer.formats import ENDINGS, format_of, place_of
from indexer.variants.ggufs import UNSIZED, gguf_variants
from indexer.variants.grouping import Group, format_groups, gguf_groups, is_gguf
from indexer.variants.kinds import hints_of, is_imatrix, is_merged, kind_of
from indexer.variants.labels import to_label
from indexer.variants.others import other_variants
from indexer.variants.records import Contents, Facts, RepoFile, Sidecar, Variant

_NEVER = frozenset({
    "json", "md", "txt", "gitattributes", "py", "png", "jpg", "jpeg", "jinja", "model", "yaml", "yml",
    "gitignore",
    "csv", "jsonl", "log", "sh", "wav", "mp3", "mp4", "webp", "gif", "svg", "html", "pdf", "ipynb", "toml",
    "spm",
    "flac", "npy", "0", "1", "2", "zip", "cpp", "h", "c", "pyc", "license",
})  # fmt: skip
"""Endings of what is neither weights nor serves them: a cheap test for most files."""
_COMMON = {"pytorch_model.bin": "pytorch", "model.pt": "pytorch"}
_PROMOTED = ("encoder", "draft")
"""Networks that serve others; a repository of nothing else is about them."""
_PATH = attrgetter("path")


def variants_of(files: Sequence[RepoFile], facts: Facts) -> list[Variant]:
    """Give the variants of a model, best first; see `contents_of`."""
    return list(contents_of(files, facts).variants)


def contents_of(files: Sequence[RepoFile], facts: Facts) -> Contents:
    """Read a repository's files: its variants, best first, and the sidecars that belong to none of them.

    Args:
        files: in any order; without sizes, these are estimated and said to be.
        facts: what is known of the model beside them.

    """
    ggufs, others, sidecars = _sorted_out(files)
    if not ggufs and not others and not sidecars:
        return _NOTHING
    groups: list[Group] = []
    if ggufs:
        weights, serving = _by_kind(ggufs, facts)
        sidecars += serving
        groups = gguf_groups(weights)
    if not groups and not others:
        return Contents((), tuple(sorted(sidecars, key=_PATH)))
    variants = gguf_variants(groups, sidecars, facts) if groups else []
    if others:
        variants += other_variants(format_groups(others), facts)
    if len(variants) > 1:
        if others:
            variants.sort(key=_place)
        _make_unique(variants)
    if sidecars:
        bundled = {sidecar.path for variant in variants for sidecar in variant.sidecars}
        sidecars = sorted([one for one in sidecars if one.path not in bundled], key=_PATH)
    return Contents(tuple(variants), tuple(sidecars))


_NOTHING = Contents()


def _sorted_out(
    files: Sequence[RepoFile],
) -> tuple[list[RepoFile], list[tuple[str, RepoFile]], list[Sidecar]]:
    """Give the GGUF files, those of other formats, and sidecars that are told by their ending."""
    ggufs: list[RepoFile] = []
    others: list[tuple[str, RepoFile]] = []
    sidecars: list[Sidecar] = []
    for file in files:
        path = file.path
        ending = path[path.rfind(".") + 1 :]
        form = ENDINGS.get(ending)
        if form is None:
            if ending in _NEVER:
                continue
            form = _rare(path)
        elif form == "pytorch" or len(ending) == len(path):
            form = _COMMON.get(path) or format_of(path)
        if form == "gguf":
            ggufs.append(file)
        elif form == "imatrix":
            sidecars.append(Sidecar(path, "imatrix", file.bytes, file.sha256))
        elif form == "safetensors" or (form is not None and not is_left_over(path)):
            others.append((form, file))
    return ggufs, others, sidecars


def _rare(path: str) -> str | None:
    lower = path.lower()
    if is_gguf(lower):
        return "gguf"
    return "imatrix" if is_imatrix(lower) else format_of(path)


def _by_kind(files: list[RepoFile], facts: Facts) -> tuple[list[RepoFile], list[Sidecar]]:
    """Part GGUF files into weights and sidecars."""
    hints = hints_of("\n".join(map(_PATH, files)).lower())
    if "control-vector" in facts.repo_id.lower():
        return [], [Sidecar(file.path, "other", file.bytes, file.sha256) for file in files]
    if not hints:
        return files, []
    kinds = [kind_of(file, hints) for file in files]
    if "lora" in kinds and is_merged(
        [file for file, kind in zip(files, kinds, strict=True) if kind == "lora"]
    ):
        kinds = ["weights" if kind == "lora" else kind for kind in kinds]
    for promoted in _PROMOTED:
        if "weights" not in kinds:
            kinds = ["weights" if kind == promoted else kind for kind in kinds]
    weights: list[RepoFile] = []
    sidecars: list[Sidecar] = []
    for file, kind in zip(files, kinds, strict=True):
        if kind == "weights":
            weights.append(file)
        else:
            sidecars.append(Sidecar(file.path, kind, file.bytes, file.sha256))
    return weights, sidecars


def _place(variant: Variant) -> tuple[bool, bool, tuple[int, str], int, int, str, str]:
    return (
        variant.missing > 0 or variant.is_parted,
        variant.is_ik_only or variant.is_legacy,
        place_of(variant.format),
        to_label(variant.label).rank,
        UNSIZED if variant.bytes is None else variant.bytes,
        variant.key,
        variant.files[0].path,
    )


def _make_unique(variants: list[Variant]) -> None:
    """Give each a key of its own; the same only happens where a path holds what keys are made with."""
    if len({variant.key for variant in variants}) == len(variants):
        return
    seen: set[str] = set()
    for place, variant in enumerate(variants):
        key = variant.key
        while key in seen:
            key += "~"
        seen.add(key)
        variants[place] = variant._replace(key=key)

"""What a file of a repository is for: weights, or what serves them; by its name, pure.

Words are looked for in all paths of a repository at once; most repositories have none of them.
"""

import re
from typing import Literal, TypeAlias

from indexer.variants.labels import label_in
from indexer.variants.records import RepoFile, SidecarKind
from indexer.variants.sizing import LEAST_BITS, params_in

Kind: TypeAlias = Literal["weights"] | SidecarKind
MAX_LORA = 3_000_000_000
"""Bytes; what is larger is a model that somebody named after its adapter."""
MAX_IMATRIX = 2_000_000_000
"""Bytes; those of the largest models known stay below."""

_RULES: tuple[tuple[str, SidecarKind, re.Pattern[str]], ...] = tuple(
    (word, kind, re.compile(pattern))  # type: ignore[misc]
    for word, kind, pattern in (
        ("mmproj", "mmproj", r"mmproj"),
        ("mm-proj", "mmproj", r"mm-proj"),
        ("projector", "mmproj", r"(?:^|[-_./])(?:mm[-_]?)?projector"),
        ("imatrix", "imatrix", r"(?:^|[-_.])(?:imatrix)(?:[-_.][^/]*)?$|(?:^|/)imatri(?:x|ces)/"),
        ("mtp", "draft", r"(?:^|/)mtp[-/]"),
        ("eagle", "draft", r"(?:^|/)eagle[23]?-"),
        ("dflash", "draft", r"(?:^|/)dflash-"),
        ("dspark", "draft", r"(?:^|/)dspark-"),
        ("draft", "draft", r"(?:^|/)draft(?:er)?[-_./]|[-_.]draft(?:er)?\.gguf"),
        ("lora", "lora", r"(?:^|[-_./])q?loras?(?:[-_./]|$)"),
        ("adapter", "lora", r"(?:^|[-_./])adapters?(?:[-_./]|$)"),
        ("vocab", "vocab", r"(?:^|/)(?:ggml-)?vocab[^/]*$|[-_.]vocab(?:-only)?\.gguf"),
        ("control", "other", r"control[-_]?vector"),
        ("vocoder", "other", r"(?:^|/)vocoder[-_.]"),
        ("audiodecoder", "other", r"(?:^|/)audiodecoder[-_.]"),
        ("tokenizer", "other", r"(?:^|/)(?:audio)?tokenizer-"),
        ("vae", "encoder", r"(?:^|[-_./])vae(?:[-_./]|$)"),
        ("clip", "encoder", r"(?:^|[-_./])clip(?:[-_]?[glh]|[-_]vision|[-_]vit[^/]*)?(?:[-_./]|$)"),
        ("t5", "encoder", r"(?:^|[-_./])u?m?t5[-_]?(?:v1[-_.]1[-_])?xxl"),
        ("text", "encoder", r"(?:^|[-_./])text[-_]?encoders?(?:[-_./]|$)"),
    )
)
_IMATRIX_ENDINGS = (".imatrix", ".dat", ".gguf_file")


def hints_of(paths: str) -> tuple[int, ...]:
    """Give the numbers of the rules whose word stands in the paths, all of them in lower case."""
    return tuple(number for number, rule in enumerate(_RULES) if rule[0] in paths)


def kind_of(file: RepoFile, hints: tuple[int, ...]) -> Kind:
    """Tell what a GGUF file is for."""
    path = file.path.lower()
    for number in hints:
        word, kind, pattern = _RULES[number]
        if word in path and pattern.search(path) and _holds(file, kind, path):
            return kind
    return "weights"


def is_imatrix(path: str) -> bool:
    """Tell whether a file that is no GGUF holds an importance matrix; the path is in lower case."""
    return path.endswith(_IMATRIX_ENDINGS) and "imatrix" in path.rpartition("/")[2]


def is_merged(files: list[RepoFile]) -> bool:
    """Tell whether files named after an adapter are whole models: adapters are not quantized below 8 bits."""
    labels = (label_in(file.path.rpartition("/")[2].rpartition(".")[0]) for file in files)
    return any(label.is_ggml and label.bits is not None and label.bits < 8 for label in labels)


def _holds(file: RepoFile, kind: SidecarKind, path: str) -> bool:
    """Tell whether the size and the label of a file speak for its kind too."""
    if kind == "lora":
        return file.bytes is None or file.bytes <= MAX_LORA
    name = path.rpartition("/")[2]
    if kind != "imatrix" or name.endswith(".imatrix.gguf") or name.startswith("imatrix"):
        return True
    params, size = params_in(name), file.bytes or 0
    if params and size and 8 * size / params < LEAST_BITS:
        return True
    return not label_in(name.removesuffix(".gguf")).is_quant and size <= MAX_IMATRIX

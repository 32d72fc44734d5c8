"""Models with variants of every kind, and the trees of those whose files have been read."""

import hashlib
from dataclasses import replace

from indexer.records import GgufFacts, Listed, Tree
from indexer.variants.records import RepoFile
from tests.factories import make_listed

QUANTS = "acme/Poet-8B-Instruct-GGUF"
"""Sizes are known; one quant is in two files, one lacks a file, one loads nowhere but in one program."""
GUESSED = "acme/Guess-7B-GGUF"
"""Only names are known: sizes are estimated."""
SIZELESS = "zoo/riddle-GGUF"
"""Nobody can tell a size."""
WEIGHTS = "acme/Poet-8B-Instruct"
"""In 16 bits, cut into four; gated."""
MANY = "zoo/many-quants-GGUF"

PARAMS = 8_030_261_248
_SIZES = {
    "Poet-8B-Instruct-Q4_K_M.gguf": 4_920_734_272, "Poet-8B-Instruct-Q8_0.gguf": 8_540_770_880,
    "Poet-8B-Instruct-Q2_K.gguf": 3_179_131_456, "Poet-8B-Instruct-IQ4_KS.gguf": 4_300_000_000,
    "BF16/Poet-8B-Instruct-BF16-00001-of-00002.gguf": 9_000_000_000,
    "BF16/Poet-8B-Instruct-BF16-00002-of-00002.gguf": 7_068_890_000,
    "Q6_K/Poet-8B-Instruct-Q6_K-00001-of-00003.gguf": 2_200_000_000,
    "mmproj-Poet-8B-Instruct-F16.gguf": 880_000_000, "imatrix.dat": 5_000_000, "README.md": 4_000,
}  # fmt: skip
_LABELS = (
    "Q2_K", "Q2_K_L", "Q3_K_S", "Q3_K_M", "Q3_K_L", "Q3_K_XL", "IQ3_M", "IQ3_XS", "IQ3_XXS", "IQ4_XS",
    "IQ4_NL", "Q4_0", "Q4_1", "Q4_K_S", "Q4_K_M", "Q4_K_L", "Q5_K_S", "Q5_K_M", "Q5_K_L", "Q6_K", "Q6_K_L",
    "Q8_0", "IQ2_M", "IQ2_XS", "IQ2_S", "IQ1_M", "IQ1_S", "TQ1_0", "TQ2_0", "Q5_0", "Q5_1", "BF16", "F16",
    "F32",
)  # fmt: skip


def sha256_of(path: str) -> str:
    return hashlib.sha256(path.encode()).hexdigest()


def tree_of(listed: Listed, sizes: dict[str, int]) -> Tree:
    files = tuple(RepoFile(path, size, sha256_of(path)) for path, size in sizes.items())
    return Tree(listed.record.key, listed.record.sha or "", files)


def make_stock() -> tuple[tuple[Listed, ...], tuple[Tree, ...]]:
    """Models, the most downloaded first, and trees."""
    quants = make_listed(
        QUANTS, downloads=900_000, params=None, files=tuple(_SIZES), library="gguf",
        tags=("gguf", f"base_model:quantized:{WEIGHTS}", "license:llama3.1"),
    )  # fmt: skip
    quants = replace(quants, gguf=GgufFacts(PARAMS, "llama", 131_072))
    shards = {f"model-{at:05}-of-00004.safetensors": 4_015_000_000 for at in range(1, 5)}
    weights = make_listed(
        WEIGHTS, downloads=800_000, params=PARAMS, files=("config.json", *shards), gated="manual",
        tags=("safetensors", "license:llama3.1"),
    )  # fmt: skip
    guessed = make_listed(
        GUESSED, downloads=700_000, params=None, files=("guess-7b.Q4_K_M.gguf", "guess-7b.Q8_0.gguf"),
        tags=("gguf", "license:mit"),
    )  # fmt: skip
    sizeless = make_listed(
        SIZELESS, downloads=600_000, params=None, files=("riddle.Q4_K_M.gguf",), tags=("gguf",)
    )
    many = make_listed(
        MANY, downloads=500_000, params=None, tags=("gguf", "license:mit"),
        files=tuple(f"many-13b.{label}.gguf" for label in _LABELS),
    )  # fmt: skip
    return (quants, weights, guessed, sizeless, many), (tree_of(quants, _SIZES), tree_of(weights, shards))

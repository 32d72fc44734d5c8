"""Which file a tag behind a model's id leads to: `hf.co/o/r:Q4_K_M`, `llama-server -hf o/r:Q4_K_M`; pure.

The Hub and llama.cpp each read tags out of file names in a way of their own. What one of them would not
read, or would read from another file too, is asked for by the name of the file.
"""

import re
from collections.abc import Iterable, Sequence

from indexer.variants.records import UNKNOWN

MOST_COMPARED = 1_000
"""GGUF files of a repository: where there are more, a tag is not tried."""

_TYPES = (
    "F32", "F16", "Q4_0", "Q4_1", "Q4_1_SOME_F16", "Q4_2", "Q4_3", "Q8_0", "Q5_0", "Q5_1", "Q2_K", "Q3_K_S",
    "Q3_K_M", "Q3_K_L", "Q4_K_S", "Q4_K_M", "Q5_K_S", "Q5_K_M", "Q6_K", "IQ2_XXS", "IQ2_XS", "Q2_K_S",
    "IQ3_XS", "IQ3_XXS", "IQ1_S", "IQ4_NL", "IQ3_S", "IQ3_M", "IQ2_S", "IQ2_M", "IQ4_XS", "IQ1_M", "BF16",
    "Q4_0_4_4", "Q4_0_4_8", "Q4_0_8_8", "TQ1_0", "TQ2_0", "MXFP4_MOE", "NVFP4", "Q1_0", "Q2_0",
    "Q2_K_XL", "Q3_K_XL", "Q4_K_XL", "Q5_K_XL", "Q6_K_XL", "Q8_K_XL", "MXFP4",
)  # fmt: skip
"""In the Hub's own order: of two that begin alike, the first one counts."""
_HUB = re.compile(rf"(?:UD-)?(?:{'|'.join(_TYPES)})(?:_[A-Z]+)?")
_MIXED = re.compile(rf"(?:^|-)\d{{1,3}}(?:{'|'.join(_TYPES)})(?=[-.]|$)")
"""Recipes such as `55IQ2_XXS-34Q2_K`, of which the Hub takes the largest share."""
_SERVING = ("mmproj", "imatrix", "mtp-", "eagle3-", "dflash-", "dspark-")
"""What llama.cpp never takes for a model."""


def hub_label(path: str) -> str | None:
    """Give the label that the Hub reads from the name of a file; `None`: it reads none.

    The pattern of huggingface.js (`tasks/gguf`), not anchored, the last match in capitals: it reads no
    `Q4_K_L` and no `IQ4_KSS`, and a `Q2_K` where `IQ2_KL` stands.
    """
    name = path.rpartition("/")[2].upper()
    if len(_MIXED.findall(name)) > 1:
        return None
    found = _HUB.findall(name)
    return found[-1] if found else None


def llama_models(paths: Iterable[str]) -> tuple[str, ...]:
    """Give the GGUF files that llama.cpp takes for models, in lower case."""
    lower = (path.lower() for path in paths)
    return tuple(path for path in lower if not any(word in path for word in _SERVING))


def llama_matches(label: str, models: Sequence[str]) -> list[str]:
    """Give the files that llama.cpp may take for a label: it looks for `label.` or `label-` anywhere.

    Nothing is asked of what stands before: `F16` is found in `BF16`, too.

    Args:
        label: in whatever case.
        models: as `llama_models` gives them.

    """
    dotted, dashed = f"{label.lower()}.", f"{label.lower()}-"
    return [path for path in models if dotted in path or dashed in path]


def llama_tag(label: str, own: Sequence[str], models: Sequence[str]) -> str | None:
    """Give the tag by which llama.cpp finds just these files; `None`: none is sure to.

    Args:
        label: of the files.
        own: their paths.
        models: of the whole repository, as `llama_models` gives them.

    """
    if label == UNKNOWN or len(models) > MOST_COMPARED:
        return None
    found = llama_matches(label, models)
    mine = {path.lower() for path in own}
    return label if found and mine.issuperset(found) and own[0].lower() in found else None

"""Quants: how they are written, and what is known of each; pure."""

import re

_WORD = re.compile(
    r"(?:ud[-_])?(?:i?q[1-8](?:_[a-z0-9]{1,4}){0,3}|tq[12](?:_0)?|mxfp4|nvfp4|b?f16|fp16|f32)|[2-8]-?bit"
)


def label_tokens(label: str) -> tuple[str, ...]:
    """Give what a typed quant word can match: a label, and each beginning of it at an underscore."""
    found: dict[str, None] = {}
    lowered = label.lower().replace("ud_", "ud-")
    for text in (lowered, lowered.removeprefix("ud-")):
        parts = text.split("_")
        found.update(("_".join(parts[:end]), None) for end in range(1, len(parts) + 1))
    if lowered.startswith("ud-"):
        found["ud"] = None
    return tuple(found)


def read_quant_word(text: str) -> str | None:
    """Give the folded form of a quant somebody typed (`q4_k_m`, `q4`, `bf16`), or `None` when it is none."""
    lowered = text.lower().rstrip("_")
    if _WORD.fullmatch(lowered) is None:
        return None
    return {"fp16": "f16"}.get(lowered, lowered.replace("-bit", "bit"))

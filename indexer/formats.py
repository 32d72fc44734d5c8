"""In which formats a model's weights are: read from its tags, its name and its files; pure."""

import re
from collections.abc import Iterable

FORMATS = (
    "gguf",
    "safetensors",
    "mlx",
    "onnx",
    "gptq",
    "awq",
    "exl2",
    "exl3",
    "bnb",
    "openvino",
    "coreml",
    "pytorch",
)
"""Every format that is told apart, those asked for most first."""

_TAGS = {one: one for one in FORMATS} | {
    "bitsandbytes": "bnb",
    "openvino_ir": "openvino",
    "core-ml": "coreml",
}
_IN_NAME = re.compile(r"(?<![^\W_])(gguf|mlx|onnx|gptq|awq|exl2|exl3|bnb|openvino|coreml)(?![^\W_])")


def formats_of(name: str, tags: Iterable[str]) -> tuple[str, ...]:
    """Give the formats a model is in, in the order of `FORMATS`.

    Args:
        name: the name without its owner; people write the format into it (`Llama-2-7B-GGUF`).
        tags: the Hub's, which name the formats it recognised among the files.

    """
    found = {_TAGS[tag] for tag in map(str.lower, tags) if tag in _TAGS}
    found.update(_IN_NAME.findall(name.lower()))
    return tuple(one for one in FORMATS if one in found)

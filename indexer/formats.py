"""In which formats a model's weights are: read from its tags and its name; pure."""

from collections.abc import Iterable

FORMATS = (
    "gguf", "safetensors", "mlx", "onnx", "gptq", "awq", "exl2", "exl3", "bnb", "openvino", "coreml",
    "pytorch",
)  # fmt: skip
"""Every format that is told apart, those asked for most first."""

_OF_TAG = {one: one for one in FORMATS} | {
    "bitsandbytes": "bnb", "openvino_ir": "openvino", "core-ml": "coreml",
}  # fmt: skip
_PLACES = {one: place for place, one in enumerate(FORMATS)}
_NAMED = frozenset(FORMATS) - {"safetensors", "pytorch"}
"""What people write into names; the others are said in passing there."""


ENDINGS = {
    "gguf": "gguf", "safetensors": "safetensors", "bin": "pytorch", "pt": "pytorch", "pth": "pytorch",
    "ckpt": "pytorch", "pkl": "pickle", "joblib": "pickle", "onnx": "onnx", "onnx_data": "onnx",
    "ort": "onnx",
    "mlmodel": "coreml", "h5": "tensorflow", "keras": "tensorflow", "pb": "tensorflow", "tflite": "tflite",
    "task": "tflite", "litertlm": "tflite", "msgpack": "flax", "ot": "rust", "npz": "numpy",
    "pte": "executorch",
    "nemo": "nemo", "ggml": "ggml", "llamafile": "llamafile", "engine": "tensorrt", "plan": "tensorrt",
    "trt": "tensorrt", "rknn": "rknn", "mnn": "mnn", "pdparams": "paddle", "pdiparams": "paddle",
}  # fmt: skip
"""The format of weights by the ending of their file; its name or the model's can tell it more exactly."""

_BY_NAME = {
    "ggml": "ggml", "openvino": "openvino", "params_shard": "mlc", ".mlpackage/": "coreml",
    ".mlmodelc/": "coreml",
}  # fmt: skip
"""What the name of a `.bin` file says more exactly."""


def format_of(path: str) -> str | None:
    """Give the format of the weights in a file by its name, or `None`: it holds none."""
    lower = path.lower()
    _, dot, ending = lower.rpartition(".")
    if ending == "bin":
        return next((form for word, form in _BY_NAME.items() if word in lower), "pytorch") if dot else None
    return ENDINGS.get(ending) if dot else None


def formats_of(words: Iterable[str], tags: Iterable[str]) -> tuple[str, ...]:
    """Give the formats a model is in, in the order of `FORMATS`.

    Args:
        words: of its name without the owner, folded; people write the format into it (`Llama-2-7B-GGUF`).
        tags: the Hub's, in lower case; they name the formats it recognised among the files.

    """
    return in_order(formats_named(words) | formats_tagged(tags))


def formats_named(words: Iterable[str]) -> frozenset[str]:
    """Give the formats that words of a name say."""
    return _NAMED.intersection(words)


def formats_tagged(tags: Iterable[str]) -> frozenset[str]:
    """Give the formats that tags say."""
    return frozenset(_OF_TAG[tag] for tag in _OF_TAG.keys() & set(tags))


def in_order(formats: Iterable[str]) -> tuple[str, ...]:
    """Give formats in the order of `FORMATS`, then all others by their names."""
    return tuple(sorted(formats, key=place_of))


def place_of(one: str) -> tuple[int, str]:
    """Give what formats are put in order by."""
    return _PLACES.get(one, len(_PLACES)), one

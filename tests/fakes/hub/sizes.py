"""How large the files of a model are and what they hash to: as its row says, or computed from it."""

import hashlib
import re
from typing import cast

from tests.fakes.hub.rows import Row

File = dict[str, object]
"""One of a row's `siblings`, as the Hub writes them when asked for `blobs`."""

_BITS = {
    "IQ1_S": 1.75, "IQ2_M": 2.7, "Q2_K": 3.0, "IQ3_XXS": 3.1, "Q3_K_S": 3.5, "IQ3_M": 3.7, "Q3_K_M": 3.9,
    "Q3_K_L": 4.2, "IQ4_XS": 4.3, "Q4_0": 4.6, "Q4_K_S": 4.6, "Q4_K_M": 4.85, "Q5_0": 5.5, "Q5_K_S": 5.5,
    "Q5_K_M": 5.7, "Q6_K": 6.6, "Q8_0": 8.5, "F16": 16.0, "BF16": 16.0, "F32": 32.0,
}  # fmt: skip
_LONGEST_FIRST = sorted(_BITS, key=len, reverse=True)
_UNNAMED_BITS = 4.5
_PARAMS = 1_100_048_384
_SHARD = re.compile(r"-\d{5}-of-(\d{5})\.\w+$")
_STORED_APART = (
    ".7z", ".bin", ".ckpt", ".gguf", ".h5", ".model", ".mp4", ".msgpack", ".npz", ".onnx", ".pkl", ".png",
    ".pt", ".pth", ".safetensors", ".tar.gz", ".tflite", ".zip",
)  # fmt: skip
_GIT_BYTES = 10_000_000
"""Git itself takes no larger file."""
_SMALL = {
    ".gitattributes": 1_519, "config.json": 712, "generation_config.json": 184, "tokenizer.json": 17_209_961,
    "tokenizer_config.json": 54_528, "special_tokens_map.json": 301, "model.safetensors.index.json": 23_950,
}  # fmt: skip


def size_of(row: Row, file: File) -> int:
    """Bytes of one of a row's files."""
    content = file.get("content")
    if isinstance(content, bytes):
        return len(content)
    told, path = file.get("size"), str(file["rfilename"])
    if isinstance(told, int):
        return told
    name = path.rpartition("/")[2]
    if name in _SMALL:
        return _SMALL[name]
    noise = int.from_bytes(_digest(row, path)[:4], "big") / 2**32
    if name.startswith("adapter") and path.endswith(".safetensors"):
        return int(_params(row) * 0.02 * (1 + noise))
    if path.endswith((".gguf", ".safetensors", ".bin")):
        shards = _SHARD.search(path)
        bits = _bits(name) if path.endswith(".gguf") else 16.0
        weights = _params(row) * bits / 8 / (int(shards[1]) if shards else 1)
        return int(weights * (1 + 0.03 * noise))
    return int((300_000 if path.endswith(_STORED_APART) else 2_000) * (1 + noise))


def sha256_of(row: Row, file: File) -> str | None:
    """The hash of a file that is stored apart; git holds the others itself, and tells none of them.

    It is made up where the row does not name it.
    """
    lfs = file.get("lfs", "?")
    if isinstance(lfs, dict):
        return str(lfs["sha256"])
    if lfs in (None, False):
        return None
    if (
        lfs is not True
        and not str(file["rfilename"]).endswith(_STORED_APART)
        and size_of(row, file) <= _GIT_BYTES
    ):
        return None
    return hashlib.sha256(name_of(row, file).encode()).hexdigest()


def name_of(row: Row, file: File) -> str:
    """What tells the content of a file from that of others; large tokenizers are the same for a family."""
    path = str(file["rfilename"])
    if path.endswith("tokenizer.json") and size_of(row, file) > _GIT_BYTES:
        return f"tokenizer {_family(row)}"
    return f"{row['_id']} {path}"


def _digest(row: Row, path: str) -> bytes:
    """What a file is stays what it is, whatever else is pushed."""
    return hashlib.sha256(f"{row['_id']} {path}".encode()).digest()


def _family(row: Row) -> str:
    tags = cast("list[str]", row.get("tags") or [])
    return next((tag for tag in tags if tag not in {"transformers", "safetensors", "gguf"}), "")


def _params(row: Row) -> int:
    for field in ("gguf", "safetensors"):
        match row.get(field):
            case {"total": int(total)} if total > 0:
                return total
    return _PARAMS


def _bits(name: str) -> float:
    upper = name.upper()
    return next((_BITS[quant] for quant in _LONGEST_FIRST if quant in upper), _UNNAMED_BITS)

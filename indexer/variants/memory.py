"""The memory a variant takes: its files, what it keeps of the context, and a twentieth for the rest; pure."""

from functools import lru_cache
from typing import NamedTuple

from indexer.variants.records import CONTEXTS, ParamsSource

GIB = 1 << 30
GUESS = GIB / 7e9 / 4096
"""Bytes for each parameter and token of context, where layers and heads are not known: 1 GiB for 7B at 4k."""
PADDING = (21, 20)
"""A twentieth comes on top, for what the program itself takes."""
_EXACT, _ROUND = (0.98, 1.02), (0.96, 1.12)
"""The part of the parameters that a row's may be: of a header's, and of a name's (7B is 6.7, 7.2 or 7.6)."""


class Context(NamedTuple):
    """What the context takes."""

    bytes: tuple[int, ...]
    """At each of `CONTEXTS`."""
    padded: tuple[int, ...]
    """With what comes on top: `PADDING`."""
    is_guessed: bool


def _to_context(kept: tuple[int, ...], *, is_guessed: bool) -> Context:
    return Context(kept, tuple(one * PADDING[0] // PADDING[1] for one in kept), is_guessed)


NO_CONTEXT = _to_context((0,) * len(CONTEXTS), is_guessed=False)
"""Of what keeps no context: it does not write text."""


class _Shape(NamedTuple):
    """What of a model's configuration its context memory depends on."""

    billions: float
    layers: int
    """Those that see the whole context."""
    heads: int
    """For keys and values."""
    size: int
    """Of a head."""
    local: int = 0
    """Layers that see a window only."""
    window: int = 0


_LLAMA = (
    _Shape(0.1345, 30, 3, 64), _Shape(0.3618, 32, 5, 64), _Shape(1.1, 22, 4, 64), _Shape(1.236, 16, 8, 64),
    _Shape(1.711, 24, 32, 64), _Shape(3.213, 28, 8, 128), _Shape(6.738, 32, 32, 128),
    _Shape(7.242, 32, 8, 128),
    _Shape(8.03, 32, 8, 128), _Shape(10.73, 48, 8, 128), _Shape(12.25, 40, 8, 128),
    _Shape(13.02, 40, 40, 128),
    _Shape(22.25, 56, 8, 128), _Shape(23.57, 40, 8, 128), _Shape(32.53, 60, 52, 128),
    _Shape(33.74, 48, 8, 128),
    _Shape(34.39, 60, 8, 128), _Shape(46.7, 32, 8, 128), _Shape(65.29, 80, 64, 128), _Shape(69.0, 80, 8, 128),
    _Shape(70.55, 80, 8, 128), _Shape(122.6, 88, 8, 128), _Shape(140.6, 56, 8, 128),
    _Shape(405.9, 126, 8, 128),
)  # fmt: skip
_QWEN2 = (
    _Shape(0.494, 24, 2, 64), _Shape(1.544, 28, 2, 128), _Shape(3.086, 36, 2, 128), _Shape(7.616, 28, 4, 128),
    _Shape(14.77, 48, 8, 128), _Shape(32.76, 64, 8, 128), _Shape(72.7, 80, 8, 128),
)  # fmt: skip
_QWEN3 = (
    _Shape(0.596, 28, 8, 128), _Shape(0.752, 28, 8, 128), _Shape(1.72, 28, 8, 128), _Shape(2.03, 28, 8, 128),
    _Shape(4.022, 36, 8, 128), _Shape(8.19, 36, 8, 128), _Shape(14.77, 40, 8, 128), _Shape(32.76, 64, 8, 128),
)  # fmt: skip
_SHAPES = {
    "llama": _LLAMA, "mistral": _LLAMA, "mixtral": _LLAMA, "qwen2": _QWEN2, "qwen2vl": _QWEN2,
    "qwen3": _QWEN3,
    "qwen3vl": _QWEN3,
    "qwen2moe": (_Shape(57.4, 28, 4, 128),),
    "qwen3moe": (_Shape(30.53, 48, 4, 128), _Shape(235.1, 94, 4, 128), _Shape(480.2, 62, 8, 128)),
    "gemma": (_Shape(2.506, 18, 1, 256), _Shape(8.538, 28, 16, 256)),
    "gemma2": (
        _Shape(2.614, 13, 4, 256, 13, 4096), _Shape(9.241, 21, 8, 256, 21, 4096),
        _Shape(27.23, 23, 16, 128, 23, 4096),
    ),
    "gemma3": (
        _Shape(0.268, 3, 1, 256, 15, 512), _Shape(1.0, 4, 1, 256, 22, 512), _Shape(3.88, 5, 4, 256, 29, 1024),
        _Shape(4.3, 5, 4, 256, 29, 1024), _Shape(11.77, 8, 8, 256, 40, 1024),
        _Shape(12.19, 8, 8, 256, 40, 1024),
        _Shape(27.01, 10, 16, 128, 52, 1024), _Shape(27.43, 10, 16, 128, 52, 1024),
    ),
    "phi2": (_Shape(2.78, 32, 32, 80),),
    "phi3": (
        _Shape(3.821, 32, 32, 96), _Shape(3.836, 32, 8, 128), _Shape(13.96, 40, 10, 128),
        _Shape(14.66, 40, 10, 128),
    ),
    "gpt-oss": (_Shape(20.91, 12, 8, 64, 12, 128), _Shape(116.8, 18, 8, 64, 18, 128)),
    "command-r": (_Shape(34.98, 40, 64, 128), _Shape(103.8, 64, 8, 128)),
    "falcon": (_Shape(7.22, 32, 1, 64),),
}  # fmt: skip
"""Of published configurations, by the architecture as GGUF names it."""
ARCHITECTURES = {name: name for name in _SHAPES} | {
    "gemma3_text": "gemma3", "qwen2_vl": "qwen2vl", "qwen2_5_vl": "qwen2vl", "qwen2_moe": "qwen2moe",
    "qwen3_moe": "qwen3moe", "qwen3_vl": "qwen3vl", "phi": "phi2", "gpt_oss": "gpt-oss",
    "cohere": "command-r",
}  # fmt: skip
"""The architecture as GGUF names it, by what the Hub's tags say."""


@lru_cache(maxsize=65_536)
def context_of(architecture: str | None, params: int, source: ParamsSource | None = "header") -> Context:
    """Give what the context takes, with keys and values at 16 bits, of a model that writes text.

    Args:
        architecture: a key of `ARCHITECTURES`, or one that no row is known for.
        params: how many parameters it has.
        source: where that is from: by a name, several models can be meant; they must agree.

    """
    shapes: list[_Shape] = []
    if architecture:
        limits = _EXACT if source in {"header", "sibling"} else _ROUND
        shapes = _matching(architecture, params / 1e9, limits)
    sizes = {tuple(_kept(shape, length) for length in CONTEXTS) for shape in shapes}
    if len(sizes) == 1:
        return _to_context(sizes.pop(), is_guessed=False)
    return _to_context(tuple(int(GUESS * params * length) for length in CONTEXTS), is_guessed=True)


def needs_of(files: int, context: Context) -> tuple[int, ...]:
    """Give the bytes a variant takes at each of `CONTEXTS`, its files (sidecars too) being so many bytes."""
    padded = files * PADDING[0] // PADDING[1]
    short, usual, long, longest = context.padded
    return padded + short, padded + usual, padded + long, padded + longest


def _matching(architecture: str, billions: float, limits: tuple[float, float]) -> list[_Shape]:
    rows = _SHAPES.get(ARCHITECTURES.get(architecture, ""), ())
    least, most = limits
    near = [row for row in rows if least <= row.billions / billions <= most] if billions > 0 else []
    if limits == _EXACT and near:
        return [min(near, key=lambda row: abs(row.billions - billions))]
    return near


def _kept(shape: _Shape, length: int) -> int:
    """Give the bytes of keys and values, two each, of so many tokens."""
    tokens = shape.layers * length + shape.local * min(length, shape.window)
    return 2 * 2 * shape.heads * shape.size * tokens

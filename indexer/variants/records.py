"""Variants as records: a quant with all its shards, or the weights of a revision in one format. No I/O."""

from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

SidecarKind: TypeAlias = Literal["mmproj", "imatrix", "draft", "lora", "vocab", "encoder", "other"]
"""What a file beside the weights is for."""
ParamsSource: TypeAlias = Literal["header", "sibling", "name", "base", "label"]
"""Where a number of parameters is from: the weights' own header, a sibling in 16 bits, the name of the
file or the model, the base model, or the size by the bits of the label."""

CONTEXTS = (4_096, 8_192, 32_768, 131_072)
"""Lengths of context, in tokens, at which the need of memory is known."""
UNKNOWN = "unknown"
"""The label of weights whose quant nobody can tell: better than a wrong one."""


class RepoFile(NamedTuple):
    """One file of a repository."""

    path: str
    bytes: int | None = None
    """`None` until the tree has been read: a listing names files, but not their sizes."""
    sha256: str | None = None
    """Of its content: 64 hexadecimal digits, lower case; small files that git holds itself have none."""
    is_exact: bool = True
    """Whether `bytes` is of this very commit; else it was read of an earlier one."""


class Facts(NamedTuple):
    """What is known of a model beside its files, as far as it bears on its variants."""

    repo_id: str
    tags: tuple[str, ...] = ()
    library: str | None = None
    params: int | None = None
    """Elements, from the headers of safetensors files; packed quants make it smaller than it is."""
    dtypes: tuple[tuple[str, int], ...] = ()
    """How many of them are of each dtype, by its name there (`BF16`, `F8_E4M3`)."""
    gguf_params: int | None = None
    """Parameters, from a GGUF header of the repository."""
    architecture: str | None = None
    """As a GGUF header names it, e.g. `llama`."""
    context_length: int | None = None
    """Tokens the model was made for, from a GGUF header."""
    base_params: int | None = None
    """Parameters of the model it was made from."""


class Sidecar(NamedTuple):
    """A file that serves weights and is none itself."""

    path: str
    kind: SidecarKind
    bytes: int | None = None
    sha256: str | None = None


class Variant(NamedTuple):
    """What a person downloads.

    A named tuple, as millions are made at each building of an index: a frozen dataclass takes 5 us, this 1.
    """

    key: str
    """Tells it from all others of its model, and stays the same while its files are called the same."""
    label: str
    """The quant as it is commonly written (`Q4_K_M`, `UD-Q2_K_XL`, `BF16`, `4bit`), or `UNKNOWN`."""
    format: str
    """In lower case: `gguf`, `safetensors`, `mlx`, ...; what is none of `FORMATS` is named all the same."""
    files: tuple[RepoFile, ...]
    """In the order of their numbers where it is split."""
    bytes: int | None = None
    """All files together; `None` when nobody can tell."""
    bits: float | None = None
    """Per weight."""
    params: int | None = None
    shards: int = 1
    """Files that its weights are in, missing ones too."""
    missing: int = 0
    """Shards that are not there: it cannot be loaded."""
    sidecars: tuple[Sidecar, ...] = ()
    """What is to be downloaded with it."""
    needs: tuple[int, ...] = ()
    """Bytes of memory it takes at each of `CONTEXTS`; empty when its size is not known."""
    is_known: bool = True
    """Whether the label is one that is known; else it is as the file has it, or `UNKNOWN`."""
    is_estimated: bool = False
    """Whether `bytes` is estimated: from parameters and bits, or from an earlier commit."""
    is_nominal: bool = False
    """Whether `bits` are those of the label, not counted from bytes and parameters."""
    is_need_guessed: bool = True
    """Whether the memory for the context is a rule of thumb: layers and heads are not known."""
    params_source: ParamsSource | None = None
    is_dynamic: bool = False
    """Whether its layers have quants of their own (Unsloth's `UD-`)."""
    is_weighted: bool = False
    """Whether an importance matrix guided it (`i1`, `imat`)."""
    is_ik_only: bool = False
    """Whether only ik_llama.cpp loads it."""
    is_legacy: bool = False
    """Whether only an old llama.cpp loads it."""
    is_parted: bool = False
    """Whether its files are raw parts, to be joined before anything can load them."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What is in a repository."""

    variants: tuple[Variant, ...] = ()
    """Best first: what most people should take, then by size."""
    sidecars: tuple[Sidecar, ...] = ()
    """Those that belong to no variant."""

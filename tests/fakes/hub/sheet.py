"""What the Hub shows of a generated model beside its id and its counters."""

from functools import cache

from tests.fakes.hub.kinds import Kind
from tests.fakes.hub.names import DATASETS, LANGUAGES, Base
from tests.fakes.hub.orders import scatter
from tests.fakes.hub.rows import Row

File = dict[str, str]

_ENDINGS = 1024
_BLANK_ENDING = ("region:us",)

_LICENSES = (
    *("apache-2.0",) * 18, *("mit",) * 7, *("other",) * 4, "openrail", "creativeml-openrail-m",
    "cc-by-nc-4.0", "llama3.1", "gemma", "cc-by-4.0", "llama2", "cc-by-nc-sa-4.0", "afl-3.0",
)  # fmt: skip
_QUANTS: tuple[str, ...] = (
    "Q2_K", "Q3_K_S", "Q3_K_M", "Q3_K_L", "IQ3_M", "IQ4_XS", "Q4_0", "Q4_K_S", "Q4_K_M", "Q5_0", "Q5_K_S",
    "Q5_K_M", "Q6_K", "Q8_0", "BF16",
)  # fmt: skip
_IMPORTANCE_QUANTS: tuple[str, ...] = (
    "i1-IQ1_S",
    "i1-IQ2_M",
    "i1-IQ3_XXS",
    "i1-IQ4_XS",
    "i1-Q4_K_S",
    "i1-Q4_K_M",
    "i1-Q6_K",
)
_CARD = (".gitattributes", "README.md")
_TOKENIZER = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json")
_FILES = {
    "blank": _CARD[:1],
    "card": _CARD,
    "adapter": (*_CARD, "adapter_config.json", "adapter_model.safetensors", *_TOKENIZER),
    "diffusion": (*_CARD, "pytorch_lora_weights.safetensors", "images/example_0.png"),
    "game": (*_CARD, "config.json", "replay.mp4", "results.json", "model.zip"),
    "robot": (*_CARD, "config.json", "model.safetensors", "train_config.json"),
}


class Sheet:
    """Fills in tags, files and sizes; what is the same for many models is made once and shared."""

    def __init__(self) -> None:
        self._endings = [_ending(scatter(number)) for number in range(_ENDINGS)]

    def fill(self, row: Row, name: str, kind: Kind, base: Base | None, noise: int) -> None:
        ending = _BLANK_ENDING if kind.files == "blank" else self._endings[noise >> 8 & _ENDINGS - 1]
        row["tags"] = [*_tags(kind, base), *ending]
        if kind.task is not None:
            row["pipeline_tag"] = kind.task
        if kind.library is not None:
            row["library_name"] = kind.library
        if kind.files == "gguf":
            row["siblings"] = _quant_files(name, noise)
        else:
            row["siblings"] = _files(kind.files, 0 if base is None else base.params)
        if base is not None:
            _fill_sizes(row, kind, base)


def _ending(noise: int) -> tuple[str, ...]:
    tags = []
    if noise & 7 == 0:
        tags.append(LANGUAGES[(noise >> 12) % 3])
    if noise >> 16 & 15 == 0:
        tags.append(f"dataset:{DATASETS[(noise >> 20) % len(DATASETS)]}")
    if noise >> 24 & 31 < 19:
        tags.append(f"license:{_LICENSES[(noise >> 30) % len(_LICENSES)]}")
    return (*tags, "endpoints_compatible", "region:us")


def _fill_sizes(row: Row, kind: Kind, base: Base) -> None:
    if kind.files == "gguf":
        row["gguf"] = {"total": base.params, "architecture": base.arch, "context_length": base.context}
    elif kind.files == "model":
        row["safetensors"] = _safetensors(base.params)


@cache
def _tags(kind: Kind, base: Base | None) -> tuple[str, ...]:
    tags = [] if kind.library is None else [kind.library]
    if kind.files in {"model", "adapter", "diffusion", "robot"}:
        tags.append("safetensors")
    if base is not None:
        tags.append(base.arch)
    if kind.task is not None:
        tags.append(kind.task)
    tags += kind.extra_tags
    if base is not None and kind.relation is not None:
        tags += [f"base_model:{base.id}", f"base_model:{kind.relation}:{base.id}"]
    return tuple(tags)


@cache
def _safetensors(params: int) -> dict[str, object]:
    return {"parameters": {"BF16": params}, "total": params}


@cache
def _files(files: str, params: int) -> list[File]:
    return [{"rfilename": path} for path in _FILES.get(files) or _model_files(params)]


def _model_files(params: int) -> tuple[str, ...]:
    shards = -(-params // 2_500_000_000)
    if shards <= 1:
        weights = ["model.safetensors"]
    else:
        weights = [f"model-{part:05d}-of-{shards:05d}.safetensors" for part in range(1, shards + 1)]
        weights.append("model.safetensors.index.json")
    return (*_CARD, "config.json", "generation_config.json", *weights, *_TOKENIZER)


def _quant_files(name: str, noise: int) -> list[File]:
    stem, quants = name[: -len("-GGUF")], _QUANTS
    if stem.endswith("-i1"):
        stem, quants = stem[: -len("-i1")], _IMPORTANCE_QUANTS
    first = (noise >> 50) % (len(quants) - 5)
    weights = [{"rfilename": f"{stem}.{quant}.gguf"} for quant in quants[first:]]
    return [*_files("card", 0), *weights]

"""Kinds of variants to be handed off, by real names, and the table of what each app is given for them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from api.handoff.choice import Repository, repository_of
from api.handoff.offers import Handoff
from indexer.config import DEFAULT_UPSTREAM
from indexer.holdings import contents_of_model
from indexer.records import GgufFacts, StoredModel
from indexer.variants.records import Variant
from tests.factories import make_listed

TABLE = Path(__file__).with_name("handoffs.txt")
LLAMA = GgufFacts(None, "llama", 8_192)
_TOKENIZER = ("README.md", "config.json", "tokenizer.json", "tokenizer_config.json")


@dataclass(frozen=True)
class Case:
    """One kind: a model, and which of its variants is taken."""

    repo_id: str
    files: tuple[str, ...]
    label: str
    """Of the variant that is taken; of several, the best."""
    fields: dict[str, Any] = field(default_factory=dict)
    gguf: GgufFacts | None = None
    upstream: str = DEFAULT_UPSTREAM

    def repository(self) -> Repository:
        given = {"library": None, "tags": (), "params": None, "files": self.files, **self.fields}
        listed = make_listed(self.repo_id, **given)
        return repository_of(StoredModel(1, listed.record, listed.counters, 1, gguf=self.gguf), self.upstream)

    def variant(self) -> Variant:
        contents = contents_of_model(self.repository().model)
        return next(one for one in contents.variants if one.label == self.label)


def shards(prefix: str, total: int, ending: str = "gguf") -> tuple[str, ...]:
    return tuple(f"{prefix}-{at:05}-of-{total:05}.{ending}" for at in range(1, total + 1))


GEMMA = (
    "google_gemma-3-12b-it-Q4_K_M.gguf", "google_gemma-3-12b-it-Q4_K_L.gguf",
    "google_gemma-3-12b-it-bf16.gguf", "mmproj-google_gemma-3-12b-it-f16.gguf",
)  # fmt: skip
QWEN = (*shards("UD-Q4_K_XL/Qwen3-235B-A22B-UD-Q4_K_XL", 3), *shards("Q8_0/Qwen3-235B-A22B-Q8_0", 6))

KINDS: dict[str, Case] = {
    "one GGUF file": Case(
        "TheBloke/Llama-2-7B-Chat-GGUF",
        ("README.md", "config.json", "llama-2-7b-chat.Q3_K_M.gguf", "llama-2-7b-chat.Q4_K_M.gguf"),
        "Q4_K_M", {"library": "transformers", "tags": ("gguf", "license:llama2")}, LLAMA,
    ),
    "shards in a folder, Unsloth's dynamic quant": Case("unsloth/Qwen3-235B-A22B-GGUF", QWEN, "UD-Q4_K_XL"),
    "Unsloth's dynamic quant in one file": Case(
        "unsloth/Qwen3-8B-GGUF",
        ("Qwen3-8B-UD-Q4_K_XL.gguf", "Qwen3-8B-Q4_K_M.gguf", "Qwen3-8B-Q2_K.gguf"), "UD-Q4_K_XL",
    ),
    "a label the Hub does not read": Case(
        "bartowski/Meta-Llama-3.1-8B-Instruct-GGUF",
        ("Meta-Llama-3.1-8B-Instruct-Q4_K_L.gguf", "Meta-Llama-3.1-8B-Instruct-Q4_K_M.gguf"), "Q4_K_L",
    ),
    "weighted": Case(
        "mradermacher/Llama-3.2-3B-Instruct-i1-GGUF",
        ("Llama-3.2-3B-Instruct.i1-Q4_K_M.gguf", "Llama-3.2-3B-Instruct.i1-IQ2_M.gguf", "imatrix.dat"),
        "Q4_K_M",
    ),
    "raw parts": Case(
        "mradermacher/goliath-120b-i1-GGUF",
        ("goliath-120b.i1-Q4_K_M.gguf.part1of2", "goliath-120b.i1-Q4_K_M.gguf.part2of2"), "Q4_K_M",
    ),
    "a quant of ik_llama.cpp": Case(
        "ubergarm/Qwen3-30B-A3B-GGUF",
        ("Qwen3-30B-A3B-mix-IQ4_KS.gguf",), "IQ4_KS",
    ),
    "with what lets it see": Case(
        "bartowski/google_gemma-3-12b-it-GGUF", GEMMA, "Q4_K_M", {"task": "image-text-to-text"},
    ),
    "with what lets it see, a label the Hub does not read": Case(
        "bartowski/google_gemma-3-12b-it-GGUF", GEMMA, "Q4_K_L", {"task": "image-text-to-text"},
    ),
    "F16 beside BF16": Case(
        "bartowski/Llama-3.2-1B-Instruct-GGUF",
        ("Llama-3.2-1B-Instruct-f16.gguf", "Llama-3.2-1B-Instruct-bf16.gguf"), "F16",
    ),
    "a shard is missing": Case("unsloth/Qwen3-235B-A22B-GGUF", QWEN[1:], "UD-Q4_K_XL"),
    "an owner with a dot": Case("Jan.ai/Jan-v1-4B-GGUF", ("Jan-v1-4B-Q4_K_M.gguf",), "Q4_K_M"),
    "gated GGUF": Case(
        "google/gemma-2b-it-GGUF", ("gemma-2b-it.Q8_0.gguf",), "Q8_0", {"gated": "auto"},
    ),
    "GGUF of images": Case(
        "city96/FLUX.1-dev-gguf", ("flux1-dev-Q4_K_S.gguf", "flux1-dev-Q8_0.gguf"), "Q4_K_S",
        {"task": "text-to-image"},
    ),
    "an old quant": Case("bartowski/gemma-2-2b-it-GGUF", ("gemma-2-2b-it-Q4_0_4_8.gguf",), "Q4_0_4_8"),
    "GGUF at another Hub": Case(
        "TheBloke/Llama-2-7B-Chat-GGUF", ("llama-2-7b-chat.Q4_K_M.gguf",), "Q4_K_M",
        upstream="https://hub.example.org",
    ),
    "sharded safetensors, gated": Case(
        "meta-llama/Llama-3.1-8B-Instruct",
        (*_TOKENIZER, *shards("model", 4, "safetensors"), "model.safetensors.index.json",
         "original/consolidated.00.pth"),
        "BF16",
        {"gated": "manual", "library": "transformers", "params": 8_030_261_248,
         "dtypes": (("BF16", 8_030_261_248),), "tags": ("transformers", "safetensors")},
    ),
    "AWQ": Case(
        "TheBloke/Yi-34B-AWQ", (*_TOKENIZER, *shards("model", 2, "safetensors")), "4bit",
        {"library": "transformers", "tags": ("transformers", "safetensors", "awq", "4-bit")},
    ),
    "MLX": Case(
        "mlx-community/Llama-3.2-3B-Instruct-4bit", (*_TOKENIZER, "model.safetensors"), "4bit",
        {"library": "mlx", "tags": ("mlx", "safetensors")},
    ),
    "ONNX": Case(
        "onnx-community/Qwen3-0.6B-ONNX", (*_TOKENIZER, "onnx/model.onnx", "onnx/model_q4f16.onnx"), "Q4F16",
        {"library": "transformers.js", "tags": ("transformers.js", "onnx")},
    ),
    "EXL2": Case(
        "bartowski/Mistral-22B-v0.1-exl2-4.25bpw", (*_TOKENIZER, *shards("output", 2, "safetensors")),
        "4.25bpw", {"tags": ("exl2",)},
    ),
    "an adapter": Case(
        "timdettmers/guanaco-7b", ("README.md", "adapter_config.json", "adapter_model.safetensors"), "LoRA",
        {"library": "peft", "tags": ("peft", "base_model:huggyllama/llama-7b")},
    ),
    "a pipeline of diffusers in half precision": Case(
        "stabilityai/stable-diffusion-xl-base-1.0",
        ("model_index.json", "unet/config.json", "unet/diffusion_pytorch_model.fp16.safetensors",
         "unet/diffusion_pytorch_model.safetensors", "vae/diffusion_pytorch_model.fp16.safetensors",
         "vae/diffusion_pytorch_model.safetensors"),
        "F16", {"library": "diffusers", "task": "text-to-image", "tags": ("diffusers", "safetensors")},
    ),
    "sentences": Case(
        "sentence-transformers/all-MiniLM-L6-v2",
        (*_TOKENIZER, "modules.json", "model.safetensors", "pytorch_model.bin"), "unknown",
        {"library": "sentence-transformers", "task": "sentence-similarity", "tags": ("safetensors",)},
    ),
}  # fmt: skip


def told(handoff: Handoff) -> str:
    """Give a hand-off as it stands in the table; of a `model.json` only where its files are."""
    if handoff.why_not is not None:
        return f"{handoff.app} | not | {handoff.why_not}\n"
    text = handoff.text
    if handoff.file == "model.json":
        text = "\n".join(one["url"] for one in json.loads(text)["sources"])
    said = [*(handoff.steps or ([] if handoff.kind == "file" else [handoff.text]))]
    if handoff.kind == "file":
        said += [f"{handoff.file}:", *(f"    {line}" for line in text.splitlines() if line)]
    place = f" | {handoff.url}" if handoff.url else ""
    note = f" | {handoff.note}" if handoff.note else ""
    return f"{handoff.app} | {handoff.kind}{place}{note}\n" + "".join(f"    {one}\n" for one in said)


def read_table() -> Iterator[tuple[str, str]]:
    """Give each kind, and what is to be told of it."""
    for section in TABLE.read_text().split("\n## ")[1:]:
        name, _, rest = section.partition("\n")
        yield name, rest.strip("\n") + "\n"

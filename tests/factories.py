"""Records that look real, and a home filled with them."""

import hashlib
from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from indexer.catalog.store import Catalog
from indexer.config import HomeConfig
from indexer.records import Batch, Checkpoint, Counters, GgufFacts, Listed, ModelRecord, Outline, Tree
from indexer.sync import Sync
from indexer.variants.records import RepoFile
from tests.indexer import engines

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)

_OF_COUNTERS = {field.name for field in fields(Counters)}

NAMES = (
    "TheBloke/Llama-2-7B-Chat-GGUF", "TheBloke/CodeLlama-7B-GGUF", "TheBloke/TinyLlama-1.1B-Chat-v1.0-GGUF",
    "TheBloke/Mistral-7B-Instruct-v0.2-GGUF", "TheBloke/zephyr-7B-beta-GPTQ", "TheBloke/Yi-34B-AWQ",
    "meta-llama/Llama-2-7b-hf", "meta-llama/Llama-3.1-8B-Instruct", "meta-llama/Llama-3.2-1B",
    "codellama/CodeLlama-34b-Instruct-hf", "TinyLlama/TinyLlama-1.1B-Chat-v1.0", "huggyllama/llama-7b",
    "mistralai/Mistral-7B-Instruct-v0.3", "mistralai/Mixtral-8x22B-v0.1", "mistralai/Codestral-22B-v0.1",
    "Qwen/Qwen2.5-7B-Instruct", "Qwen/Qwen2.5-Coder-32B-Instruct", "Qwen/Qwen3-0.6B", "Qwen/Qwen2.5-VL-7B",
    "google/gemma-2-2b-it", "google/flan-t5-base", "google-bert/bert-base-uncased", "google/vit-base-patch16",
    "openai/whisper-large-v3", "openai/clip-vit-large-patch14", "openai-community/gpt2", "gpt2-legacy",
    "microsoft/phi-4", "microsoft/Phi-3-mini-4k-instruct", "microsoft/deberta-v3-base", "bigscience/bloom",
    "stabilityai/stable-diffusion-xl-base-1.0", "black-forest-labs/FLUX.1-dev", "facebook/bart-large-mnli",
    "sentence-transformers/all-MiniLM-L6-v2", "BAAI/bge-m3", "intfloat/multilingual-e5-large", "xlm-roberta",
    "deepseek-ai/DeepSeek-R1", "unsloth/Llama-3.2-3B-Instruct-GGUF", "bartowski/Qwen2.5-7B-Instruct-GGUF",
)  # fmt: skip
"""Real-looking models, from the most downloaded to the least."""


def make_listed(repo_id: str, **overrides: object) -> Listed:
    """A model as its row said; fields of the record and of the counters can be given."""
    record: dict[str, object] = {
        "key": f"622fea36{hashlib.blake2b(repo_id.encode(), digest_size=8).hexdigest()}",
        "repo_id": repo_id,
        "created_at": NOON - timedelta(days=400),
        "updated_at": NOON - timedelta(days=100),
        "sha": hashlib.sha1(repo_id.encode(), usedforsecurity=False).hexdigest(),
        "task": "text-generation",
        "library": "transformers",
        "tags": ("transformers", "safetensors", "license:apache-2.0", "region:us"),
        "params": 7_241_732_096,
        "files": ("README.md", "config.json", "model.safetensors"),
    }
    counters: dict[str, object] = {"downloads": 1_204, "likes": 17}
    for name, value in overrides.items():
        (counters if name in _OF_COUNTERS else record)[name] = value
    return Listed(ModelRecord(**record), Counters(**counters))  # type: ignore[arg-type]


def make_outline(
    number: int, repo_id: str, files: Mapping[str, int | None], params: int | None = None, **fields: Any
) -> Outline:
    """A model whose files were read, with their sizes, and its parameters in the header of one."""
    tree = tuple(RepoFile(path, size) for path, size in files.items())
    commit = {"sha": "c" * 40, "tree_sha": "c" * 40}
    gguf = None if params is None else GgufFacts(params, "llama", 8_192)
    key = f"{number:024x}"
    return Outline(number, repo_id, key, files=tuple(files), tree_files=tree, gguf=gguf, **commit, **fields)  # type: ignore[arg-type]


def make_models() -> tuple[Listed, ...]:
    """All of `NAMES`."""
    return tuple(
        make_listed(
            repo_id,
            downloads=1_000_000 // (place + 1),
            gated="manual" if repo_id.startswith("meta-llama/") else "no",
            tags=("gguf", "license:llama2") if "GGUF" in repo_id else ("safetensors", "license:apache-2.0"),
        )
        for place, repo_id in enumerate(NAMES)
    )


def fill_home(
    home: Path,
    models: tuple[Listed, ...] | None = None,
    *,
    complete: bool = True,
    days_ago: float = 0,
    trees: tuple[Tree, ...] = (),
) -> None:
    """Give a home a catalog of these models, as of so many days ago, and an index of it."""
    config = HomeConfig(home=home)
    now = datetime.now(UTC) - timedelta(days=days_ago)
    listed = make_models() if models is None else models
    mark = Checkpoint("full", None if complete else "https://hub.invalid/?cursor=secret", now, 1, len(listed))
    if complete:
        mark = Checkpoint("full", None, now, 1, len(listed), finished_at=now)
    with Catalog(config.database_url, now=lambda: now) as catalog:
        catalog.apply(Batch(listed, checkpoints=(mark,)))
        catalog.apply(Batch(trees=trees))
    sync_home(home)


def sync_home(home: Path) -> None:
    """Bring a home's index to where its catalog is."""
    config = HomeConfig(home=home)
    engine = engines.writer(config.index_folder)
    with Catalog(config.database_url, read_only=True) as catalog:
        Sync(catalog, engine).run()
    engine.close()


def make_family() -> tuple[Listed, ...]:
    """A base model, what was made from it in every way, and what is odd about some."""
    base, endless = "acme/base-7b", f"a-lab-{'of-endless-names-' * 4}/{'very-long-name-' * 6}7b"
    many = tuple(f"{'deep/' * 9}{at}.bin" for at in range(1_200))
    made = (
        *(make_listed(f"quants/base-7b-GGUF-{at}", downloads=900 - at, tags=_made("quantized", base))
          for at in range(7)),
        make_listed("zoo/base-7b-Poet", downloads=90, tags=_made("finetune", "ACME/Base-7B")),
        make_listed("zoo/base-7b-Lora", downloads=80, tags=_made("adapter", base), gated="auto"),
        make_listed("zoo/a-merge", tags=_made("merge", base) + _made("merge", "nobody/unknown")),
        make_listed(endless, tags=_made("finetune", base), files=many),
    )  # fmt: skip
    return (
        make_listed(base, downloads=12_345, downloads_all_time=1_234_567, gated="manual"),
        make_listed("acme/other", downloads=7, disabled=True),
        *made,
    )


def _made(relation: str, base: str) -> tuple[str, ...]:
    return (f"base_model:{base}", f"base_model:{relation}:{base}", "gguf", "license:mit")

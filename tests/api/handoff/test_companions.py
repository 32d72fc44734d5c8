"""What weights need beside them, in real repositories and in made-up ones."""

import gzip
import json
from functools import lru_cache
from pathlib import Path

import pytest

from api.handoff.companions import MAX_BYTES, companions_of
from indexer.variants.contents import contents_of
from indexer.variants.records import Facts, RepoFile

TOKENIZER = "special_tokens_map.json tokenizer.json tokenizer_config.json"
MINILM = (
    f"1_Pooling/config.json config.json config_sentence_transformers.json data_config.json modules.json "
    f"sentence_bert_config.json {TOKENIZER} vocab.txt"
)
WHISPER = (
    "added_tokens.json config.json generation_config.json merges.txt normalizer.json "
    f"preprocessor_config.json {TOKENIZER} vocab.json"
)
PIPELINE = (
    "feature_extractor/preprocessor_config.json model_index.json safety_checker/config.json "
    "scheduler/scheduler_config.json text_encoder/config.json tokenizer/merges.txt "
    "tokenizer/special_tokens_map.json tokenizer/tokenizer_config.json tokenizer/vocab.json unet/config.json "
    "v1-inference.yaml vae/config.json"
)
LLAMA = f"config.json generation_config.json model.safetensors.index.json {TOKENIZER}"
REAL = {
    ("sentence-transformers/all-MiniLM-L6-v2", "safetensors"): MINILM,
    ("sentence-transformers/all-MiniLM-L6-v2", "onnx@onnx:model_O4"): MINILM,
    ("sentence-transformers/all-MiniLM-L6-v2", "openvino@openvino"):
        MINILM.replace("sentence_bert", "openvino/openvino_model.xml sentence_bert"),
    ("meta-llama/Llama-3.1-8B-Instruct", "safetensors"): LLAMA,
    ("botp/stable-diffusion-v1-5", "safetensors"): PIPELINE,
    ("botp/stable-diffusion-v1-5", "pytorch"): PIPELINE,
    ("distil-whisper/distil-large-v3", "safetensors"): WHISPER,
    ("distil-whisper/distil-large-v3", "onnx@onnx:quantized"): WHISPER,
    ("Xenova/bge-base-en-v1.5", "onnx@onnx:quantized"):
        f"config.json quantize_config.json {TOKENIZER} vocab.txt",
    ("google-bert/bert-base-uncased", "coreml@coreml/fill-mask"):
        "config.json coreml/fill-mask/float32_model.mlpackage/Manifest.json tokenizer.json "
        "tokenizer_config.json vocab.txt",
    ("bartowski/Qwen2.5-7B-Instruct-GGUF", "Qwen2.5-7B-Instruct-Q4_K_M.gguf"): "",
}  # fmt: skip


@lru_cache(maxsize=1)
def repositories(folder: Path) -> dict[str, list[RepoFile]]:
    """The files of the models of `REAL`."""
    wanted = {repo_id for repo_id, _ in REAL}
    with gzip.open(folder / "models.jsonl.gz", "rt") as lines:
        rows = [row for line in lines if (row := json.loads(line))["id"] in wanted]
    return {
        row["id"]: [RepoFile(one["rfilename"], one.get("size")) for one in row["siblings"]] for row in rows
    }


@pytest.mark.parametrize(("repo_id", "key"), REAL)
def test_real_repositories(real_data: Path, repo_id: str, key: str) -> None:
    files = repositories(real_data)[repo_id]
    variant = next(one for one in contents_of(files, Facts(repo_id)).variants if one.key == key)

    assert [file.path for file in companions_of(variant, files)] == REAL[repo_id, key].split()


LEFT = (
    "README.md LICENSE.txt .gitattributes training_args.bin trainer_state.json optimizer.pt all_results.json "
    "requirements.txt checkpoint-500/config.json runs/x/hparams.yaml logo.png pytorch_model.bin.index.json "
    "onnx/config.json original/params.json .venv/lib/site-packages/x.json eval_results.txt"
)


@pytest.mark.parametrize(
    ("weights", "beside", "needed"),
    [
        ("model.safetensors", LEFT, ""),
        ("model.safetensors", "modeling_x.py tokenizer.model x.tiktoken", "all"),
        ("model.safetensors", "additional_chat_templates/a.jinja vocab.bpe source.spm bpe.codes", "all"),
        ("pytorch_model-00001-of-00002.bin pytorch_model-00002-of-00002.bin",
         "pytorch_model.bin.index.json model.safetensors.index.json", "pytorch_model.bin.index.json"),
        ("unet/diffusion_pytorch_model.fp16.safetensors", "unet/config.json tokenizer_2/vocab.json", "all"),
        ("model-00001-of-00001.safetensors", "model.safetensors.index.fp16.json", "all"),
        ("2_Dense/model.safetensors model.safetensors", "2_Dense/config.json", "all"),
        ("saved_model.pb", "variables/variables.index variables/variables.data-00000-of-00001", "all"),
        ("model.onnx", "model.onnx.data model.onnx_data other.onnx_data", "model.onnx.data model.onnx_data"),
        ("4bit/model.safetensors", "config.json 4bit/config.json 8bit/config.json",
         "config.json 4bit/config.json"),
        ("x-Q4_K_M.gguf", "config.json tokenizer.json", ""),
    ],
)  # fmt: skip
def test_what_belongs_to_weights(weights: str, beside: str, needed: str) -> None:
    files = [RepoFile(path) for path in f"{weights} {beside}".split()]
    variant = contents_of([RepoFile(path) for path in weights.split()], Facts("acme/x")).variants[0]

    wanted = beside.split() if needed == "all" else needed.split()
    own = {file.path for file in variant.files}
    assert {file.path for file in companions_of(variant, files)} | own == {*wanted, *weights.split()}


def test_data_under_the_endings_of_settings_is_left() -> None:
    files = [
        RepoFile("model.safetensors", 1),
        RepoFile("data.json", MAX_BYTES + 1),
        RepoFile("config.json", 9),
    ]
    variant = contents_of(files, Facts("acme/x")).variants[0]

    assert [file.path for file in companions_of(variant, files)] == ["config.json"]

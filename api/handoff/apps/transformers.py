"""Hugging Face's own Python libraries: transformers, diffusers, sentence-transformers, PEFT."""

from collections.abc import Iterator

from api.handoff.choice import Choice
from api.handoff.commands import gate_note, notes
from api.handoff.offers import App, Limits, Offer, Refusal
from indexer.lineage import bases_of

LIMITS = Limits(
    formats=("gguf", "safetensors", "pytorch", "awq", "gptq", "bnb"), takes_adapters=True, most_files=1_000
)
_CLASSES = {
    "text-generation": "AutoModelForCausalLM",
    "image-text-to-text": "AutoModelForImageTextToText",
    "automatic-speech-recognition": "AutoModelForSpeechSeq2Seq",
    "fill-mask": "AutoModelForMaskedLM",
    "text2text-generation": "AutoModelForSeq2SeqLM",
    "summarization": "AutoModelForSeq2SeqLM",
    "translation": "AutoModelForSeq2SeqLM",
    "text-classification": "AutoModelForSequenceClassification",
    "token-classification": "AutoModelForTokenClassification",
    "question-answering": "AutoModelForQuestionAnswering",
    "image-classification": "AutoModelForImageClassification",
    "object-detection": "AutoModelForObjectDetection",
}
"""By task; for all others `AutoModel`."""
_PROCESSED = frozenset({"image-text-to-text", "automatic-speech-recognition"})
_SEEN = frozenset({"image-classification", "object-detection"})
_GGUF = frozenset({
    "llama", "mistral", "qwen2", "qwen2moe", "qwen3", "qwen3moe", "phi3", "bloom", "falcon", "stablelm",
    "gpt2", "starcoder2", "mamba", "nemotron", "gemma2", "gemma3", "t5", "deci",
})  # fmt: skip
"""Architectures whose GGUF files transformers turns back into its own."""
_OTHERS = frozenset({
    "timm", "spacy", "fasttext", "flair", "keras", "nemo", "espnet", "stanza", "open_clip", "ultralytics",
    "mlx", "gguf", "setfit", "speechbrain", "pyannote-audio", "stable-baselines3", "ml-agents", "fairseq",
})  # fmt: skip
"""Libraries that load their models in a way of their own."""


def _plan(choice: Choice) -> Iterator[Offer | Refusal]:
    """Give a few lines of Python, by library and task.

    Facts: `from_pretrained(id, revision=, variant=, gguf_file=)`; `variant` is the `fp16` in
    `model.fp16.safetensors`; `gguf_file` takes one file, and some architectures (transformers,
    `modeling_gguf_pytorch_utils`).
    """
    written = _lines(choice)
    if isinstance(written, Refusal):
        yield written
        return
    env = f'import os\n\nos.environ["HF_ENDPOINT"] = {choice.repository.upstream!r}\n\n'
    text = ("" if choice.is_official else env) + "\n".join(written) + "\n"
    login = "Run `hf auth login` with that account." if choice.is_gated else ""
    yield Offer("file", text, file="load.py", note=notes(gate_note(choice), login))


def _lines(choice: Choice) -> list[str] | Refusal:
    record = choice.repository.record
    if choice.is_adapter:
        return _adapter(choice)
    if choice.is_gguf:
        return _gguf(choice)
    pieces = choice.variant.key.split(":")
    if (
        pieces[0] != choice.variant.format
        or len(pieces) > 2
        or (len(pieces) == 2 and not _is_variant(choice))
    ):
        return Refusal("Its files are not called as `from_pretrained` looks for them.")
    options = f", variant={pieces[1]!r}" if len(pieces) == 2 else ""
    options += ", use_safetensors=False" if choice.variant.format == "pytorch" else ""
    if record.library == "diffusers":
        return _loading("diffusers", "DiffusionPipeline", choice, options, "pipeline")
    if record.library == "sentence-transformers":
        return _constructing("sentence_transformers", "SentenceTransformer", choice)
    if record.library in _OTHERS:
        return Refusal(f"It is loaded by {record.library}.")
    return _transformers(choice, options)


def _is_variant(choice: Choice) -> bool:
    """Tell whether every file is called as variants are: `model.fp16.safetensors`."""
    said = choice.variant.key.partition(":")[2]
    return all(f".{said}." in path or f".{said}-" in path for path in choice.paths)


def _transformers(choice: Choice, options: str) -> list[str]:
    task = choice.repository.record.task or ""
    reader = "AutoTokenizer"
    if task in _PROCESSED:
        reader = "AutoProcessor"
    elif task in _SEEN:
        reader = "AutoImageProcessor"
    model = _CLASSES.get(task, "AutoModel")
    first, second = sorted((model, reader))
    return [
        f"from transformers import {first}, {second}",
        "",
        f"{_variable(reader)} = {reader}.from_pretrained({_asked(choice)})",
        f'model = {model}.from_pretrained({_asked(choice)}{options}, dtype="auto")',
    ]


def _gguf(choice: Choice) -> list[str] | Refusal:
    gguf = choice.repository.model.gguf
    architecture = gguf.architecture if gguf else None
    if architecture is None:
        return Refusal("Which architecture its GGUF files are of is not known here.")
    if architecture not in _GGUF:
        return Refusal(f"transformers reads no GGUF files of the architecture {architecture}.")
    if choice.variant.shards > 1:
        return Refusal("transformers reads a GGUF of one file only.")
    options = f", gguf_file={choice.first!r}"
    return [
        "from transformers import AutoModelForCausalLM, AutoTokenizer",
        "",
        f"tokenizer = AutoTokenizer.from_pretrained({_asked(choice)}{options})",
        f"model = AutoModelForCausalLM.from_pretrained({_asked(choice)}{options})",
    ]


def _adapter(choice: Choice) -> list[str] | Refusal:
    record = choice.repository.record
    base = next((one.repo_id for one in bases_of(record)), None)
    if record.library == "diffusers" and base:
        return [
            "from diffusers import DiffusionPipeline",
            "",
            f"pipeline = DiffusionPipeline.from_pretrained({base!r})",
            f"pipeline.load_lora_weights({_asked(choice)}, weight_name={choice.first!r})",
        ]
    if choice.first.startswith("adapter_model.") and record.library != "diffusers":
        return _loading("peft", "AutoPeftModelForCausalLM", choice, "", "model")
    return Refusal("The model it changes is not named.")


def _loading(library: str, name: str, choice: Choice, options: str, variable: str) -> list[str]:
    return [
        f"from {library} import {name}",
        "",
        f"{variable} = {name}.from_pretrained({_asked(choice)}{options})",
    ]


def _constructing(library: str, name: str, choice: Choice) -> list[str]:
    return [f"from {library} import {name}", "", f"model = {name}({_asked(choice)})"]


def _asked(choice: Choice) -> str:
    """Give the first arguments of every call; `repr` writes them as literals of Python."""
    revision = "" if choice.is_main else f", revision={choice.revision!r}"
    return f"{choice.repo_id!r}{revision}"


def _variable(reader: str) -> str:
    return "tokenizer" if reader == "AutoTokenizer" else "processor"


APP = App("transformers", "Python", "file", LIMITS, _plan)

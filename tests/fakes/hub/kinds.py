"""The kinds of repositories on the Hub, how often each occurs, and whose they are."""

import math
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Literal

from tests.fakes.hub import names
from tests.fakes.hub.names import Base

Tier = Literal["single", "spread", "burst"]
Files = Literal["blank", "gguf", "model", "adapter", "diffusion", "game", "robot"]


@dataclass(frozen=True, eq=False)
class Kind:
    """What a repository is: how its name is put together, and what the Hub shows of it."""

    word: str
    parts: tuple[tuple[str, ...], ...]
    bases: tuple[Base, ...] = ()
    task: str | None = None
    library: str | None = None
    relation: str | None = None
    files: Files = "model"
    extra_tags: tuple[str, ...] = ()
    stamp: Literal["time", "uuid"] | None = None

    @cached_property
    def size(self) -> int:
        """How many names there are before they need a number at the end."""
        return math.prod(len(choices) for choices in self.parts)

    def spell(self, number: int) -> str:
        """The number-th name of this kind; no two numbers share one."""
        words = []
        for choices in self.parts:
            number, digit = divmod(number, len(choices))
            words.append(choices[digit])
        if number and self.stamp is None:
            words.append(f"-r{number + 1}")
        return "".join(words)

    def base(self, number: int) -> Base | None:
        """The base is always the first digit of a name's number."""
        return self.bases[number % len(self.bases)] if self.bases else None


def _names_of(bases: tuple[Base, ...]) -> tuple[str, ...]:
    return tuple(base.name for base in bases)


def _joined(words: tuple[str, ...], joint: str = "-") -> tuple[str, ...]:
    return tuple(f"{joint}{word}" for word in words)


_LLMS = _names_of(names.LANGUAGE_BASES)
_TOPICS = _joined(names.TOPICS)
_AUTHORED = tuple(base.id.replace("/", "_-_") for base in names.LANGUAGE_BASES)
_FINETUNE = (_LLMS, _TOPICS, names.SUFFIXES)
_TUNED = ("generated_from_trainer", "trl", "sft")


_LANGUAGE = Kind(
    "",
    (),
    names.LANGUAGE_BASES,
    "text-generation",
    "transformers",
    "finetune",
    extra_tags=("conversational",),
)
_QUANTS = replace(
    _LANGUAGE,
    task=None,
    library=None,
    relation="quantized",
    files="gguf",
    extra_tags=("gguf", "conversational"),
)
_ADAPTERS = replace(
    _LANGUAGE, task=None, library="peft", relation="adapter", files="adapter", extra_tags=("lora", *_TUNED)
)
_ENCODER = Kind("", (), names.ENCODER_BASES, None, "transformers", "finetune", extra_tags=_TUNED[:1])


def _language_kinds() -> tuple[Kind, ...]:
    editions = ("-FP8", "-Preview", "-Omni", "-Next", "-Plus")
    merges = ("-slerp", "-ties", "-dare", "-passthrough")
    four_bit = ("-bnb-4bit", "-AWQ", "-GPTQ")
    bits = ("-4bit", "-8bit", "-bf16", "-6bit")
    adapters = ("-lora", "-qlora", "-adapter", "-peft")
    stamped = tuple(base.id.replace("/", "-") for base in names.LANGUAGE_BASES)
    return (
        replace(_LANGUAGE, word="finetune", parts=_FINETUNE, extra_tags=("conversational", *_TUNED)),
        replace(_LANGUAGE, word="base", parts=(_LLMS, ("", "-Base", "-Chat"), editions)),
        replace(
            _LANGUAGE, word="merge", parts=(_LLMS, _TOPICS, merges), relation="merge",
            extra_tags=("mergekit",),
        ),
        replace(
            _LANGUAGE, word="four_bit", parts=(*_FINETUNE, four_bit), relation="quantized",
            extra_tags=("4-bit",),
        ),
        replace(
            _LANGUAGE, word="mlx", parts=(_LLMS, ("", *_TOPICS), bits), library="mlx", relation="quantized",
            extra_tags=("mlx",),
        ),
        replace(_QUANTS, word="gguf", parts=(*_FINETUNE, ("-GGUF",))),
        replace(
            _QUANTS, word="gguf_i1", parts=(*_FINETUNE, ("-GGUF", "-i1-GGUF")), extra_tags=("gguf", "imatrix")
        ),
        replace(_QUANTS, word="gguf_long", parts=(_AUTHORED, _TOPICS, names.SUFFIXES, ("-gguf",))),
        replace(_ADAPTERS, word="adapter", parts=(_LLMS, _TOPICS, adapters, names.SUFFIXES[:9])),
        replace(_ADAPTERS, word="timestamp", parts=(stamped,), stamp="time"),
    )  # fmt: skip


def _small_kinds() -> tuple[Kind, ...]:
    adjectives, animals = names.ADJECTIVES, _joined(names.ANIMALS, "_")
    swarm = names.LANGUAGE_BASES[9:10]
    swarms = (f"{swarm[0].name}-Gensyn-Swarm-",)
    runs = ("", "_checkpoints", "-model", "-weights", "_run")
    legacy = (_names_of(names.ENCODER_BASES), _joined(names.LANGUAGES), ("-cased", "-small", "-large"))
    return (
        replace(
            _LANGUAGE, word="swarm", parts=(swarms, adjectives, _joined(names.ADJECTIVES, "_"), animals),
            bases=swarm, extra_tags=("rl-swarm", "grpo", "gensyn"),
        ),
        Kind(
            "game", (names.GAMES,), (), "reinforcement-learning", "stable-baselines3", files="game",
            extra_tags=("deep-reinforcement-learning",),
        ),
        replace(
            _ENCODER, word="tutorial", parts=(names.TUTORIALS,), bases=names.ENCODER_BASES[2:3],
            task="text-classification",
        ),
        replace(_ENCODER, word="legacy", parts=legacy, task="fill-mask", relation=None, extra_tags=()),
        Kind("trial", (names.TRIALS,), files="blank"),
        Kind("uuid", (), files="blank", stamp="uuid"),
        Kind("blank", (adjectives, _joined(names.ANIMALS), runs), files="blank"),
    )  # fmt: skip


def _other_kinds() -> tuple[Kind, ...]:
    datasets, languages = _joined(names.DATASETS), _joined(names.LANGUAGES)
    encoders, suffixes = _names_of(names.ENCODER_BASES), names.SUFFIXES
    images, speech, sentences = names.IMAGE_BASES, names.SPEECH_BASES, names.SENTENCE_BASES
    pictures = (
        ("flux", "sdxl", "sd15", "schnell", "qwen-image"),
        _joined(names.STYLES),
        _joined(names.ANIMALS),
    )
    robots = (("smolvla", "pi0"), _joined(names.STYLES, "_"), _joined(names.ANIMALS, "_"))
    vectors = (_names_of(sentences), _TOPICS, ("-embedding", "-matryoshka", "-sts"))
    return (
        replace(
            _ENCODER, word="classifier", parts=(encoders, ("-finetuned",), datasets, suffixes),
            task="text-classification",
        ),
        replace(
            _ENCODER, word="tokens", parts=(encoders, ("-ner",), datasets, suffixes),
            task="token-classification",
        ),
        replace(
            _ENCODER, word="image", parts=(_names_of(images), datasets, suffixes), bases=images,
            task="image-classification",
        ),
        replace(
            _ENCODER, word="speech", parts=(_names_of(speech), languages, suffixes), bases=speech,
            task="automatic-speech-recognition",
        ),
        Kind(
            "embedding", vectors, sentences, "sentence-similarity", "sentence-transformers", "finetune",
            extra_tags=("feature-extraction",),
        ),
        Kind("robot", robots, names.ROBOT_BASES, "robotics", "lerobot", "finetune", files="robot"),
        Kind(
            "picture", (*pictures, ("-lora", "-dreambooth")), names.DIFFUSION_BASES, "text-to-image",
            "diffusers", "adapter", files="diffusion", extra_tags=("lora", "template:sd-lora"),
        ),
    )  # fmt: skip


@cache
def all_kinds() -> dict[str, Kind]:
    return {kind.word: kind for kind in (*_language_kinds(), *_small_kinds(), *_other_kinds())}


TIERS: dict[Tier, dict[str, int]] = {
    "single": {
        "swarm": 32, "tutorial": 76, "game": 25, "trial": 20, "blank": 70, "picture": 20, "speech": 10,
        "classifier": 27,
    },
    "spread": {
        "finetune": 96, "adapter": 70, "merge": 12, "gguf": 10, "classifier": 34, "tokens": 10, "image": 10,
        "embedding": 7, "blank": 70, "picture": 26, "speech": 6, "robot": 9, "four_bit": 10,
    },
    "burst": {"timestamp": 66, "uuid": 35, "adapter": 30, "blank": 60, "finetune": 24},
}  # fmt: skip
"""Of a thousand models, how many are of each kind: owners of one model, of some, and of many at a time."""

LEADERS: dict[str, tuple[int, str]] = {
    "TheBloke": (2, "gguf"), "meta-llama": (1, "base"), "Qwen": (1, "base"), "mistralai": (1, "base"),
    "bartowski": (3, "gguf"), "unsloth": (2, "four_bit"), "mradermacher": (26, "gguf_i1"),
    "google": (2, "base"), "microsoft": (1, "base"), "deepseek-ai": (1, "base"), "facebook": (2, "speech"),
    "nvidia": (2, "base"), "RichardErkhov": (9, "gguf_long"), "QuantFactory": (3, "gguf"),
    "MaziyarPanahi": (3, "gguf"), "mlx-community": (8, "mlx"), "lmstudio-community": (2, "gguf"),
    "DevQuasar": (3, "gguf"), "tensorblock": (3, "gguf"), "featherless-ai-quants": (2, "gguf"),
    "NousResearch": (1, "finetune"), "cognitivecomputations": (1, "finetune"),
    "HuggingFaceTB": (1, "finetune"), "ibm-granite": (1, "base"), "allenai": (1, "finetune"),
    "stabilityai": (1, "picture"), "timm": (1, "image"), "BAAI": (1, "embedding"),
    "sentence-transformers": (1, "embedding"), "Helsinki-NLP": (1, "speech"),
    "cardiffnlp": (1, "classifier"), "lerobot": (1, "robot"), "openai": (1, "speech"),
    "amazon": (1, "image"),
}  # fmt: skip
"""Owners everybody knows: how many of a thousand models are theirs, and of what kind."""

_SIGNS = """
gguf:gguf gptq:four_bit 4bit:mlx whisper:speech pyannote:speech diffusion:picture flux:picture
sdxl:picture sd-:picture qwen-image:picture bge:embedding e5:embedding sentence:embedding embed:embedding
clip:image vit-:image resnet:image dino:image swin:image bert:classifier wav2vec:speech lerobot:robot
tts:speech kokoro:speech -ner:tokens bart:classifier t5:classifier electra:classifier table-:image
"""


def flagship_kind(repo_id: str) -> Kind:
    """The kind a well-known name announces; nothing but a quantization has a parent there."""
    lowered = repo_id.casefold()
    signs = (pair.split(":") for pair in _SIGNS.split())
    kind = all_kinds()[next((word for sign, word in signs if sign in lowered), "base")]
    return kind if kind.relation == "quantized" else replace(kind, relation=None)


def flagship_base(repo_id: str, kind: Kind) -> Base | None:
    """Whose sizes a well-known model has: its own, or for language models those of a close relative."""
    own = next((base for base in names.ALL_BASES if base.id == repo_id), None)
    if own is not None or kind.bases is not names.LANGUAGE_BASES:
        return own
    lowered = repo_id.casefold()
    return next((base for base in kind.bases if base.name.casefold() in lowered), kind.bases[0])

"""What keeps a variant from an app, in one sentence; pure."""

from collections.abc import Iterator

from api.handoff.choice import Choice
from api.handoff.offers import Limits

_NO_LANGUAGE = frozenset({
    "text-to-image", "image-to-image", "text-to-video", "image-to-video", "video-to-video", "text-to-speech",
    "text-to-audio", "automatic-speech-recognition", "image-to-3d", "text-to-3d", "audio-to-audio",
    "unconditional-image-generation", "image-classification", "object-detection", "image-segmentation",
})  # fmt: skip
"""Tasks of models that no runner of language models loads, in whatever format."""


def barrier(choice: Choice, limits: Limits) -> str | None:
    """Say why an app of such limits cannot be given a variant; `None`: it can."""
    return next(_barriers(choice, limits), None)


def _barriers(choice: Choice, limits: Limits) -> Iterator[str]:
    variant, record = choice.variant, choice.repository.record
    if record.disabled:
        yield "The Hub has disabled this model."
    if variant.missing and not limits.takes_missing:
        are = "is" if variant.missing == 1 else "are"
        yield f"{variant.missing} of its {variant.shards} files {are} not in the repository."
    yield from _of_kind(choice, limits)
    yield from _of_files(choice, limits)
    if choice.is_gated and not limits.takes_gated:
        yield "It is gated, and this app asks without your token."
    if not choice.is_official and not limits.takes_elsewhere:
        yield f"This app downloads from huggingface.co only, not from {choice.hub_name}."
    if not choice.is_main and not limits.takes_revisions:
        yield f"This app takes the main revision only, not {choice.revision}."


def _of_kind(choice: Choice, limits: Limits) -> Iterator[str]:
    variant = choice.variant
    if limits.formats and variant.format not in limits.formats:
        yield f"It does not load {_spelled(variant.format)}."
    if choice.is_adapter and not limits.takes_adapters:
        yield "It is an adapter: it changes another model, and is none by itself."
    if limits.is_of_language and choice.repository.record.task in _NO_LANGUAGE:
        yield f"It runs language models, and this one is for {choice.repository.record.task}."
    if variant.is_ik_only and not limits.takes_ik:
        yield f"Only ik_llama.cpp loads {variant.label}."
    if variant.is_legacy and not limits.takes_legacy:
        yield f"Only an old llama.cpp loads {variant.label}."


def _of_files(choice: Choice, limits: Limits) -> Iterator[str]:
    variant = choice.variant
    if variant.is_parted and not limits.takes_parts:
        yield f"It is cut into {len(variant.files)} raw parts, which have to be joined first."
    if variant.shards > 1 and not limits.takes_split:
        yield f"It is split into {variant.shards} files, and this app takes one."
    if len(variant.files) > limits.most_files:
        yield f"It has {len(variant.files):,} files: download the repository instead."
    if not limits.takes_folders and any("/" in path for path in choice.with_sidecars):
        yield "Its files lie in a folder, into which this app does not look."
    if not limits.takes_odd_names and any(map(_is_odd, (choice.repo_id, *choice.with_sidecars))):
        yield "The name of its file is one that not every program reads as a name."


def _spelled(form: str) -> str:
    """Give a format as people write it: short ones are abbreviations."""
    return form.upper() if len(form) <= 4 else form


def _is_odd(path: str) -> bool:
    parts = path.split("/")
    return not path.isprintable() or ".." in parts or any(part.startswith("-") for part in parts)

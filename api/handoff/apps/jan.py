"""Jan."""

import json
from collections.abc import Iterator
from typing import Literal, TypeAlias
from urllib.parse import quote

from api.handoff.choice import Choice
from api.handoff.offers import App, Limits, Offer
from api.handoff.recommended import NOTHING_ADVISED, Parameters

State: TypeAlias = Literal["downloading", "ready", "error"] | None
"""How far a model is; `None`: nobody has asked for it yet."""

LIMITS = Limits(
    formats=("gguf",), takes_split=False, takes_gated=False, takes_elsewhere=False, takes_revisions=False,
    is_of_language=True,
)  # fmt: skip
CONTEXT = 4_096
"""Tokens, where the model was not made for fewer."""


def _plan(choice: Choice) -> Iterator[Offer]:
    """Give its link, and the file that describes a model to it.

    Facts: `jan://models/huggingface/o/r`, not for gated models; it drops files that are split; `model.json`
    is the form its first versions read and recommended models are written in.
    """
    yield Offer("link", f"jan://models/huggingface/{quote(choice.repo_id)}", note="Pick the quant there.")
    yield Offer("file", model_json(choice), file="model.json", note="What Jan's recommended models are.")


def model_json(choice: Choice, state: State = None, advised: Parameters = NOTHING_ADVISED) -> str:
    """Give a variant as a `model.json`.

    Args:
        choice: the variant; of one file.
        state: how far its download is.
        advised: what its makers advise to run it with.

    """
    model, variant = choice.repository.model, choice.variant
    made_for = model.gguf.context_length if model.gguf else None
    name = choice.first.rpartition("/")[2]
    projectors = [choice.projector] if choice.projector else []
    written = {
        "sources": [
            {"filename": path.rpartition("/")[2], "url": choice.url(path)}
            for path in (choice.first, *projectors)
        ],
        "id": name.rpartition(".")[0],
        "object": "model",
        "name": f"{model.record.name} {variant.label}",
        "version": "1.0",
        "description": f"{variant.label} of {choice.repo_id}",
        "format": "gguf",
        "state": state,
        "settings": {
            "ctx_len": min(advised.ctx or CONTEXT, made_for or advised.ctx or CONTEXT),
            "prompt_template": "{prompt}",
            "llama_model_path": name,
        },
        "parameters": {
            "temperature": _else(advised.temperature, 0.7), "top_p": _else(advised.top_p, 0.95),
            "stream": True, "max_tokens": advised.max_tokens or 2_048, "stop": list(advised.stop),
            "frequency_penalty": 0, "presence_penalty": _else(advised.presence_penalty, 0),
        },
        "metadata": {
            "author": model.record.owner,
            "tags": [one for one in (model.record.task, variant.format) if one],
            "size": None if variant.is_estimated else variant.bytes,
        },
        "engine": "llama-cpp",
    }  # fmt: skip
    return json.dumps(written, indent=2) + "\n"


def _else(advised: float | None, usual: float) -> float:
    return usual if advised is None else advised


APP = App("jan", "Jan", "link", LIMITS, _plan)

"""KoboldCPP."""

import json
from collections.abc import Iterator

from api.handoff.choice import Choice
from api.handoff.commands import gate_note, hf_download, line, logged_in
from api.handoff.offers import App, Limits, Offer, script

LIMITS = Limits(formats=("gguf",))
CONTEXT = 8_192
"""Tokens, where the model was not made for fewer."""


def _plan(choice: Choice) -> Iterator[Offer]:
    """Give its command and its launch configuration; what is split or gated is downloaded first.

    Facts: `--model` and `--mmproj` take an address that ends in `.gguf`, and send no token; a `.kcpps` is
    JSON with `model_param` (of a split model, the first file), `mmproj` and `contextsize`.
    """
    is_fetched = choice.variant.shards > 1 or choice.is_gated
    model = choice.first if is_fetched else choice.url(choice.first)
    projector = choice.projector
    if projector and not is_fetched:
        projector = choice.url(projector)
    words = ["koboldcpp", "--model", model, *(["--mmproj", projector] if projector else [])]
    if is_fetched:
        steps = logged_in(choice, hf_download(choice, choice.with_sidecars, "."), line(*words))
        yield script(*steps, note=gate_note(choice))
    else:
        yield script(line(*words))
    gguf = choice.repository.model.gguf
    made_for = gguf.context_length if gguf else None
    launch: dict[str, str | int] = {"model_param": model}
    if projector:
        launch["mmproj"] = projector
    launch["contextsize"] = min(CONTEXT, made_for or CONTEXT)
    note = "Beside the files that were downloaded." if is_fetched else ""
    yield Offer("file", json.dumps(launch, indent=2) + "\n", file=f"{choice.slug}.kcpps", note=note)


APP = App("koboldcpp", "KoboldCPP", "command", LIMITS, _plan)

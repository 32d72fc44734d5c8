"""vLLM."""

from collections.abc import Iterator

from api.handoff.choice import Choice
from api.handoff.commands import asking, gate_note, logged_in
from api.handoff.offers import App, Limits, Offer, Refusal, script

LIMITS = Limits(
    formats=("safetensors", "pytorch", "awq", "gptq", "bnb"), most_files=1_000, is_of_language=True
)
_TASKS = frozenset({"text-generation", "image-text-to-text"})


def _plan(choice: Choice) -> Iterator[Offer | Refusal]:
    """Give its command for the weights of transformers that write text.

    Facts: `vllm serve ID [--revision]`, for the tasks of the Hub's own menu (huggingface.js, `local-apps`);
    it downloads by huggingface_hub, and so honours `HF_ENDPOINT`.
    """
    if choice.repository.record.task not in _TASKS:
        yield Refusal("It serves models that write text, which this one does not say of itself.")
    elif not choice.is_plain:
        yield Refusal("It takes the weights at the top of a repository, and these are others.")
    else:
        options = () if choice.is_main else ("--revision", choice.revision)
        command = asking(choice, "vllm", "serve", choice.repo_id, *options)
        yield script(*logged_in(choice, command), note=gate_note(choice))


APP = App("vllm", "vLLM", "command", LIMITS, _plan)

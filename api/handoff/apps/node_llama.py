"""node-llama-cpp."""

from collections.abc import Iterator

from api.handoff.choice import Choice
from api.handoff.commands import line
from api.handoff.offers import App, Limits, Offer, script

LIMITS = Limits(
    formats=("gguf",), takes_gated=False, takes_elsewhere=False, takes_revisions=False, is_of_language=True
)


def _plan(choice: Choice) -> Iterator[Offer]:
    """Give its command by the file, so that no label is guessed.

    Fact: `npx -y node-llama-cpp chat --model hf:o/r/file` (huggingface.js, `local-apps`).
    """
    model = f"hf:{choice.repo_id}/{choice.first}"
    yield script(line("npx", "-y", "node-llama-cpp", "chat", "--model", model))


APP = App("node-llama-cpp", "node-llama-cpp", "command", LIMITS, _plan)

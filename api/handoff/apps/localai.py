"""LocalAI."""

from collections.abc import Iterator

from api.handoff.choice import Choice
from api.handoff.commands import asking
from api.handoff.offers import App, Limits, Offer, script

LIMITS = Limits(
    formats=("gguf",), takes_split=False, takes_gated=False, takes_revisions=False, is_of_language=True
)


def _plan(choice: Choice) -> Iterator[Offer]:
    """Give its command.

    Facts: `local-ai run huggingface://o/r/file`, of one file; it honours `HF_ENDPOINT` (LocalAI).
    """
    note = "Without what lets it see: LocalAI takes that from a configuration." if choice.projector else ""
    file = f"huggingface://{choice.repo_id}/{choice.first}"
    yield script(asking(choice, "local-ai", "run", file), note=note)


APP = App("localai", "LocalAI", "command", LIMITS, _plan)

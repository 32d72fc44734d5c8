"""Msty."""

from collections.abc import Iterator
from urllib.parse import quote

from api.handoff.choice import Choice
from api.handoff.offers import App, Limits, Offer

LIMITS = Limits(
    formats=("gguf",), takes_split=False, takes_gated=False, takes_elsewhere=False, takes_revisions=False,
    is_of_language=True,
)  # fmt: skip


def _plan(choice: Choice) -> Iterator[Offer]:
    """Give its link, which opens the model.

    Fact: `msty://models/search/hf/o/r` (huggingface.js, `local-apps`).
    """
    yield Offer("link", f"msty://models/search/hf/{quote(choice.repo_id)}", note="Pick the quant there.")


APP = App("msty", "Msty", "link", LIMITS, _plan)

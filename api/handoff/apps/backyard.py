"""Backyard AI, once Faraday."""

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

    Fact: `https://backyard.ai/hf/model/o/r` (huggingface.js, `local-apps`).
    """
    url = f"https://backyard.ai/hf/model/{quote(choice.repo_id)}"
    yield Offer("link", url, note="Pick the quant there.")


APP = App("backyard", "Backyard AI", "link", LIMITS, _plan)

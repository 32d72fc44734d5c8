"""MLX's own programs, on Macs with Apple silicon."""

from collections.abc import Iterator

from api.handoff.choice import Choice
from api.handoff.commands import asking, gate_note, logged_in, notes
from api.handoff.offers import App, Limits, Offer, Refusal, script

LIMITS = Limits(formats=("mlx",), takes_revisions=False, most_files=1_000, is_of_language=True)
_APPLE = "On a Mac with Apple silicon."


def _plan(choice: Choice) -> Iterator[Offer | Refusal]:
    """Give the command that starts its server; `mlx_lm.generate` takes the same `--model`.

    Facts: `mlx_lm.server --model ID`, `mlx_lm.generate --model ID --prompt TEXT`, for text only; it downloads
    by huggingface_hub, and so honours `HF_ENDPOINT`.
    """
    if choice.repository.record.task not in {"text-generation", None}:
        yield Refusal(f"mlx-lm writes text, and this one is for {choice.repository.record.task}.")
    elif not choice.is_plain:
        yield Refusal("It takes the weights at the top of a repository, and these are others.")
    else:
        steps = logged_in(choice, asking(choice, "mlx_lm.server", "--model", choice.repo_id))
        yield script(*steps, note=notes(_APPLE, gate_note(choice)))


APP = App("mlx-lm", "MLX", "command", LIMITS, _plan)

"""text-generation-webui, by its own downloader."""

from collections.abc import Iterator

from api.handoff.choice import Choice
from api.handoff.commands import asking, token_note
from api.handoff.offers import App, Limits, Offer, Refusal, script

LIMITS = Limits(
    formats=("gguf", "safetensors", "gptq", "awq", "exl2", "exl3", "bnb"), takes_folders=False, most_files=32,
    is_of_language=True,
)  # fmt: skip
_TASKS = frozenset({"text-generation", "image-text-to-text", None})
_PROJECTORS = "user_data/mmproj"


def _plan(choice: Choice) -> Iterator[Offer | Refusal]:
    """Give its line, run in its folder: one for each GGUF file, one for everything else.

    Facts: `download-model.py o/r [--branch] [--specific-file] [--output]`; it lists the top of a repository
    only, takes `--specific-file` by its whole name, and reads `HF_ENDPOINT` and `HF_TOKEN`.
    """
    if not choice.is_gguf and (why_not := _not_whole(choice)):
        yield Refusal(why_not)
        return
    words = ["python", "download-model.py", choice.repo_id]
    words += [] if choice.is_main else ["--branch", choice.revision]
    if not choice.is_gguf:
        yield script(asking(choice, *words), note=token_note(choice))
        return
    steps = [asking(choice, *words, "--specific-file", path) for path in choice.paths]
    if choice.projector:
        steps.append(asking(choice, *words, "--specific-file", choice.projector, "--output", _PROJECTORS))
    yield script(*steps, note=token_note(choice))


def _not_whole(choice: Choice) -> str | None:
    """Say why a repository cannot be taken as it is."""
    if choice.repository.record.task not in _TASKS:
        return f"It writes text, and this one is for {choice.repository.record.task}."
    ending = choice.first.rpartition(".")[2]
    top = {path for path in choice.repository.paths if "/" not in path and path.endswith(f".{ending}")}
    if top.issubset(choice.paths):
        return None
    return "Its downloader takes all weights at the top of a repository, and these are some of them."


APP = App("text-generation-webui", "text-generation-webui", "command", LIMITS, _plan)

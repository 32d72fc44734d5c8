"""llama.cpp's server."""

from collections.abc import Iterator

from api.handoff.choice import Choice
from api.handoff.commands import asking, token_note
from api.handoff.offers import App, Limits, Offer, script
from api.handoff.tags import llama_tag

LIMITS = Limits(formats=("gguf",), takes_revisions=False, is_of_language=True)


def _plan(choice: Choice) -> Iterator[Offer]:
    """Ask by the tag where it leads to this variant alone, else by the file.

    Facts: `-hf o/r[:quant]` looks for `quant.` or `quant-` in the paths, not anchored on the left, so `F16`
    is found in `BF16`; it takes the first shard and fetches the others, and the nearest projector itself;
    it honours `HF_ENDPOINT`, and reads the token from `HF_TOKEN` (llama.cpp, `common/`).
    """
    tag = llama_tag(choice.variant.label, choice.paths, choice.repository.models)
    if tag is not None:
        yield script(
            asking(choice, "llama-server", "-hf", f"{choice.repo_id}:{tag}"), note=token_note(choice)
        )
        return
    words = ["llama-server", "--hf-repo", choice.repo_id, "--hf-file", choice.first]
    if choice.projector:
        words += ["--mmproj-url", choice.url(choice.projector)]
    yield script(asking(choice, *words), note=token_note(choice))


APP = App("llama-server", "llama.cpp", "command", LIMITS, _plan)

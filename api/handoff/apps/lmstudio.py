"""LM Studio."""

import json
from collections.abc import Iterator
from urllib.parse import quote

from api.handoff.choice import Choice
from api.handoff.commands import gate_note, hf_download, line, logged_in
from api.handoff.offers import App, Limits, Offer, Refusal, script

LIMITS = Limits(formats=("gguf", "mlx"), is_of_language=True)
MOST_IMPORTED = 8
"""Files that are imported one by one."""
REST = "http://localhost:1234/api/v1/models/download"


def _plan(choice: Choice) -> Iterator[Offer | Refusal]:
    """Give its link, its command and its request; what it cannot download itself is imported.

    Facts: `lmstudio://open_from_hf?model=&file=`; `lms get` and the REST download take a whole address at
    huggingface.co, which is built in, with the quant behind it; `lms import FILE --user-repo o/r` takes a
    file there is (LM Studio's documentation, `lms`).
    """
    if choice.is_gated or not choice.is_official or not choice.is_main:
        yield _imported(choice)
        return
    page = f"https://huggingface.co/{choice.repo_id}"
    file = f"&file={quote(choice.first)}" if choice.is_gguf else ""
    yield Offer("link", f"lmstudio://open_from_hf?model={quote(choice.repo_id)}{file}")
    if not choice.is_gguf:
        yield script(line("lms", "get", page, "--mlx"))
        yield Offer("request", json.dumps({"model": page}), url=REST)
    elif choice.hub_tag:
        yield script(line("lms", "get", f"{page}@{choice.hub_tag.lower()}"))
        body = json.dumps({"model": page, "quantization": choice.hub_tag})
        yield Offer("request", body, url=REST)


def _imported(choice: Choice) -> Offer | Refusal:
    if not choice.is_gguf or "/" not in choice.repo_id or len(choice.with_sidecars) > MOST_IMPORTED:
        return Refusal("It downloads public models of huggingface.co, and imports a few GGUF files.", "link")
    imports = (
        line("lms", "import", path, "--user-repo", choice.repo_id, "-y") for path in choice.with_sidecars
    )
    steps = logged_in(choice, hf_download(choice, choice.with_sidecars, "."), *imports)
    return script(*steps, note=gate_note(choice))


APP = App("lmstudio", "LM Studio", "link", LIMITS, _plan)

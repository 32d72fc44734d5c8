"""ik_llama.cpp, a fork of llama.cpp with quants of its own."""

from collections.abc import Iterator

from api.handoff.choice import Choice
from api.handoff.commands import gate_note, hf_download, line, logged_in
from api.handoff.offers import App, Limits, Offer, Refusal, script

LIMITS = Limits(formats=("gguf",), takes_ik=True, is_of_language=True)


def _plan(choice: Choice) -> Iterator[Offer | Refusal]:
    """Download, then start its server on the first file; offered where nothing else will do.

    Fact: quants such as `IQ4_KS`, and rows repacked as `_R4`, are in ik_llama.cpp only.
    """
    if not choice.variant.is_ik_only:
        yield Refusal("llama.cpp itself loads it.")
        return
    words = ["llama-server", "-m", choice.first]
    if choice.projector:
        words += ["--mmproj", choice.projector]
    steps = logged_in(choice, hf_download(choice, choice.with_sidecars, "."), line(*words))
    yield script(*steps, note=gate_note(choice))


APP = App("ik-llama", "ik_llama.cpp", "command", LIMITS, _plan)

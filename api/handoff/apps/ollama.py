"""Ollama."""

import re
from collections.abc import Iterator

from api.handoff.choice import Choice
from api.handoff.commands import gate_note, hf_download, line, logged_in
from api.handoff.offers import App, Limits, Offer, script
from indexer.variants.records import UNKNOWN

LIMITS = Limits(formats=("gguf",), is_of_language=True)
MOST_LETTERS = 80
"""Of an owner, a name and a tag each."""
_TAG = re.compile(r"\w[\w.-]*", re.ASCII)
_OWNER = re.compile(r"\w[\w-]*", re.ASCII)
_MERGED = "merged.gguf"


def _plan(choice: Choice) -> Iterator[Offer]:
    """Pull by tag, else by the file's name as the tag, else create from a Modelfile.

    Facts: `ollama run hf.co/o/r[:TAG]`, where TAG is a label the Hub reads or a whole file name; owner, name
    and tag have 80 letters at most, the owner no dot; split files fail to be pulled (ollama #5245); a
    Modelfile takes the weights and what lets them see in a `FROM` each, and `llama-gguf-split --merge`, which
    is llama.cpp's, makes one file of shards.
    """
    tag = _tag(choice)
    if tag is not None:
        note = "What lets it see comes with it." if choice.projector else ""
        yield script(line("ollama", "run", f"hf.co/{choice.repo_id}:{tag}"), note=note)
        return
    is_split = choice.variant.shards > 1
    weights = _MERGED if is_split else choice.first
    froms = [weights, *([choice.projector] if choice.projector else [])]
    merge = (line("llama-gguf-split", "--merge", choice.first, _MERGED),) if is_split else ()
    name = choice.slug + ("" if choice.variant.label == UNKNOWN else f":{choice.variant.label.lower()}")
    steps = logged_in(
        choice,
        hf_download(choice, choice.with_sidecars, "."),
        *merge,
        line("ollama", "create", name, "-f", "Modelfile"),
        line("ollama", "run", name),
    )
    note = f"Write the Modelfile where these are run. {gate_note(choice)}".rstrip()
    yield Offer("file", "".join(f"FROM ./{path}\n" for path in froms), steps, "Modelfile", note=note)


def _tag(choice: Choice) -> str | None:
    record = choice.repository.record
    if not choice.is_official or not choice.is_main or choice.is_gated or choice.variant.shards > 1:
        return None
    if not _OWNER.fullmatch(record.owner) or max(len(record.owner), len(record.name)) > MOST_LETTERS:
        return None
    tag = choice.hub_tag or choice.first
    return tag if len(tag) <= MOST_LETTERS and _TAG.fullmatch(tag) else None


APP = App("ollama", "Ollama", "command", LIMITS, _plan)

"""Hugging Face's own command line: puts the files into the cache that most programs share."""

from collections.abc import Iterator
from itertools import islice

from api.handoff.choice import Choice
from api.handoff.commands import gate_note, hf_download, logged_in, notes
from api.handoff.offers import App, Limits, Offer, script
from indexer.files import is_weights

MOST_NAMED = 64
"""Files that are named one by one; of more, the whole repository is downloaded."""
_SMALL = frozenset({"json", "jinja", "txt", "model", "py", "tiktoken", "yaml"})
"""Endings of what `from_pretrained` reads beside weights: configuration, tokenizer, code."""

LIMITS = Limits(
    takes_missing=True, takes_parts=True, takes_ik=True, takes_legacy=True, takes_adapters=True,
    takes_odd_names=True, most_files=1 << 30,
)  # fmt: skip


def _plan(choice: Choice) -> Iterator[Offer]:
    """Name the files, with what is loaded beside them.

    Fact: `hf download REPO [FILE ...] [--revision] [--local-dir]`, huggingface_hub's documentation.
    """
    if choice.variant.missing:
        note = "The whole repository: nothing can load this variant while files of it are missing."
        yield script(*logged_in(choice, hf_download(choice, ())), note=notes(gate_note(choice), note))
        return
    named = [*choice.with_sidecars, *_beside(choice)]
    is_short = len(named) <= MOST_NAMED and all(path.isprintable() for path in named)
    note = "" if is_short else "The whole repository: its files are too many to name, or oddly named."
    if choice.variant.is_parted:
        note = "Join the raw parts in this order (`cat`) before anything loads them."
    command = hf_download(choice, named if is_short else ())
    yield script(*logged_in(choice, command), note=notes(gate_note(choice), note))


def _beside(choice: Choice) -> list[str]:
    """Give the small files that weights of transformers and the like are loaded with."""
    if choice.is_gguf:
        return []
    small = (
        path
        for path in choice.repository.paths
        if path.rpartition(".")[2].lower() in _SMALL and not is_weights(path)
    )
    return list(islice(small, MOST_NAMED + 1))


APP = App("hf", "hf download", "command", LIMITS, _plan)

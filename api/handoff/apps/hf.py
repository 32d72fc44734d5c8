"""Hugging Face's own command line: puts the files into the cache that most programs share."""

from collections.abc import Iterator

from api.handoff.choice import Choice
from api.handoff.commands import gate_note, hf_download, logged_in, notes
from api.handoff.companions import companions_of
from api.handoff.offers import App, Limits, Offer, script
from indexer.variants.records import RepoFile

MOST_NAMED = 64
"""Files that are named one by one; of more, the whole repository is downloaded."""
MOST_SEEN = 500
"""Files of a repository that are looked through for what each of its variants needs."""

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
    beside = _beside(choice)
    named = [*choice.with_sidecars, *(beside or ())]
    is_named = beside is not None and all(path.isprintable() for path in named)
    is_short = is_named and len(named) <= MOST_NAMED
    note = "" if is_short else "The whole repository: its files are too many to name, or oddly named."
    if choice.variant.is_parted:
        note = "Join the raw parts in this order (`cat`) before anything loads them."
    command = hf_download(choice, named if is_short else ())
    yield script(*logged_in(choice, command), note=notes(gate_note(choice), note))


def _beside(choice: Choice) -> list[str] | None:
    """Give the files that the weights are loaded with; `None`: there are too many to look through."""
    if choice.is_gguf:
        return []
    paths = choice.repository.paths
    if len(paths) > MOST_SEEN:
        return None
    return [file.path for file in companions_of(choice.variant, map(RepoFile, paths))]


APP = App("hf", "hf download", "command", LIMITS, _plan)

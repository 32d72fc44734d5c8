"""Which files of a model are meant by what somebody named; pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from api.handoff.companions import companions_of
from api.handoff.errors import BadReference, EntryNotFound, TooLarge
from api.handoff.references import is_path, require_path
from indexer.choosing import pointed_at
from indexer.files import weights_first
from indexer.variants.records import UNKNOWN, Contents, RepoFile, Variant

MAX_FILES = 5_000
"""Files of one download."""
NAMED_AT_MOST = 40
"""Variants that are named to somebody who asked for one that is not there."""


class VariantNotFound(EntryNotFound):
    """The model has no such variant, file or folder."""

    word = "variant_not_found"

    def __init__(self, repo_id: str, name: str, revision: str, labels: Sequence[str]) -> None:
        super().__init__(repo_id, name, revision)
        self.labels = tuple(labels)
        """What its variants are called, best first."""
        shown = ", ".join(self.labels[:NAMED_AT_MOST])
        more = ", ..." if len(self.labels) > NAMED_AT_MOST else ""
        there = f"It has {shown}{more}." if shown else "No weights are known in it."
        self.args = (f"The model {repo_id!r} has no variant, file or folder {name[:100]!r}. {there}",)


class IncompleteVariant(BadReference):
    """Weights of which files are missing in the repository itself: nothing can load them."""

    word = "incomplete_variant"


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants of a model; nothing: its best variant."""

    variant: str = ""
    """The key or the label of a variant, or the path of one of its files or of its folder."""
    path: str = ""
    """Of a file or a folder, or a pattern of such."""
    files: tuple[str, ...] = ()
    """Paths, or patterns of such: these and no others."""
    everything: bool = False

    @property
    def is_named(self) -> bool:
        """Whether anything is."""
        return bool(self.variant or self.path or self.files)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is meant."""

    files: tuple[RepoFile, ...]
    """Weights first."""
    variant: Variant | None = None
    """`None`: files are meant by themselves."""

    @property
    def bytes(self) -> int | None:
        """Of all files together; `None` when one is not known."""
        sizes = [file.bytes for file in self.files]
        return None if None in sizes else sum(filter(None, sizes))


def choose(
    asked: Asked, repo_id: str, revision: str, files: Sequence[RepoFile], contents: Contents
) -> Chosen:
    """Give the files that are meant.

    Args:
        asked: what somebody named.
        repo_id: the model's, for sentences.
        revision: for sentences too.
        files: all of the model.
        contents: what they are.

    Raises:
        BadReference: the variant lacks files, or a file is called as none can be.
        VariantNotFound, EntryNotFound: there is none of that name, or no file at all.
        TooLarge: that are too many files.

    """
    chosen = _chosen(asked, repo_id, revision, files, contents)
    if not chosen.files:
        raise VariantNotFound(repo_id, "*", revision, _labels(contents))
    if len(chosen.files) > MAX_FILES:
        raise TooLarge(
            f"That are {len(chosen.files):,} files; at most {MAX_FILES:,} are downloaded at once. Name some."
        )
    for file in chosen.files:
        require_path(file.path)
    return chosen


def _chosen(
    asked: Asked, repo_id: str, revision: str, files: Sequence[RepoFile], contents: Contents
) -> Chosen:
    if asked.everything:
        return Chosen(_in_order(files))
    if asked.files:
        return Chosen(_named(asked.files, repo_id, revision, files))
    name = asked.variant or asked.path
    if not name:
        best = best_of(contents.variants)
        return _whole(best, repo_id, files) if best else Chosen(_in_order(files))
    variant = variant_named(name, repo_id, contents.variants)
    if variant is not None:
        return _whole(variant, repo_id, files)
    matching = [file for file in files if _matches(file.path, name) or file.path.startswith(f"{name}/")]
    if not matching:
        raise VariantNotFound(repo_id, name, revision, _labels(contents))
    return Chosen(_in_order(matching))


def best_of(variants: Sequence[Variant]) -> Variant | None:
    """Give the variant to take where none is named; the variants are given best first.

    Libraries load weights of a precision of their own (`model.fp16.safetensors`) only when told to: where
    there are plain ones of the format too, these are meant.
    """
    if not variants:
        return None
    first = variants[0]
    plain = (one for one in variants if one.key == first.format and not one.missing)
    return next(plain, first)


def variant_named(name: str, repo_id: str, variants: Sequence[Variant]) -> Variant | None:
    """Give the variant that a key, a label, or the path of a file or a folder names; the best of several."""
    name = name.removeprefix(f"{repo_id}:")
    plain = name.casefold()
    by_key = next((one for one in variants if one.key == name), None)
    by_path = next((one for one in variants if any(file.path == name for file in one.files)), None)
    if by_key or by_path:
        return by_key or by_path
    found = [one for one in variants if one.label != UNKNOWN and one.label.casefold() == plain]
    found += [one for one in variants if all(file.path.startswith(f"{name}/") for file in one.files)]
    found += [one for one in variants if one.key.casefold() == plain]
    found += [one for one in variants if any(_base(file.path) == plain for file in one.files)]
    if not found and "/" not in name:
        found += pointed_at(name, variants)
    return found[0] if found else None


def _whole(variant: Variant, repo_id: str, files: Sequence[RepoFile]) -> Chosen:
    """Give a variant with all that belongs to it."""
    if variant.missing:
        raise IncompleteVariant(
            f"The variant {_label(variant)} of {repo_id!r} cannot be loaded: {variant.missing} of its "
            f"{variant.shards} files are missing in the repository. Name the files to have them all the same."
        )
    sidecars = (RepoFile(one.path, one.bytes, one.sha256) for one in variant.sidecars)
    companions = (file for file in companions_of(variant, files) if is_path(file.path))
    together = (*variant.files, *sidecars, *companions)
    return Chosen(_once(together), variant)


def _named(
    names: Iterable[str], repo_id: str, revision: str, files: Sequence[RepoFile]
) -> tuple[RepoFile, ...]:
    known = {file.path: file for file in files}
    found: list[RepoFile] = []
    for name in names:
        matching = [known[name]] if name in known else [one for one in files if _matches(one.path, name)]
        if not matching:
            raise EntryNotFound(repo_id, name, revision)
        found += matching
    return _once(found)


def _matches(path: str, pattern: str) -> bool:
    return path == pattern or (("*" in pattern or "?" in pattern) and fnmatchcase(path, pattern))


def _once(files: Iterable[RepoFile]) -> tuple[RepoFile, ...]:
    return tuple({file.path: file for file in files}.values())


def _in_order(files: Sequence[RepoFile]) -> tuple[RepoFile, ...]:
    known = {file.path: file for file in files}
    return tuple(known[path] for path in weights_first(list(known), len(known)))


def _base(path: str) -> str:
    return path.rpartition("/")[2].casefold()


def _label(variant: Variant) -> str:
    return variant.key if variant.label == UNKNOWN else variant.label


def _labels(contents: Contents) -> list[str]:
    return list(dict.fromkeys(map(_label, contents.variants)))

"""What is to be downloaded: from what somebody named to the files of one commit."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from api.handoff.cached import cached_commit, cached_files
from api.handoff.choosing import Asked, Chosen, choose
from api.handoff.errors import EntryNotFound, HandoffError
from api.handoff.hub import Hub
from api.handoff.jobs.records import Wanted
from api.handoff.references import MAIN, Reference, require_path
from indexer.catalog.store import Catalog
from indexer.errors import CatalogError, ModelNotFound, UpstreamUnavailable
from indexer.holdings import facts_of, files_of
from indexer.projecting import contents_in
from indexer.records import StoredModel
from indexer.variants.contents import contents_of
from indexer.variants.records import Contents, Facts, RepoFile


@dataclass(frozen=True, slots=True)
class Holding:
    """What a model holds at one commit."""

    repo_id: str
    """As it is called at present."""
    commit: str
    files: tuple[RepoFile, ...]
    contents: Contents
    known: StoredModel | None = None
    """What the catalog says of the model."""


def find_target(  # noqa: PLR0913  # what the outer contract lets anybody say
    reference: Reference,
    catalog: Catalog | None,
    hub: Hub,
    *,
    variant: str = "",
    files: Sequence[str] = (),
    everything: bool = False,
    cache: Path | None = None,
) -> Wanted:
    """Give what is to be downloaded; the Hub is asked once whether it may be.

    A variant brings the files that serve it. Where nothing is named, it is the best one.

    Args:
        reference: names the model, and maybe a revision, a file or a variant.
        catalog: what is known; `None`: nothing.
        hub: is asked for access, for the commit, and for all files where the catalog is behind.
        variant: its key, its label, the path of one of its files or of its folder.
        files: paths, or patterns of such, instead of a variant: these and no others.
        everything: all files instead.
        cache: the Hugging Face cache; what is in it all can be had while the Hub cannot be reached.

    Raises:
        BadReference: what is named cannot be, or its variant lacks files.
        EntryNotFound: there is no such variant or file.
        TooLarge: that are too many files.
        RepoNotFound, RevisionNotFound, GatedModel, DisabledModel, BadToken: as the Hub says.
        UpstreamUnavailable: it cannot be reached, and not everything is in the cache.

    """
    asked = _asked(reference, variant, files, everything=everything)
    known = held_by(catalog, reference)
    try:
        wanted = _of_catalog(known, reference, hub, asked) if known else None
        return wanted or _of_hub(reference, catalog, hub, asked)
    except UpstreamUnavailable:
        cached = _of_cache(reference, known, cache, asked) if cache else None
        if cached is None:
            raise
        return cached


def held_by(catalog: Catalog | None, reference: Reference) -> Holding | None:
    """Give what the catalog says a model holds, as far as it knows the files of that revision."""
    if catalog is None:
        return None
    try:
        known = catalog.find(reference.repo_id)
        record = known.record
        is_present = reference.revision in {MAIN, record.sha}
        if record.sha is None or not is_present:
            return None
        read = (None, None) if known.tree is None else (known.tree.sha, known.tree.files)
        files = tuple(files_of(record.files, record.sha, *read))
        contents = contents_in(catalog, [known])[known.number]
    except (ModelNotFound, CatalogError):
        return None
    return Holding(record.repo_id, record.sha, files, contents, known) if files else None


def held_by_hub(reference: Reference, hub: Hub, catalog: Catalog | None = None) -> Holding:
    """Give what a model holds as the Hub says it now; raises what `Hub.tree` does."""
    tree = hub.tree(reference.repo_id, reference.revision)
    known = None
    if catalog is not None:
        with suppress(ModelNotFound, CatalogError):
            known = catalog.find(tree.repo_id)
    facts = facts_of(known.record, known.gguf, None) if known else Facts(tree.repo_id)
    return Holding(tree.repo_id, tree.commit, tree.files, contents_of(tree.files, facts), known)


def _asked(reference: Reference, variant: str, files: Sequence[str], *, everything: bool) -> Asked:
    """Give what is asked for; what is said beside a reference counts before what it says itself."""
    if everything:
        return Asked(everything=True)
    if files:
        for path in files:
            require_path(path)
        return Asked(files=tuple(files))
    if variant:
        return Asked(variant)
    return Asked(reference.variant, reference.path, reference.files)


def _of_catalog(known: Holding, reference: Reference, hub: Hub, asked: Asked) -> Wanted | None:
    """Give what is wanted by what the catalog says; `None`: the Hub is at another commit by now."""
    problem, chosen = None, None
    try:
        chosen = _choose(asked, known, reference)
    except HandoffError as error:  # the Hub may know better
        problem = error
    first = chosen.files[0] if chosen else known.files[0]
    try:
        remote = hub.head(known.repo_id, reference.revision, first.path)
    except EntryNotFound:
        return None
    if remote.commit != known.commit:
        return None
    if problem is not None:
        raise problem
    return _wanted(chosen, known, reference) if chosen else None


def _of_hub(reference: Reference, catalog: Catalog | None, hub: Hub, asked: Asked) -> Wanted:
    holding = held_by_hub(reference, hub, catalog)
    chosen = _choose(asked, holding, reference)
    hub.head(holding.repo_id, holding.commit, chosen.files[0].path)  # names are public, bytes may not be
    return _wanted(chosen, holding, reference)


def _of_cache(reference: Reference, known: Holding | None, cache: Path, asked: Asked) -> Wanted | None:
    """Give what is wanted when all of it is in the cache already."""
    if known is not None:
        wanted = _if_there(known, reference, cache, asked)
        if wanted is not None:
            return wanted
    if not asked.is_named:  # what is there tells neither what is best nor what is all
        return None
    for repo_id in dict.fromkeys([known.repo_id if known else reference.repo_id, reference.repo_id]):
        commit = cached_commit(cache, repo_id, reference.revision)
        files = cached_files(cache, repo_id, commit) if commit else ()
        if commit and files:
            holding = Holding(repo_id, commit, files, contents_of(files, Facts(repo_id)))
            return _if_there(holding, reference, cache, asked)
    return None


def _if_there(holding: Holding, reference: Reference, cache: Path, asked: Asked) -> Wanted | None:
    try:
        chosen = _choose(asked, holding, reference)
    except HandoffError:
        return None
    there = {file.path for file in cached_files(cache, holding.repo_id, holding.commit)}
    is_there = all(file.path in there for file in chosen.files)
    return _wanted(chosen, holding, reference) if is_there else None


def _choose(asked: Asked, holding: Holding, reference: Reference) -> Chosen:
    return choose(asked, holding.repo_id, reference.revision, holding.files, holding.contents)


def _wanted(chosen: Chosen, holding: Holding, reference: Reference) -> Wanted:
    variant = chosen.variant
    # Nothing is to be refused for a guess.
    exact = None if variant is None or variant.is_estimated else variant.bytes
    return Wanted(
        repo_id=holding.repo_id,
        revision=reference.revision,
        commit=holding.commit,
        paths=tuple(file.path for file in chosen.files),
        variant=variant.key if variant else "",
        label=variant.label if variant else "",
        format=variant.format if variant else "",
        bytes=exact if chosen.bytes is None else chosen.bytes,
    )

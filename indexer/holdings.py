"""What a model holds: from its record, its GGUF header and its tree to its variants; pure."""

from collections.abc import Sequence

from indexer.lineage import bases_in
from indexer.records import GgufFacts, ModelRecord, Outline, StoredModel
from indexer.variants.contents import contents_of
from indexer.variants.records import Contents, Facts, RepoFile

_NOT_TOLD = GgufFacts()


def contents_of_outline(model: Outline, base_params: int | None = None) -> Contents:
    """Give what a model in outline holds; `base_params` is how many parameters its base model has."""
    files = files_of(model.files, model.sha, model.tree_sha, model.tree_files)
    return contents_of(files, facts_of(model, model.gguf, base_params))


def contents_of_model(model: StoredModel, base_params: int | None = None) -> Contents:
    """Give what a stored model, read with its files, holds."""
    record, tree = model.record, model.tree
    read = (None, None) if tree is None else (tree.sha, tree.files)
    files = files_of(record.files, record.sha, *read)
    return contents_of(files, facts_of(record, model.gguf, base_params))


def files_of(
    named: Sequence[str] | None,
    sha: str | None,
    tree_sha: str | None,
    read: Sequence[RepoFile] | None,
) -> Sequence[RepoFile]:
    """Give the files of a model as well as they are known.

    Args:
        named: their paths by the listing, of the present commit.
        sha: the present commit.
        tree_sha: the commit of the newest tree.
        read: the files of that tree.

    """
    if not read:
        return list(map(RepoFile, named or ()))
    if named is None or sha == tree_sha:
        return read
    known = {file.path: file for file in read}
    return [_earlier(known[path]) if path in known else RepoFile(path) for path in named]


def facts_of(model: Outline | ModelRecord, gguf: GgufFacts | None, base_params: int | None) -> Facts:
    """Give what is known of a model beside its files."""
    told = gguf or _NOT_TOLD
    return Facts(
        repo_id=model.repo_id,
        tags=tuple(model.tags),
        library=model.library,
        params=model.params,
        dtypes=model.dtypes,
        gguf_params=told.params,
        architecture=told.architecture,
        context_length=told.context_length,
        base_params=base_params,
    )


def base_asked(repo_id: str, tags: Sequence[str], params: int | None, gguf: GgufFacts | None) -> str | None:
    """Give the model whose parameters tell those of this one; `None`: they are known, or there is none."""
    if params is not None or (gguf is not None and gguf.params is not None):
        return None
    return next((base.repo_id for base in bases_in(repo_id, tags)), None)


def _earlier(file: RepoFile) -> RepoFile:
    """Give a file of an earlier commit: it may be another by now."""
    return RepoFile(file.path, file.bytes, None, is_exact=False)

"""Trees in the catalog: the files of models with their sizes and hashes, and who holds which file.

All that is written here runs inside the transaction of the batch it came with.
"""

import zlib
from collections.abc import Iterable, Sequence
from itertools import starmap
from typing import NamedTuple

import orjson
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    bindparam,
    delete,
    exists,
    false,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.sqlite import insert as upsert

from indexer.catalog import tables
from indexer.catalog.database import folded, one_of, run_many
from indexer.errors import CatalogError
from indexer.records import Holder, Tree, TreeDue
from indexer.variants.records import RepoFile

MAX_FILES = 100_000
"""Files of one tree; the Hub recommends fewer."""
MAX_PATH_LENGTH = 4_096
"""Characters."""
MAX_BYTES = 2**62 - 1
"""Of one file."""
MAX_SHA_LENGTH = 64
MAX_HOLDERS = 1_000
"""Models that are looked through for a file; a tokenizer that thousands share needs no longer list."""

Kept = tuple[str, tuple[RepoFile, ...] | None]
"""The commit of a stored tree, and its files."""

_LEVEL = 6
_HEX = frozenset("0123456789abcdef")

_AT: BindParameter[int] = bindparam("at")
_MARKED = ("serial", "counters_serial")
_MARK = update(tables.models).where(tables.models.c.number == _AT)
_MARK = _MARK.values({name: bindparam(name) for name in _MARKED})
_KEPT = ("sha", "read_at", "files")
_KEEP = upsert(tables.trees)
_KEEP = _KEEP.on_conflict_do_update(
    index_elements=["number"], set_={name: _KEEP.excluded[name] for name in _KEPT}
)
_HOLD = insert(tables.blobs)


# -- packing ---------------------------------------------------------------------------------


def packed(files: Sequence[RepoFile]) -> bytes:
    """Give files as they are stored: a JSON list of [path, bytes, sha256], compressed.

    Raises:
        CatalogError: something is beyond its bounds.

    """
    if len(files) > MAX_FILES or not all(map(_is_bounded, files)):
        raise CatalogError("A tree cannot be stored: its files are beyond all bounds.")
    return zlib.compress(orjson.dumps([(one.path, one.bytes, one.sha256) for one in files]), _LEVEL)


def unpacked(blob: bytes) -> tuple[RepoFile, ...]:
    """Give the files that were packed."""
    return tuple(starmap(RepoFile, orjson.loads(zlib.decompress(blob))))


def prefix_of(sha256: str) -> int:
    """Give the first 8 bytes of a hash (hexadecimal) as a signed integer."""
    return int.from_bytes(bytes.fromhex(sha256[:16]), "big", signed=True)


def _is_bounded(file: RepoFile) -> bool:
    sha256 = file.sha256
    return (
        0 < len(file.path) <= MAX_PATH_LENGTH
        and (file.bytes is None or 0 <= file.bytes <= MAX_BYTES)
        and (sha256 is None or (len(sha256) == 64 and _HEX.issuperset(sha256)))
    )


# -- writing ---------------------------------------------------------------------------------


class _Known(NamedTuple):
    sha: str
    files: bytes | None


class _New(NamedTuple):
    """A tree that says something new, and what of it goes into the index of hashes."""

    number: int
    gained: set[int]
    lost: set[int]


def keep_trees(connection: Connection, trees: Iterable[Tree], serial: int, millis: int) -> int:
    """Store trees of models that the catalog holds; gives how many said something new.

    Args:
        connection: inside the batch's transaction.
        trees: of several of one model the last counts.
        serial: those with something new get the serials after this one.
        millis: the present moment.

    Raises:
        CatalogError: one is beyond its bounds.

    """
    by_key = {tree.key: tree for tree in trees}
    if not by_key:
        return 0
    t = tables.models.c
    rows = connection.execute(select(t.number, t.key).where(one_of(t.key, by_key)).order_by(t.number))
    numbered = {number: by_key[key] for number, key in rows}
    known = _known(connection, list(numbered))
    kept, new = [], []
    for number, tree in numbered.items():
        if not 0 < len(tree.sha) <= MAX_SHA_LENGTH:
            raise CatalogError("A tree cannot be stored: its commit is none.")
        blob = None if tree.files is None else packed(tree.files)
        kept.append((number, tree.sha, millis, blob))
        before = known.get(number)
        if before != (tree.sha, blob):
            old = set() if before is None else _prefixes(before.files)
            fresh = _prefixes(blob)
            new.append(_New(number, fresh - old, old - fresh))
    _write(connection, kept, new, serial)
    return len(new)


def forget_trees(connection: Connection, numbers: Sequence[int]) -> None:
    """Forget the trees of these models, which are removed."""
    for number, known in _known(connection, numbers).items():
        _let_go(connection, number, _prefixes(known.files))
    connection.execute(delete(tables.trees).where(one_of(tables.trees.c.number, numbers)))


def _write(
    connection: Connection, kept: list[tuple[int, str, int, bytes | None]], new: list[_New], serial: int
) -> None:
    run_many(connection, _KEEP, ("number", *_KEPT), kept)
    for one in new:
        _let_go(connection, one.number, one.lost)
    gained = [(prefix, one.number) for one in new for prefix in sorted(one.gained)]
    run_many(connection, _HOLD, ("prefix", "number"), gained)
    marks = [(serial + place, serial + place, one.number) for place, one in enumerate(new, 1)]
    run_many(connection, _MARK, (*_MARKED, "at"), marks)


def _let_go(connection: Connection, number: int, prefixes: set[int]) -> None:
    if prefixes:
        b = tables.blobs.c
        connection.execute(delete(tables.blobs).where(one_of(b.prefix, sorted(prefixes)), b.number == number))


def _known(connection: Connection, numbers: Sequence[int]) -> dict[int, _Known]:
    t = tables.trees.c
    rows = connection.execute(select(t.number, t.sha, t.files).where(one_of(t.number, numbers)))
    return {number: _Known(sha, files) for number, sha, files in rows}


def _prefixes(blob: bytes | None) -> set[int]:
    files = () if blob is None else unpacked(blob)
    return {prefix_of(one.sha256) for one in files if one.sha256 is not None}


# -- reading ---------------------------------------------------------------------------------


def trees_of(connection: Connection, condition: ColumnElement[bool]) -> dict[int, Kept]:
    """Give the trees of models by their numbers; the condition is on the table `trees`."""
    t = tables.trees.c
    rows = connection.execute(select(t.number, t.sha, t.files).where(condition))
    return {number: (sha, None if files is None else unpacked(files)) for number, sha, files in rows}


_WEIGHTS = (
    ".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".onnx", ".h5", ".msgpack", ".tflite", ".nemo",
    ".llamafile",
)  # fmt: skip
"""How files of weights that are not GGUF end."""


def _has_file(ending: str) -> ColumnElement[bool]:
    return tables.models.c.files.like(f'%{ending}"%')  # in the JSON list


def due(connection: Connection, limit: int) -> list[TreeDue]:
    """Give models whose tree is missing or of another commit: GGUF first, the most downloaded first.

    Reads through all models, a second for a million: what an index would order them by (downloads,
    whether the tree is of the present commit) moves with every pass, and this is asked once for
    thousands of requests.
    """
    t = tables.models.c
    # Where the files are not known this must be false, not unknown: its opposite is asked too.
    is_gguf = or_(t.tags.like('%"gguf"%'), func.coalesce(_has_file(".gguf"), false()))
    found = _due(connection, [is_gguf], limit)
    if len(found) < limit:
        others = or_(*map(_has_file, _WEIGHTS))
        found += _due(connection, [~is_gguf, others], limit - len(found))
    return found


def _due(connection: Connection, kinds: list[ColumnElement[bool]], limit: int) -> list[TreeDue]:
    t = tables.models.c
    is_read = exists().where(tables.trees.c.number == t.number, tables.trees.c.sha == t.sha)
    query = select(t.key, t.repo_id, t.sha).where(~t.disabled, t.sha.is_not(None), *kinds, ~is_read)
    query = query.order_by(t.downloads.desc().nulls_last(), t.number).limit(limit)
    return [TreeDue(*row) for row in connection.execute(query)]


def holders(connection: Connection, sha256: str, limit: int) -> list[Holder]:
    """Give who holds a file of this hash (hexadecimal, lower case), the most downloaded first."""
    t, m, b = tables.trees.c, tables.models.c, tables.blobs.c
    numbers = select(b.number).where(b.prefix == prefix_of(sha256)).order_by(b.number).limit(MAX_HOLDERS)
    query = select(m.repo_id, m.sha, t.sha, t.files).join(tables.trees, t.number == m.number)
    query = query.where(m.number.in_(numbers)).order_by(m.downloads.desc().nulls_last(), m.number)
    found: list[Holder] = []
    for repo_id, present, sha, blob in connection.execute(query):
        found += [
            Holder(repo_id, one.path, one.bytes, sha, is_current=sha == present)
            for one in unpacked(blob)
            if one.sha256 == sha256
        ]
        if len(found) >= limit:
            break
    return found[:limit]


def params_of(connection: Connection, repo_ids: Iterable[str]) -> dict[str, int]:
    """Give the parameters of models by their ids as the database folds them; of namesakes the larger."""
    params = func.max(func.coalesce(tables.models.c.params, tables.models.c.gguf_params))
    among = one_of(tables.folded_id, sorted({folded(repo_id) for repo_id in repo_ids}))
    query = select(tables.folded_id, params).where(among).group_by(tables.folded_id)
    return {repo_id: most for repo_id, most in connection.execute(query) if most is not None}

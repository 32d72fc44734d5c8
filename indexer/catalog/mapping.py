"""Between records and the catalog's columns; pure."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from typing import Any, TypeAlias, cast

import orjson
from sqlalchemy import RowMapping, null

from indexer.catalog import tables
from indexer.records import (
    EMPTY_REPOS,
    Checkpoint,
    Counters,
    Gated,
    GgufFacts,
    ModelRecord,
    Outline,
    SetAside,
    StoredModel,
    Tree,
)
from indexer.variants.records import RepoFile

Columns: TypeAlias = dict[str, Any]
"""Values by column name: the language of SQLAlchemy, spoken in this room's catalog only."""

RECORD_COLUMNS = (
    "repo_id",
    "created_at",
    "updated_at",
    "sha",
    "task",
    "library",
    "gated",
    "disabled",
    "params",
    "tags",
    "files",
    "dtypes",
    "fingerprint",
)
COUNTER_COLUMNS = ("downloads", "downloads_all_time", "likes", "trending")
GGUF_COLUMNS = ("gguf_params", "architecture", "context_length")

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime.max.replace(tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def to_millis(moment: datetime | None) -> int | None:
    """Milliseconds since 1970; a moment without a zone is taken as UTC."""
    if moment is None:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - EPOCH) // _MILLISECOND


def from_millis(millis: int | None) -> datetime | None:
    """Give the moment (UTC) of a number of milliseconds since 1970."""
    if millis is None:
        return None
    try:
        return EPOCH + timedelta(milliseconds=millis)
    except OverflowError:  # a clock that was years off; it must not make everything unreadable
        return _LATEST if millis > 0 else EPOCH


def record_values(record: ModelRecord) -> tuple[Any, ...]:
    """Give the values of `RECORD_COLUMNS`, the fingerprint last.

    Where there are no dtypes it is what it was before they were kept: those models have not changed.
    """
    said: tuple[Any, ...] = (
        record.repo_id,
        to_millis(record.created_at),
        to_millis(record.updated_at),
        record.sha,
        record.task,
        record.library,
        record.gated,
        record.disabled,
        record.params,
        orjson.dumps(record.tags).decode(),
        None if record.files is None else _files_text(record.files),
    )
    dtypes = _dtypes_text(record.dtypes) if record.dtypes else None
    digest = blake2b(orjson.dumps((*said, dtypes) if dtypes else said), digest_size=8).digest()
    return (*said, dtypes, int.from_bytes(digest, "big", signed=True))


def _files_text(files: tuple[str, ...]) -> str:
    return orjson.dumps(files).decode()


def _dtypes_text(dtypes: tuple[tuple[str, int], ...]) -> str:
    return orjson.dumps(dict(dtypes)).decode()


def _read_dtypes(text: str | None) -> tuple[tuple[str, int], ...]:
    return () if text is None else tuple(orjson.loads(text).items())


def counter_values(counters: Counters) -> tuple[int | float | None, ...]:
    """Give the values of `COUNTER_COLUMNS`."""
    return (counters.downloads, counters.downloads_all_time, counters.likes, counters.trending)


def gguf_values(gguf: GgufFacts | None) -> tuple[int | str | None, ...]:
    """Give the values of `GGUF_COLUMNS`; unknown ones where there are no facts."""
    return (None, None, None) if gguf is None else (gguf.params, gguf.architecture, gguf.context_length)


def _to_gguf(params: int | None, architecture: str | None, context_length: int | None) -> GgufFacts | None:
    known = params is not None or architecture is not None or context_length is not None
    return GgufFacts(params, architecture, context_length) if known else None


@lru_cache(maxsize=32_768)
def _read_files(text: str) -> tuple[str, ...]:
    """Six of seven models have the very files of another one: most are only looked up."""
    return tuple(orjson.loads(text))


_EMPTY_TEXTS = frozenset(map(_files_text, EMPTY_REPOS))
OUTLINE = tuple(
    tables.models.c[name]
    for name in (
        *(field for field in Outline._fields[: Outline._fields.index("files")] if field != "empty"),
        "files",
        *GGUF_COLUMNS,
    )
)
"""The columns of an outline, in its order; whether it is empty is seen by its files."""


def to_outline(row: Sequence[Any], tree: tuple[str, tuple[RepoFile, ...] | None] | None) -> Outline:
    """Give the outline that a row of `OUTLINE` holds, with a tree's commit and files."""
    # By place and in one go: an index is built from millions of them.
    (
        number, repo_id, key, created_at, updated_at, task, library, gated, disabled, params, dtypes,
        tags, downloads, downloads_all_time, likes, trending, sha, files, gguf_params, architecture, context,
    ) = row  # fmt: skip
    tree_sha, tree_files = tree or (None, None)
    return Outline(
        number, repo_id, key, created_at, updated_at, task, library, gated, bool(disabled), params,
        _read_dtypes(dtypes), files in _EMPTY_TEXTS, orjson.loads(tags),
        downloads, downloads_all_time, likes, trending, sha,
        None if files is None else _read_files(files), tree_sha, tree_files,
        _to_gguf(gguf_params, architecture, context),
    )  # fmt: skip


WORDS = tuple(tables.models.c[name] for name in ("number", "repo_id", "task", "library", "tags"))
"""The columns that tell whether a query finds a model."""


def to_words(row: Sequence[Any]) -> Outline:
    """Give as much of an outline as a row of `WORDS` holds."""
    number, repo_id, task, library, tags = row
    return Outline(number, repo_id, task=task, library=library, tags=orjson.loads(tags))


def outline_of(model: StoredModel) -> Outline:
    """Give a model in outline."""
    record, counters = model.record, model.counters
    return Outline(
        model.number,
        record.repo_id,
        record.key,
        to_millis(record.created_at),
        to_millis(record.updated_at),
        record.task,
        record.library,
        record.gated,
        record.disabled,
        record.params,
        record.dtypes,
        record.is_empty,
        record.tags,
        counters.downloads,
        counters.downloads_all_time,
        counters.likes,
        counters.trending,
        record.sha,
        record.files,
        None if model.tree is None else model.tree.sha,
        None if model.tree is None else model.tree.files,
        model.gguf,
    )


STORED = tuple(
    tables.models.c[name]
    for name in ("number", "serial", "key", *RECORD_COLUMNS, *COUNTER_COLUMNS, *GGUF_COLUMNS)
    if name != "fingerprint"
)
"""The columns of a model."""
STORED_WITHOUT_FILES = tuple(null() if column.name == "files" else column for column in STORED)
"""The same, where a long list of files would be read for nothing."""


def to_stored(
    row: Sequence[Any],
    aliases: tuple[str, ...] = (),
    tree: tuple[str, tuple[RepoFile, ...] | None] | None = None,
) -> StoredModel:
    """Give the model that a row of `STORED` holds; by place, which is read faster than by name."""
    number, serial, key, repo_id, created_at, updated_at, sha, task, library, gated = row[:10]
    disabled, params, tags, files, dtypes, downloads, downloads_all_time, likes, trending = row[10:19]
    record = ModelRecord(
        key=key,
        repo_id=repo_id,
        created_at=from_millis(created_at),
        updated_at=from_millis(updated_at),
        sha=sha,
        task=task,
        library=library,
        tags=tuple(orjson.loads(tags)),
        gated=cast("Gated", gated),
        disabled=bool(disabled),
        params=params,
        dtypes=_read_dtypes(dtypes),
        files=None if files is None else tuple(orjson.loads(files)),
    )
    counters = Counters(downloads, downloads_all_time, likes, trending)
    read = None if tree is None else Tree(key, *tree)
    return StoredModel(number, record, counters, serial, aliases, _to_gguf(*row[19:]), read)


def to_checkpoint(row: RowMapping) -> Checkpoint:
    """Give the checkpoint that a row of the table `checkpoints` holds."""
    started_at = from_millis(row["started_at"]) or EPOCH
    return Checkpoint(
        name=row["name"],
        next_url=row["next_url"],
        started_at=started_at,
        pages=row["pages"],
        rows=row["rows"],
        updated_at=from_millis(row["updated_at"]),
        finished_at=from_millis(row["finished_at"]),
        last_finished_at=from_millis(row["last_finished_at"]),
        origin=from_millis(row["origin"]),
        position=from_millis(row["position"]),
        last_origin=from_millis(row["last_origin"]),
    )


def to_set_aside(row: RowMapping) -> SetAside:
    """Give the row without meaning that a row of the table `set_aside` holds."""
    return SetAside(
        reason=row["reason"],
        row_id=row["row_id"],
        excerpt=row["excerpt"],
        pass_name=row["pass_name"],
        seen_at=from_millis(row["seen_at"]),
        times=row["times"],
    )

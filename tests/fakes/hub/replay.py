"""Real models, replayed from a recording that is not part of this project."""

import gzip
import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import orjson

from tests.fakes.hub.rows import LEGACY_SECONDS, Row, iso, object_id, seconds_of
from tests.fakes.hub.source import ListSource

_AS_RECORDED = (
    "id", "author", "sha", "downloads", "downloadsAllTime", "likes", "tags", "pipeline_tag", "library_name",
    "gated", "private", "disabled", "siblings",
)  # fmt: skip


class ReplaySource(ListSource):
    """The recorded models, as far as they are known: what the recording lacks, the listing lacks.

    But every model of the Hub has a moment of creation: those unknown get the one of the oldest models.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(read_recording(folder / "models.jsonl.gz"))


class TreesSource(ListSource):
    """The recorded GGUF repositories with the sizes of their files, as far as they are known."""

    def __init__(self, folder: Path, limit: int | None = None) -> None:
        super().__init__(islice(_read_trees(folder / "gguf_trees.jsonl.gz"), limit))


def _read_trees(path: Path) -> Iterator[Row]:
    with gzip.open(path) as lines:
        for line in lines:
            recorded = orjson.loads(line)
            repo_id = str(recorded["id"])
            sha = hashlib.sha1(repo_id.encode(), usedforsecurity=False).hexdigest()
            tags = sorted({*(recorded["tags"] or ()), "gguf"})
            siblings = list(map(_sibling, recorded["files"]))
            yield replayed(recorded | {"sha": sha, "tags": tags, "siblings": siblings})


def _sibling(file: Row) -> Row:
    sibling = {field: file[field] for field in ("rfilename", "size") if field in file}
    return sibling | ({"lfs": {"sha256": file["sha256"]}} if "sha256" in file else {})


def read_recording(path: Path) -> Iterator[Row]:
    with gzip.open(path) as lines:
        for line in lines:
            yield replayed(orjson.loads(line))


def replayed(recorded: Row) -> Row:
    """Turn a recorded row into the Hub's form."""
    row: Row = {field: recorded[field] for field in _AS_RECORDED if recorded.get(field) is not None}
    row |= {
        field: _as_the_hub_spells(str(recorded[field]))
        for field in ("createdAt", "lastModified")
        if recorded.get(field) is not None
    }
    if row.get("gated") is True:
        row["gated"] = "auto"
    if recorded.get("trending") is not None:
        row["trendingScore"] = recorded["trending"]
    params, license_name = recorded.get("params"), recorded.get("license")
    if params is not None:
        row["safetensors"] = {"parameters": {"BF16": params}, "total": params}
    if license_name is not None:
        tags, tag = row.get("tags", []), f"license:{license_name}"
        if isinstance(tags, list) and tag not in tags:
            row["tags"] = [*tags, tag]
    created = int(seconds_of(str(row.setdefault("createdAt", iso(LEGACY_SECONDS)))))
    row["_id"] = object_id(max(created, LEGACY_SECONDS), str(row["id"]))
    return row


def _as_the_hub_spells(moment: str) -> str:
    if len(moment) == len("2022-03-02T23:29:04.000Z") and moment.endswith("Z"):
        return moment
    read = datetime.fromisoformat(moment).astimezone(UTC)
    return iso(int(read.timestamp()))[:-4] + f"{read.microsecond // 1000:03d}Z"

"""The meaning of a row: one entry of the Hub's model listing becomes a record, or is refused.

`huggingface_hub.ModelInfo(**row)` gives a row its meaning too, at 11,000 rows a second and without
bounds; a row has to be parsed and stored at 8,000 a second, so the fields are read here directly
(50,000 rows a second on the same machine) and every type and size is checked on the way.
"""

import re
from datetime import UTC, datetime
from math import isfinite
from typing import TypeAlias, cast

from indexer.errors import MalformedRow
from indexer.records import Counters, Gated, GgufFacts, Listed, ModelRecord, Removal
from indexer.text import is_storable

Row: TypeAlias = dict[str, object]

MAX_TAGS = 1_000
"""Tags kept of a model, from the first; the most seen in 185,547 models is 4,046."""
MAX_TAG_LENGTH = 500
MAX_FILES = 100_000
"""A longer list counts as not told (`None`): half a list would be taken for a whole one."""
MAX_PATH_LENGTH = 4_096
MAX_TEXT_LENGTH = 255
MAX_DTYPES = 16
"""Of one model; there are some twenty in all."""
MAX_INTEGER = 2**63 - 1

_KEY = re.compile(r"[0-9a-f]{24}")
_DTYPE = re.compile(r"[A-Z0-9_]{1,16}")
# One or two segments of at most 96 characters. `--` is allowed: the Hub refuses it today, old models have it.
_REPO_ID = re.compile(r"(?!\.{1,2}(?:/|$))[\w.\-]{1,96}(?:/(?!\.{1,2}$)[\w.\-]{1,96})?", re.ASCII)
_GATED: dict[object, Gated] = {None: "no", False: "no", True: "auto", "auto": "auto", "manual": "manual"}


def parse_row(row: object, *, has_gguf: bool = False) -> Listed | Removal:
    """Give what one row of `GET /api/models` says; a row of any mode (plain, full, expand) will do.

    `has_gguf` tells whether it was asked what the headers of its GGUF files say.

    The Hub leaves out what it does not know (recorded 2026), so an absent field is `None`. A private
    row, which a token can see, is a removal: it is never stored.

    Raises:
        MalformedRow: the row has no meaning; nothing else is ever raised.

    """
    if not isinstance(row, dict):
        raise MalformedRow("it is not an object")
    is_private = row.get("private")
    named = row.get("id", row.get("modelId"))
    shown_id = _shown(named) if isinstance(named, str) and is_private in (None, False) else ""
    try:
        key = _key(row.get("_id"))
        if _flag(is_private, "private"):
            return Removal(key, "private")
        gguf = _gguf(row.get("gguf")) if has_gguf else None
        return Listed(_record(key, _repo_id(named), row), _counters(row), gguf)
    except _Refused as refusal:
        raise MalformedRow(str(refusal), shown_id) from None


def moment_in(row: object, field: str) -> datetime | None:
    """Give a moment that a row names (`createdAt`, `lastModified`); `None` when it names none of sense."""
    try:
        return _moment(row.get(field), field) if isinstance(row, dict) else None
    except _Refused:
        return None


def key_in(row: object) -> str | None:
    """Give the key a row names, whatever else it says; `None` when it names none."""
    try:
        return _key(row.get("_id")) if isinstance(row, dict) else None
    except _Refused:
        return None


class _Refused(Exception):
    """Why a field has no meaning."""


def _record(key: str, repo_id: str, row: Row) -> ModelRecord:
    return ModelRecord(
        key=key,
        repo_id=repo_id,
        created_at=_moment(row.get("createdAt"), "createdAt"),
        updated_at=_moment(row.get("lastModified"), "lastModified"),
        sha=_text(row.get("sha"), "sha"),
        task=_text(row.get("pipeline_tag"), "pipeline_tag"),
        library=_text(row.get("library_name"), "library_name"),
        tags=_tags(row.get("tags")),
        gated=_gated(row.get("gated")),
        disabled=_flag(row.get("disabled"), "disabled"),
        params=_params(row.get("safetensors")),
        dtypes=_dtypes(row.get("safetensors")),
        files=_files(row.get("siblings")),
    )


def _counters(row: Row) -> Counters:
    return Counters(
        downloads=_count(row.get("downloads"), "downloads"),
        downloads_all_time=_count(row.get("downloadsAllTime"), "downloadsAllTime"),
        likes=_count(row.get("likes"), "likes"),
        trending=_score(row.get("trendingScore")),
    )


def _key(value: object) -> str:
    if not isinstance(value, str) or not _KEY.fullmatch(value):
        raise _Refused("its _id is not 24 hexadecimal digits")
    return value


def _repo_id(value: object) -> str:
    if not isinstance(value, str) or not _REPO_ID.fullmatch(value):
        raise _Refused("its id is not a legal repository name")
    return value


def _text(value: object, name: str) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > MAX_TEXT_LENGTH or not is_storable(value):
        raise _Refused(f"its {name} is not a text of at most {MAX_TEXT_LENGTH} characters")
    return value


def _count(value: object, name: str) -> int | None:
    if value is None:
        return None
    if type(value) is not int or not 0 <= value <= MAX_INTEGER:  # a bool is an int too, but no count
        raise _Refused(f"its {name} is not a count")
    return value


def _score(value: object) -> float | None:
    if value is None:
        return None
    if type(value) is int and -MAX_INTEGER <= value <= MAX_INTEGER:
        return float(value)
    if type(value) is not float or not isfinite(value):
        raise _Refused("its trendingScore is not a number")
    return value


def _flag(value: object, name: str) -> bool:
    if value is None:
        return False
    if not isinstance(value, bool):
        raise _Refused(f"its {name} is neither true nor false")
    return value


def _gated(value: object) -> Gated:
    if isinstance(value, str | bool | None) and value in _GATED:
        return _GATED[value]
    raise _Refused("its gated is none of false, auto, manual")


def _moment(value: object, name: str) -> datetime | None:
    if value is None:
        return None
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
            if moment.tzinfo is UTC:
                return moment
            if moment.tzinfo is not None:
                return moment.astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise _Refused(f"its {name} is not a time with a zone")


def _tags(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(tag, str) for tag in value):
        raise _Refused("its tags are not a list of texts")
    tags = tuple(tag for tag in value[:MAX_TAGS] if len(tag) <= MAX_TAG_LENGTH)
    if not is_storable("".join(tags)):
        raise _Refused("its tags are no Unicode text")
    return tags


def _files(value: object) -> tuple[str, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list):
        raise _Refused("its siblings are not a list of files")
    if len(value) > MAX_FILES:
        return None
    try:
        paths = [sibling["rfilename"] for sibling in value]
        text = "".join(paths)
    except (TypeError, KeyError, IndexError):
        raise _Refused("its siblings are not a list of files") from None
    if not is_storable(text):
        raise _Refused("its file names are no Unicode text")
    return tuple(path for path in paths if 0 < len(path) <= MAX_PATH_LENGTH)


def _params(value: object) -> int | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise _Refused("its safetensors is not an object")
    total = cast("Row", value).get("total")
    if type(total) is int and total <= 0:
        return None  # the headers of some real models claim -1,000,000,000: that is not known
    return _count(total, "safetensors.total")


def _dtypes(value: object) -> tuple[tuple[str, int], ...]:
    """Give the elements of each dtype, by name; odd ones, which any upload can hold, make all unknown."""
    counts = cast("Row", value).get("parameters") if isinstance(value, dict) else None
    if not isinstance(counts, dict) or len(counts) > MAX_DTYPES:
        return ()
    for name, count in counts.items():
        if not _DTYPE.fullmatch(name) or type(count) is not int or not 0 <= count <= MAX_INTEGER:
            return ()
    return tuple(counts.items() if len(counts) == 1 else sorted(counts.items()))


def _gguf(value: object) -> GgufFacts:
    """Give what a GGUF header says; odd values, which the header of any upload can hold, are unknown."""
    said = cast("Row", value) if isinstance(value, dict) else {}
    name = said.get("architecture")
    is_name = isinstance(name, str) and 0 < len(name) <= MAX_TEXT_LENGTH and is_storable(name)
    return GgufFacts(
        params=_positive(said.get("total")),
        architecture=cast("str", name) if is_name else None,
        context_length=_positive(said.get("context_length")),
    )


def _positive(value: object) -> int | None:
    return value if type(value) is int and 0 < value <= MAX_INTEGER else None


def _shown(text: str) -> str:
    """Give the beginning of a text that may hold anything, as far as it can be written as UTF-8."""
    return text[:MAX_TEXT_LENGTH].encode(errors="replace").decode()

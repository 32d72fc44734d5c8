"""What a row is inside the stand-in Hub, and how to make a realistic one."""

import hashlib
from datetime import UTC, datetime

Row = dict[str, object]
"""One model under the Hub's own field names; a field that is not there is unknown. Never changed in place."""

LEGACY_SECONDS = 1_646_263_744
"""2022-03-02T23:29:04Z: what the Hub says of everything older than its own records."""

_days: dict[int, str] = {}
_MINUTES = tuple(f"{minute // 60:02d}:{minute % 60:02d}:" for minute in range(1_440))
_SECONDS = tuple(f"{second:02d}.000Z" for second in range(60))


def iso(seconds: int) -> str:
    """Spell a moment as the Hub does."""
    day, rest = divmod(seconds, 86_400)
    date = _days.get(day)
    if date is None:
        date = _days[day] = datetime.fromtimestamp(day * 86_400, UTC).strftime("%Y-%m-%dT")
    return date + _MINUTES[rest // 60] + _SECONDS[rest % 60]


def seconds_of(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()


def object_id(seconds: int, text: str) -> str:
    """An `_id` as MongoDB would make it: the second of creation, then bytes that tell equals apart."""
    return f"{seconds:08x}{hashlib.blake2b(text.encode(), digest_size=8).hexdigest()}"


def make_row(**overrides: object) -> Row:
    """A full row with sensible values; None leaves a field out, as the Hub does with what is unknown."""
    repo_id = str(overrides.get("id", "acme/Gale-7B-Instruct"))
    created = str(overrides.get("createdAt") or "2024-05-10T06:47:21.000Z")
    row: Row = {
        "_id": object_id(int(seconds_of(created)), repo_id),
        "id": repo_id,
        "author": repo_id.partition("/")[0] if "/" in repo_id else None,
        "sha": hashlib.sha1(repo_id.encode(), usedforsecurity=False).hexdigest(),
        "createdAt": created,
        "lastModified": created,
        "private": False,
        "disabled": False,
        "gated": False,
        "downloads": 1_204,
        "downloadsAllTime": 31_377,
        "likes": 17,
        "trendingScore": 0,
        "tags": [
            "transformers",
            "safetensors",
            "llama",
            "text-generation",
            "conversational",
            "en",
            "license:apache-2.0",
            "region:us",
        ],
        "pipeline_tag": "text-generation",
        "library_name": "transformers",
        "safetensors": {"parameters": {"BF16": 7_241_732_096}, "total": 7_241_732_096},
        "siblings": [
            {"rfilename": name}
            for name in (".gitattributes", "README.md", "config.json", "model.safetensors", "tokenizer.json")
        ],
    }
    row.update(overrides)
    return {field: value for field, value in row.items() if value is not None}

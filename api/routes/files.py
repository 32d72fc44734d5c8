"""`GET /v1/files/{sha256}`: which models hold a file, and whether they still do."""

import re
from typing import Annotated

from fastapi import APIRouter, Path

from api.asking import FromSources
from api.responses import JsonResponse, errors_of
from indexer.errors import BadRequest, FileNotKnown
from indexer.variants.answers import HoldersAnswer, holders_answer

HOLDERS_TOLD = 100
"""Models of an answer."""

_SHA256 = re.compile(r"[0-9a-fA-F]{64}")

Sha256 = Annotated[
    str,
    Path(
        max_length=200,
        description="SHA-256 of the file's content, 64 hexadecimal digits.",
        json_schema_extra={"pattern": f"^{_SHA256.pattern}$"},
    ),
]

router = APIRouter(tags=["files"])


@router.get("/v1/files/{sha256}", response_model=HoldersAnswer, responses=errors_of(404, 422, 503))
def file(sha256: Sha256, sources: FromSources) -> JsonResponse:
    """Give the models that hold a file, and whether the commit it was seen in is still the present one."""
    if _SHA256.fullmatch(sha256) is None:
        raise BadRequest(f"A SHA-256 has 64 hexadecimal digits; `{sha256}` is none.")
    holders = sources.catalog().holders(sha256.lower(), HOLDERS_TOLD)
    if not holders:
        raise FileNotKnown(sha256.lower())
    return JsonResponse(holders_answer(sha256.lower(), holders))

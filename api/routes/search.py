"""`GET /v1/search`: models by what was typed so far."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from api.asking import FromSources
from api.responses import JsonResponse, errors_of
from indexer.answers import SearchAnswer, page_answer
from indexer.query import MAX_LIMIT, MAX_TEXT, parse_query

router = APIRouter(tags=["search"])


class SearchParameters(BaseModel):
    """What can be asked."""

    model_config = ConfigDict(extra="forbid")

    q: str = Field(
        default="",
        description="What is searched: words, parts of words, `owner/name`, `-without`, or a pasted link.",
        json_schema_extra={"maxLength": MAX_TEXT},
    )
    kind: Literal["model"] = Field(default="model", description="What is looked for.")
    limit: int = Field(default=20, ge=1, le=MAX_LIMIT, description="Hits in the answer.")
    offset: int = Field(default=0, ge=0, description="Hits to skip.")


@router.get("/v1/search", response_model=SearchAnswer, responses=errors_of(422, 503))
def search(asked: Annotated[SearchParameters, Query()], sources: FromSources) -> JsonResponse:
    """Search models; an empty query lists all of them, the most downloaded first."""
    query = parse_query(asked.q, limit=asked.limit, offset=asked.offset)
    return JsonResponse(page_answer(sources.answer(query)))

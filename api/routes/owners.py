"""`GET /v1/owners`: owners by what was typed of their names so far."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from api.asking import FromSources
from api.paths import MAX_ID
from api.responses import JsonResponse, errors_of
from indexer.answers import OwnersAnswer, owners_answer
from indexer.owners import MAX_OWNERS
from indexer.text import compact

router = APIRouter(tags=["search"])


class OwnersParameters(BaseModel):
    """What can be asked."""

    model_config = ConfigDict(extra="forbid")

    q: str = Field(
        default="",
        max_length=MAX_ID,
        description="How the name begins; case and separators do not matter, nor does `/name` behind it.",
    )
    limit: int = Field(default=10, ge=1, le=MAX_OWNERS, description="Owners in the answer.")

    @property
    def prefix(self) -> str:
        """What an owner's compact text must begin with."""
        return compact(self.q.partition("/")[0])


@router.get("/v1/owners", response_model=OwnersAnswer, responses=errors_of(422, 503))
def owners(asked: Annotated[OwnersParameters, Query()], sources: FromSources) -> JsonResponse:
    """Give owners and how many models each has: whoever is called exactly so, then the most popular."""
    return JsonResponse(owners_answer(sources.owners(asked.prefix, asked.limit)))

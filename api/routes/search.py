"""`GET /v1/search`: models by what was typed so far."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from api.asking import FromSources
from api.responses import JsonResponse, errors_of
from indexer.answers import SearchAnswer, page_answer
from indexer.filters import FACETS, MAX_VALUE_LENGTH, MAX_VALUES, NO_FILTERS, Facet, Filters
from indexer.query import MAX_LIMIT, MAX_TEXT, SearchQuery, Sort, parse_query

router = APIRouter(tags=["search"])

Value = Annotated[str, Field(min_length=1, max_length=MAX_VALUE_LENGTH)]
Values = Annotated[list[Value], Field(max_length=MAX_VALUES)]
Count = Annotated[int, Field(ge=0, le=2**62)]


class SearchParameters(BaseModel):
    """What can be asked."""

    model_config = ConfigDict(extra="forbid")

    q: str = Field(
        default="",
        description=(
            "What is searched: words, parts of words, `owner/name`, `-without`, `key:value`, a pasted link."
        ),
        json_schema_extra={"maxLength": MAX_TEXT},
    )
    kind: Literal["model"] = Field(default="model", description="What is looked for.")
    limit: int = Field(default=20, ge=1, le=MAX_LIMIT, description="Hits in the answer.")
    offset: int = Field(default=0, ge=0, description="Hits to skip.")
    sort: Sort = Field(default="relevance", description="The order of the hits: the most or newest first.")
    author: Values = Field(default=[], description="Owners; of several, any.")
    task: Values = Field(default=[], description="Tasks such as `text-generation`; of several, any.")
    library: Values = Field(default=[], description="Libraries such as `transformers`; of several, any.")
    license: Values = Field(default=[], description="Licences such as `apache-2.0`; of several, any.")
    format: Values = Field(default=[], description="Formats such as `gguf`, `safetensors`; of several, any.")
    gated: list[Literal["no", "auto", "manual"]] = Field(
        default=[], max_length=3, description="How access is granted; of several, any."
    )
    tag: Values = Field(default=[], description="Tags; of several, all.")
    min_params: Count | None = Field(default=None, description="Parameters, at least.")
    max_params: Count | None = Field(default=None, description="Parameters, at most.")
    facets: list[Facet] = Field(
        default=[],
        max_length=len(FACETS),
        description="Fields whose values are counted over all that was found.",
    )

    def query(self) -> SearchQuery:
        """Give what is asked; raises BadRequest when it is out of bounds."""
        return parse_query(
            self.q,
            filters=self._filters(),
            sort=self.sort,
            facets=self.facets,
            limit=self.limit,
            offset=self.offset,
        )

    def _filters(self) -> Filters:
        filters = NO_FILTERS.with_tags(self.tag).with_params(self.min_params, self.max_params)
        for facet in FACETS:
            filters = filters.with_values(facet, getattr(self, facet))
        return filters


@router.get("/v1/search", response_model=SearchAnswer, responses=errors_of(422, 503))
def search(asked: Annotated[SearchParameters, Query()], sources: FromSources) -> JsonResponse:
    """Search models; an empty query lists all of them, the most downloaded first."""
    return JsonResponse(page_answer(sources.answer(asked.query())))

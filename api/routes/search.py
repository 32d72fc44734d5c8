"""`GET /v1/search`: models, or variants of them, by what was typed so far."""

from dataclasses import replace
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from api.asking import FromSources
from api.measured import Context, GivenMemory, context_given, memory_given
from api.responses import JsonResponse, errors_of
from indexer.answers import SearchAnswer, page_answer
from indexer.filters import FACETS, MAX_VALUE_LENGTH, MAX_VALUES, NO_FILTERS, Facet, Filters
from indexer.measures import MOST, Bounds
from indexer.query import MAX_LIMIT, MAX_TEXT, Kind, SearchQuery, Sort, parse_query

router = APIRouter(tags=["search"])

Value = Annotated[str, Field(min_length=1, max_length=MAX_VALUE_LENGTH)]
Values = Annotated[list[Value], Field(max_length=MAX_VALUES)]
Count = Annotated[int, Field(ge=0, le=MOST)]
Bits = Annotated[float, Field(ge=0, le=1_000, allow_inf_nan=False)]


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
    kind: Kind = Field(default="model", description="What the hits are: models, or variants of them.")
    limit: int = Field(default=20, ge=1, le=MAX_LIMIT, description="Hits in the answer.")
    offset: int = Field(default=0, ge=0, description="Hits to skip.")
    sort: Sort = Field(default="relevance", description="The order of the hits: the most or newest first.")
    author: Values = Field(default=[], description="Owners; of several, any.")
    task: Values = Field(default=[], description="Tasks such as `text-generation`; of several, any.")
    library: Values = Field(default=[], description="Libraries such as `transformers`; of several, any.")
    license: Values = Field(default=[], description="Licences such as `apache-2.0`; of several, any.")
    format: Values = Field(default=[], description="Formats such as `gguf`, `safetensors`; of several, any.")
    quant: Values = Field(
        default=[],
        description="Quants such as `q4_k_m`, or how they begin, `q4`; of several, any of one variant.",
    )
    gated: list[Literal["no", "auto", "manual"]] = Field(
        default=[], max_length=3, description="How access is granted; of several, any."
    )
    tag: Values = Field(default=[], description="Tags; of several, all.")
    min_params: Count | None = Field(default=None, description="Parameters, at least.")
    max_params: Count | None = Field(default=None, description="Parameters, at most.")
    min_bytes: Count | None = Field(default=None, description="Bytes of a variant's files, at least.")
    max_bytes: Count | None = Field(default=None, description="Bytes of a variant's files, at most.")
    min_bits: Bits | None = Field(default=None, description="Bits per weight, at least; such as `4.5`.")
    max_bits: Bits | None = Field(default=None, description="Bits per weight, at most.")
    fits: GivenMemory = Field(
        default="",
        description=(
            "Only variants that fit into this memory: `8gb`, or `8gb+32gb`, the graphics card's and the "
            "machine's (GiB)."
        ),
    )
    ctx: Context = Field(
        default="", description="The length of context they are to fit with: `4096`, `8k`; 4k when not given."
    )
    memory: GivenMemory = Field(
        default="",
        description="As `fits`, but filters nothing: each variant says whether it fits.",
    )
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
            kind=self.kind,
        )

    def _filters(self) -> Filters:
        filters = NO_FILTERS.with_tags(self.tag)
        filters = filters.with_params(self.min_params, self.max_params)
        filters = filters.with_bounds("bytes", Bounds(self.min_bytes, self.max_bytes))
        bits = Bounds(_hundredths(self.min_bits), _hundredths(self.max_bits))
        filters = filters.with_bounds("bits", bits)
        for facet in FACETS:
            filters = filters.with_values(facet, getattr(self, facet))
        context = context_given(self.ctx)
        filters = replace(filters, fits=memory_given("fits", self.fits))
        return filters if context is None else replace(filters, context=context)


@router.get("/v1/search", response_model=SearchAnswer, responses=errors_of(422, 503))
def search(asked: Annotated[SearchParameters, Query()], sources: FromSources) -> JsonResponse:
    """Search models, or variants of them; an empty query lists all, the most downloaded first."""
    memory = memory_given("memory", asked.memory)
    return JsonResponse(page_answer(sources.answer(asked.query()), memory))


def _hundredths(bits: float | None) -> int | None:
    return None if bits is None else round(bits * 100)

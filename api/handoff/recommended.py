"""Models that are recommended: a file that people may edit, read into frozen records.

What is wrong with it is said by line and field; nothing of it is ever half taken.
"""

import re
from typing import Annotated, NamedTuple

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictInt,
    StrictStr,
    ValidationError,
)

from api.handoff.plain_yaml import BadYaml, Document, read_yaml
from indexer.errors import HubdexError
from indexer.measures import Memory, read_memory

MAX_MODELS = 60
MAX_STEPS = 12

_REPO_ID = re.compile(r"(?:(?!\.{1,2}/)[\w.\-]{1,96}/)?(?!\.{1,2}$)[\w.\-]{1,96}", re.ASCII)


class BadRecommendations(HubdexError):
    """A file of recommended models cannot be used; attributes: its line (from 1; 0: none) and the field."""

    word = "bad_recommendations"

    def __init__(self, why: str, line: int = 0, field: str = "") -> None:
        self.line = line
        self.field = field
        places = (f"line {line}" if line else "", f"`{field}`" if field else "")
        super().__init__(": ".join((*filter(None, (", ".join(filter(None, places)),)), why)))


class Step(NamedTuple):
    """The variant for so much memory."""

    memory: int
    """Bytes."""
    variant: str
    """Its label or, where nobody knows the quant, its format."""


def _one_line(text: str) -> str:
    if not text.isprintable() or text != text.strip():
        raise ValueError("must be one line of text")
    return text


def _repo_id(text: str) -> str:
    if not _REPO_ID.fullmatch(text):
        raise ValueError("must be the id of a model, `owner/name`")
    return text


def _steps(value: object) -> tuple[Step, ...]:
    if not isinstance(value, dict) or not 1 <= len(value) <= MAX_STEPS:
        raise ValueError(f"must name 1 to {MAX_STEPS} variants by memory, such as `8gb: Q4_K_M`")
    return tuple(sorted(_step(memory, variant) for memory, variant in value.items()))


def _step(memory: object, variant: object) -> Step:
    read = read_memory(memory) if isinstance(memory, str) and "+" not in memory else None
    if read is None:
        raise ValueError(f"takes memory such as `8gb`; `{str(memory)[:40]}` is none")
    if not isinstance(variant, str) or not 1 <= len(variant) <= 100 or not variant.isprintable():
        raise ValueError(f"must name a variant for `{memory}`, such as `Q4_K_M`")
    return Step(read.total, variant)


Share = Annotated[float, Field(strict=True, ge=0, le=1)]
Factor = Annotated[float, Field(strict=True, ge=0, le=5)]
Penalty = Annotated[float, Field(strict=True, ge=-2, le=2)]
Tokens = Annotated[StrictInt, Field(ge=1, le=2**24)]
Stop = Annotated[StrictStr, Field(min_length=1, max_length=100)]
Line = Annotated[StrictStr, AfterValidator(_one_line)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Parameters(_Strict):
    """What its makers advise to run a model with; `None`: nothing."""

    ctx: Tokens | None = None
    temperature: Factor | None = None
    top_p: Share | None = None
    top_k: Annotated[StrictInt, Field(ge=0, le=1_000_000)] | None = None
    min_p: Share | None = None
    repeat_penalty: Factor | None = None
    presence_penalty: Penalty | None = None
    max_tokens: Tokens | None = None
    stop: Annotated[tuple[Stop, ...], Field(max_length=16)] = ()


NOTHING_ADVISED = Parameters()


class Recommended(_Strict):
    """A model that is recommended."""

    model: Annotated[StrictStr, AfterValidator(_repo_id)]
    title: Annotated[Line, Field(min_length=1, max_length=60)]
    why: Annotated[Line, Field(min_length=1, max_length=140)]
    variants: Annotated[tuple[Step, ...], BeforeValidator(_steps)]
    """That for the least memory first."""
    parameters: Parameters = NOTHING_ADVISED

    def step_for(self, memory: Memory | None) -> Step:
        """Give the variant for what there is of memory: in the graphics card, else in all there is.

        The first where nobody said, and where all of them take more.
        """
        most = (memory.vram, memory.total) if memory else ()
        fitting = ([step for step in self.variants if step.memory <= limit] for limit in most)
        return next((steps[-1] for steps in fitting if steps), self.variants[0])


class _File(_Strict):
    models: Annotated[tuple[Recommended, ...], Field(max_length=MAX_MODELS)]


def read_recommended(text: str) -> tuple[Recommended, ...]:
    """Read a file of recommended models.

    Raises:
        BadRecommendations: names the line and the field that is wrong.

    """
    try:
        document = read_yaml(text)
    except BadYaml as error:
        raise BadRecommendations(error.why, error.line) from None
    if not isinstance(document.value, dict):
        raise BadRecommendations("it must begin with `models:`", 1)
    try:
        models = _File.model_validate(document.value).models
    except ValidationError as error:
        raise _trouble(error, document) from None
    seen = set[str]()
    for at, one in enumerate(models):
        if one.model.lower() in seen:
            place = ("models", at, "model")
            raise BadRecommendations(f"{one.model} stands there twice", document.line_of(place), "model")
        seen.add(one.model.lower())
    return models


def _trouble(error: ValidationError, document: Document) -> BadRecommendations:
    """Tell the first thing that is wrong."""
    first = error.errors(include_url=False, include_input=False)[0]
    place = first["loc"]
    names = [part for part in place if isinstance(part, str)]
    why = first["msg"].removeprefix("Value error, ").replace("tuple", "list").replace("dictionary", "mapping")
    return BadRecommendations(why[:1].lower() + why[1:], document.line_of(place), names[-1] if names else "")

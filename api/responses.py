"""How answers are written: JSON by orjson, and the one shape of an error."""

from typing import Any, NotRequired

import orjson
from starlette.responses import Response
from typing_extensions import TypedDict


class ErrorAnswer(TypedDict):
    """What went wrong: one word for machines, one sentence for people."""

    error: str
    message: str


class HealthAnswer(TypedDict):
    """Whether the process lives, or can answer."""

    status: str


class ReadyAnswer(HealthAnswer):
    """Whether searches are answered."""

    stale: NotRequired[bool]
    """Whether from models that are older than they should be."""
    message: NotRequired[str]
    """Since when, and what to look at."""


class JsonResponse(Response):
    """An answer in JSON."""

    media_type = "application/json"

    def render(self, content: object) -> bytes:
        """Write the answer."""
        return orjson.dumps(content)


def error_response(status: int, word: str, message: str) -> JsonResponse:
    """Give an error in its one shape."""
    answer: ErrorAnswer = {"error": word, "message": message}
    return JsonResponse(answer, status)


def errors_of(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Tell the OpenAPI description which errors a route can answer."""
    told = {
        401: "The key is missing or wrong.",
        403: "This is not for a page of another site.",
        404: "There is no such thing.",
        409: "It is in no state in which that can be done.",
        413: "Too much was sent.",
        415: "This is not JSON.",
        422: "The question is wrong.",
        503: "Not yet, or not now.",
    }
    return {status: {"model": ErrorAnswer, "description": told[status]} for status in statuses}

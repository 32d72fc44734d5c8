"""The API answers as it describes itself, whatever it is asked: generated questions, right and wrong."""

import asyncio
import logging
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlencode

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from requests import PreparedRequest
from schemathesis import Case, GenerationMode, Response
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.types import Message

from api.app import create_app
from api.config import ApiConfig
from tests.api.conftest import LOCAL
from tests.api.handoff.cache.making import put
from tests.factories import NAMES, fill_home, make_models
from tests.stock import QUANTS, make_stock, sha256_of

logger = logging.getLogger(__name__)

SET_BY_HAND = os.environ.get("HUBDEX_TEST_API_CASES")
CASES = int(SET_BY_HAND or 2_000)
"""How many questions in all; the same ones every time unless their number was set by hand."""
SHARES = {
    "/v1/search": 0.67,
    "/v1/recommended": 0.03,
    "/v1/owners": 0.05,
    "/v1/models/{owner}/{name}": 0.05,
    "/v1/models/{name}": 0.05,
    "/v1/models/{owner}/{name}/variants": 0.05,
    "/v1/models/{name}/variants": 0.05,
    "/v1/files/{sha256}": 0.05,
}
"""What takes no parameter is asked once."""
ENDLESS = {"/v1/downloads/events", "/v1/downloads/{job_id}/events"}
ASKED = {"/v1/search": 7, "/v1/owners": 2}
"""Questions made of one generated case: the whole, and each of its parameters alone."""
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
SENSIBLE = (
    "",
    "llama",
    "TheBloke/",
    "qwen -coder",
    "7b",
    "author:TheBloke gguf",
    "hf.co/google/gemma-2-2b-it",
    "lama",
    "poet q4_k_m",
    "gguf <6gb fits:8gb ctx:8k",
)
KNOWN = sha256_of("README.md")
"""Of a file that a model holds."""


@dataclass
class Asker:
    """Asks an app without a network, from one event loop."""

    app: FastAPI
    loop: asyncio.AbstractEventLoop
    statuses: Counter[int] = field(default_factory=Counter)

    def ask(self, case: Case[Any]) -> Response:
        path, query = case.formatted_path, urlencode(case.query or {}, doseq=True)
        start, *rest = self.loop.run_until_complete(self._answer(case.method, path, query))
        self.statuses[start["status"]] += 1
        request = PreparedRequest()
        request.prepare_method(case.method)
        request.url = f"{LOCAL}{path}?{query}"
        return Response(
            status_code=start["status"],
            headers={name.decode(): [value.decode()] for name, value in start["headers"]},
            content=b"".join(message.get("body", b"") for message in rest),
            request=request,
            elapsed=0.0,
            verify=False,
        )

    async def _answer(self, method: str, path: str, query: str) -> list[Message]:
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method,
            "scheme": "http", "path": unquote(path), "raw_path": path.encode(),
            "query_string": query.encode(), "headers": [(b"host", b"127.0.0.1")],
            "server": ("127.0.0.1", 80), "client": ("127.0.0.1", 1),
        }  # fmt: skip
        told: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            told.append(message)

        await self.app(scope, receive, send)
        return told


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    home = tmp_path_factory.mktemp("home")
    stock, trees = make_stock()
    fill_home(home, make_models() + stock, trees=trees)
    put(home / "hub", QUANTS, "1" * 40, {"imatrix.dat": b"x"}, ref="main")
    loop = asyncio.new_event_loop()
    yield Asker(create_app(ApiConfig(home=home, hub_cache=home / "hub")), loop)
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()


def asked_sensibly(case: Case[Any], name: str | None, text: str | None) -> Case[Any]:
    """Give a case something that is known, so that it is answered and not only refused."""
    if name is not None:
        owner, _, rest = name.rpartition("/")
        known = {"owner": owner, "name": rest, "sha256": KNOWN}
        case.path_parameters = {key: known[key] for key in case.path_parameters or {}}
    if text is not None and case.path.endswith(("/search", "/owners")):
        case.query = {**(case.query or {}), "q": text}
    return case


def cases_of(
    operation: schemathesis.APIOperation[Any, Any, Any, Any], mode: GenerationMode
) -> st.SearchStrategy[Case[Any]]:
    cases = operation.as_strategy(generation_mode=mode)
    if mode is GenerationMode.NEGATIVE:
        return cases
    names = st.none() | st.sampled_from(
        [name for name in (*NAMES, QUANTS) if ("/" in name) is ("{owner}" in operation.path)]
    )
    return st.builds(asked_sensibly, cases, names, st.none() | st.sampled_from(SENSIBLE))


def alone(case: Case[Any]) -> Iterator[Case[Any]]:
    """Give a case, then the cases of its single parameters: to make one up takes longer than to ask it."""
    yield case
    whole = dict(case.query or {})
    if len(whole) > 1:
        for name, value in whole.items():
            case.query = {name: value}
            yield case


@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("path", SHARES)
def test_every_question_is_answered_as_described(asker: Asker, path: str, mode: GenerationMode) -> None:
    operation = schemathesis.openapi.from_dict(asker.app.openapi())[path]["GET"]
    count = int(CASES * SHARES[path] / 2)
    asker.statuses.clear()

    @settings(
        max_examples=count // ASKED.get(path, 1), derandomize=not SET_BY_HAND, database=None, deadline=None,
        phases=[Phase.generate, Phase.shrink], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=cases_of(operation, mode))
    def ask(case: Case[Any]) -> None:
        for one in alone(case):
            one.validate_response(asker.ask(one), checks=CHECKS)

    ask()

    logger.info("%s, %s: %s", path, mode.value, dict(asker.statuses))
    assert asker.statuses.total() > count / 2
    assert asker.statuses[200 if mode is GenerationMode.POSITIVE else 422] > count / 10


def test_what_takes_no_parameter_is_answered_as_described(asker: Asker) -> None:
    description = schemathesis.openapi.from_dict(asker.app.openapi())
    described = asker.app.openapi()["paths"].items()
    read = {path for path, methods in described if "get" in methods} - SHARES.keys() - ENDLESS
    paths = {path for path in read if "{" not in path}

    for path in sorted(paths):
        case = description[path]["GET"].Case()
        case.validate_response(asker.ask(case), checks=CHECKS)

    assert paths >= {"/v1/status", "/v1/cache", "/v1/downloads", "/healthz", "/readyz"}
    assert read - paths == {"/v1/downloads/{job_id}"}

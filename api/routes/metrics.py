"""`GET /metrics`: figures for Prometheus."""

from typing import Annotated

from fastapi import APIRouter, Header
from prometheus_client.exposition import choose_encoder
from starlette.responses import Response

from api.asking import FromMeasurements

router = APIRouter(tags=["status"])


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
def metrics(measurements: FromMeasurements, accept: Annotated[str, Header()] = "") -> Response:
    """Give the figures of this process, and of what all processes have stored; README lists them."""
    encode, media_type = choose_encoder(accept[:1_000])
    return Response(encode(measurements.registry), headers={"content-type": media_type})

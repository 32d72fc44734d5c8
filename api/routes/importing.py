"""`POST /models`: a model by its address, for clients that import models so: its card, or its download."""

import re
from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from api.asking import FromSources
from api.handoff.cards import CardAnswer, ImportAnswer, card_answer, import_answer
from api.handoff.references import MAX_TEXT, Reference, link_of, read_reference
from api.handoff.targets import Holding, find_target, held_by, held_by_hub
from api.responses import JsonResponse, errors_of
from api.routes.downloads import FromDownloads
from indexer.catalog.store import Catalog
from indexer.errors import CatalogError

router = APIRouter(tags=["downloads"])

_MAY_HOLD_SECRETS = re.compile(r"[@?#\s]")


class ImportBody(BaseModel):
    """What was pasted; whatever else such clients send is not read."""

    source_url: str = Field(
        max_length=MAX_TEXT, description="An address of the Hub or of this service, a command, or an id."
    )


async def link_hosts_of(request: Request) -> tuple[str, ...]:
    """Give whose links count beside huggingface.co's: those of the Hub we ask, and of our own pages."""
    return request.app.state.site.upstream, request.headers["host"]


LinkHosts = Annotated[tuple[str, ...], Depends(link_hosts_of)]


@router.post(
    "/models",
    response_model=CardAnswer | ImportAnswer,
    responses={
        202: {"model": ImportAnswer, "description": "The file is being downloaded."},
        **errors_of(404, 422, 503),
    },
)
def import_model(
    body: ImportBody, hosts: LinkHosts, downloads: FromDownloads, sources: FromSources
) -> JsonResponse:
    """Give the card of the model that an address names; of a file or a quant, begin the download."""
    reference = read_reference(body.source_url, hosts)
    catalog: Catalog | None = None
    with suppress(CatalogError):
        catalog = sources.catalog()
    shown = _shown(body.source_url.strip(), reference, hosts[0])
    if not reference.variant and not reference.files:
        holding = held_by(catalog, reference) or held_by_hub(reference, downloads.hub, catalog)
        if not reference.path or _is_folder(reference.path, holding):
            return JsonResponse(card_answer(shown, holding, downloads.jobs()))
    wanted = find_target(reference, catalog, downloads.hub, cache=downloads.config.hub_cache)
    answer = import_answer(shown, downloads.submit(wanted))
    return JsonResponse(answer, 200 if answer["state"] == "ready" else 202)


def _is_folder(path: str, holding: Holding) -> bool:
    return any(file.path.startswith(f"{path}/") for file in holding.files)


def _shown(text: str, reference: Reference, upstream: str) -> str:
    """Give what was pasted, or, where a secret may be in it, the plain address it stands for."""
    return link_of(reference, upstream) if _MAY_HOLD_SECRETS.search(text) else text

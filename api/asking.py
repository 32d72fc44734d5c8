"""What a route asks for by type: what the app it runs in has, and what came with the request."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Depends, Request

from api.access import Access, KeyNeeded
from api.handoff.cache.watched import WatchedCache
from api.handoff.jobs.running import Downloads
from api.measuring import Measurements
from api.pages.layout import Site
from api.recommending import Recommending
from api.sources import Sources
from indexer.errors import BadRequest

MAX_FIELDS = 100
"""Fields of a longer form than any."""


def of_app(name: str) -> Callable[[Request], Awaitable[object]]:
    """Make what gives one of the things that the app holds under a name."""

    async def give(request: Request) -> object:
        return getattr(request.app.state, name)

    return give


async def site_of(request: Request) -> Site:
    """Give what the pages of the app know of where they run."""
    site: Site = request.app.state.site
    return site


async def now_of(request: Request) -> datetime:
    """Give the present moment by the clock of the app."""
    now: datetime = request.app.state.now()
    return now


async def may_write_of(request: Request) -> bool:
    """Tell whether who asks may also write: only they are shown buttons, and folders of this machine."""
    may_write: bool = request.state.may_write
    return may_write


async def require_right(request: Request) -> None:
    """Refuse who may not write; raises KeyNeeded."""
    if not request.state.may_write:
        raise KeyNeeded


async def form_of(request: Request) -> dict[str, str]:
    """Give the fields of one of the pages' own forms; the last one counts where two have a name."""
    try:
        return dict(parse_qsl((await request.body()).decode("ascii"), max_num_fields=MAX_FIELDS))
    except ValueError:  # bytes that no browser sends, or too many fields
        raise BadRequest("This is not a form of these pages.") from None


ONLY_WRITERS = (Depends(require_right),)
"""Of routes that tell what is nobody else's business."""

FromSources = Annotated[Sources, Depends(of_app("sources"))]
FromRecommending = Annotated[Recommending, Depends(of_app("recommending"))]
FromSite = Annotated[Site, Depends(site_of)]
Now = Annotated[datetime, Depends(now_of)]
FromCache = Annotated[WatchedCache, Depends(of_app("cache"))]
FromDownloads = Annotated[Downloads, Depends(of_app("downloads"))]
FromMeasurements = Annotated[Measurements, Depends(of_app("measurements"))]
FromAccess = Annotated[Access, Depends(of_app("access"))]
MayWrite = Annotated[bool, Depends(may_write_of)]
FormFields = Annotated[dict[str, str], Depends(form_of)]

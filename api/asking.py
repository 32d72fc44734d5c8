"""What a route asks for by type: the sources, the site and the time of the app it runs in."""

from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request

from api.pages.layout import Site
from api.recommending import Recommending
from api.sources import Sources


async def sources_of(request: Request) -> Sources:
    """Give the sources of the app."""
    sources: Sources = request.app.state.sources
    return sources


async def site_of(request: Request) -> Site:
    """Give what the pages of the app know of where they run."""
    site: Site = request.app.state.site
    return site


async def recommending_of(request: Request) -> Recommending:
    """Give the recommended models of the app."""
    recommending: Recommending = request.app.state.recommending
    return recommending


async def now_of(request: Request) -> datetime:
    """Give the present moment by the clock of the app."""
    now: datetime = request.app.state.now()
    return now


FromSources = Annotated[Sources, Depends(sources_of)]
FromRecommending = Annotated[Recommending, Depends(recommending_of)]
FromSite = Annotated[Site, Depends(site_of)]
Now = Annotated[datetime, Depends(now_of)]

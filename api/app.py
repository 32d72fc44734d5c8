"""The service: our API, the pages, and what answers both."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from api.access import Access
from api.assets import Assets
from api.config import ApiConfig
from api.errors import install_errors
from api.handoff.cache.keeping import room_maker
from api.handoff.cache.watched import WatchedCache
from api.handoff.jobs.running import Downloads
from api.listening import Listeners
from api.pages.layout import Site
from api.routes import cache, files, importing, key, models, owners, pages, places, search, status
from api.routes import downloads as downloading
from api.security import Guard
from api.sources import Sources
from indexer.catalog.store import utc_now


def create_app(config: ApiConfig, *, now: Callable[[], datetime] = utc_now) -> FastAPI:
    """Make the service; it opens the catalog and the index when they are there.

    Args:
        config: where the data lives, where it listens, where links lead.
        now: the clock.

    """
    sources = Sources(config, now)
    held = WatchedCache(config, sources, now)
    downloads = Downloads(config, now=now, make_room=room_maker(config))
    listeners = Listeners(downloads)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        held.start()
        downloads.start(app.state.url)
        yield
        listeners.close()
        await run_in_threadpool(downloads.close)
        held.close()
        sources.close()

    app = FastAPI(
        title="Hubdex",
        summary="A self-hosted index of the Hugging Face Hub.",
        version=status.hubdex_version(),
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.sources = sources
    app.state.cache = held
    app.state.site = Site(Assets(), config.upstream)
    app.state.now = now
    app.state.downloads = downloads
    app.state.listeners = listeners
    app.state.url = ""  # where it listens, once that is known
    access = Access(config.api_key, config.host)
    app.state.access = access
    app.add_middleware(Guard, hosts=config.hosts, access=access, origins=config.cors_origins)
    install_errors(app)
    app.include_router(downloading.forms)
    app.include_router(cache.pages)
    # The places come last: their paths are everybody's.
    ours = (search, owners, models, files, downloading, importing, cache, status, key, pages)
    for routes in (*ours, places):
        app.include_router(routes.router)
    return app

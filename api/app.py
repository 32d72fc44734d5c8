"""The service: our API, the pages, and what answers both."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from api.access import Access
from api.assets import Assets
from api.config import ApiConfig
from api.counting import Counted, Routed
from api.errors import install_errors
from api.figures import StoredFigures
from api.handoff.cache.keeping import room_maker
from api.handoff.cache.watched import WatchedCache
from api.handoff.jobs.running import Downloads
from api.handoff.shelf import Shelves
from api.listening import Listeners
from api.measuring import Measurements, hubdex_version
from api.pages.layout import Site
from api.recommending import Recommending
from api.routes import (
    cache,
    files,
    importing,
    key,
    metrics,
    models,
    owners,
    pages,
    places,
    recommended,
    search,
    status,
)  # fmt: skip
from api.routes import downloads as downloading
from api.security import Guard
from api.sources import Sources
from indexer.catalog.store import utc_now

_ROUTES = (
    search, owners, models, recommended, files, downloading, importing, cache, status, metrics, key, pages,
)  # fmt: skip
_ROUTERS = (*(one.router for one in _ROUTES), downloading.forms, cache.pages, places.router)
"""The places come last: their paths are everybody's."""


def create_app(config: ApiConfig, *, now: Callable[[], datetime] = utc_now) -> FastAPI:
    """Make the service; it opens the catalog and the index when they are there.

    Args:
        config: where the data lives, where it listens, where links lead.
        now: the clock.

    """
    measurements = Measurements(time.perf_counter)
    sources = Sources(config, now, measurements)
    held = WatchedCache(config, sources, now)
    downloads = Downloads(config, now=now, make_room=room_maker(config))
    listeners = Listeners(downloads)
    measurements.registry.register(StoredFigures(sources, downloads, held, now))

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
        version=hubdex_version(),
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.sources = sources
    app.state.recommending = Recommending(sources, Shelves(config.home, config.recommended))
    app.state.measurements = measurements
    app.state.cache = held
    app.state.site = Site(Assets(), config.upstream, downloads.count_open)
    app.state.now = now
    app.state.downloads = downloads
    app.state.listeners = listeners
    app.state.url = ""  # where it listens, once that is known
    app.state.access = Access(config.api_key, config.host)
    _guard(app, config)
    install_errors(app)
    for router in _ROUTERS:
        app.include_router(router)
    return app


def _guard(app: FastAPI, config: ApiConfig) -> None:
    """Put what stands before every route in its place; the last one is the outermost."""
    app.add_middleware(Routed)
    app.add_middleware(Guard, hosts=config.hosts, access=app.state.access, origins=config.cors_origins)
    app.add_middleware(Counted, measurements=app.state.measurements)

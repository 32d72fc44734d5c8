"""`hubdex up`: the page, the index that follows, and the crawls, watched until stopped.

Crawls run one after the other; each may fail without taking the page down. The page is what
people came for: when it ends, everything ends.
"""

import logging
from collections.abc import Callable
from datetime import datetime

from indexer.catalog.store import Catalog, utc_now
from indexer.config import HomeConfig
from indexer.errors import EXIT_DONE, EXIT_FAILED, EXIT_TRY_LATER, EXIT_USAGE, CatalogMissing
from indexer.process import StopRequest, exclusive
from indexer.records import Checkpoint
from scheduler.launcher import Child, Launcher, ProcessLauncher
from scheduler.plan import arguments_of, due_crawl

logger = logging.getLogger(__name__)

LOOK_SECONDS = 0.2
"""How often the children are looked at."""
RETRY_SECONDS = 60.0
"""Pause after a crawl that failed: the Hub, or the way to it, needs time."""
IDLE_SECONDS = 60.0
"""Pause between two looks at whether a crawl is due."""


def up(config: HomeConfig, launcher: Launcher | None = None) -> int:
    """Run everything until SIGTERM or Ctrl-C; gives the exit code."""
    stop = StopRequest().listen()
    with exclusive(config.lock_folder, "hubdex up"):
        return Supervisor(config, launcher or ProcessLauncher(), stop).run()


class Supervisor:
    """Watches the children of one `hubdex up`.

    Args:
        config: where the catalog lies.
        launcher: starts the children.
        stop: set when everything is to end.
        now: the clock.

    """

    def __init__(
        self,
        config: HomeConfig,
        launcher: Launcher,
        stop: StopRequest,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._config = config
        self._launcher = launcher
        self._stop = stop
        self._now = now
        self._waited = 0.0
        self._pause = 0.0

    def run(self) -> int:
        """Start the children and watch them; gives the exit code."""
        page = self._launcher.start("api", [])
        sync = self._start_sync()
        crawl: Child | None = None
        try:
            while not self._stop.is_set():
                ended = page.poll()
                if ended is not None:
                    return ended or EXIT_FAILED
                if sync.poll() is not None:
                    logger.warning("index sync ended code=%s, starting it again", sync.poll())
                    sync = self._start_sync()
                crawl = self._tend(crawl)
                self._stop.wait(LOOK_SECONDS)
        finally:
            for child in (crawl, sync, page):
                if child is not None:
                    child.stop()
        return EXIT_DONE

    def _start_sync(self) -> Child:
        return self._launcher.start("indexer", ["sync", "--follow"], quiet=True)

    def _tend(self, crawl: Child | None) -> Child | None:
        """Look after the crawl that runs, or start the one that is due."""
        if crawl is not None:
            ended = crawl.poll()
            if ended is None:
                return crawl
            self._rest_after(ended)
            return None
        self._waited += LOOK_SECONDS
        if self._waited < self._pause:
            return None
        due = due_crawl(self._checkpoints(), self._now())
        self._waited, self._pause = 0.0, IDLE_SECONDS
        return None if due is None else self._launcher.start("crawler", arguments_of(due))

    def _rest_after(self, code: int) -> None:
        self._waited = 0.0
        self._pause = 0.0 if code == EXIT_DONE else RETRY_SECONDS
        if code == EXIT_TRY_LATER:
            logger.warning("crawl will be tried again in %.0f seconds; the page stays up", RETRY_SECONDS)
        elif code == EXIT_USAGE:
            logger.warning("crawl is set up wrongly; mend the setting and start again")
            self._stop.set()
        elif code != EXIT_DONE:
            logger.warning("crawl failed code=%d, next try in %.0f seconds", code, RETRY_SECONDS)

    def _checkpoints(self) -> tuple[Checkpoint, ...]:
        try:
            with Catalog(self._config.database_url, read_only=True) as catalog:
                return catalog.state().checkpoints
        except CatalogMissing:
            return ()

"""Keeping all indexes up to date: the one that is embedded, or that of each server, each by itself."""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from indexer.catalog.store import Catalog
from indexer.config import HomeConfig
from indexer.engines.opening import Replica
from indexer.errors import CatalogMissing, CatalogOutdated, EngineError
from indexer.process import StopRequest
from indexer.sync import Progress, Sync, SyncReport, silent

logger = logging.getLogger(__name__)

RETRY_SECONDS = 5.0
"""Pause after a server did not take what it was sent: it may be restarting."""


@dataclass(frozen=True, slots=True)
class Synced:
    """What became of one index."""

    name: str
    report: SyncReport | None
    error: EngineError | None = None
    """Why it was left as it was."""


Tell = Callable[[str, SyncReport], None]
"""Told which index was brought up to date, and how."""


def sync_all(
    config: HomeConfig, replicas: Sequence[Replica], *, rebuild: bool = False, progress: Progress
) -> list[Synced]:
    """Bring every index to where the catalog is; one that fails leaves the others alone.

    Args:
        config: where the catalog lies.
        replicas: the indexes.
        rebuild: build them anew.
        progress: told about long work, where there is but one index.

    Raises:
        CatalogError: the catalog cannot be read.

    """

    def bring(replica: Replica) -> Synced:
        with Catalog(config.database_url, read_only=True) as catalog:
            sync = Sync(catalog, replica.writer, progress=progress if len(replicas) == 1 else silent)
            try:
                return Synced(replica.name, sync.rebuild() if rebuild else sync.run())
            except EngineError as error:
                return Synced(replica.name, None, error)
            finally:
                replica.writer.close()

    if len(replicas) == 1:
        return [bring(replicas[0])]  # in this thread, which Ctrl-C interrupts
    with ThreadPoolExecutor(len(replicas)) as threads:
        return list(threads.map(bring, replicas))


def follow_all(
    config: HomeConfig, replicas: Sequence[Replica], stop: StopRequest, interval: float, tell: Tell
) -> None:
    """Sync every index again and again until asked to stop.

    A catalog that is not there yet is waited for, and so is a server; a fault of the embedded index ends it.

    Args:
        config: where the catalog lies.
        replicas: the indexes.
        stop: set when it is to end.
        interval: seconds between two looks.
        tell: told what was done.

    """
    followers = [_Follower(config, replica, stop, interval, tell) for replica in replicas]
    if len(followers) == 1:
        followers[0].run()
        return
    with ThreadPoolExecutor(len(followers)) as threads:
        running: list[Future[None]] = [threads.submit(one.run) for one in followers]
        ended, _ = wait(running, return_when=FIRST_EXCEPTION)
        stop.set()
        for one in ended:
            one.result()


class _Follower:
    """Follows the catalog with one index."""

    def __init__(
        self, config: HomeConfig, replica: Replica, stop: StopRequest, interval: float, tell: Tell
    ) -> None:
        self._config = config
        self._replica = replica
        self._stop = stop
        self._interval = interval
        self._tell = tell
        self._trouble = ""

    def run(self) -> None:
        """Follow until asked to stop."""
        try:
            while not self._stop.is_set():
                try:
                    self._follow()
                except (CatalogMissing, CatalogOutdated):
                    self._stop.wait(self._interval)
                except EngineError as error:
                    self._endure(error)
        finally:
            self._replica.writer.close()

    def _follow(self) -> None:
        with Catalog(self._config.database_url, read_only=True) as catalog:
            sync = Sync(catalog, self._replica.writer)
            while not self._stop.is_set():
                report = sync.run()
                if self._trouble:
                    self._trouble = ""
                    logger.info("search server is back server=%s", self._replica.name)
                if report.done != "nothing":
                    self._tell(self._replica.name, report)
                self._stop.wait(self._interval)

    def _endure(self, error: EngineError) -> None:
        """Leave a server out until it is well again; it is said once."""
        if not self._replica.is_remote:
            raise error
        self._replica.writer.close()
        if str(error) != self._trouble:
            self._trouble = str(error)
            logger.warning("index left behind server=%s why=%s", self._replica.name, error)
        self._stop.wait(max(RETRY_SECONDS, self._interval))

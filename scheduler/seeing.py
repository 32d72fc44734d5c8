"""Reading what the timetable is made from: the records of runs, and how far the catalog has come."""

import logging

from indexer.catalog.store import Catalog
from indexer.config import HomeConfig
from indexer.errors import CatalogError, CatalogMissing, CatalogOutdated
from indexer.records import Checkpoint
from indexer.runs import Runs
from scheduler.timetable import Known

logger = logging.getLogger(__name__)


class Sight:
    """Looks at a home.

    Args:
        config: names the home.

    """

    def __init__(self, config: HomeConfig) -> None:
        self._config = config
        self._runs = Runs(config)
        self._checkpoints: tuple[Checkpoint, ...] = ()
        self._trouble = ""

    def __call__(self) -> Known:
        """Give what is known now."""
        self._checkpoints = self._read()
        return Known(self._checkpoints, {one.name: one.runs for one in self._runs.ledgers()})

    def _read(self) -> tuple[Checkpoint, ...]:
        try:
            with Catalog(self._config.database_url, read_only=True) as catalog:
                found = catalog.state().checkpoints
        except (CatalogMissing, CatalogOutdated):  # the next crawl makes it, or brings it up to date
            return ()
        except CatalogError as error:  # it may be well again at the next look
            if str(error) != self._trouble:
                logger.warning("%s", error)
            self._trouble = str(error)
            return self._checkpoints
        self._trouble = ""
        return tuple(found)

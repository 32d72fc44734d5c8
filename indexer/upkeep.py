"""The catalog's upkeep: what nobody needs any more goes, and now and then all of it is looked through."""

from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from indexer.catalog.store import Catalog, utc_now
from indexer.catalog.upkeep import CatalogUpkeep
from indexer.config import HomeConfig
from indexer.engines.opening import open_replicas, replica_states
from indexer.errors import CatalogOutdated
from indexer.process import StopRequest
from indexer.runs import Ledger, RunWriter

UPKEEP = "index-upkeep"
"""The name of its runs."""
KEPT = timedelta(days=90)
"""How long it is told what was removed, and which rows had no meaning."""
CHECKED_EVERY = timedelta(days=7)
"""How often everything is looked through at most: that reads the whole catalog."""


@dataclass(frozen=True, slots=True)
class UpkeepReport:
    """What was done."""

    tombstones: int = 0
    """Removals that are not told of any more."""
    set_aside: int = 0
    """Rows without meaning that are forgotten."""
    orphans: int = 0
    """Remains of models that are gone."""
    log_bytes: int = 0
    """By which the catalog's log became shorter."""
    checked: int = 0
    """1: everything was looked through, and is sound."""
    finished: bool = True
    """Whether it came to its end; else it was told to stop."""

    def figures(self) -> dict[str, float]:
        """Give what was counted, by name."""
        return {name: count for name, count in asdict(self).items() if name != "finished"}

    def __str__(self) -> str:
        sound = " It is sound." if self.checked else ""
        stopped = "" if self.finished else " It was told to stop before its end."
        return (
            f"Catalog kept up: {self.tombstones:,} old removals, {self.set_aside:,} rows set aside and "
            f"{self.orphans:,} remains dropped; its log is {self.log_bytes:,} bytes shorter.{sound}{stopped}"
        )


def is_check_due(ledger: Ledger, now: datetime) -> bool:
    """Tell whether everything is to be looked through again, by the runs there were."""
    checks = (run.ended_at for run in ledger.runs if run.figures.get("checked") and run.ended_at)
    return all(now - ended_at >= CHECKED_EVERY for ended_at in checks)


def keep_up(
    config: HomeConfig, run: RunWriter, stop: StopRequest, now: datetime | None = None
) -> UpkeepReport:
    """Keep the catalog small and sound; others go on reading and writing meanwhile.

    Raises:
        CatalogMissing: there is no catalog.
        CatalogError: it is damaged, or cannot be written.

    """
    now = now or utc_now()
    lowest = _lowest_serial(config)
    with closing(CatalogUpkeep(config.database_url, stop.is_set)) as upkeep:
        checked = is_check_due(run.ledger, now) and upkeep.check()
        tombstones = upkeep.prune(now - KEPT, lowest)
        set_aside = upkeep.drop_set_aside(now - KEPT)
        # There should be none: it is looked for them when everything is looked through.
        orphans = upkeep.drop_orphans() if checked else 0
        if not stop.is_set():
            upkeep.optimize()
        log_bytes = 0 if stop.is_set() else upkeep.empty_log()
        report = UpkeepReport(tombstones, set_aside, orphans, log_bytes, int(checked), not stop.is_set())
    run.note(report.figures())
    return report


def _lowest_serial(config: HomeConfig) -> int:
    """Give how far every index has come that can be asked; one that is away, and older, is built anew."""
    with suppress(CatalogOutdated):
        Catalog(config.database_url, read_only=True).close()  # it is not for us to begin one
    with closing(Catalog(config.database_url)) as catalog:
        state = catalog.state()
    known = [one.state for one in replica_states(open_replicas(config)) if one.state is not None]
    return min([state.serial, *(one.serial for one in known if one.catalog == state.uuid)])

"""How the service stands: what has been read, what can be found, what the Hub still grants."""

from dataclasses import dataclass, field

from api.sources import Sources
from indexer.activity import Activity
from indexer.engines.contract import IndexState
from indexer.engines.opening import ReplicaState
from indexer.errors import CatalogMissing, CatalogOutdated, EngineUnavailable
from indexer.quota import Window
from indexer.records import CatalogState
from indexer.search import Coverage

NOTHING_READ = "Nothing has been read from the Hub yet."
READY = "Searches are answered."


@dataclass(frozen=True, slots=True)
class Standing:
    """How the service stands at a moment."""

    message: str
    catalog: CatalogState | None = None
    """`None`: nothing has been read yet."""
    index: IndexState | None = None
    coverage: Coverage | None = None
    """What answers stand for; `None`: there are none yet."""
    quota: Window | None = None
    """What is left of the Hub's quota, its times by the clock since 1970; `None`: nobody was told lately."""
    activity: Activity = field(default_factory=Activity)
    """What ran, what runs and what is next."""
    servers: tuple[ReplicaState, ...] = ()
    """The search servers, each by itself; none where the index is embedded."""

    @property
    def is_stale(self) -> bool:
        """Whether what is found is older than it should be."""
        return self.coverage is not None and bool(self.coverage.stale)

    @property
    def ready(self) -> bool:
        """Whether searches can be answered."""
        return self.coverage is not None


def standing_of(sources: Sources) -> Standing:
    """Tell how the service stands; works before there is anything.

    Raises:
        CatalogError: the catalog cannot be read.

    """
    quota, activity = sources.quota(), sources.activity()
    try:
        catalog = sources.catalog().state()
    except CatalogMissing:
        return Standing(NOTHING_READ, quota=quota, activity=activity)
    except CatalogOutdated as error:
        return Standing(str(error), quota=quota, activity=activity)
    index, servers = sources.index_state(), tuple(sources.servers())
    try:
        coverage = sources.coverage()
        message = coverage.stale or READY
        return Standing(message, catalog, index, coverage, quota, activity, servers)
    except EngineUnavailable as error:
        return Standing(str(error), catalog, index, quota=quota, activity=activity, servers=servers)

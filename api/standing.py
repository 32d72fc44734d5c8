"""How the service stands: what has been read, what can be found, what the Hub still grants."""

from dataclasses import dataclass

from api.sources import Sources
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
    servers: tuple[ReplicaState, ...] = ()
    """The search servers, each by itself; none where the index is embedded."""

    @property
    def ready(self) -> bool:
        """Whether searches can be answered."""
        return self.coverage is not None


def standing_of(sources: Sources) -> Standing:
    """Tell how the service stands; works before there is anything.

    Raises:
        CatalogError: the catalog cannot be read.

    """
    quota = sources.quota()
    try:
        catalog = sources.catalog().state()
    except CatalogMissing:
        return Standing(NOTHING_READ, quota=quota)
    except CatalogOutdated as error:
        return Standing(str(error), quota=quota)
    index, servers = sources.index_state(), tuple(sources.servers())
    try:
        return Standing(READY, catalog, index, sources.coverage(), quota, servers)
    except EngineUnavailable as error:
        return Standing(str(error), catalog, index, quota=quota, servers=servers)

"""How far the indexes on a server follow, as a document beside them."""

from collections.abc import Mapping
from datetime import datetime

from indexer.engines.contract import IndexState
from indexer.engines.meilisearch.fields import ID, STATE_ID, VERSION, Payload
from indexer.errors import EngineUnavailable

_REBUILT = "`hubdex index sync` rebuilds it"


def to_document(state: IndexState, build: str) -> Payload:
    """Give a state in a server's form.

    Args:
        state: how far the indexes follow.
        build: the name of the build that made them; a swap is seen by it.

    """
    return {
        ID: STATE_ID,
        "version": VERSION,
        "build": build,
        "catalog": state.catalog,
        "serial": state.serial,
        "counters_serial": state.counters_serial,
        "models": state.models,
        "variants": state.variants,
        "synced_at": state.synced_at.isoformat(),
    }


def read(document: Mapping[str, object]) -> IndexState:
    """Give a state from a server's form.

    Raises:
        EngineUnavailable: it is of another version, or damaged.

    """
    try:
        version = int(str(document["version"]))
        if version != VERSION:
            raise EngineUnavailable(f"The index is of version {version}, not {VERSION}; {_REBUILT}.")
        return IndexState(
            catalog=str(document["catalog"]),
            serial=int(str(document["serial"])),
            counters_serial=int(str(document["counters_serial"])),
            models=int(str(document["models"])),
            variants=int(str(document["variants"])),
            synced_at=datetime.fromisoformat(str(document["synced_at"])),
        )
    except (ValueError, KeyError, TypeError):
        raise EngineUnavailable(f"The index is damaged; {_REBUILT}.") from None

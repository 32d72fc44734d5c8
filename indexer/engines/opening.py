"""Which engine the settings choose, ready to be asked or fed."""

from dataclasses import dataclass
from functools import partial

from pydantic import SecretStr

from indexer.config import HomeConfig
from indexer.engines.contract import EngineReader, EngineWriter
from indexer.engines.embedded.reader import EmbeddedReader
from indexer.engines.embedded.writer import EmbeddedWriter
from indexer.engines.meilisearch.asking import Asker
from indexer.engines.meilisearch.comparing import MeiliHeld
from indexer.engines.meilisearch.fields import PREFIX
from indexer.engines.meilisearch.reader import MeiliReader
from indexer.engines.meilisearch.server import Server
from indexer.engines.meilisearch.writer import MeiliWriter

EMBEDDED, MEILISEARCH = "embedded", "meilisearch"


@dataclass(frozen=True, slots=True)
class Replica:
    """One index of those that the settings name: each follows the catalog by itself."""

    name: str
    """Of its engine or, with several servers, its address."""
    reader: EngineReader
    writer: EngineWriter


def engine_name(config: HomeConfig) -> str:
    """Give the name of the engine that is chosen."""
    return MEILISEARCH if config.meili_url else EMBEDDED


def open_reader(config: HomeConfig) -> EngineReader:
    """Give the read side: of several servers all, as one."""
    if not config.meili_url:
        return EmbeddedReader(config.index_folder)
    return meili_reader(config.meili_url, config.meili_search_key or config.meili_key, config.meili_key)


def open_replicas(config: HomeConfig) -> list[Replica]:
    """Give each index by itself, to be fed or compared; connections are made when they are needed."""
    if not config.meili_url:
        folder = config.index_folder
        return [Replica(EMBEDDED, EmbeddedReader(folder), EmbeddedWriter(folder))]
    search_key, key = config.meili_search_key or config.meili_key, config.meili_key
    return [
        Replica(url, meili_reader([url], search_key, key), MeiliWriter(Server(url, key)))
        for url in config.meili_url
    ]


def meili_reader(
    urls: tuple[str, ...] | list[str],
    search_key: SecretStr | None,
    key: SecretStr | None,
    prefix: str = PREFIX,
) -> MeiliReader:
    """Give the read side of servers that hold the same.

    Args:
        urls: their addresses.
        search_key: one that may search.
        key: one that may look at documents and settings, to compare them.
        prefix: what the names of the indexes begin with.

    """
    askers = [Asker(url, search_key) for url in urls]
    return MeiliReader(askers, partial(MeiliHeld, Server(urls[0], key), prefix=prefix), prefix)

"""Which engine the settings choose, ready to be asked or fed."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Literal

from pydantic import SecretStr

from indexer.config import HomeConfig
from indexer.engines.contract import EngineReader, EngineWriter, IndexState
from indexer.engines.embedded.reader import EmbeddedReader
from indexer.engines.embedded.writer import EmbeddedWriter
from indexer.engines.meilisearch.asking import Asker
from indexer.engines.meilisearch.comparing import MeiliHeld
from indexer.engines.meilisearch.fields import PREFIX
from indexer.engines.meilisearch.reader import ANSWER_SECONDS, MeiliReader
from indexer.engines.meilisearch.server import Server
from indexer.engines.meilisearch.writer import MeiliWriter
from indexer.errors import EngineError

EngineName = Literal["embedded", "meilisearch"]
EMBEDDED: EngineName = "embedded"
MEILISEARCH: EngineName = "meilisearch"


@dataclass(frozen=True, slots=True)
class Replica:
    """One index of those that the settings name: each follows the catalog by itself."""

    name: str
    """Of its engine or, with several servers, its address."""
    reader: EngineReader
    writer: EngineWriter
    is_remote: bool = False
    """Whether it is on a server, which can be away for a while."""


@dataclass(frozen=True, slots=True)
class ReplicaState:
    """How one of several indexes stands."""

    name: str
    state: IndexState | None
    """How far it follows; `None`: it cannot be asked, or there is nothing in it yet."""
    message: str
    """Why it cannot answer; empty when it can."""


def replica_states(replicas: Sequence[Replica]) -> list[ReplicaState]:
    """Ask all indexes how far they follow, at the same time."""

    def ask(replica: Replica) -> ReplicaState:
        try:
            return ReplicaState(replica.name, replica.reader.state(), "")
        except EngineError as error:
            return ReplicaState(replica.name, None, str(error))

    with ThreadPoolExecutor(max(1, len(replicas))) as threads:
        return list(threads.map(ask, replicas))


def engine_name(config: HomeConfig) -> EngineName:
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
        Replica(url, meili_reader([url], search_key, key), MeiliWriter(Server(url, key)), is_remote=True)
        for url in config.meili_url
    ]


def meili_reader(
    urls: tuple[str, ...] | list[str],
    search_key: SecretStr | None,
    key: SecretStr | None,
    prefix: str = PREFIX,
    answer_seconds: float = ANSWER_SECONDS,
) -> MeiliReader:
    """Give the read side of servers that hold the same.

    Args:
        urls: their addresses.
        search_key: one that may search.
        key: one that may look at documents and settings, to compare them.
        prefix: what the names of the indexes begin with.
        answer_seconds: an answer that takes longer is given up.

    """
    askers = [Asker(url, search_key) for url in urls]
    hold = partial(MeiliHeld, Server(urls[0], key), prefix=prefix)
    return MeiliReader(askers, hold, prefix, answer_seconds)
